"""How well a score tells right from wrong: AUROC within strata, and how far it may be off.

AUROC is the share of pairs of a right and a wrong member in which the right one has the higher score; a tie counts
half (Mann and Whitney, 1947). Pairs are made within a stratum only, so that a score doesn't look good for telling
strong models from weak ones: a gate never sees but the answers of one rung.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Judged:
    """One judgement.

    Attributes:
        stratum: within which it is compared: the model that answered.
        group: what is drawn together in a resample: the query.
        right: whether the answer is right.
        score: higher is better.
    """

    stratum: str
    group: str
    right: bool
    score: float


class Scores:
    """Judgements, sorted once for any number of resamples."""

    def __init__(self, judged: Iterable[Judged]) -> None:
        strata: dict[str, list[Judged]] = defaultdict(list)
        numbers: dict[str, int] = {}
        for one in judged:
            strata[one.stratum].append(one)
            numbers.setdefault(one.group, len(numbers))
        self._groups = len(numbers)
        self._ties = [
            [
                [(numbers[one.group], one.right) for one in tie]
                for _, tie in groupby(sorted(members, key=_score), _score)
            ]
            for _, members in sorted(strata.items())
        ]

    def auroc(self, weight: Sequence[int] | None = None) -> float:
        """The AUROC; not a number where no stratum has both right and wrong members.

        Args:
            weight: how often each group counts; once unless given.
        """
        weight = weight or [1] * self._groups
        won = pairs = 0.0
        for ties in self._ties:
            right_here = wrong_here = 0
            for tie in ties:
                right = sum(weight[group] for group, good in tie if good)
                wrong = sum(weight[group] for group, good in tie if not good)
                won += right * (wrong_here + 0.5 * wrong)
                right_here += right
                wrong_here += wrong
            pairs += right_here * wrong_here
        return won / pairs if pairs else math.nan

    def interval(self, resamples: int) -> tuple[float, float]:
        """A 95% interval by the bootstrap's percentiles over groups (Efron, 1979), the same in every run."""
        chance = random.Random(20_261_124)  # noqa: S311 - nothing secret is drawn
        found = []
        for _ in range(resamples):
            weight = [0] * self._groups
            for group in chance.choices(range(self._groups), k=self._groups):
                weight[group] += 1
            found.append(self.auroc(weight))
        found = sorted(value for value in found if not math.isnan(value))
        if not found:
            return math.nan, math.nan
        return found[int(0.025 * len(found))], found[min(len(found) - 1, int(0.975 * len(found)))]


def _score(one: Judged) -> float:
    return one.score
