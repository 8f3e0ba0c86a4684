"""What a signal, a check or a caller's fact can be, cut into finitely many cells.

Takes: the range of a value, and all constants that it is compared with. Gives: one value for each cell, in rising
order. Guarantees: the cells hold every value there is; comparing with any of the constants comes out the same for all
values of a cell, so that one of them stands for all. A cell that no value lies in isn't there: between the counts 3
and 4 there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, TypeAlias

from cascadelang.contracts.spec import ValueType
from cascadelang.source.frozen import dataclass

Plain: TypeAlias = bool | int | float | str

LARGEST: Final = 1e150
"""From here on a number is too large to calculate with; see `cascadelang.graph.arithmetic`."""

_TOO_LARGE: Final = 1e200
_LONGEST: Final = 2**63
"""More words, characters or tokens than any text has."""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers a value can be.

    Attributes:
        low: the least.
        high: the most.
        whole: only whole numbers.
        unknown: it may not be known.
    """

    low: float
    high: float
    whole: bool = False
    unknown: bool = False


ANY_NUMBER: Final = Range(-math.inf, math.inf, unknown=True)

_RANGES: Final[dict[ValueType, tuple[float, float]]] = {
    "score": (0, 1),
    "share": (0, 1),
    "logprob": (-math.inf, 0),
    "perplexity": (1, math.inf),
    "count": (0, _LONGEST),
}


def range_of(kind: ValueType, *, unknown: bool) -> Range:
    """The numbers that a value of a type can be."""
    low, high = _RANGES.get(kind, (-math.inf, math.inf))
    return Range(low, high, kind == "count", unknown)


def calculated(op: str, left: Range, right: Range) -> Range:
    """The range of ``left op right``, by the least and the most of both sides.

    Rounding keeps order, so the ends of the result are the results of ends; what is too large is unknown.
    """
    unknown = left.unknown or right.unknown
    ends = (left.low, left.high, right.low, right.high)
    if not all(-LARGEST < end < LARGEST for end in ends):
        return ANY_NUMBER
    if op == "/":
        if right.low <= 0 <= right.high:
            return ANY_NUMBER
        found = [one / other for one in ends[:2] for other in ends[2:]]
    elif op == "*":
        found = [one * other for one in ends[:2] for other in ends[2:]]
    elif op == "+":
        found = [left.low + right.low, left.high + right.high]
    else:
        found = [left.low - right.high, left.high - right.low]
    return Range(min(found), max(found), op != "/" and left.whole and right.whole, unknown)


def numbers(within: Range, constants: Iterable[float]) -> list[Plain]:
    """The cells of a number; what is too large to calculate with is one cell more, where there can be such."""
    low, high = within.low, within.high
    ends = [end for end in (low, high) if -LARGEST < end < LARGEST]
    points = sorted({end for end in (*constants, *ends) if low <= end <= high})
    cells: list[Plain] = []
    before = low if not ends or low != ends[0] else None
    for point in points:
        if before is not None:
            between = _between(before, point, whole=within.whole)
            if between is not None:
                cells.append(between)
        if not within.whole or point == int(point):
            cells.append(int(point) if point == int(point) else point)
        before = point
    after = _between(before if before is not None else low, high, whole=within.whole)
    if after is not None and not (points and points[-1] == high):
        cells.append(after)
    if low <= -LARGEST or high >= LARGEST:
        cells.append(_TOO_LARGE)
    return cells


def _between(low: float, high: float, *, whole: bool) -> float | None:
    """A value strictly between two, the roundest there is; ``None`` when there is none."""
    if low == -math.inf and high == math.inf:
        return 0
    if low == -math.inf:
        return math.ceil(high) - 1 if abs(high) < 2**53 else math.nextafter(high, low)
    first = math.floor(low) + 1
    if first < high:
        return first
    if whole or high == math.inf:
        return None if whole else math.nextafter(low, high)
    middle = low / 2 + high / 2
    for places in range(1, 17):
        rounded = round(middle, places)
        if low < rounded < high:
            return rounded
    after = math.nextafter(low, high)
    return after if low < after < high else None


def texts(constants: Iterable[str]) -> list[Plain]:
    """The cells of a text, in the order of texts: each constant, and what lies before, between and behind them."""
    cells: list[Plain] = []
    points = sorted(set(constants))
    if not points or points[0] != "":
        cells.append("")
    for at, point in enumerate(points):
        cells.append(point)
        after = point + "\0"  # the first text behind it
        if at + 1 == len(points) or after < points[at + 1]:
            cells.append(after)
    return cells
