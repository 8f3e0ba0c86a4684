"""The graph as JSON, and back.

Takes: a `Graph`, or JSON text that claims to be one. Gives: the other. Guarantees: the text is deterministic and
pretty, with every default written out and prices as texts of digits; ``from_json(to_json(g)) == g``; a text that
isn't a whole graph is refused with a `GraphError` of one line that names the place, never half taken.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin

from cascadelang.graph.errors import GraphError
from cascadelang.graph.integrity import check_integrity
from cascadelang.graph.model import GRAPH_VERSION, Graph
from cascadelang.graph.shapes import SCALARS, fields_of, is_decimal, is_union, kind_of, members_of

_CALLED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_ASIDE = ("place", "path", "files")
"""What says where a graph comes from, not what it does."""


def to_json(graph: Graph) -> str:
    """The graph's JSON text, with a line end."""
    value = _written(graph)
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if any("\ud800" <= char <= "\udfff" for char in text):  # half a character, which no file can hold
        text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    return text


def from_json(text: str) -> Graph:
    """The graph that a JSON text says.

    Raises:
        GraphError: if it isn't JSON, or of another version, or not a graph, or one whose parts don't fit together.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise GraphError("the graph is nested too deeply") from None
    except ValueError as error:
        at = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise GraphError(f"the graph is not valid JSON{at}") from None
    if not isinstance(value, dict):
        raise GraphError("the file is JSON, but not a graph: an object is needed")
    version = value.get("version")
    if version != GRAPH_VERSION or isinstance(version, bool):
        said = "it doesn't say its version" if version is None else f"it is of version {_shown(version)}"
        raise GraphError(f"the graph can't be read: {said}, and this version reads {GRAPH_VERSION}")
    try:
        graph: Graph = _read(value, Graph, "")
    except RecursionError:
        raise GraphError("the graph is nested too deeply") from None
    check_integrity(graph)
    return graph


def graph_sha256(graph: Graph) -> str:
    """What the graph does, as 64 hexadecimal digits: places and file names aren't in it."""
    value = _written(graph, _ASIDE)
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


# ---- Writing ----------------------------------------------------------------------------------------------------


def _written(value: Any, aside: tuple[str, ...] = ()) -> Any:
    """A graph's part as JSON values, without the fields in ``aside``; its version or kind comes first."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields_of(type(value)) if field.name not in aside]
        names.sort(key=lambda name: not (name == "version" or (name == "kind" and kind_of(type(value)) is not None)))
        return {name: _written(getattr(value, name), aside) for name in names}
    if isinstance(value, dict):
        return {str(key): _written(item, aside) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_written(item, aside) for item in value]
    return f"{value:f}" if isinstance(value, Decimal) else value


# ---- Reading ----------------------------------------------------------------------------------------------------


def _read(value: Any, shape: Any, at: str) -> Any:
    """A JSON value as the type ``shape``; ``at`` is where it stands."""
    if shape is Any:
        return value
    if is_union(shape):
        return _read_one_of(value, shape, at)
    if dataclasses.is_dataclass(shape):
        return _read_object(value, shape, at)
    if get_origin(shape) is not None:
        return _read_generic(value, get_origin(shape), get_args(shape), at)
    return _read_decimal(value, at) if is_decimal(shape) else _read_scalar(value, shape, at)


def _read_generic(value: Any, origin: Any, inner: tuple[Any, ...], at: str) -> Any:
    """A JSON value as one out of several constants, a list, a tuple of one type or a mapping from texts."""
    if origin is Literal:
        if not any(value == choice and type(value) is type(choice) for choice in inner):
            raise _wrong(at, f"must be {' or '.join(_shown(choice) for choice in inner)}", value)
        return value
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(at, "must be an object", value)
        return {key: _read(item, inner[1], _joined(at, key)) for key, item in value.items()}
    if not isinstance(value, list):
        raise _wrong(at, "must be a list", value)
    items = [_read(item, inner[0], f"{at}[{number}]") for number, item in enumerate(value)]
    return items if origin is list else tuple(items)


def _read_scalar(value: Any, shape: Any, at: str) -> Any:
    if shape is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if shape in SCALARS and type(value) is not shape:
        raise _wrong(at, f"must be {_CALLED[shape]}", value)
    if shape is type(None) and value is not None:
        raise _wrong(at, "must be null", value)
    return value


def _read_decimal(value: Any, at: str) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise _wrong(at, 'must be a price as a text, such as "0.25"', value)
    return number


def _read_one_of(value: Any, shape: Any, at: str) -> Any:
    """A value of one of several types: objects are told apart by their ``kind``, others by what they are."""
    members = members_of(shape)
    if value is None and type(None) in members:
        return None
    if isinstance(value, dict):
        classes = [member for member in members if dataclasses.is_dataclass(member)]
        kinds = {kind_of(cls): cls for cls in classes if isinstance(cls, type)}
        if len(classes) == 1:
            return _read(value, classes[0], at)
        kind = value.get("kind")
        if classes and isinstance(kind, str) and kind in kinds:
            return _read(value, kinds[kind], at)
        if classes:
            raise _wrong(_joined(at, "kind"), f"must be one of {', '.join(sorted(k for k in kinds if k))}", kind)
    for member in members:
        if (member in SCALARS and type(value) is member) or (get_origin(member) is list and isinstance(value, list)):
            return _read(value, member, at)
    return _read(value, next(member for member in members if member is not type(None)), at)


def _read_object(value: Any, cls: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(at, "must be an object", value)
    fields = {field.name: field for field in fields_of(cls)}
    unknown = next((key for key in value if key not in fields), None)
    if unknown is not None:
        raise GraphError(f"the graph has an unknown field at `{_joined(at, unknown)}`")
    given = {}
    for name, field in fields.items():
        if name in value:
            given[name] = _read(value[name], field.type, _joined(at, name))
        elif field.default is dataclasses.MISSING:
            raise GraphError(f"the graph lacks `{_joined(at, name)}`")
    return cls(**given)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


def _wrong(at: str, must: str, value: Any) -> GraphError:
    return GraphError(f"the graph is wrong at `{at or 'its top'}`: it {must}, not {_shown(value)}")


def _shown(value: Any) -> str:
    """A JSON value in a few characters."""
    words = json.dumps(value, ensure_ascii=False) if not isinstance(value, (dict, list)) else ""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return words if len(words) <= 40 else f"{words[:39]}…"


def _joined(at: str, key: str) -> str:
    """A JSON path: ``nodes["main.else"].rungs[0]``."""
    if key.isidentifier():
        return f"{at}.{key}" if at else key
    return f"{at}[{json.dumps(key if len(key) <= 60 else key[:59] + '…', ensure_ascii=False)}]"
