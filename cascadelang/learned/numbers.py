"""Numbers about a query that learned files can name.

Takes: a query. Gives: each number by its name. Guarantees: never raises; the same as the signals of those names say;
true is 1 and false 0; only those that are asked for are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Query
from cascadelang.contracts.words import count_words


def _lines(query: Query) -> float:
    text = query.text
    return float(text.count("\n") + (not text.endswith("\n")) if text else 0)


def _image(query: Query) -> float:
    last = next((message for message in reversed(query.messages) if message.role == "user"), None)
    return float(last is not None and bool(last.images))


def _code(query: Query) -> float:
    from cascadelang.contracts.shapes import code_in

    return float(code_in(query.text) is not None)


def _mathematics(query: Query) -> float:
    from cascadelang.contracts.shapes import mathematics_in

    return float(mathematics_in(query.text) is not None)


def _address(query: Query) -> float:
    from cascadelang.contracts.shapes import address_in

    return float(address_in(query.text) is not None)


def _json(query: Query) -> float:
    from cascadelang.contracts.shapes import json_wished_in

    return float(query.wants_json or json_wished_in(query.text) is not None)


_READ: Final[Mapping[str, Callable[[Query], float]]] = {
    "query.chars": lambda query: float(len(query.text)),
    "query.words": lambda query: float(count_words(query.text)),
    "query.tokens": lambda query: float(estimate_tokens(query.text)),
    "query.lines": _lines,
    "query.turns": lambda query: float(sum(message.role == "user" for message in query.messages)),
    "query.digits": lambda query: float(sum(char.isdigit() for char in query.text)),
    "query.questions": lambda query: float(query.text.count("?") + query.text.count("\uff1f")),
    "query.has_code": _code,
    "query.has_math": _mathematics,
    "query.has_url": _address,
    "query.has_image": _image,
    "query.has_tools": lambda query: float(bool(query.tools)),
    "query.wants_json": _json,
}

QUERY_NUMBERS: Final = frozenset(_READ)
"""The names."""


def query_numbers(query: Query, names: Iterable[str] = QUERY_NUMBERS) -> dict[str, float | None]:
    """The numbers of some names; of names that aren't about queries, nothing."""
    return {name: _READ[name](query) for name in names if name in _READ}
