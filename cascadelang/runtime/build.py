"""Builds the strategies of a policy from its graph.

Takes: a graph, its compiled expressions. Gives: the `Strategy` at a policy's root. Guarantees: a node that is reached
by two ways with the same settings is built once; ``with``, ``retry`` and the logprobs that a gate needs are worked
into the calls they hold for, so that a run has nothing to look up.

A ``with`` or ``retry`` holds for all calls inside that answer, the inner one over the outer, both over the model's
declaration. For a judge's calls ``retry`` holds, too; ``with`` doesn't, for settings made for answers (``max_tokens:
20``) would break verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from cascadelang.contracts.check import Watching
from cascadelang.contracts.signal import PaidSignal, SlowSignal
from cascadelang.contracts.spec import Early
from cascadelang.graph import model as g
from cascadelang.graph.fingerprint import MadeBy, facts_below, fingerprint, uses_below
from cascadelang.graph.walk import conditions, uses_of
from cascadelang.graph.wording import limits_wording, wording
from cascadelang.runtime.asking import Asker
from cascadelang.runtime.at_once import Hedge, Shadow, Vote
from cascadelang.runtime.billing import Target
from cascadelang.runtime.cached import Cached
from cascadelang.runtime.cascade import Cascade
from cascadelang.runtime.choices import Arms, Labels, Shares
from cascadelang.runtime.expressions import Expressions
from cascadelang.runtime.gates import Gate
from cascadelang.runtime.nodes import Call, Fallback, Settings, Within
from cascadelang.runtime.outcome import Strategy
from cascadelang.runtime.paid import PaidCalls
from cascadelang.runtime.request_key import Keys
from cascadelang.runtime.routing import Route, RouteBy, Split
from cascadelang.runtime.timed import Timed
from cascadelang.source.digest import sha256

if TYPE_CHECKING:
    from cascadelang.graph.bounds import Measure
    from cascadelang.graph.curve import Curve
    from cascadelang.runtime.early import Watch
    from cascadelang.runtime.rung_order import RungOrder

TOP_LOGPROBS = 2
"""Alternatives asked for where a gate needs them: ``margin`` sets the first token against the second."""

_PLAIN = Settings({}, None, None)


class Builder:
    """Builds strategies, each once."""

    def __init__(
        self,
        graph: g.Graph,
        expressions: Expressions,
        *,
        stop_early: bool = True,
        made_by: MadeBy = lambda _kind, _name: "",
    ) -> None:
        self._graph = graph
        self._made_by = made_by
        self._stop_early = stop_early
        self._expressions = expressions
        self._calls: dict[str, Call] = {}
        self._measure: Measure | None = None
        self._built: dict[tuple[str, tuple[str, int | None, int | None]], Strategy] = {}

    @property
    def asked(self) -> Mapping[str, PaidSignal | SlowSignal]:
        """The paid and the slow signals that were built so far, by use id."""
        return self._expressions.asked

    def policy(self, name: str) -> Strategy:
        """The strategy of a policy.

        Raises:
            KeyError: if the graph has no such policy.
        """
        return self._build(self._graph.policies[name], _PLAIN)

    def labels(self, expr: g.GraphExpr, labels: Mapping[str, Any]) -> Labels:
        """The choice of a label."""
        return Labels(self._expressions.compile(expr), labels)

    def arms(self, node: g.RouteNode) -> Arms:
        """The choice of an arm."""
        return Arms([self._expressions.compile(arm.condition) for arm in node.arms])

    def shares(self, node: g.SplitNode) -> Shares:
        """The choice of a share."""
        by = None if node.by is None else self._expressions.compile(node.by)
        return Shares(node.id, [share.share for share in node.shares], by)

    def _build(self, id_: str, settings: Settings) -> Strategy:
        key = (id_, settings.key)
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = self._make(self._graph.nodes[id_], settings)
        return built

    def _make(self, node: g.GraphNode, settings: Settings) -> Strategy:  # noqa: C901, PLR0911, PLR0912 - one case a kind
        match node:
            case g.CallNode():
                return self._call(node, settings)
            case g.RouteNode():
                targets = [arm.node for arm in node.arms] + [node.otherwise]
                arms = self.arms(node)
                asker = self._asker(node.id, conditions(node), settings)
                return Route(node.id, arms, [self._build(target, settings) for target in targets], asker)
            case g.RouteByNode():
                strategies = {label: self._build(target, settings) for label, target in node.arms.items()}
                otherwise = None if node.otherwise is None else self._build(node.otherwise, settings)
                labels = self.labels(node.by, node.arms)
                asker = self._asker(node.id, [node.by], settings)
                return RouteBy(node.id, labels, strategies, otherwise, asker)
            case g.CascadeNode():
                return self._cascade(node, settings)
            case g.FallbackNode():
                return Fallback(node, [self._build(member, settings) for member in node.members])
            case g.SplitNode():
                targets = [share.node for share in node.shares]
                shares = self.shares(node)
                asker = self._asker(node.id, conditions(node), settings)
                return Split(node, shares, [self._build(target, settings) for target in targets], asker)
            case g.HedgeNode():
                return Hedge(node, self._build(node.first, settings), self._build(node.second, settings))
            case g.VoteNode():
                by = None if node.by is None else self._condition(node.id, node.by, settings)
                inside = _with_logprobs(settings, node)
                return Vote(node.id, [self._build(member, inside) for member in node.members], by)
            case g.ShadowNode():
                return Shadow(node, self._build(node.live, settings), self._build(node.beside, settings))
            case g.WithinNode():
                child = self._build(node.child, settings)
                return Within(node.id, child, node.cost_usd, node.time_s, limits_wording(node))
            case g.RetryNode():
                return self._build(node.child, Settings(settings.values, node.times, settings.logprobs))
            case g.WithNode():
                merged = {**settings.values, **node.settings}
                return self._build(node.child, Settings(merged, settings.retry, settings.logprobs))
            case g.CachedNode():
                return self._cached(node, settings)
            case _:
                assert_never(node)

    def _call(self, node: g.CallNode, settings: Settings) -> Call:
        spec = self._graph.models[node.model]
        retry = spec.retry if settings.retry is None else settings.retry
        name = f"{node.id} {sha256(repr(settings.key).encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
        target = Target(node.id, spec.name, spec.id, spec.provider, spec.price, retry, spec.context, name)
        call = self._calls[name] = Call(node.id, target, spec, settings)
        return call

    def _cached(self, node: g.CachedNode, settings: Settings) -> Cached:
        child = self._build(node.child, settings)
        foreign = self._expressions.foreign
        uses = [use for use in uses_below(self._graph, node.child) if use in foreign]
        facts = None if uses else facts_below(self._graph, node.child)
        programs = [_digest(path) for use in uses for path in foreign[use]]
        prefix = f"{fingerprint(self._graph, node.child, self._made_by)} {settings.key!r} {programs}"
        return Cached(node, child, Keys(prefix, facts), self._calls)

    def _cascade(self, node: g.CascadeNode, settings: Settings) -> Cascade:
        rungs = [
            (self._build(rung.node, _with_logprobs(settings, rung)), self._gate(node.id, rung, settings))
            for rung in node.rungs
        ]
        otherwise = None if node.otherwise_node is None else self._build(node.otherwise_node, settings)
        start = None if node.start is None else self.labels(node.start, node.start_at)
        asker = None if node.start is None else self._asker(node.id, [node.start], settings)
        order = None if node.order is None else self._order(node, node.order, settings)
        return Cascade(node, rungs, otherwise, start, asker, order)

    def _order(self, node: g.CascadeNode, order: g.GraphOrder, settings: Settings) -> RungOrder:
        from cascadelang.runtime.rung_order import RungOrder

        return RungOrder(order, [self._price(rung.node, settings) for rung in node.rungs])

    def _price(self, id_: str, settings: Settings) -> Curve | None:
        """The most that a node can cost with the settings around, by the size of its input; ``None``: not known."""
        from cascadelang.graph import bounds

        if self._measure is None:
            self._measure = bounds.Measure(self._graph)
        values = settings.values
        around = bounds.Settings(
            values.get("max_tokens"), values.get("timeout_s"), values.get("system"), settings.retry
        )
        return self._measure.points[id_, around].cost_most

    def _gate(self, node: str, rung: g.GraphRung, settings: Settings) -> Gate | None:
        if rung.until is None:
            return None
        gate = self._condition(node, rung.until, settings)
        checks = [self._expressions.check(use) for use in uses_of(self._graph, [rung.until])]
        gate.looks_back = any(getattr(check, "looks_back", False) for check in checks)
        if self._stop_early and any(getattr(check, "watch", None) is not None for check in checks):
            gate.watch = self._watch(gate, rung.until)
        return gate

    def _watch(self, gate: Gate, condition: g.GraphExpr) -> Watch | None:
        """What can settle the gate while an answer is generated; ``None`` where nothing can."""
        from cascadelang.runtime.early import Watch
        from cascadelang.runtime.foresee import Foresight

        watching: dict[str, Watching] = {}

        def watched(use: g.CatalogUse) -> frozenset[Early]:
            check: Any = self._expressions.check(use.id)
            early: frozenset[Early] = check.spec.early if use.calls == 0 else frozenset()
            if not early or check.watch(1) is None:
                return frozenset()
            watching[use.id] = check
            return early

        foresight = Foresight(self._graph, condition, watched, self._expressions.compile)
        if not foresight.can_fail:
            return None
        checks = [watching[use.id] for use in foresight.uses]
        return Watch(gate, foresight, checks, self._expressions.on_check)

    def _condition(self, node: str, expr: g.GraphExpr, settings: Settings) -> Gate:
        """A condition over answers, or a score of them."""
        evaluate = self._expressions.gate(expr)
        made, sampled = self._expressions.paid, self._expressions.sampled
        uses = uses_of(self._graph, [expr])
        paid = {use: made[use] for use in uses if use in made}
        samples = {use: sampled[use] for use in uses if use in sampled}
        slow, known = self._expressions.timed, self._graph.uses
        timed = {use: Timed(known[use].entry, slow[use], known[use].time_s) for use in uses if use in slow}
        text = wording(expr, self._graph, judged=True)
        calls = PaidCalls(node, self._graph.models, settings.retry)
        return Gate(node, text, evaluate, timed, paid, samples, calls, self._asker(node, [expr], settings))

    def _asker(self, node: str, exprs: Iterable[g.GraphExpr], settings: Settings) -> Asker | None:
        """Who asks what these, compiled already, need to know of models; ``None`` when they need nothing so."""
        made = self._expressions.asked
        signals = {use: made[use] for use in uses_of(self._graph, exprs) if use in made}
        return Asker(PaidCalls(node, self._graph.models, settings.retry), signals) if signals else None


def _with_logprobs(settings: Settings, judged: g.GraphRung | g.VoteNode) -> Settings:
    """The settings for answers that are judged so."""
    wanted = TOP_LOGPROBS if judged.top_logprobs else 0 if judged.logprobs else None
    if wanted is None:
        return settings
    most = wanted if settings.logprobs is None else max(wanted, settings.logprobs)
    return Settings(settings.values, settings.retry, most)


def _digest(program: str) -> str:
    """Of a program as it is now; empty where none is there."""
    with suppress(OSError, ValueError):
        return sha256(Path(program).read_bytes()).hexdigest()
    return ""
