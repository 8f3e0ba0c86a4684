"""What a graph's parts lead to.

Takes: nodes and expressions. Gives: a node's children in order of evaluation, and the conditions it asks; the parts
of an expression. Guarantees: no recursion, so that a graph of any depth can be walked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cascadelang.graph.model import (
    ArithValue,
    BandValue,
    CallNode,
    CascadeNode,
    CheckValue,
    CompareValue,
    FallbackNode,
    Graph,
    GraphExpr,
    GraphNode,
    HedgeNode,
    InValue,
    LogicValue,
    MetaMissing,
    MetaValue,
    NotValue,
    RouteByNode,
    RouteNode,
    ScoreValue,
    ShadowNode,
    SignalValue,
    SplitNode,
    TuneValue,
    UseValue,
    VoteNode,
)


def children(node: GraphNode) -> list[str]:  # noqa: PLR0911 - one case a kind
    """The ids of the nodes that ``node`` can pass a query to, in order; one may stand there twice."""
    if isinstance(node, CallNode):
        return []
    if isinstance(node, RouteNode):
        return [*(arm.node for arm in node.arms), node.otherwise]
    if isinstance(node, RouteByNode):
        return [*node.arms.values(), *([] if node.otherwise is None else [node.otherwise])]
    if isinstance(node, CascadeNode):
        return [*(rung.node for rung in node.rungs), *([] if node.otherwise_node is None else [node.otherwise_node])]
    if isinstance(node, FallbackNode):
        return list(node.members)
    if isinstance(node, SplitNode):
        return [share.node for share in node.shares]
    if isinstance(node, HedgeNode):
        return [node.first, node.second]
    if isinstance(node, VoteNode):
        return list(node.members)
    if isinstance(node, ShadowNode):
        return [node.live, node.beside]
    return [node.child]


def conditions(node: GraphNode) -> list[GraphExpr]:
    """The conditions that ``node`` itself asks: of its arms, its label or key, its gates."""
    if isinstance(node, RouteNode):
        return [arm.condition for arm in node.arms]
    if isinstance(node, RouteByNode):
        return [node.by]
    if isinstance(node, (SplitNode, VoteNode)):
        return [] if node.by is None else [node.by]
    if isinstance(node, CascadeNode):
        gates = [rung.until for rung in node.rungs if rung.until is not None]
        return gates if node.start is None else [node.start, *gates]
    return []


def parts(expr: GraphExpr) -> list[GraphExpr]:
    """The expressions that stand directly in ``expr``."""
    if isinstance(expr, (NotValue, InValue, BandValue)):
        return [expr.value]
    if isinstance(expr, LogicValue):
        return list(expr.values)
    if isinstance(expr, (CompareValue, ArithValue)):
        return [expr.left, expr.right]
    if isinstance(expr, ScoreValue):
        return [part.value for part in expr.parts]
    return []


def uses_of(graph: Graph, exprs: Iterable[GraphExpr]) -> list[str]:
    """The ids of all catalogue uses that evaluating ``exprs`` may need, each once, in order of evaluation."""
    return list(dict.fromkeys(expr.use for expr in _evaluated(graph, exprs) if isinstance(expr, UseValue)))


def tunes_of(graph: Graph, exprs: Iterable[GraphExpr]) -> dict[str, float]:
    """The tunes that evaluating ``exprs`` may need, each with the value it has, in order of evaluation."""
    found: dict[str, float] = {}
    for expr in _evaluated(graph, exprs):
        if isinstance(expr, TuneValue):
            found.setdefault(expr.name, expr.value)
    return found


def facts_of(graph: Graph, exprs: Iterable[GraphExpr]) -> set[str]:
    """The names of the caller's facts that evaluating ``exprs`` may look at."""
    return {expr.name for expr in _evaluated(graph, exprs) if isinstance(expr, (MetaValue, MetaMissing))}


def named_of(graph: Graph, exprs: Iterable[GraphExpr]) -> list[tuple[str, str]]:
    """The declared signals and checks that evaluating ``exprs`` may need: ``signal`` or ``check``, and the name."""
    seen: dict[tuple[str, str], None] = {}
    for _ in _evaluated(graph, exprs, seen):
        pass
    return list(seen)


def _evaluated(
    graph: Graph, exprs: Iterable[GraphExpr], seen: dict[tuple[str, str], None] | None = None
) -> Iterator[GraphExpr]:
    """All that evaluating ``exprs`` may evaluate, in that order; a declared signal or check once.

    ``seen`` takes the declared ones.
    """
    seen = {} if seen is None else seen
    waiting = [*exprs][::-1]
    while waiting:
        expr = waiting.pop()
        if isinstance(expr, (SignalValue, CheckValue)):
            if (expr.kind, expr.name) not in seen:
                seen[expr.kind, expr.name] = None
                waiting.append((graph.signals if expr.kind == "signal" else graph.checks)[expr.name].expr)
            continue
        yield expr
        waiting += reversed(parts(expr))


def in_order(graph: Graph, starts: Iterable[str]) -> list[str]:
    """The ids of the nodes reachable from ``starts``, each once, before what it leads to."""
    found: dict[str, None] = {}
    waiting = [*starts][::-1]
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found[id_] = None
            waiting += reversed(children(graph.nodes[id_]))
    return list(found)
