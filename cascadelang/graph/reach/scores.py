"""What a score of conditions adds up to.

Takes: when each part of a score is true and when false, its weights, and the constants that the score is compared
with. Gives: sums that stand for all there are, each with when the score comes to it. Guarantees: a score is added
up as a run does it, in the same order, so that rounding is the same; sums that compare alike with every constant are
one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final, TypeAlias

from cascadelang.graph.reach.formulas import Formula, Formulas
from cascadelang.graph.reach.solve import TooHardError
from cascadelang.graph.reach.truth import Truth, Value
from cascadelang.graph.reach.values import Plain

_MOST_SUMS: Final = 4_000
"""Ways to add up a score that are looked at; of one with more, only that it lies between 0 and 1 is known."""

_MOST_PARTS: Final = 120
"""Each part lies within the one before; more than that is deeper than is followed."""

_Sums: TypeAlias = dict[tuple[int, int], tuple[float, Formula]]
"""Sums that compare alike with every constant are one: where they lie among these, one of them, and when."""


def sums(
    parts: list[tuple[Truth, float]], constants: frozenset[Plain], make: Formulas
) -> list[tuple[Value, Formula]] | None:
    """What a score of conditions adds up to, with when; ``None`` when there are too many ways."""
    if len(parts) > _MOST_PARTS:
        return None
    adding = _Adding(parts, constants, make)
    try:
        cases: list[tuple[Value, Formula]] = [*adding.from_part(0, 0.0).values()]
    except TooHardError:
        return None
    return [*cases, (None, make.negation(adding.known[0]))]


class _Adding:
    """Adds up a score as a run does it, in the same order, so that rounding is the same.

    Attributes:
        known: for each part, when it and all behind it are known.
    """

    def __init__(self, parts: list[tuple[Truth, float]], constants: frozenset[Plain], make: Formulas) -> None:
        self._parts = parts
        self._make = make
        self._limits = sorted(c for c in constants if isinstance(c, (int, float)) and not isinstance(c, bool))
        self._seen: dict[tuple[int, float], _Sums] = {}
        self.known: list[Formula] = [True]
        for truth, _ in reversed(parts):
            self.known.append(make.all_of((make.any_of((truth.true, truth.false)), self.known[-1])))
        self.known.reverse()

    def from_part(self, at: int, total: float) -> _Sums:
        """The sums that can follow when the parts before ``at`` came to ``total``.

        Raises:
            TooHardError: when there are too many ways.
        """
        found = self._seen.get((at, total))
        if found is None:
            if len(self._seen) > _MOST_SUMS:
                raise TooHardError
            low, high = self._ends(at, total)
            where = self._place(low)
            found = {where: (low, self.known[at])} if where == self._place(high) else self._either(at, total)
            self._seen[at, total] = found
        return found

    def _either(self, at: int, total: float) -> _Sums:
        truth, weight = self._parts[at]
        found: _Sums = {}
        for when, to in ((truth.true, total + weight), (truth.false, total)):
            for where, (value, then) in self.from_part(at + 1, to).items():
                here = self._make.all_of((when, then))
                before = found.get(where)
                found[where] = (value, here if before is None else self._make.any_of((before[1], here)))
        return found

    def _ends(self, at: int, total: float) -> tuple[float, float]:
        """The least and the most that the sum can come to, cut as a score is."""
        low = high = total
        for _, weight in self._parts[at:]:
            low, high = low + min(weight, 0.0), high + max(weight, 0.0)
        return min(1.0, max(0.0, low)), min(1.0, max(0.0, high))

    def _place(self, total: float) -> tuple[int, int]:
        return bisect_left(self._limits, total), bisect_right(self._limits, total)
