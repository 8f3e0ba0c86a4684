"""What a policy costs on the average, at its best and at its worst, with rates for everything that may go either way.

Takes: a graph, a node of it, `Rates`. Gives: `Spent`. Guarantees: best <= expected <= worst; with answers and inputs
within the models' limits, best is at least what an answered run must cost and worst at most what `bounds` proves.

How it is counted, node by node, with the calls' stated or recorded tokens instead of their limits:

- A choice costs what finding out costs, and each arm by its share. What a condition asks a model is asked once in a
  run, when its condition is first looked at.
- A rung of a ``cascade`` is reached by what the rungs before let on: those whose answer didn't pass and those that
  failed. So a cascade of three costs the cheapest, plus the share that goes on times the next, plus the share that
  goes on twice times the top, plus at each level its paid checks. These are made once for every answer.
- A call that failed is billed as one that answered. ``worst`` tries each call as often as it may be tried.
- ``within`` cuts what is inside off at its limit: where the limit may bind, the expected cost is no more exact.
- Which rung ``order by`` asks next isn't known: they are counted as they stand.

Dollars are of the prices in the graph; a model without one makes the total unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final, Literal

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Usage
from cascadelang.graph.bounds import PLAIN, Measure, Point, Settings, settings_inside
from cascadelang.graph.cost import cost_of
from cascadelang.graph.limits import PAID_CHECK_ANSWER_TOKENS, most_attempts
from cascadelang.graph.model import (
    CachedNode,
    CallNode,
    CascadeNode,
    CatalogUse,
    FallbackNode,
    Graph,
    GraphExpr,
    HedgeNode,
    RouteByNode,
    RouteNode,
    ShadowNode,
    SplitNode,
    VoteNode,
    WithinNode,
)
from cascadelang.graph.spend_rates import ELSE, Rates
from cascadelang.graph.walk import uses_of
from cascadelang.source.frozen import dataclass

ASKING_TOKENS: Final = 250
"""About what a judge's or classifier's instructions and the form of its reply take."""
JUDGED_TOKENS: Final = 60
ASKED_TOKENS: Final = 12
"""About what a judge and a classifier reply."""
CARRY_TOKENS: Final = 120
"""About what is said around a carried answer, its reasons included."""

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
class _Asked:
    """What a paid check or signal comes to."""

    items: Mapping[Item, tuple[float, float]]
    usd: float
    worst: float


class Reckoning:
    """The costs of one policy of a graph.

    Args:
        graph: what runs.
        root: the node that a query is given to.
        rates: of everything below it.
        measure: the bounds of this very graph, where they are known already.
    """

    def __init__(self, graph: Graph, root: str, rates: Rates, measure: Measure | None = None) -> None:
        self.graph = graph
        self.rates = rates
        self.capped: dict[str, float] = {}
        """By node: a limit in dollars that may keep calls from being made."""
        self.measure = measure or Measure(graph)
        self._found: dict[tuple[Point, float, frozenset[str]], Spent] = {}
        self.spent = self._at((root, PLAIN), 0.0, frozenset())

    def unpriced(self, *, called: bool = False) -> list[str]:
        """The models whose price isn't known, of those that may be called, or that are with these rates."""
        models = {model for (_, model, _), (calls, _) in self.spent.items.items() if calls > 0 or not called}
        return sorted(model for model in models if model in self.graph.models and self._price(model) is None)

    def total(self) -> tuple[float | None, float | None, float | None]:
        """Best, expected and worst dollars of a query; unknown where a price is."""
        spent, known = self.spent, not self.unpriced()
        expected = None if self.unpriced(called=True) else spent.expected
        return (spent.best if known else None, expected, spent.worst if known else None)

    def _price(self, model: str) -> object:
        return self.graph.models[model].price

    def _at(self, point: Point, added: float, asked: frozenset[str]) -> Spent:
        key = (point, added, asked)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._node(point, added, asked)
        return found

    def _node(self, point: Point, added: float, asked: frozenset[str]) -> Spent:  # noqa: C901, PLR0911 - one case a kind
        node, settings = self.graph.nodes[point[0]], point[1]
        inside = settings_inside(node, settings)
        if isinstance(node, CallNode):
            return self._call(node, settings, added)
        if isinstance(node, RouteNode):
            return self._route(node, settings, added, asked)
        if isinstance(node, RouteByNode):
            ways = [(self.rates.mix[node.id, label], child) for label, child in node.arms.items()]
            ways += [] if node.otherwise is None else [(self.rates.mix[node.id, ELSE], node.otherwise)]
            paid, now = self._asked(node.id, node.by, settings, asked)
            return _after(paid, _mixed([(share, self._at((way, inside), added, now)) for share, way in ways]))
        if isinstance(node, SplitNode):
            found = [(share.share, self._at((share.node, inside), added, asked)) for share in node.shares]
            return _mixed(found)
        if isinstance(node, CascadeNode):
            return self._cascade(node, settings, added, asked)
        if isinstance(node, FallbackNode):
            return _fallback(node, [self._at((member, inside), added, asked) for member in node.members])
        if isinstance(node, HedgeNode):
            first, second = (self._at((way, inside), added, asked) for way in (node.first, node.second))
            return _hedge(first, second, self.rates.slow[node.id])
        if isinstance(node, VoteNode):
            return self._vote(node, [self._at((member, inside), added, asked) for member in node.members], settings)
        if isinstance(node, ShadowNode):
            live = self._at((node.live, inside), added, asked)
            return _shadow(node, live, self._at((node.beside, inside), added, frozenset()))  # a run of its own
        if isinstance(node, WithinNode):
            return self._within(node, self._at((node.child, inside), added, asked))
        if isinstance(node, CachedNode):
            return _cached(self._at((node.child, inside), added, asked), self.rates.hits[node.id])
        return self._at((node.child, inside), added, asked)

    # ---- One call -----------------------------------------------------------------------------------------------

    def _call(self, node: CallNode, settings: Settings, added: float) -> Spent:
        model = self.graph.models[node.model]
        tokens_in, tokens_out = self._tokens(node.model)
        if not self.rates.whole:
            system = model.system if settings.system is None else settings.system
            tokens_in += added + estimate_tokens(system)
        tokens_out = min(tokens_out, model.max_tokens if settings.max_tokens is None else settings.max_tokens)
        usd = self._usd(node.model, tokens_in, tokens_out)
        timeout_s = model.timeout_s if settings.timeout_s is None else settings.timeout_s
        attempts = most_attempts(model.retry if settings.retry is None else settings.retry, timeout_s)
        fails = self.rates.fails.get(node.model, 0.0)
        return Spent(
            {(node.id, node.model, "answers"): (1.0, usd)},
            answered=1 - fails,
            least=(usd, inf, usd if fails else inf),
            worst=usd * attempts,
            answer_tokens=tokens_out,
            call_usd=usd,
            worst_call_usd=usd * attempts,
        )

    def _tokens(self, model: str) -> tuple[float, float]:
        return self.rates.tokens.get(model, self.rates.tokens[""])

    def _usd(self, model: str, tokens_in: float, tokens_out: float) -> float:
        price = self.graph.models[model].price
        if price is None:
            return 0.0
        # what `cost_of` says of whole tokens; averages needn't be whole, and only the input's steps look at them
        return cost_of(price, Usage(tokens_in, tokens_out))  # type: ignore[arg-type]

    def _use(self, use: CatalogUse, node: str, settings: Settings, answered: Spent | None) -> _Asked:
        """One evaluation of a paid check on an answer, or of a paid signal."""
        part: Part = "classifiers" if use.kind == "signal" else "judges"
        if use.own and answered is not None:
            times = float(use.calls or 0)
            items = {(node, f"{use.entry} (the same model)", part): (times, times * answered.call_usd)}
            return _Asked(items, times * answered.call_usd, times * answered.worst_call_usd)
        texts = sum(estimate_tokens(text) for text in use.args.values() if isinstance(text, str))
        answer = 0.0 if answered is None else answered.answer_tokens
        items = {}
        usd = worst = 0.0
        for name in use.model_args:
            model = self.graph.models[str(use.args[name])]
            if use.plain:
                tokens_in, tokens_out = self._tokens(model.name)
                tokens_in += 0 if self.rates.whole else estimate_tokens(model.system)
                tokens_out = min(tokens_out, model.max_tokens)
            else:
                measured = self.rates.asking.get(model.name)
                reply = JUDGED_TOKENS if part == "judges" else ASKED_TOKENS
                tokens_in = self.rates.tokens[""][0] + answer + texts + ASKING_TOKENS
                tokens_in, tokens_out = measured or (tokens_in, float(reply))
                tokens_out = min(tokens_out, max(model.max_tokens, PAID_CHECK_ANSWER_TOKENS))
            times = (use.calls or 0) / len(use.model_args)
            one = self._usd(model.name, tokens_in, tokens_out)
            retry = model.retry if settings.retry is None else settings.retry
            key: Item = (node, model.name, part)
            calls, so_far = items.get(key, (0.0, 0.0))
            items[key] = (calls + times, so_far + times * one)
            usd += times * one
            worst += times * one * most_attempts(retry, model.timeout_s)
        return _Asked(items, usd, worst)

    def _asked(
        self, node: str, expr: GraphExpr, settings: Settings, asked: frozenset[str]
    ) -> tuple[_Asked, frozenset[str]]:
        """What looking at a condition asks models, and what has been asked in the run by then."""
        new = [use for use in uses_of(self.graph, [expr]) if use not in asked and self.graph.uses[use].calls != 0]
        return _all([self._use(self.graph.uses[use], node, settings, None) for use in new]), asked.union(new)

    # ---- What is made of others ---------------------------------------------------------------------------------

    def _route(self, node: RouteNode, settings: Settings, added: float, asked: frozenset[str]) -> Spent:
        found = []
        looked: list[_Asked] = []
        for number, arm in enumerate(node.arms, 1):
            paid, asked = self._asked(node.id, arm.condition, settings, asked)
            looked.append(paid)
            share = self.rates.mix[node.id, str(number)]
            found.append((share, _after(_all(looked), self._at((arm.node, settings), added, asked))))
        last = _after(_all(looked), self._at((node.otherwise, settings), added, asked))
        return _mixed([*found, (self.rates.mix[node.id, ELSE], last)])

    def _cascade(self, node: CascadeNode, settings: Settings, added: float, asked: frozenset[str]) -> Spent:
        starts = [0.0] * len(node.rungs)
        begun = _all([])
        if node.start is None:
            starts[0] = 1.0
        else:
            begun, asked = self._asked(node.id, node.start, settings, asked)
            for label, at in node.start_at.items():
                starts[at] += self.rates.mix[node.id, label]
        climb = _Climb(begun)
        carried = 0.0
        for number, rung in enumerate(node.rungs):
            if number == 0 or number in node.start_at.values():
                climb.begin(starts[number], begun.usd)
            fresh = self._at((rung.node, settings), added, asked)
            later = self._at((rung.node, settings), added + carried, asked) if carried else fresh
            last = number + 1 == len(node.rungs)
            uses = [use for use in self.measure.gate(node, number) if use.calls != 0]
            judged = [_all([self._use(u, node.id, settings, s) for u in uses]) for s in (fresh, later)]
            if rung.until is None:
                passes: float | None = None
            elif last and node.otherwise in ("last", "best"):
                passes = 1.0
            else:
                passes = self.rates.passes[node.id, number]
            climb.rung((fresh, later), (judged[0], judged[1]), passes)
            if node.carry is not None and rung.until is not None and not self.rates.whole:
                carried = CARRY_TOKENS + (fresh.answer_tokens if node.carry == "draft" else 0)
        id_ = node.otherwise_node
        return climb.end(node, None if id_ is None else self._at((id_, settings), added, asked))

    def _vote(self, node: VoteNode, members: list[Spent], settings: Settings) -> Spent:
        uses = [] if node.by is None else uses_of(self.graph, [node.by])
        paid = [self.graph.uses[use] for use in uses if self.graph.uses[use].calls != 0]
        ballots = [self._use(use, node.id, settings, member) for member in members for use in paid]
        items: dict[Item, tuple[float, float]] = {}
        none = 1.0
        for member in members:
            _put(items, member.items, 1.0)
            none *= 1 - member.answered
        for ballot in ballots:
            _put(items, ballot.items, 1.0)
        least = sum(member.best for member in members)
        return Spent(
            items,
            answered=1 - none,
            least=(least, inf, least if none else inf),
            worst=sum(m.worst for m in members) + sum(ballot.worst for ballot in ballots),
            answer_tokens=_average([(1.0, m.answer_tokens) for m in members]),
            call_usd=_average([(1.0, m.call_usd) for m in members]),
            worst_call_usd=max(m.worst_call_usd for m in members),
        )

    def _within(self, node: WithinNode, inside: Spent) -> Spent:
        limit = node.cost_usd
        if limit is None or inside.worst <= limit:
            return inside
        self.capped[node.id] = limit
        expected = inside.expected
        scale = min(1.0, limit / expected) if expected else 1.0
        items = {item: (calls, usd * scale) for item, (calls, usd) in inside.items.items()}
        answered, unmet, failed = (min(end, limit) for end in inside.least)
        least = (answered, inf if inside.least[1] == inf else unmet, inf if inside.least[2] == inf else failed)
        return _like(inside, items, least, limit)


