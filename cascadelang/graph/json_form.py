"""The graph as JSON, and back.

Takes: a `Graph`, or JSON text that claims to be one. Gives: the other. Guarantees: the text is deterministic and
pretty, with every default written out and prices as texts of digits; ``from_json(to_json(g)) == g``; a text that
isn't a whole graph is refused with a `GraphError` of one line that names the place, never half taken. Only reading
imports pydantic.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from decimal import Decimal
from typing import Any, Final

from cascadelang.graph.errors import GraphError
from cascadelang.graph.integrity import check_integrity
from cascadelang.graph.model import GRAPH_VERSION, Graph

_FIRST: Final = ("version", "kind")
"""What a reader wants to know of an object before the rest."""
_ASIDE: Final = ("place", "path", "files", "alerts")
"""What says where a graph comes from, or what is told of its runs, not what it does."""
_MOST_DIGITS: Final = 300
"""Every whole number of so many is a floating-point number too, as arithmetic with it needs."""


def to_json(graph: Graph) -> str:
    """The graph's JSON text, with a line end."""
    value = dataclasses.asdict(graph, dict_factory=_head_first)
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_digits) + "\n"
    if any("\ud800" <= char <= "\udfff" for char in text):  # half a character, which no file can hold
        text = json.dumps(value, indent=2, allow_nan=False, default=_digits) + "\n"
    return text


def from_json(text: str) -> Graph:
    """The graph that a JSON text says.

    Raises:
        GraphError: if it isn't JSON, or of another version, or not a graph, or one whose parts don't fit together.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise GraphError("the graph is nested too deeply") from None
    except OverflowError:
        raise GraphError("the graph holds a number that is too large") from None
    except ValueError as error:
        at = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise GraphError(f"the graph is not valid JSON{at}") from None
    if not isinstance(value, dict):
        raise GraphError("the file is JSON, but not a graph: an object is needed")
    graph = _typed(value)
    check_integrity(graph)
    return graph


def graph_sha256(graph: Graph) -> str:
    """What the graph does, as 64 hexadecimal digits: places and file names aren't in it."""
    value = dataclasses.asdict(graph, dict_factory=_without_places)
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=_digits).encode()).hexdigest()


def _typed(value: dict[str, Any]) -> Graph:
    """JSON values as a graph, their types checked."""
    from pydantic import ValidationError

    from cascadelang.graph.json_mistakes import mistake, shown
    from cascadelang.graph.json_types import graph_validator

    version = value.get("version")
    if version != GRAPH_VERSION or isinstance(version, bool):
        said = "it doesn't say its version" if version is None else f"it is of version {shown(version)}"
        raise GraphError(f"the graph can't be read: {said}, and this version reads {GRAPH_VERSION}")
    try:
        graph: Graph = graph_validator().validate_python(value)
    except ValidationError as error:
        raise mistake(error.errors(include_url=False, include_input=False), value) from None
    except RecursionError:
        raise GraphError("the graph is nested too deeply") from None
    return graph


def _head_first(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(sorted(fields, key=lambda field: field[0] not in _FIRST))


def _without_places(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if name not in _ASIDE}


def _digits(price: Decimal) -> str:
    """A price as digits, never with an exponent."""
    return f"{price:f}"


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise OverflowError
    return number


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise OverflowError
    return int(digits)
