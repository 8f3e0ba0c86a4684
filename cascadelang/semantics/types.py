"""The types of values: which can be compared, which can be counted with, and how messages call them.

Pure tables and functions on types; nothing here reads a policy.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from cascadelang.contracts.spec import ValueType

SAID: Final[dict[ValueType, str]] = {
    "bool": "true or false",
    "score": "a score",
    "logprob": "a log probability",
    "perplexity": "a perplexity",
    "number": "a number",
    "count": "a count",
    "text": "a text",
    "label": "a label",
    "language": "a language",
    "money": "an amount of money",
    "duration": "a duration",
    "share": "a percentage",
    "meta": "a fact from the caller",
}
"""How messages call a type."""

PLAIN: Final[frozenset[ValueType]] = frozenset({"score", "logprob", "perplexity", "number", "count", "share"})
"""Numbers without a unit."""

ORDERED: Final[frozenset[ValueType]] = PLAIN | {"money", "duration", "meta"}
"""What ``<`` and its like can compare."""

_UNITS: Final[frozenset[ValueType]] = frozenset({"money", "duration"})

RANGES: Final[dict[ValueType, tuple[Decimal | None, Decimal | None]]] = {
    "score": (Decimal(0), Decimal(1)),
    "logprob": (None, Decimal(0)),
    "perplexity": (Decimal(1), None),
    "count": (Decimal(0), None),
    "share": (Decimal(0), Decimal(1)),
}
"""The least and the most a value of the type can be; ``None`` is no end."""

_FITS: Final[tuple[tuple[ValueType, ValueType], ...]] = (
    ("score", "share"),
    ("text", "language"),
    ("text", "label"),
    *(("number", other) for other in sorted(PLAIN)),
)
"""Pairs of different types whose values can be equal."""


def comparable(one: ValueType, other: ValueType) -> bool:
    """Whether values of the two types can be equal at all."""
    return one == other or "meta" in (one, other) or (one, other) in _FITS or (other, one) in _FITS


def combined(op: str, left: ValueType, right: ValueType) -> ValueType | None:
    """The type of ``left op right``, or ``None`` when it has no meaning.

    Plain numbers give a number (a share of a count is no share). Money and durations add up among themselves,
    scale by plain numbers, and divide into a number.
    """
    if left == "meta":
        left = right if right != "meta" else "number"
    if right == "meta":
        right = left if op in "+-" else "number"
    if left in PLAIN and right in PLAIN:
        return "count" if left == right == "count" and op in "+*" else "number"
    if left not in _UNITS and right not in _UNITS:
        return None
    if left == right:
        return left if op in "+-" else "number" if op == "/" else None
    if left in _UNITS and right in PLAIN and op in "*/":
        return left
    return right if right in _UNITS and left in PLAIN and op == "*" else None


def range_said(kind: ValueType) -> str:
    """``between 0 and 1``, ``at most 0``: the range of a type, as a message says it."""
    low, high = RANGES[kind]
    if low is not None and high is not None:
        return f"between {low} and {high}"
    return f"at least {low}" if low is not None else f"at most {high}"