class _Climb:
    """The way up a cascade: how many queries are at a rung, without and with a rejected answer; what that costs."""

    def __init__(self, begun: _Asked) -> None:
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

    def rung(self, spent: tuple[Spent, Spent], judged: tuple[_Asked, _Asked], passes: float | None) -> None:
        """A rung, for queries without and with a rejected answer; ``passes`` is ``None`` where there is no gate."""
        rejects = 0.0 if passes is None else 1 - passes
        goes_on = [0.0, 0.0]
        least_on = [inf, inf]
        for had, (share, least, one, asked) in enumerate(zip(self._at, self._least_at, spent, judged, strict=True)):
            _put(self._items, _rejected(one.items, one.answered * rejects), share)
            _put(self._items, asked.items, share * one.answered)
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
            _put(self._items, otherwise.items, fresh + later)
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
            answer_tokens=_average(self._answers),
            call_usd=_average([(share, one.call_usd) for share, one in self._calls]),
            worst_call_usd=max(one.worst_call_usd for _, one in self._calls),
        )


# ---- Putting costs together -------------------------------------------------------------------------------------


def _put(into: dict[Item, tuple[float, float]], items: Mapping[Item, tuple[float, float]], share: float) -> None:
    for item, (calls, usd) in items.items():
        before = into.get(item, (0.0, 0.0))
        into[item] = (before[0] + share * calls, before[1] + share * usd)


