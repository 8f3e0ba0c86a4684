"""Exact calculation that stays small.

Takes: fractions. Gives: a fraction, or ``None``. Guarantees: constant time and space: no value is longer than
`MOST_BITS`, and how long a power gets is known before it is raised.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Final

MOST_BITS: Final = 4_096
"""Values with a longer numerator or denominator are not known."""

_OPERATIONS: Final[dict[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


def applied(sign: str, left: Fraction, right: Fraction) -> Fraction | None:
    """What an operator makes of two values; ``None`` for a division by zero and for a value that is too long."""
    if sign in "/%" and not right:
        return None
    if sign == "^":
        return raised(left, right)
    return bounded(_OPERATIONS[sign](left, right))


def raised(base: Fraction | None, power: Fraction | None) -> Fraction | None:
    """A power whose exponent is a whole number and whose value isn't too long; its length is known before."""
    if base is None or power is None or power.denominator != 1:
        return None
    times = abs(power.numerator)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if (not base and power.numerator <= 0) or (bits > 1 and times * bits > MOST_BITS) or times > MOST_BITS:
        return None
    return base**power.numerator


def bounded(value: Fraction | None) -> Fraction | None:
    """The value, unless it is too long."""
    if value is None or max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        return None
    return value
