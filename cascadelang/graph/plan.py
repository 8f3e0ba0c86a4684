"""The plan of a policy, as a database's EXPLAIN: in what order things are evaluated, and what each part can come to.

Takes: a graph, the same as it was written where that is known, and for a query the decisions that need no call.
Gives: a `Plan`, which `plan_text` and `plan_json` show. Guarantees: nothing is called and nothing is decided here;
amounts are the mosts that `bounds` proves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from cascadelang.contracts.result import Decision
from cascadelang.graph.bounds import Measure, Settings, bounds_of
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    CascadeNode,
    CatalogUse,
    CheckValue,
    Graph,
    GraphAlert,
    GraphExpr,
    GraphNode,
    MetaMissing,
    MetaValue,
    ModelSpec,
    Requirement,
    SignalValue,
    UseValue,
    VoteNode,
)
from cascadelang.graph.node_bounds import NOTHING, NodeBounds, any_of, one_after_the_other
from cascadelang.graph.walk import conditions, in_order, parts, tunes_of, uses_of
from cascadelang.graph.wording import wording
from cascadelang.source.frozen import dataclass

INPUT_TOKENS: Final = 4_000
"""The input that costs are shown for unless another one is asked for."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the answer of one rung has to pass.

    Attributes:
        words: the condition, in order of evaluation.
        written: the condition as it was written, where that order differs; else empty.
        asked: whether it is evaluated in full: a last rung's paid checks aren't where its answer stands anyway.
        uses: the catalogue entries in order of evaluation; evaluating stops as soon as it is decided.
        measured: what its paid checks come to.
    """

    words: str
    written: str
    asked: bool
    uses: tuple[CatalogUse, ...]
    measured: NodeBounds


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition that chooses a node's way: in order of evaluation, and as written where that differs."""

    words: str
    written: str