def _rejected(items: Mapping[Item, tuple[float, float]], share: float) -> dict[Item, tuple[float, float]]:
    """The items of answers of which so many are rejected."""
    found: dict[Item, tuple[float, float]] = {}
    for (node, model, part), (calls, usd) in items.items():
        if part != "answers" or not share:
            _put(found, {(node, model, part): (calls, usd)}, 1.0)
            continue
        _put(found, {(node, model, "rejected"): (calls, usd)}, share)
        _put(found, {(node, model, "answers"): (calls, usd)}, 1 - share)
    return found


def _average(weighed: list[tuple[float, float]]) -> float:
    total = sum(share for share, _ in weighed)
    plain = sum(value for _, value in weighed) / len(weighed)
    return sum(share * value for share, value in weighed) / total if total > 0 else plain


def _all(asked: list[_Asked]) -> _Asked:
    items: dict[Item, tuple[float, float]] = {}
    for one in asked:
        _put(items, one.items, 1.0)
    return _Asked(items, sum(one.usd for one in asked), sum(one.worst for one in asked))


def _like(
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


def _after(paid: _Asked, spent: Spent) -> Spent:
    """Something, when finding out that it comes has been paid."""
    if not paid.items:
        return spent
    items = dict(paid.items)
    _put(items, spent.items, 1.0)
    answered, unmet, failed = (end + paid.usd for end in spent.least)
    return _like(spent, items, (answered, unmet, failed), spent.worst + paid.worst)


def _mixed(ways: list[tuple[float, Spent]]) -> Spent:
    """One of these, each by its share."""
    items: dict[Item, tuple[float, float]] = {}
    for share, spent in ways:
        _put(items, spent.items, share)
    answered, unmet, failed = (min(spent.least[end] for _, spent in ways) for end in range(3))
    return Spent(
        items,
        answered=sum(share * spent.answered for share, spent in ways),
        unmet=sum(share * spent.unmet for share, spent in ways),
        least=(answered, unmet, failed),
        worst=max(spent.worst for _, spent in ways),
        answer_tokens=_average([(share, spent.answer_tokens) for share, spent in ways]),
        call_usd=_average([(share, spent.call_usd) for share, spent in ways]),
        worst_call_usd=max(spent.worst_call_usd for _, spent in ways),
    )


def _fallback(node: FallbackNode, members: list[Spent]) -> Spent:
    """The next one when one failed in a way that moves on."""
    on_unmet = node.when is None or "unmet" in node.when
    on_failed = node.when is None or any(kind != "unmet" for kind in node.when)
    items: dict[Item, tuple[float, float]] = {}
    reach, before = 1.0, 0.0
    answered = unmet = 0.0
    least = [inf, inf, inf]
    for number, member in enumerate(members):
        _put(items, member.items, reach)
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
        answer_tokens=_average([(m.answered, m.answer_tokens) for m in members[:1]]),
        call_usd=members[0].call_usd,
        worst_call_usd=max(member.worst_call_usd for member in members),
    )


def _hedge(first: Spent, second: Spent, slow: float) -> Spent:
    """The second beside the first where that is slow, and after it where it failed."""
    both = slow + (1 - slow) * (1 - first.answered)
    items = dict(first.items)
    _put(items, second.items, both)
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


def _shadow(node: ShadowNode, live: Spent, beside: Spent) -> Spent:
    """Both, the one beside for its share and under a part of its own."""
    items = dict(live.items)
    for (id_, model, _), (calls, usd) in beside.items.items():
        _put(items, {(id_, model, "shadows"): (calls, usd)}, node.share)
    return _like(live, items, live.least, live.worst + (beside.worst if node.share else 0.0))


def _cached(inside: Spent, hits: float) -> Spent:
    """Nothing for those that were answered before."""
    items: dict[Item, tuple[float, float]] = {}
    _put(items, inside.items, 1 - hits)
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
