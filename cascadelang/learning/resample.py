"""How far figures of a sample may be off by the choice of its members, and whether two differ.

Takes: columns of numbers, one a member of the sample. Gives: estimates with 95% intervals, and the p-value of
McNemar's exact test. Guarantees: the same columns, seed and number of resamples give the same intervals, with numpy
and without it each for itself; all figures of one `Sample` are taken from the same resamples, so that differences and
ratios of two columns are paired.

Intervals are the bootstrap's percentiles: members are drawn with replacement, as many as there are, the figure is
calculated anew, and the 2.5th and 97.5th percentile of what it came to are the ends (B. Efron, "Bootstrap methods:
another look at the jackknife", Annals of Statistics 7, 1979; B. Efron and R. Tibshirani, "An Introduction to the
Bootstrap", 1993, chapter 13).
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Final

RESAMPLES: Final = 1000
RESAMPLES_WITHOUT_NUMPY: Final = 200
_MOST_CELLS: Final = 1_000_000
"""How many draws are held at a time."""

_FEW: Final = 8
"""So many members for each different one make counting faster than adding up."""

Sums = Sequence[float]
"""The sum of each column over one resample."""
Figure = Callable[[Sums], float | None]
"""A figure of such sums; ``None`` where it isn't defined."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95% interval; the ends are ``None`` where there is too little to tell."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Sample:
    """Columns of equal length, and figures of their sums.

    Args:
        resamples: how many are drawn; ``None`` for as many as are drawn in a fraction of a second.
        seed: of the draws.

    Attributes:
        resamples: how many are drawn.
    """

    def __init__(self, resamples: int | None = None, seed: int = 0) -> None:
        try:
            import numpy  # noqa: ICN001, F401 - only whether it is there
        except ImportError:
            self._fast = False
        else:
            self._fast = True
        self.resamples = resamples or (RESAMPLES if self._fast else RESAMPLES_WITHOUT_NUMPY)
        self._seed = seed
        self._columns: list[Sequence[float]] = []
        self._places: dict[int, int] = {}
        self._drawn: list[Sums] | None = None
        self._totals: list[float] = []

    def add(self, column: Sequence[float]) -> int:
        """Add a column of finite numbers and give its place; one that is there already is there once."""
        place = self._places.get(id(column))
        if place is None:
            place = self._places[id(column)] = len(self._columns)
            self._columns.append(column)
            self._totals.append(math.fsum(column))
            self._drawn = None
        return place

    def estimate(self, figure: Figure) -> Estimate:
        """The figure of the sample, with its interval."""
        value = figure(self._totals)
        many = len(self._columns[0]) if self._columns else 0
        if value is None or many < 2:
            return Estimate(value)
        if self._drawn is None:
            self._drawn = self._draw_fast(many) if self._fast else self._draw(many)
        found = sorted(each for sums in self._drawn if (each := figure(sums)) is not None)
        if len(found) < 2:
            return Estimate(value)
        low = math.floor(0.025 * (len(found) - 1))
        return Estimate(value, found[low], found[len(found) - 1 - low])

    def _draw_fast(self, many: int) -> list[Sums]:
        import numpy as np

        chance = np.random.default_rng(self._seed)
        table = np.array(self._columns, dtype=np.float64).T
        drawn: list[Sums] = []
        left = self.resamples
        while left:
            here = max(1, min(left, _MOST_CELLS // many))
            draws = chance.integers(0, many, size=(here, many), dtype=np.int64)
            draws += (np.arange(here, dtype=np.int64) * many)[:, None]
            counts = np.bincount(draws.ravel(), minlength=here * many).reshape(here, many)
            drawn += (counts.astype(np.float64) @ table).tolist()
            left -= here
        return drawn

    def _draw(self, many: int) -> list[Sums]:
        """The same without numpy. Members that are alike are counted rather than added up: most are, often."""
        import random

        chance = random.Random(self._seed)  # noqa: S311 - nothing secret is drawn
        kinds: dict[tuple[float, ...], int] = {}
        kind_of = [kinds.setdefault(row, len(kinds)) for row in zip(*self._columns, strict=True)]
        few = len(kinds) * _FEW <= many
        drawn: list[Sums] = []
        for _ in range(self.resamples):
            # A fraction of 32 bits picks a member: one is likelier than another by no more than many / 2**32.
            draws = [(bits * many) >> 32 for bits in array("I", chance.randbytes(4 * many))]
            if few:
                counts = Counter(map(kind_of.__getitem__, draws))
                times = [counts[kind] for kind in range(len(kinds))]
                drawn.append([sum(map(mul, column, times)) for column in zip(*kinds, strict=True)])
            else:
                drawn.append([sum(map(column.__getitem__, draws)) for column in self._columns])
        return drawn


def mean(total: int, of: int) -> Figure:
    """The mean of a column over the members that another one, of zeros and ones, counts."""
    return lambda sums: sums[total] / sums[of] if sums[of] else None


def ratio(above: int, below: int) -> Figure:
    """The sum of one column as a share of that of another."""
    return lambda sums: sums[above] / sums[below] if sums[below] else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that this share of the values is at or below, by the nearest rank."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def mcnemar(better: int, worse: int) -> float:
    """The two-sided p-value of McNemar's exact test: how likely so uneven a split is, were both ways as likely.

    The binomial test on the pairs that differ (Q. McNemar, "Note on the sampling error of the difference between
    correlated proportions or percentages", Psychometrika 12, 1947; the exact form by F. Mosteller, Biometrics 8,
    1952).

    Args:
        better: pairs in which only the second is right.
        worse: pairs in which only the first is.
    """
    pairs = better + worse
    term = total = 1
    for k in range(min(better, worse)):
        term = term * (pairs - k) // (k + 1)
        total += term
    return min(1.0, 2 * total / (1 << pairs))  # integers of any size; a quotient too small for a float is 0
