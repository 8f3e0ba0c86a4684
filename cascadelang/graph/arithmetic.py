"""Comparing and calculating with values whose types were checked where they could be, and may surprise where not.

Takes: values of the language. Gives: a value; ``None`` is unknown. Guarantees: never raises. What a caller hands in
as ``meta`` has whatever type it has: text and a number are never equal and have no order; true and false are no
numbers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final

from cascadelang.contracts.check import Value

_LARGEST: Final = 1e150
"""So that the product of two numbers can still be held."""

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def number(value: Value) -> float | None:
    """The value as a number; ``None`` when it isn't one, or too large to calculate with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_LARGEST < value < _LARGEST else None


def compare(op: str, left: Value, right: Value) -> bool | None:
    """``left op right``; unknown when a side is, or when the two have no order."""
    if left is None or right is None:
        return None
    if op == "==":
        return equal(left, right)
    if op == "!=":
        return not equal(left, right)
    if number(left) is None or number(right) is None:
        both_text = isinstance(left, str) and isinstance(right, str)
        if not both_text:
            return None
    return _ORDER[op](left, right)


def equal(left: Value, right: Value) -> bool:
    """Whether two known values are the same; true and false are no numbers."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return left == right


def in_items(value: Value, items: Iterable[Value]) -> bool:
    """Whether a known value is one of the items."""
    return any(equal(value, item) for item in items)


def calculate(op: str, left: Value, right: Value) -> float | None:
    """``left op right``; unknown when a side is no number, or the result isn't one."""
    one, other = number(left), number(right)
    if one is None or other is None:
        return None
    if op == "/" and other == 0:
        return None
    value: float = _CALCULATE[op](one, other)
    return value if math.isfinite(value) else None
