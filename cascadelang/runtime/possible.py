"""Every value that something may still have, and every value that operators may then give.

Takes: values, or kinds of values with bounds of numbers. Gives: `Possible`. Guarantees: nothing is left out that some
of the values would give.

The method is abstract interpretation: a value is stood for by all those it may be (true, false, unknown, any number
from here to there, any text), and each operator gives all that it can make of such values. Numbers are bounded in
floating point without a margin, for its sums and differences are rounded to the nearest and so never change an order.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cascadelang.contracts.check import Value
from cascadelang.graph.arithmetic import calculate, compare, number

TRUE: Final = 1
FALSE: Final = 2
UNKNOWN: Final = 4
NUMBER: Final = 8
TEXT: Final = 16
TRUTH: Final = TRUE | FALSE

INFINITE: Final = float("inf")


class Possible(NamedTuple):
    """Every value something may have: kinds of values, and of numbers those from ``low`` to ``high``.

    A ``text`` that isn't empty is the only one.
    """

    kinds: int
    low: float = -INFINITE
    high: float = INFINITE
    text: str = ""


ANYTHING: Final = Possible(TRUE | FALSE | UNKNOWN | NUMBER | TEXT)


def only(value: Value) -> Possible:
    """One value and no other."""
    if value is None:
        return Possible(UNKNOWN)
    if isinstance(value, bool):
        return Possible(TRUE if value else FALSE)
    figure = number(value)
    if figure is not None:
        return Possible(NUMBER, figure, figure)
    return Possible(TEXT, text=value) if isinstance(value, str) else ANYTHING


def the_one(possible: Possible) -> Value:
    """The one value that it may be; ``None`` where there are several, or it is unknown."""
    if possible.kinds in (TRUE, FALSE):
        return possible.kinds == TRUE
    if possible.kinds == NUMBER and possible.low == possible.high:
        return possible.low
    return possible.text or None if possible.kinds == TEXT else None


def compared(op: str, one: Possible, other: Possible) -> Possible:
    """What comparing two values can give."""
    left, right = the_one(one), the_one(other)
    if left is not None and right is not None:
        return only(compare(op, left, right))
    both = one.kinds | other.kinds
    if both & ~(NUMBER | UNKNOWN):
        return Possible(TRUE | FALSE | UNKNOWN)
    if not (one.kinds & other.kinds & NUMBER):
        return Possible(UNKNOWN)
    return Possible(_order(op, one, other) | both & UNKNOWN)


def calculated(op: str, one: Possible, other: Possible) -> Possible:
    """What a sum or a difference can be; what else is calculated is known once both sides are."""
    left, right = the_one(one), the_one(other)
    if left is not None and right is not None:
        return only(calculate(op, left, right))
    if op not in ("+", "-") or (one.kinds | other.kinds) & ~(NUMBER | UNKNOWN):
        return ANYTHING
    if op == "-":
        other = other._replace(low=-other.high, high=-other.low)
    return Possible(NUMBER | UNKNOWN, one.low + other.low, one.high + other.high)


def _order(op: str, one: Possible, other: Possible) -> int:
    """What comparing two numbers can give."""
    if op in ("==", "!="):
        alike = one.low <= other.high and other.low <= one.high
        equal, unequal = (TRUE, FALSE) if op == "==" else (FALSE, TRUE)
        same = one.low == one.high == other.low == other.high
        return (equal if alike else 0) | (0 if same else unequal)
    if op in (">", ">="):
        one, other, op = other, one, {">": "<", ">=": "<="}[op]
    if op == "<":
        return (TRUE if one.low < other.high else 0) | (FALSE if one.high >= other.low else 0)
    return (TRUE if one.low <= other.high else 0) | (FALSE if one.high > other.low else 0)