@dataclass(frozen=True, slots=True)
class Named:
    """A declared signal or check: its condition in order of evaluation, and as written where that differs."""

    name: str
    words: str
    written: str
    paid: tuple[CatalogUse, ...]
    timed: tuple[CatalogUse, ...]


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune with the value it has, and the one that the policy declares."""

    name: str
    value: float
    declared: float | None


class Plan:
    """What is known of one policy before it runs.

    Attributes:
        graph: the graph.
        policy: the policy's name.
        root: its node.
        input_tokens: the most tokens of the input that costs are shown for.
        decisions: what a query makes it choose.
        nodes: the ids of the nodes that it reaches, in order of evaluation.
        measure, bounds: what each of them can come to.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        policy: str = "main",
        input_tokens: int = INPUT_TOKENS,
        decisions: Sequence[Decision] = (),
        written: Graph | None = None,
        declared: Mapping[str, float] | None = None,
    ) -> None:
        """Plan one policy of a graph.

        Args:
            graph: the graph.
            policy: which policy of it.
            input_tokens: the most tokens of the input that costs are shown for.
            decisions: what a query makes it choose.
            written: the same graph with its conditions as they were written.
            declared: the values that the policy declares for its tunes.

        Raises:
            GraphError: if there is no such policy.
        """
        root = graph.policies.get(policy)
        if root is None:
            there = ", ".join(f"`{name}`" for name in graph.policies) or "none"
            raise GraphError(f"there is no policy `{policy}`: the file has {there}")
        self.graph, self.policy, self.root = graph, policy, root
        self.input_tokens = input_tokens
        self.decisions = tuple(decisions)
        self.nodes = in_order(graph, [root])
        self.measure = Measure(graph)
        self.bounds = bounds_of(self.measure)
        self._written = written
        self._declared = declared or {}

    @property
    def requirements(self) -> list[Requirement]:
        """What is required of the policy."""
        return [r for r in self.graph.requirements if r.policy == self.policy]

    @cached_property
    def settings(self) -> dict[str, set[Settings]]:
        """The settings around each node, one for each way that it is reached with."""
        found: dict[str, set[Settings]] = {}
        for id_, around in self.measure.points:
            found.setdefault(id_, set()).add(around)
        return found

    def carried(self, node: CascadeNode, rung: int) -> int:
        """How many tokens of rejected answers are handed to a rung (from 0), at most, whatever way it is reached."""
        return max((self.measure.carried(node, rung, around) for around in self.settings.get(node.id, ())), default=0)

    @cached_property
    def gates(self) -> dict[tuple[str, int], Gate]:
        """The gates of the cascades, by node and number of the rung from 0."""
        found: dict[tuple[str, int], Gate] = {}
        for id_ in self.nodes:
            node = self.graph.nodes[id_]
            if isinstance(node, CascadeNode):
                for number, rung in enumerate(node.rungs):
                    if rung.until is not None:
                        found[id_, number] = self._gate(node, number, rung.until)
        return found

    def _gate(self, node: CascadeNode, number: int, until: GraphExpr) -> Gate:
        paid = self.measure.gate(node, number)
        ways = [
            one_after_the_other([NOTHING, *self.measure.judging(node, number, around)])
            for around in self.settings.get(node.id, ())
        ]
        was = self._written.nodes.get(node.id) if self._written is not None else None
        written = was.rungs[number].until if isinstance(was, CascadeNode) else None
        idle = node.rungs[number].paid and not paid
        uses = tuple(self.graph.uses[use] for use in uses_of(self.graph, [until]))
        words = wording(until, self.graph, judged=True)
        return Gate(words, self._other(words, written, judged=True), not idle, uses, any_of(ways or [NOTHING]))

    @cached_property
    def evaluations(self) -> dict[str, NodeBounds]:
        """What one evaluation of each paid signal and check comes to, wherever it is made, by the use's id."""
        found: dict[str, NodeBounds] = {}
        for id_ in self.nodes:
            node = self.graph.nodes[id_]
            for around in self.settings.get(id_, ()):
                uses = self.measure.asked(node)
                if isinstance(node, VoteNode):
                    made = list(zip(uses * len(node.members), self.measure.ballots(node, around), strict=True))
                else:
                    made = [(use, self.measure.paid(use, around, 0)) for use in uses]
                if isinstance(node, CascadeNode):
                    for number in range(len(node.rungs)):
                        judging = self.measure.judging(node, number, around)
                        made += zip(self.measure.gate(node, number), judging, strict=True)
                for use, measured in made:
                    found[use.id] = any_of([found[use.id], measured]) if use.id in found else measured
        return found

    @cached_property
    def choices(self) -> dict[str, list[Asked]]:
        """The conditions that choose each node's way, those of its arms in their order."""
        found: dict[str, list[Asked]] = {}
        for id_ in self.nodes:
            node = self.graph.nodes[id_]
            was = self._written.nodes.get(id_) if self._written is not None else None
            before = choosing(was) if was is not None else []
            for number, expr in enumerate(choosing(node)):
                words = wording(expr, self.graph)
                written = before[number] if number < len(before) else None
                found.setdefault(id_, []).append(Asked(words, self._other(words, written, judged=False)))
        return found

    @cached_property
    def asked(self) -> list[GraphExpr]:
        """Every condition that the policy's nodes ask."""
        return [expr for id_ in self.nodes for expr in conditions(self.graph.nodes[id_])]

    @cached_property
    def signals(self) -> list[Named]:
        """The declared signals that it may read."""
        return [self._named(kind, name) for kind, name in _names(self.graph, self.asked) if kind == "signal"]

    @cached_property
    def checks(self) -> list[Named]:
        """The declared checks that it may make."""
        return [self._named(kind, name) for kind, name in _names(self.graph, self.asked) if kind == "check"]

    def _named(self, kind: str, name: str) -> Named:
        expr = _declared(self.graph, kind, name)
        written = None if self._written is None else _declared(self._written, kind, name)
        judged = kind == "check"
        words = wording(expr, self.graph, judged=judged)
        uses = [self.graph.uses[use] for use in uses_of(self.graph, [expr])]
        paid = tuple(use for use in uses if use.calls != 0)
        timed = tuple(use for use in uses if use.calls == 0 and use.time_s)
        return Named(name, words, self._other(words, written, judged=judged), paid, timed)

    def _other(self, words: str, written: GraphExpr | None, *, judged: bool) -> str:
        """A condition as it was written, where its words are others than those of its order of evaluation."""
        if written is None or self._written is None:
            return ""
        was = wording(written, self._written, judged=judged)
        return "" if was == words else was

    @property
    def alerts(self) -> list[GraphAlert]:
        """The alerts of its file, which look at the recorded runs of every policy in it."""
        return self.graph.alerts

    @cached_property
    def tunes(self) -> list[Tune]:
        """The tunes that its conditions use, and the alerts'."""
        found = tunes_of(self.graph, [*self.asked, *(alert.condition for alert in self.alerts)])
        return [Tune(name, value, self._declared.get(name)) for name, value in found.items()]

    @cached_property
    def models(self) -> list[ModelSpec]:
        """The models that it may ask, those that judge among them, in order of first use."""
        names: dict[str, None] = {}
        for id_ in self.nodes:
            node = self.graph.nodes[id_]
            if node.kind == "call":
                names.setdefault(node.model)
        for use in (self.graph.uses[use] for use in uses_of(self.graph, self.asked)):
            names.update(dict.fromkeys(str(use.args[name]) for name in use.model_args))
        return [self.graph.models[name] for name in names]


def _declared(graph: Graph, kind: str, name: str) -> GraphExpr:
    return graph.signals[name].expr if kind == "signal" else graph.checks[name].expr


def choosing(node: GraphNode) -> list[GraphExpr]:
    """The conditions that choose a node's way: those of its arms, its label, where it starts; gates aren't."""
    if isinstance(node, CascadeNode):
        return [] if node.start is None else [node.start]
    return conditions(node)


def leaves(expr: GraphExpr, graph: Graph) -> list[str]:
    """What a condition looks at directly, by the names that decisions have for them, in order of evaluation."""
    found: dict[str, None] = {}
    waiting = [expr]
    while waiting:
        at = waiting.pop()
        if isinstance(at, (SignalValue, CheckValue, UseValue, MetaValue, MetaMissing)):
            found.setdefault(wording(at, graph))
        else:
            waiting += reversed(parts(at))
    return list(found)


def _names(graph: Graph, exprs: Sequence[GraphExpr]) -> list[tuple[str, str]]:
    """The declared signals and checks that evaluating may need, in order of evaluation."""
    found: dict[tuple[str, str], None] = {}
    waiting = [*exprs][::-1]
    while waiting:
        expr = waiting.pop()
        if isinstance(expr, (SignalValue, CheckValue)):
            if (expr.kind, expr.name) not in found:
                found[expr.kind, expr.name] = None
                waiting.append(_declared(graph, expr.kind, expr.name))
        else:
            waiting += reversed(parts(expr))
    return list(found)
