"""Which arms, rungs and verdicts the tests of a file reached.

Takes: a graph, what was run on it, and what its named checks came to. Gives: a `Coverage`: every part that a test can
reach, in the graph's order, with whether one did. Guarantees: what is said to be unreached was reached by no run. A
check has two parts, passing and not passing (failed or unknown). Parts are: arms and `else` of routes, shares of
splits, rungs of cascades and what stands behind `otherwise`, members of fallbacks, both sides of hedges, named
checks, and gates that ask more than named checks.

Where several places share a node (a tier), a part counts as reached wherever it was entered from, except for arms,
shares, rungs after the first, members after the first and the second of a hedge, which are known by the step that led
to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cascadelang.graph.model import (
    CascadeNode,
    CheckValue,
    FallbackNode,
    Graph,
    GraphExpr,
    GraphNode,
    HedgeNode,
    RouteByNode,
    RouteNode,
    SplitNode,
    UseValue,
)
from cascadelang.graph.walk import children, conditions, in_order, parts
from cascadelang.graph.wording import wording

if TYPE_CHECKING:
    from cascadelang.contracts.result import RunResult

Kind = Literal["arm", "share", "rung", "member", "passed", "failed"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a test can reach.

    Attributes:
        kind: what it is; ``passed`` and ``failed`` are the two ends of a check.
        owner: the node's id, or the check's name or words.
        words: which one of the node: ``arm 2``, ``else``, ``rung 1``; empty for a check's.
        what: what stands there: a condition, a model.
        line: where the node or check was written, from 1; 0 when that isn't known or is in another file.
        policies: that lead to it.
        reached: by a test.
    """

    kind: Kind
    owner: str
    words: str
    what: str
    line: int
    policies: tuple[str, ...]
    reached: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """All parts of a file's policies."""

    parts: tuple[Part, ...] = ()

    @property
    def reached(self) -> int:
        """How many a test reached."""
        return sum(part.reached for part in self.parts)

    def of(self, policy: str) -> Coverage:
        """The parts that a policy leads to."""
        return Coverage(tuple(part for part in self.parts if policy in part.policies))

    def unreached(self) -> Iterator[str]:
        """Words for what no test reached; a check that was never made is named once."""
        missing = [part for part in self.parts if not part.reached]
        twice = {part.owner for part in missing if part.kind == "passed"} & {
            part.owner for part in missing if part.kind == "failed"
        }
        for part in missing:
            if part.kind not in {"passed", "failed"}:
                yield f"{part.owner}: {part.words}{f', {part.what}' if part.what else ''}"
            elif part.owner not in twice:
                yield f"{part.owner}: never {part.kind}"
            elif part.kind == "passed":
                yield part.owner


