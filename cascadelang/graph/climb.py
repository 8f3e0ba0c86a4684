"""The way up a cascade: how many queries come to a rung, without and with a rejected answer, and what that costs.

Takes: of one rung after the other what an answer and its gate cost, and how many pass. Gives: `Spent` of the cascade.
Guarantees: as `cascadelang.graph.spent`.
"""

from __future__ import annotations

from math import inf

from cascadelang.graph.model import CascadeNode
from cascadelang.graph.spent import Asked, Spent, average, put, rejected


class Climb:
    """The way up a cascade: how many queries are at a rung, without and with a rejected answer; what that costs."""

    def __init__(self, begun: Asked) -> None:
        self._items = dict(begun.items)
        self._at = [0.0, 0.0]
        self._least_at = [inf, inf]
        self._least_answered = inf
        self._answered = 0.0
        self._worst = begun.worst
        self._calls: list[tuple[float, Spent]] = []
        self._answers: list[tuple[float, float]] = []

    def begin(self, share: float, least: float) -> None:
        """So many queries have their first rung here."""
        self._at[0] += share
        self._least_at[0] = min(self._least_at[0], least)

    def rung(self, spent: tuple[Spent, Spent], judged: tuple[Asked, Asked], passes: float | None) -> None:
        """A rung, for queries without and with a rejected answer; ``passes`` is ``None`` where there is no gate."""
        rejects = 0.0 if passes is None else 1 - passes
        goes_on = [0.0, 0.0]
        least_on = [inf, inf]
        for had, (share, least, one, asked) in enumerate(zip(self._at, self._least_at, spent, judged, strict=True)):
            put(self._items, rejected(one.items, one.answered * rejects), share)
            put(self._items, asked.items, share * one.answered)
            self._answered += share * one.answered * (1 - rejects)
            self._answers.append((share * one.answered, one.answer_tokens))
            self._calls.append((share, one))
            goes_on[1] += share * one.answered * rejects
            goes_on[had] += share * (1 - one.answered)
            judged_least = least + one.least[0] + asked.usd
            self._least_answered = min(self._least_answered, judged_least)
            if passes is not None:
                least_on[1] = min(least_on[1], judged_least)
            least_on[had] = min(least_on[had], least + min(one.least[1:]))
        self._at, self._least_at = goes_on, least_on
        self._worst += max(one.worst for one in spent) + max(asked.worst for asked in judged)

    def end(self, node: CascadeNode, otherwise: Spent | None) -> Spent:
        """No rung is left."""
        fresh, later = self._at
        unmet = 0.0
        least = [self._least_answered, inf, inf]
        if otherwise is not None:
            put(self._items, otherwise.items, fresh + later)
            self._answered += (fresh + later) * otherwise.answered
            unmet = (fresh + later) * otherwise.unmet
            least = [min(a, min(self._least_at) + b) for a, b in zip(least, otherwise.least, strict=True)]
            self._worst += otherwise.worst
            self._answers.append((fresh + later, otherwise.answer_tokens))
            self._calls.append((fresh + later, otherwise))
        elif node.otherwise == "fail":
            unmet = later
            least[1:] = [self._least_at[1], self._least_at[0]]
        else:
            self._answered += later
            least[0] = min(least[0], self._least_at[1])
            least[2] = self._least_at[0]
        return Spent(
            self._items,
            answered=min(1.0, self._answered),
            unmet=unmet,
            least=(least[0], least[1], least[2]),
            worst=self._worst,
            answer_tokens=average(self._answers),
            call_usd=average([(share, one.call_usd) for share, one in self._calls]),
            worst_call_usd=max(one.worst_call_usd for _, one in self._calls),
        )
