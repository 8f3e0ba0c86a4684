"""What rules look at: a policy without errors, and everything that is known about it, worked out when asked for.

Takes: a `CheckedPolicy` without errors, the day, and what is known about models. Gives: its graph, bounds, and the
tables that several rules need. Guarantees: pure but for the day it is given; each thing is worked out at most once,
and nothing that no rule asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from cascadelang.semantics.capabilities import children as strategies_in
from cascadelang.syntax import ast

if TYPE_CHECKING:
    from datetime import date

    from cascadelang.graph.bounds import Measure
    from cascadelang.graph.model import CachedNode, Graph, GraphNode, Place, RetryNode, WithinNode, WithNode
    from cascadelang.graph.node_bounds import NodeBounds
    from cascadelang.graph.reach.look import Reach
    from cascadelang.lint.gates import Gate
    from cascadelang.lock.model import Lock
    from cascadelang.semantics.checked import CheckedPolicy, Module
    from cascadelang.semantics.state import KnownModels
    from cascadelang.source import Span

Kind = TypeVar("Kind", bound="GraphNode")
Declared = TypeVar("Declared", bound=ast.Decl)


class Subject:
    """A policy file as rules see it.

    Attributes:
        checked: the policy: its AST, names, types and bound calls.
        known_models: what is known about a model, by provider kind, base URL (empty for the kind's own) and id.
    """

    def __init__(
        self,
        checked: CheckedPolicy,
        *,
        today: Callable[[], date],
        known_models: KnownModels,
        graph: Graph | None = None,
    ) -> None:
        self.checked = checked
        self.known_models = known_models
        self._today = today
        if graph is not None:
            self.graph = graph

    @property
    def path(self) -> str:
        """The file that was asked for."""
        return self.checked.path

    @property
    def module(self) -> Module:
        """The file that was asked for: its AST, text and names."""
        return self.checked.modules[self.checked.path]

    @property
    def lock(self) -> Lock | None:
        """The lock file beside it, when it has one."""
        return self.checked.lock

    @cached_property
    def today(self) -> date:
        """The day, for what grows old."""
        return self._today()

    @cached_property
    def graph(self) -> Graph:
        """The execution graph: what the file's policies and requirements reach, in this file and those it uses.

        Raises:
            GraphError: if the policy is beyond what a graph can be.
        """
        from cascadelang.graph.compile import compile_policy

        return compile_policy(self.checked)

    @cached_property
    def measure(self) -> Measure:
        """The graph's bounds by node and the settings around it, and the paid checks each node asks."""
        from cascadelang.graph.bounds import Measure

        return Measure(self.graph)

    @cached_property
    def bounds(self) -> Mapping[str, NodeBounds]:
        """The least and the most of every node of the graph, whatever way it is reached."""
        from cascadelang.graph.bounds import bounds_of

        return bounds_of(self.measure)

    @cached_property
    def reach(self) -> Reach:
        """What can never happen: conditions that decide nothing, arms and rungs that no query gets to."""
        from cascadelang.graph.reach.look import look

        return look(self.graph)

    @cached_property
    def answering(self) -> Mapping[str, tuple[str, ...]]:
        """For every node the models that are asked for an answer in it: that may answer in its place, in order."""
        from cascadelang.graph.model import CallNode
        from cascadelang.graph.order import successors_first
        from cascadelang.graph.walk import children

        nodes, found = self.graph.nodes, dict[str, tuple[str, ...]]()
        for id_ in successors_first(nodes, lambda id_: children(nodes[id_])):
            node = nodes[id_]
            own = [node.model] if isinstance(node, CallNode) else [m for c in children(node) for m in found[c]]
            found[id_] = tuple(dict.fromkeys(own))
        return found

    @cached_property
    def gates(self) -> list[Gate]:
        """The gates of all cascades, with what was written for them."""
        from cascadelang.lint.gates import gates_of

        return list(gates_of(self))

    def nodes(self, kind: type[Kind]) -> list[Kind]:
        """The graph's nodes of a kind, in order of the graph."""
        found: list[Kind] = self._by_kind.get(kind, [])  # type: ignore[assignment] # the table is keyed by class
        return found

    def declarations(self, kind: type[Declared]) -> Iterator[Declared]:
        """The declarations of a kind in the file that was asked for, in order."""
        return (decl for decl in self.module.file.decls if isinstance(decl, kind))

    def written(self, node: GraphNode) -> ast.Strategy | None:
        """The strategy that a node of the graph was written as; ``None`` for what no one wrote."""
        place = node.place
        return None if place is None else self._strategies.get((place.path, place.start, place.end, node.kind))

    def suffix_span(self, node: WithinNode | RetryNode | WithNode | CachedNode) -> Span:
        """Where a suffix itself was written, without what stands before it."""
        from cascadelang.source import Span

        whole, source = self.span(node.place), self.written(node)
        if not isinstance(source, (ast.Within, ast.Retry, ast.With, ast.Cached)):
            return whole
        start = self.checked.modules[whole.path].source.text.find(node.kind, source.strategy.span.end, whole.end)
        return Span(whole.path, max(start, whole.start), whole.end)

    @staticmethod
    def span(place: Place | None) -> Span:
        """The span of a place of the graph."""
        from cascadelang.graph.requirements import span_of

        return span_of(place)

    @cached_property
    def said(self) -> tuple[frozenset[str], frozenset[str]]:
        """Every part of every name that the file says but where it is declared: outside of tests, and in them."""
        from cascadelang.syntax.visit import walk

        said: tuple[set[str], set[str]] = (set(), set())
        for decl in self.module.file.decls:
            found = said[isinstance(decl, ast.CaseDecl)]
            for node in walk(decl):
                if isinstance(node, ast.Name):
                    found.update(node.parts)
                elif isinstance(node, ast.Arg) and node.name:  # `score(long: 0.3)` names a signal
                    found.add(node.name)
        return frozenset(said[0]), frozenset(said[1])

    @cached_property
    def _by_kind(self) -> dict[type, list[GraphNode]]:
        found: dict[type, list[GraphNode]] = {}
        for node in self.graph.nodes.values():
            found.setdefault(type(node), []).append(node)
        return found

    @cached_property
    def _strategies(self) -> dict[tuple[str, int, int, str], ast.Strategy]:
        """Every strategy written in any of the files, by its place and its kind of node."""
        found: dict[tuple[str, int, int, str], ast.Strategy] = {}
        for module in self.checked.modules.values():
            waiting = [
                decl.strategy for decl in module.file.decls if isinstance(decl, (ast.TierDecl, ast.PolicyDecl))
            ]
            while waiting:
                strategy = waiting.pop()
                span = strategy.span
                found[span.path, span.start, span.end, _kind(strategy)] = strategy
                waiting += strategies_in(strategy)
        return found


def _kind(strategy: ast.Strategy) -> str:
    """The kind of graph node that a strategy becomes."""
    if isinstance(strategy, ast.NameStrategy):
        return "call"
    return "route_by" if isinstance(strategy, ast.RouteBy) else type(strategy).__name__.lower()
