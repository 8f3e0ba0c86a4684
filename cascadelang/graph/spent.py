"""What a query costs, and what it costs where parts of a policy are put together.

Takes: the costs of the parts, and how often each is come to. Gives: `Spent` of the whole. Guarantees: of parts with
best <= expected <= worst, a whole with the same; shares of ways that exclude each other add up. Knows nothing of how
the parts were found: `cascadelang.graph.spend` walks a graph for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Literal

from cascadelang.graph.model import FallbackNode, ShadowNode
from cascadelang.source.frozen import dataclass

Part = Literal["answers", "rejected", "judges", "classifiers", "shadows"]
Item = tuple[str, str, Part]
"""Node, model, and what the call is for; of the answers, those that a gate rejected stand apart."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one query costs, in dollars; a model without a price counts 0 here, see `Reckoning.total`.

    Attributes:
        items: calls and dollars, on the average, by item.
        answered, unmet: how often it ends in an answer, and in none because none passed; else a call failed.
        least: the least of a way to each of these three ends; infinite for one that isn't foreseen.
        worst: the most.
        answer_tokens: of an answer, on the average.
        call_usd, worst_call_usd: a call for an answer, on the average and the dearest.
    """

    items: Mapping[Item, tuple[float, float]]
    answered: float = 1.0
    unmet: float = 0.0
    least: tuple[float, float, float] = (0.0, inf, inf)
    worst: float = 0.0
    answer_tokens: float = 0.0
    call_usd: float = 0.0
    worst_call_usd: float = 0.0

    @property
    def failed(self) -> float:
        """How often a call failed and nothing took over."""
        return max(0.0, 1.0 - self.answered - self.unmet)

    @property
    def best(self) -> float:
        """The least of any way."""
        return min(self.least)

    @property
    def expected(self) -> float:
        """The average."""
        return sum(usd for _, usd in self.items.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """What a paid check or signal comes to."""

    items: Mapping[Item, tuple[float, float]]
    usd: float
    worst: float


def put(into: dict[Item, tuple[float, float]], items: Mapping[Item, tuple[float, float]], share: float) -> None:
    """Add items that so many come to."""
    for item, (calls, usd) in items.items():
        before = into.get(item, (0.0, 0.0))
        into[item] = (before[0] + share * calls, before[1] + share * usd)


def rejected(items: Mapping[Item, tuple[float, float]], share: float) -> dict[Item, tuple[float, float]]:
    """The items of answers of which so many are rejected."""
    found: dict[Item, tuple[float, float]] = {}
    for (node, model, part), (calls, usd) in items.items():
        if part != "answers" or not share:
            put(found, {(node, model, part): (calls, usd)}, 1.0)
            continue
        put(found, {(node, model, "rejected"): (calls, usd)}, share)
        put(found, {(node, model, "answers"): (calls, usd)}, 1 - share)
    return found


def average(weighed: list[tuple[float, float]]) -> float:
    """Of values with their shares; as if all were alike where none comes about."""
    total = sum(share for share, _ in weighed)
    plain = sum(value for _, value in weighed) / len(weighed)
    return sum(share * value for share, value in weighed) / total if total > 0 else plain


def all_of(asked: list[Asked]) -> Asked:
    """All of these."""
    items: dict[Item, tuple[float, float]] = {}
    for one in asked:
        put(items, one.items, 1.0)
    return Asked(items, sum(one.usd for one in asked), sum(one.worst for one in asked))


def like(
    spent: Spent, items: Mapping[Item, tuple[float, float]], least: tuple[float, float, float], worst: float
) -> Spent:
    """The same ends and answers at another cost."""
    return Spent(
        items,
        spent.answered,
        spent.unmet,
        least,
        worst,
        spent.answer_tokens,
        spent.call_usd,
        spent.worst_call_usd,
    )


def after(paid: Asked, spent: Spent) -> Spent:
    """Something, when finding out that it comes has been paid."""
    if not paid.items:
        return spent
    items = dict(paid.items)
    put(items, spent.items, 1.0)
    answered, unmet, failed = (end + paid.usd for end in spent.least)
    return like(spent, items, (answered, unmet, failed), spent.worst + paid.worst)


def mixed(ways: list[tuple[float, Spent]]) -> Spent:
    """One of these, each by its share."""
    items: dict[Item, tuple[float, float]] = {}
    for share, spent in ways:
        put(items, spent.items, share)
    answered, unmet, failed = (min(spent.least[end] for _, spent in ways) for end in range(3))
    return Spent(
        items,
        answered=sum(share * spent.answered for share, spent in ways),
        unmet=sum(share * spent.unmet for share, spent in ways),
        least=(answered, unmet, failed),
        worst=max(spent.worst for _, spent in ways),
        answer_tokens=average([(share, spent.answer_tokens) for share, spent in ways]),
        call_usd=average([(share, spent.call_usd) for share, spent in ways]),
        worst_call_usd=max(spent.worst_call_usd for _, spent in ways),
    )


def fallback(node: FallbackNode, members: list[Spent]) -> Spent:
    """The next one when one failed in a way that moves on."""
    on_unmet = node.when is None or "unmet" in node.when
    on_failed = node.when is None or any(kind != "unmet" for kind in node.when)
    items: dict[Item, tuple[float, float]] = {}
    reach, before = 1.0, 0.0
    answered = unmet = 0.0
    least = [inf, inf, inf]
    for number, member in enumerate(members):
        put(items, member.items, reach)
        last = number + 1 == len(members)
        answered += reach * member.answered
        least[0] = min(least[0], before + member.least[0])
        on, least_on = 0.0, inf
        for moves, share, end in ((on_unmet, member.unmet, 1), (on_failed, member.failed, 2)):
            if moves and not last:
                on += share
                least_on = min(least_on, before + member.least[end])
            else:
                unmet += reach * share if end == 1 else 0.0
                least[end] = min(least[end], before + member.least[end])
        reach, before = reach * on, least_on
    return Spent(
        items,
        answered=answered,
        unmet=unmet,
        least=(least[0], least[1], least[2]),
        worst=sum(member.worst for member in members),
        answer_tokens=average([(m.answered, m.answer_tokens) for m in members[:1]]),
        call_usd=members[0].call_usd,
        worst_call_usd=max(member.worst_call_usd for member in members),
    )


def hedge(first: Spent, second: Spent, slow: float) -> Spent:
    """The second beside the first where that is slow, and after it where it failed."""
    both = slow + (1 - slow) * (1 - first.answered)
    items = dict(first.items)
    put(items, second.items, both)
    fails = min(first.least[1:])
    return Spent(
        items,
        answered=first.answered + (1 - first.answered) * second.answered,
        least=(min(first.least[0], fails + second.least[0]), inf, fails + min(second.least[1:])),
        worst=first.worst + second.worst,
        answer_tokens=first.answer_tokens,
        call_usd=first.call_usd,
        worst_call_usd=max(first.worst_call_usd, second.worst_call_usd),
    )


def shadow(node: ShadowNode, live: Spent, beside: Spent) -> Spent:
    """Both, the one beside for its share and under a part of its own."""
    items = dict(live.items)
    for (id_, model, _), (calls, usd) in beside.items.items():
        put(items, {(id_, model, "shadows"): (calls, usd)}, node.share)
    return like(live, items, live.least, live.worst + (beside.worst if node.share else 0.0))


def cached(inside: Spent, hits: float) -> Spent:
    """Nothing for those that were answered before."""
    items: dict[Item, tuple[float, float]] = {}
    put(items, inside.items, 1 - hits)
    return Spent(
        items,
        answered=hits + (1 - hits) * inside.answered,
        unmet=(1 - hits) * inside.unmet,
        least=(0.0, *inside.least[1:]),
        worst=inside.worst,
        answer_tokens=inside.answer_tokens,
        call_usd=inside.call_usd,
        worst_call_usd=inside.worst_call_usd,
    )


def vote(members: list[Spent], ballots: list[Asked]) -> Spent:
    """All of the members, and what deciding by their answers asks models."""
    items: dict[Item, tuple[float, float]] = {}
    none = 1.0
    for member in members:
        put(items, member.items, 1.0)
        none *= 1 - member.answered
    for ballot in ballots:
        put(items, ballot.items, 1.0)
    least = sum(member.best for member in members)
    return Spent(
        items,
        answered=1 - none,
        least=(least, inf, least if none else inf),
        worst=sum(m.worst for m in members) + sum(ballot.worst for ballot in ballots),
        answer_tokens=average([(1.0, m.answer_tokens) for m in members]),
        call_usd=average([(1.0, m.call_usd) for m in members]),
        worst_call_usd=max(m.worst_call_usd for m in members),
    )


def within(inside: Spent, limit_usd: float) -> Spent:
    """The same, of which at most so much is spent."""
    expected = inside.expected
    scale = min(1.0, limit_usd / expected) if expected else 1.0
    items = {item: (calls, usd * scale) for item, (calls, usd) in inside.items.items()}
    answered, unmet, failed = (min(end, limit_usd) for end in inside.least)
    least = (answered, inf if inside.least[1] == inf else unmet, inf if inside.least[2] == inf else failed)
    return like(inside, items, least, limit_usd)