class Reached:
    """What runs reached so far. `on_check` is for the interpreter: it takes what each named check came to."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._taken: set[tuple[str, str]] = set()
        self._stepped: set[tuple[str, int]] = set()
        self._entered: set[str] = set()
        self._ended: set[tuple[str, str]] = set()
        self._labels = {id_: _label(graph, id_) for id_ in graph.nodes}

    def on_check(self, name: str, value: object) -> None:
        """A named check was made."""
        self._ended.add((f"check {name}", "passed" if value is True else "failed"))

    def add(self, run: RunResult, policy: str) -> None:
        """A run of a policy."""
        self._entered.add(self._graph.policies[policy])
        at: dict[str, int] = {}
        for event in run.events:
            self._entered.add(event.node)
            if event.kind == "route":
                arm = str(event.data.get("arm"))
                self._taken.add((event.node, arm))
                self._entered.add(str(event.data.get("to")))
                node = self._graph.nodes.get(event.node)
                if isinstance(node, CascadeNode):
                    at[event.node] = node.start_at.get(arm, 0) if node.order is None else int(arm) - 1
                    self._stepped.add((event.node, at[event.node]))
            elif event.kind == "check":
                outcome = "passed" if event.data.get("outcome") == "passed" else "failed"
                self._ended.add((f"{event.node}: {event.data.get('check')}", outcome))
            elif event.kind == "escalate":
                self._escalated(event.node, str(event.data.get("from")), str(event.data.get("to")), at)

    def _escalated(self, id_: str, left: str, to: str, at: dict[str, int]) -> None:
        """On to the next rung or member."""
        node = self._graph.nodes.get(id_)
        if isinstance(node, CascadeNode | FallbackNode | HedgeNode):
            ways = _ways(node)
            if isinstance(node, CascadeNode) and node.order is not None:
                labels = [self._labels[way] for way in ways]
                if to in labels:
                    self._stepped.add((id_, labels.index(to)))
                self._entered.add(to)
                return
            index = at.get(id_, 0)
            if self._labels[ways[index]] != left:  # entered anew
                index = 0
            if index + 1 < len(ways):
                at[id_] = index + 1
                self._stepped.add((id_, index + 1))
        self._entered.add(to)

    def coverage(self) -> Coverage:
        """Every part of the graph, with whether it was reached."""
        entered = _with_parents(self._graph, self._entered)
        owners = _policies(self._graph)
        found: list[Part] = []
        for node in self._graph.nodes.values():
            line = node.place.line if node.place is not None and node.place.path == self._graph.path else 0
            policies = tuple(owners.get(node.id, ()))
            if policies:
                found += [
                    Part(kind, node.id, words, what, line, policies, reached)
                    for kind, words, what, reached in self._of_node(node, entered)
                ]
        found += self._checks(owners)
        return Coverage(tuple(found))

    def _of_node(self, node: GraphNode, entered: set[str]) -> Iterator[tuple[Kind, str, str, bool]]:
        """The parts of one node."""
        if isinstance(node, RouteNode):
            for number, arm in enumerate(node.arms, 1):
                what = wording(arm.condition, self._graph)
                yield "arm", f"arm {number}", what, (node.id, str(number)) in self._taken
            yield "arm", "else", "", (node.id, "else") in self._taken
        elif isinstance(node, RouteByNode):
            for label in node.arms:
                yield "arm", label, "", (node.id, label) in self._taken
            if node.otherwise is not None:
                yield "arm", "else", "", (node.id, "else") in self._taken
        elif isinstance(node, SplitNode):
            for number, share in enumerate(node.shares, 1):
                what = f"{100 * share.share:g}% {self._labels[share.node]}"
                yield "share", f"share {number}", what, (node.id, str(number)) in self._taken
        elif isinstance(node, CascadeNode | FallbackNode | HedgeNode):
            yield from self._steps(node, entered)

    def _steps(
        self, node: CascadeNode | FallbackNode | HedgeNode, entered: set[str]
    ) -> Iterator[tuple[Kind, str, str, bool]]:
        """The rungs of a cascade and what stands behind `otherwise`; the members of a fallback; a hedge's two."""
        kind: Kind = "rung" if isinstance(node, CascadeNode) else "member"
        starts = isinstance(node, CascadeNode) and (node.start is not None or node.order is not None)
        for index, way in enumerate(_ways(node)):
            first = index == 0 and not starts and node.id in entered
            words = ("first", "second")[index] if isinstance(node, HedgeNode) else f"{kind} {index + 1}"
            yield kind, words, self._labels[way], first or (node.id, index) in self._stepped
        if isinstance(node, CascadeNode) and node.otherwise_node is not None:
            label = self._labels[node.otherwise_node]
            yield kind, "otherwise", label, node.otherwise_node in entered

    def _checks(self, owners: Mapping[str, Sequence[str]]) -> Iterator[Part]:
        """The two ends of each named check and of each gate without a name."""
        graph = self._graph
        asked: dict[str, dict[str, None]] = {}
        for node in graph.nodes.values():
            gates = _gates(node)
            for expr in [*conditions(node), *gates]:
                for name in _named(graph, expr):
                    asked.setdefault(name, {}).update(dict.fromkeys(owners.get(node.id, ())))
            for words in dict.fromkeys(wording(gate, graph, judged=True) for gate in gates if _asks_itself(gate)):
                line = node.place.line if node.place is not None and node.place.path == graph.path else 0
                yield from self._ends(f"{node.id}: {words}", line, tuple(owners.get(node.id, ())))
        for name, check in graph.checks.items():
            line = check.place.line if check.place is not None and check.place.path == graph.path else 0
            yield from self._ends(f"check {name}", line, tuple(asked.get(name, ())))

    def _ends(self, owner: str, line: int, policies: tuple[str, ...]) -> Iterator[Part]:
        """A check's two ends; none for one that no policy asks."""
        if policies:
            kinds: tuple[Kind, ...] = ("passed", "failed")
            for kind in kinds:
                yield Part(kind, owner, "", "", line, policies, (owner, kind) in self._ended)


def _ways(node: CascadeNode | FallbackNode | HedgeNode) -> list[str]:
    """The ids of the rungs or members."""
    if isinstance(node, HedgeNode):
        return [node.first, node.second]
    return [rung.node for rung in node.rungs] if isinstance(node, CascadeNode) else list(node.members)


def _gates(node: GraphNode) -> list[GraphExpr]:
    """The conditions of the rungs whose gate is made: the last one's, when it is paid and decides nothing, isn't."""
    if not isinstance(node, CascadeNode):
        return []
    waived = node.otherwise == "last" and node.rungs[-1].paid
    return [rung.until for rung in (node.rungs[:-1] if waived else node.rungs) if rung.until is not None]


def _asks_itself(gate: GraphExpr) -> bool:
    """Whether a gate asks something that no named check in it does."""
    waiting = [gate]
    while waiting:
        each = waiting.pop()
        if isinstance(each, UseValue):
            return True
        waiting += parts(each)
    return False


def _label(graph: Graph, id_: str) -> str:
    """What events call a node: a model by its name, what only limits or changes settings by what is in it."""
    node = graph.nodes[id_]
    while node.kind in {"with", "retry", "within", "cached"}:
        node = graph.nodes[children(node)[0]]
    return node.model if node.kind == "call" else node.id


def _policies(graph: Graph) -> dict[str, list[str]]:
    """For each node, the policies that lead to it."""
    owners: dict[str, list[str]] = {}
    for policy, root in graph.policies.items():
        for id_ in in_order(graph, [root]):
            owners.setdefault(id_, []).append(policy)
    return owners


def _named(graph: Graph, expr: GraphExpr) -> set[str]:
    """The named checks that an expression is made of."""
    waiting, seen = [expr], set[str]()
    while waiting:
        each = waiting.pop()
        if isinstance(each, CheckValue) and each.name not in seen:
            seen.add(each.name)
            waiting.append(graph.checks[each.name].expr)
        waiting += parts(each)
    return seen


def _with_parents(graph: Graph, entered: Iterable[str]) -> set[str]:
    """The nodes entered, and those that can only have led there."""
    above: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        for child in children(node):
            above.setdefault(child, []).append(node.id)
    waiting, seen = list(entered), set(entered)
    while waiting:
        parents = above.get(waiting.pop(), [])
        if len(parents) == 1 and parents[0] not in seen:
            seen.add(parents[0])
            waiting.append(parents[0])
    return seen
