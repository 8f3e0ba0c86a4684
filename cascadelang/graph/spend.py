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

from math import inf
from typing import Final

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Usage
from cascadelang.graph.bounds import PLAIN, Measure, Point, Settings, settings_inside
from cascadelang.graph.climb import Climb
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
from cascadelang.graph.spent import (
    Asked,
    Item,
    Part,
    Spent,
    after,
    all_of,
    cached,
    fallback,
    hedge,
    mixed,
    shadow,
    vote,
    within,
)
from cascadelang.graph.walk import uses_of

ASKING_TOKENS: Final = 250
"""About what a judge's or classifier's instructions and the form of its reply take."""
JUDGED_TOKENS: Final = 60
ASKED_TOKENS: Final = 12
"""About what a judge and a classifier reply."""
CARRY_TOKENS: Final = 120
"""About what is said around a carried answer, its reasons included."""


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
            return after(paid, mixed([(share, self._at((way, inside), added, now)) for share, way in ways]))
        if isinstance(node, SplitNode):
            found = [(share.share, self._at((share.node, inside), added, asked)) for share in node.shares]
            return mixed(found)
        if isinstance(node, CascadeNode):
            return self._cascade(node, settings, added, asked)
        if isinstance(node, FallbackNode):
            return fallback(node, [self._at((member, inside), added, asked) for member in node.members])
        if isinstance(node, HedgeNode):
            first, second = (self._at((way, inside), added, asked) for way in (node.first, node.second))
            return hedge(first, second, self.rates.slow[node.id])
        if isinstance(node, VoteNode):
            return self._vote(node, [self._at((member, inside), added, asked) for member in node.members], settings)
        if isinstance(node, ShadowNode):
            live = self._at((node.live, inside), added, asked)
            return shadow(node, live, self._at((node.beside, inside), added, frozenset()))  # a run of its own
        if isinstance(node, WithinNode):
            return self._within(node, self._at((node.child, inside), added, asked))
        if isinstance(node, CachedNode):
            return cached(self._at((node.child, inside), added, asked), self.rates.hits[node.id])
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

    def _use(self, use: CatalogUse, node: str, settings: Settings, answered: Spent | None) -> Asked:
        """One evaluation of a paid check on an answer, or of a paid signal."""
        part: Part = "classifiers" if use.kind == "signal" else "judges"
        if use.own and answered is not None:
            times = float(use.calls or 0)
            items = {(node, f"{use.entry} (the same model)", part): (times, times * answered.call_usd)}
            return Asked(items, times * answered.call_usd, times * answered.worst_call_usd)
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
        return Asked(items, usd, worst)

    def _asked(
        self, node: str, expr: GraphExpr, settings: Settings, asked: frozenset[str]
    ) -> tuple[Asked, frozenset[str]]:
        """What looking at a condition asks models, and what has been asked in the run by then."""
        new = [use for use in uses_of(self.graph, [expr]) if use not in asked and self.graph.uses[use].calls != 0]
        return all_of([self._use(self.graph.uses[use], node, settings, None) for use in new]), asked.union(new)

    # ---- What is made of others ---------------------------------------------------------------------------------

    def _route(self, node: RouteNode, settings: Settings, added: float, asked: frozenset[str]) -> Spent:
        found = []
        looked: list[Asked] = []
        for number, arm in enumerate(node.arms, 1):
            paid, asked = self._asked(node.id, arm.condition, settings, asked)
            looked.append(paid)
            share = self.rates.mix[node.id, str(number)]
            found.append((share, after(all_of(looked), self._at((arm.node, settings), added, asked))))
        last = after(all_of(looked), self._at((node.otherwise, settings), added, asked))
        return mixed([*found, (self.rates.mix[node.id, ELSE], last)])

    def _cascade(self, node: CascadeNode, settings: Settings, added: float, asked: frozenset[str]) -> Spent:
        starts = [0.0] * len(node.rungs)
        begun = all_of([])
        if node.start is None:
            starts[0] = 1.0
        else:
            begun, asked = self._asked(node.id, node.start, settings, asked)
            for label, at in node.start_at.items():
                starts[at] += self.rates.mix[node.id, label]
        climb = Climb(begun)
        carried = 0.0
        for number, rung in enumerate(node.rungs):
            if number == 0 or number in node.start_at.values():
                climb.begin(starts[number], begun.usd)
            fresh = self._at((rung.node, settings), added, asked)
            later = self._at((rung.node, settings), added + carried, asked) if carried else fresh
            last = number + 1 == len(node.rungs)
            uses = [use for use in self.measure.gate(node, number) if use.calls != 0]
            judged = [all_of([self._use(u, node.id, settings, s) for u in uses]) for s in (fresh, later)]
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
        return vote(members, ballots)

    def _within(self, node: WithinNode, inside: Spent) -> Spent:
        limit = node.cost_usd
        if limit is None or inside.worst <= limit:
            return inside
        self.capped[node.id] = limit
        return within(inside, limit)
