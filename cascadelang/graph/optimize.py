"""Puts checks that take no time before those that do, and both before paid ones.

Takes: a graph. Gives: the same graph, with the parts of every ``and`` and ``or`` in the order of evaluation: first
those that are free and instant, then those that are free and take time, then those that call a model, otherwise as
written. Guarantees: no verdict changes. ``and`` is the least and ``or`` the
greatest of its parts in the order false < unknown < true (Kleene's strong logic), which no order of the parts
changes; only what has to be evaluated does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from cascadelang.graph.model import (
    ArithValue,
    BandValue,
    CascadeNode,
    CatalogUse,
    CheckValue,
    CompareValue,
    Graph,
    GraphExpr,
    GraphNode,
    GraphRung,
    InValue,
    LogicValue,
    NamedCheck,
    NamedSignal,
    NotValue,
    RouteByNode,
    RouteNode,
    ScoreValue,
    SignalValue,
    SplitNode,
    UseValue,
    VoteNode,
)
from cascadelang.graph.order import successors_first
from cascadelang.graph.walk import parts

Named = tuple[str, str]
"""``("check", name)`` or ``("signal", name)``."""

INSTANT: Final = 0
"""The rank of what calls no model and takes no time to speak of."""
TIMED: Final = 1
"""The rank of what calls no model, but takes time."""
PAID: Final = 2
"""The rank of what may call a model."""


def optimize(graph: Graph, *, move: bool = True) -> Graph:
    """The graph with its conditions in order of evaluation, and ``NamedCheck.paid`` and ``GraphRung.paid`` set.

    Without ``move``, nested parts are drawn together and stay in the order in which they were written.
    """
    ranks = ranks_of(graph.signals, graph.checks, graph.uses)

    def costs(expr: GraphExpr) -> int:
        return _rank(expr, ranks, graph.uses) if move else INSTANT

    def paid(expr: GraphExpr) -> bool:
        return _rank(expr, ranks, graph.uses) == PAID

    return replace(
        graph,
        nodes={id_: _node(node, costs, paid) for id_, node in graph.nodes.items()},
        signals={n: replace(s, expr=free_first(s.expr, costs)) for n, s in graph.signals.items()},
        checks={
            n: replace(c, expr=free_first(c.expr, costs), paid=ranks["check", n] == PAID)
            for n, c in graph.checks.items()
        },
    )


def free_first(expr: GraphExpr, costs: Callable[[GraphExpr], int]) -> GraphExpr:
    """The expression with the parts of every ``and`` and ``or`` by rank; ``costs`` says the rank of a part.

    An ``and`` directly inside an ``and`` is drawn into it (likewise ``or``), so that its free parts come first too.
    """
    if isinstance(expr, LogicValue):
        values: list[GraphExpr] = []
        for value in expr.values:
            inner = free_first(value, costs)
            values += inner.values if isinstance(inner, LogicValue) and inner.op == expr.op else [inner]
        return LogicValue(expr.op, sorted(values, key=costs))
    if isinstance(expr, (NotValue, InValue, BandValue)):
        return replace(expr, value=free_first(expr.value, costs))
    if isinstance(expr, (CompareValue, ArithValue)):
        return replace(expr, left=free_first(expr.left, costs), right=free_first(expr.right, costs))
    if isinstance(expr, ScoreValue):
        return ScoreValue([replace(part, value=free_first(part.value, costs)) for part in expr.parts])
    return expr


def ranks_of(
    signals: Mapping[str, NamedSignal], checks: Mapping[str, NamedCheck], uses: Mapping[str, CatalogUse]
) -> dict[Named, int]:
    """The rank of every declared signal and check: that of the dearest it may need, itself or through others."""

    def expr_of(named: Named) -> GraphExpr:
        return signals[named[1]].expr if named[0] == "signal" else checks[named[1]].expr

    all_names: list[Named] = [*(("signal", n) for n in signals), *(("check", n) for n in checks)]
    ranks: dict[Named, int] = {}
    for named in successors_first(all_names, lambda n: _names_in(expr_of(n))):
        ranks[named] = _rank(expr_of(named), ranks, uses)
    return ranks


def use_rank(use: CatalogUse) -> int:
    """The rank of one catalogue entry with its arguments."""
    return PAID if use.calls != 0 else TIMED if use.time_s else INSTANT


def _names_in(expr: GraphExpr) -> list[Named]:
    """The declared signals and checks that stand in an expression itself."""
    if isinstance(expr, (SignalValue, CheckValue)):
        return [(expr.kind, expr.name)]
    return [name for part in parts(expr) for name in _names_in(part)]


def _rank(expr: GraphExpr, ranks: Mapping[Named, int], uses: Mapping[str, CatalogUse]) -> int:
    if isinstance(expr, UseValue):
        return use_rank(uses[expr.use])
    if isinstance(expr, (SignalValue, CheckValue)):
        return ranks[expr.kind, expr.name]
    return max((_rank(part, ranks, uses) for part in parts(expr)), default=INSTANT)


def _node(node: GraphNode, costs: Callable[[GraphExpr], int], paid: Callable[[GraphExpr], bool]) -> GraphNode:
    if isinstance(node, RouteNode):
        return replace(node, arms=[replace(a, condition=free_first(a.condition, costs)) for a in node.arms])
    if isinstance(node, RouteByNode):
        return replace(node, by=free_first(node.by, costs))
    if isinstance(node, VoteNode) and node.by is not None:
        return replace(node, by=free_first(node.by, costs), paid=paid(node.by))
    if isinstance(node, SplitNode) and node.by is not None:
        return replace(node, by=free_first(node.by, costs))
    if isinstance(node, CascadeNode):
        gates = {id(rung.until): rung.until for rung in node.rungs if rung.until is not None}  # rungs share theirs
        moved = {key: (free_first(gate, costs), paid(gate)) for key, gate in gates.items()}
        rungs = [rung if rung.until is None else GraphRung(rung.node, *moved[id(rung.until)]) for rung in node.rungs]
        return replace(node, rungs=rungs, start=None if node.start is None else free_first(node.start, costs))
    return node
