"""Finds what can never happen in a graph: conditions that decide nothing, arms and rungs that no query gets to.

Takes: a graph. Gives: a `Reach`. Guarantees: pure; nothing is claimed that any query could contradict, whatever its
signals are, unknown ones included. It is complete for conditions over truth values, labels and texts, and numbers
that are compared with constants; of two numbers that are compared with each other, or calculated from several, only
what the comparison itself says is known. It ends: what isn't decided within a number of steps isn't claimed, and
counted in ``Reach.undecided``.

How: every signal, check and fact of the caller becomes a variable with finitely many cells, cut by the constants it
is compared with (`values`, `sources`); conditions become formulas over them (`conditions`); whether an arm is left
any query by the arms before it, and by the choices that lead to its route, is a question of satisfiability (`solve`).

A cascade's rung is reached when the one before it fails, too, and any call can fail: so a gate that always passes
makes the rungs behind it rarer, never unreachable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from cascadelang.graph import model as g
from cascadelang.graph.order import successors_first
from cascadelang.graph.reach.conditions import Conditions
from cascadelang.graph.reach.formulas import Formula
from cascadelang.graph.reach.paths import MOST_PATHS, Choice, Path, Step, Ways
from cascadelang.graph.reach.solve import Search, Steps
from cascadelang.graph.reach.sources import written
from cascadelang.graph.reach.truth import Constant, Owner, Truth, Value
from cascadelang.graph.walk import children
from cascadelang.source.frozen import dataclass

SHAPES: Final = ("has_image", "has_tools")
"""Signals of what a query carries that not every model can take."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Something that no query gets to.

    Attributes:
        kind: an arm of a route or label, its ``else``, a rung, or a gate that comes out the same for every query
            that gets there.
        node: the node's id.
        arm: the arm's index from 0 or its label, the rung's index; ``"else"``.
        also: how many arms behind it can't be taken either, for the same reason; rungs likewise.
        because: the choices that leave no query for it, the fewest that do: arms of the same node before it that
            take its queries, and choices further out that lead here. None where its label can never be.
        example: values of signals, by name, that the arm asks for, and which an arm before it takes.
        outcome: what a gate always comes to.
    """

    kind: Literal["arm", "else", "rung", "gate"]
    node: str
    arm: int | str
    also: int = 0
    because: tuple[Choice, ...] = ()
    example: tuple[tuple[str, Value], ...] = ()
    outcome: Literal["true", "never true"] = "never true"


@dataclass(frozen=True, slots=True)
class Reach:
    """What can never happen.

    Attributes:
        constants: conditions, and parts of them, that come out the same for every query.
        unreachable: arms, rungs and gates, in the order in which nodes are reached.
        undecided: questions that weren't decided in time; nothing is claimed of them.
        always: for calls, what holds of every query that gets to them: `has_image`, `has_tools`.
    """

    constants: tuple[Constant, ...]
    unreachable: tuple[Unreachable, ...]
    undecided: int = 0
    always: Mapping[str, frozenset[str]] = field(default_factory=dict)


def look(graph: g.Graph, steps: int | None = None) -> Reach:
    """What can never happen in a graph.

    Args:
        graph: the graph.
        steps: the most steps, over all questions; the usual number unless said.
    """
    return _Look(graph, Steps() if steps is None else Steps(steps)).found()


class _Look:
    def __init__(self, graph: g.Graph, steps: Steps) -> None:
        self._graph = graph
        self._conditions = Conditions(graph, steps)
        self._ways = Ways(self._conditions, steps)
        self._paths: dict[str, list[Path]] = {}
        self._unreachable: list[Unreachable] = []
        self._always: dict[str, frozenset[str]] = {}
        self._shapes: list[tuple[str, Formula]] = []
        for id_, use in graph.uses.items():
            if use.kind == "signal" and use.entry in SHAPES:
                cases = self._conditions.values(g.UseValue(id_), Owner("by", "")).cases
                has = self._conditions.formulas.any_of(when for value, when in cases if value is True)
                self._shapes.append((use.entry, self._conditions.formulas.negation(has)))

    def found(self) -> Reach:
        graph = self._graph
        roots = [*graph.policies.values(), *(requirement.node for requirement in graph.requirements)]
        order = successors_first(roots, lambda id_: children(graph.nodes[id_]))[::-1]
        self._paths = {root: [()] for root in roots}
        for id_ in order:
            self._node(graph.nodes[id_], self._paths.get(id_, []))
        conditions = self._conditions
        return Reach(
            tuple(conditions.constants),
            tuple(self._unreachable),
            conditions.undecided + self._ways.undecided,
            self._always,
        )

    def _node(self, node: g.GraphNode, paths: list[Path]) -> None:
        if isinstance(node, g.RouteNode):
            self._route(node, paths)
        elif isinstance(node, g.RouteByNode):
            self._route_by(node, paths)
        elif isinstance(node, g.CascadeNode):
            self._cascade(node, paths)
        elif isinstance(node, g.CallNode):
            if paths and () not in paths and self._shapes:
                self._call(node, paths)
        else:
            for child in children(node):
                self._lead(child, paths)

    def _call(self, node: g.CallNode, paths: list[Path]) -> None:
        """What every query that gets to a call has."""
        searches = [self._ways.search(path) for path in paths]
        found = frozenset(
            entry for entry, lacking in self._shapes if not any(self._ways.open(s, lacking) for s in searches)
        )
        if found:
            self._always[node.id] = found

    def _lead(self, child: str, paths: list[Path]) -> None:
        """Queries get to a node in these ways, beside those that are known."""
        known = self._paths.setdefault(child, [])
        if () in known:
            return
        known += paths
        if len(known) > MOST_PATHS or () in paths:
            self._paths[child] = [()]

    # ---- Routes --------------------------------------------------------------------------------------------------

    def _route(self, node: g.RouteNode, paths: list[Path]) -> None:
        truths = [
            self._conditions.condition(arm.condition, Owner("arm", node.id, at)) for at, arm in enumerate(node.arms)
        ]
        walks = [(path, self._ways.search(path)) for path in paths]
        passed: list[Step] = []
        for at, (arm, truth) in enumerate(zip(node.arms, truths, strict=True)):
            ways = [path for path, search in walks if self._ways.open(search, truth.true)]
            taken = Step(Choice(node.id, at, taken=True), truth.true)
            self._lead(arm.node, [(*path, *passed, taken) for path in ways])
            if paths and not ways:
                if not any(self._ways.open(search) for _, search in walks):
                    self._tell_rest(node, at, paths, passed)
                    return
                self._tell_arm(node, at, truth, paths[0], passed)
            self._pass(
                walks, passed, Step(Choice(node.id, at, taken=False), self._conditions.formulas.negation(truth.true))
            )
        ways = [path for path, search in walks if self._ways.open(search)]
        self._lead(node.otherwise, [(*path, *passed) for path in ways])
        if paths and not ways:
            self._tell_else(node.id, paths[0], passed)

    def _pass(self, walks: list[tuple[Path, Search | None]], passed: list[Step], step: Step) -> None:
        passed.append(step)
        for _, search in walks:
            self._ways.add(search, step.formula)

    def _tell_arm(self, node: g.RouteNode, at: int, truth: Truth, path: Path, passed: list[Step]) -> None:
        because = self._ways.reasons(truth.true, [*passed, *path])
        example = self._ways.example([truth.true])
        choices = tuple(step.choice for step in because)
        self._unreachable.append(Unreachable("arm", node.id, at, 0, choices, example))

    def _tell_rest(self, node: g.RouteNode, at: int, paths: list[Path], passed: list[Step]) -> None:
        """The arms before take every query: nothing is left for this arm, those behind it and the ``else``."""
        because = self._ways.reasons(True, [*passed, *paths[0]])  # noqa: FBT003 - the formula that always holds
        choices = tuple(step.choice for step in because)
        self._unreachable.append(Unreachable("arm", node.id, at, len(node.arms) - at, choices))

    def _tell_else(self, node: str, path: Path, passed: list[Step]) -> None:
        because = self._ways.reasons(True, [*passed, *path])  # noqa: FBT003 - the formula that always holds
        self._unreachable.append(Unreachable("else", node, "else", 0, tuple(step.choice for step in because)))

    def _route_by(self, node: g.RouteByNode, paths: list[Path]) -> None:
        cases = self._conditions.values(node.by, Owner("by", node.id))
        walks = [(path, self._ways.search(path)) for path in paths]
        make = self._conditions.formulas
        when: dict[str, list[Formula]] = {}
        for value, case in cases.cases:
            if isinstance(value, str):
                when.setdefault(value, []).append(case)
        having = {label: make.any_of(when.get(label, ())) for label in node.arms}
        for label, child in node.arms.items():
            formula = having[label]
            ways = [path for path, search in walks if self._ways.open(search, formula)]
            self._lead(child, [(*path, Step(Choice(node.id, label, taken=True), formula)) for path in ways])
            if paths and not ways:
                because = self._ways.reasons(formula, paths[0]) if formula is not False else ()
                choices = tuple(step.choice for step in because)
                self._unreachable.append(Unreachable("arm", node.id, label, 0, choices))
        if node.otherwise is None:
            return
        passed = [Step(Choice(node.id, label, taken=False), make.negation(having[label])) for label in node.arms]
        rest = make.all_of(step.formula for step in passed)
        ways = [path for path, search in walks if self._ways.open(search, rest)]
        self._lead(node.otherwise, [(*path, *passed) for path in ways])
        if paths and not ways:
            self._tell_else(node.id, paths[0], passed)

    # ---- Cascades ------------------------------------------------------------------------------------------------

    def _cascade(self, node: g.CascadeNode, paths: list[Path]) -> None:
        starts = self._starts(node)
        asked: set[int | str] = set()
        dead = 0
        for at, rung in enumerate(node.rungs):
            started = starts[at]
            if started is True:
                ways = paths
            else:
                step = Step(Choice(node.id, at, taken=True), started)
                ways = [(*path, step) for path in paths if self._ways.open(self._ways.search(path), started)]
                dead += bool(paths and not ways)
            self._lead(rung.node, ways)
            if ways:
                self._gate(node, at, rung, ways, asked)
        if dead:
            because = () if starts[0] is False else self._ways.reasons(starts[dead - 1], paths[0])
            self._unreachable.append(Unreachable("rung", node.id, 0, dead - 1, tuple(s.choice for s in because)))
        if node.otherwise_node is not None:
            self._lead(node.otherwise_node, paths)

    def _starts(self, node: g.CascadeNode) -> list[Formula]:
        """For each rung, when the cascade starts with it or with one before it."""
        if node.start is None:
            return [True] * len(node.rungs)
        cases = self._conditions.values(node.start, Owner("from", node.id))
        at = [(node.start_at.get(v, 0) if isinstance(v, str) else 0, when) for v, when in cases.cases]
        return [self._conditions.formulas.any_of(w for i, w in at if i <= rung) for rung in range(len(node.rungs))]

    def _gate(
        self, node: g.CascadeNode, at: int, rung: g.GraphRung, paths: list[Path], asked: set[int | str]
    ) -> None:
        """Tell a gate that is constant, or is for all queries that get here; not one that was ``asked`` before."""
        if rung.until is None or id(rung.until) in asked or (said := written(rung.until)) in asked:
            return
        asked |= {id(rung.until), said}
        truth = self._conditions.condition(rung.until, Owner("gate", node.id, at))
        if paths == [()]:
            return
        searches = [self._ways.search(path) for path in paths]
        outcomes: tuple[tuple[Literal["true", "never true"], Formula], ...] = (
            ("never true", truth.true),
            ("true", self._conditions.formulas.negation(truth.true)),
        )
        for outcome, formula in outcomes:
            if not any(self._ways.open(search, formula) for search in searches):
                because = self._ways.reasons(formula, paths[0])
                choices = tuple(step.choice for step in because)
                self._unreachable.append(Unreachable("gate", node.id, at, 0, choices, outcome=outcome))
                return
