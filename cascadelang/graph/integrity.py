"""Whether a graph's parts fit together: what a graph written by hand or by another program has to be asked.

Takes: a graph of the right form. Gives: nothing, or a `GraphError` for the first thing that is wrong. Guarantees: in
a graph that passes every name leads somewhere, nothing leads back to itself, and every number is one that can be run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cascadelang.contracts.failure import ENDING
from cascadelang.contracts.recorded import RECORDED
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    CachedNode,
    CallNode,
    CascadeNode,
    CatalogUse,
    CheckValue,
    FallbackNode,
    Graph,
    GraphAlert,
    GraphExpr,
    GraphNode,
    GraphOrder,
    HedgeNode,
    RecordedValue,
    RetryNode,
    ShadowNode,
    SignalValue,
    SplitNode,
    UseValue,
    VoteNode,
    WithinNode,
    WithNode,
)
from cascadelang.graph.order import CircleError, successors_first
from cascadelang.graph.walk import children, conditions, parts

DEEPEST: Final = 200
"""Conditions in conditions, more than any source has: it may nest 100 brackets."""

_ALERTING: Final = frozenset({"const", "tune", "recorded", "not", "logic", "compare", "in", "arith"})
"""What the condition of an alert is made of."""

_SETTINGS: dict[str, tuple[type, ...]] = {
    "max_tokens": (int,),
    "timeout_s": (int, float),
    "temperature": (int, float),
    "top_p": (int, float),
    "seed": (int,),
    "stop": (list,),
    "effort": (str,),
    "system": (str,),
    "stop_early": (bool,),
}


def check_integrity(graph: Graph) -> None:
    """Check that a graph can be run.

    Raises:
        GraphError: if it can't.
    """
    _check_keys(graph)
    for name, root in graph.policies.items():
        _known(root, graph.nodes, f"the policy `{name}`", "node")
    for requirement in graph.requirements:
        _known(requirement.node, graph.nodes, "a requirement", "node")
    for model in graph.models.values():
        _known(model.provider, graph.providers, f"the model `{model.name}`", "provider")
        _above_zero(model.max_tokens, f"`max_tokens` of the model `{model.name}`")
        _above_zero(model.timeout_s, f"`timeout_s` of the model `{model.name}`")
        _not_below_zero(model.retry, f"`retry` of the model `{model.name}`")
    for id_, node in graph.nodes.items():
        _check_node(id_, node, graph)
    for signal in graph.signals.values():
        _check_expr(signal.expr, f"the signal `{signal.name}`", graph)
    for check in graph.checks.values():
        _check_expr(check.expr, f"the check `{check.name}`", graph)
    for use in graph.uses.values():
        _check_use(use, graph)
    for alert in graph.alerts:
        _check_alert(alert)
    _check_circles(graph)


def _check_use(use: CatalogUse, graph: Graph) -> None:
    for arg in use.model_args:
        model = use.args.get(arg)
        if not isinstance(model, str):
            raise GraphError(f"`{use.id}` must name a model as its `{arg}`")
        _known(model, graph.models, f"`{use.id}`", "model")
    if use.calls is not None:
        _not_below_zero(use.calls, f"`calls` of `{use.id}`")
    _not_below_zero(use.time_s, f"`time_s` of `{use.id}`")


def _check_keys(graph: Graph) -> None:
    """Everything stands under its own name."""
    for id_, node in graph.nodes.items():
        if node.id != id_:
            raise GraphError(f"the node at `{id_}` calls itself `{node.id}`")
    for id_, use in graph.uses.items():
        if use.id != id_:
            raise GraphError(f"the use at `{id_}` calls itself `{use.id}`")
    named: list[tuple[str, Mapping[str, object]]] = [
        ("model", graph.models),
        ("provider", graph.providers),
        ("signal", graph.signals),
        ("check", graph.checks),
    ]
    for kind, table in named:
        for name, entry in table.items():
            own = getattr(entry, "name", name)
            if own != name:
                raise GraphError(f"the {kind} at `{name}` calls itself `{own}`")


def _check_node(id_: str, node: GraphNode, graph: Graph) -> None:  # noqa: C901, PLR0912 - one case a kind
    where = f"the node `{id_}`"
    for child in children(node):
        _known(child, graph.nodes, where, "node")
    for expr in conditions(node):
        _check_expr(expr, where, graph)
    if isinstance(node, CallNode):
        _known(node.model, graph.models, where, "model")
    elif isinstance(node, CascadeNode):
        _check_cascade(node, where)
    elif isinstance(node, FallbackNode):
        _check_fallback(node, where)
    elif isinstance(node, VoteNode) and not node.members:
        raise GraphError(f"{where} has no members")
    elif isinstance(node, HedgeNode):
        _above_zero(node.after_s, f"`after_s` of {where}")
    elif isinstance(node, ShadowNode) and not 0 < node.share <= 1:
        raise GraphError(f"the share of {where} must be above 0 and at most 1")
    elif isinstance(node, SplitNode):
        _check_shares(node, where)
    elif isinstance(node, WithinNode):
        _check_within(node, where)
    elif isinstance(node, CachedNode):
        _check_cached(node, where)
    elif isinstance(node, RetryNode):
        _not_below_zero(node.times, f"`times` of {where}")
    elif isinstance(node, WithNode):
        _check_settings(node, where)


def _check_fallback(node: FallbackNode, where: str) -> None:
    if not node.members:
        raise GraphError(f"{where} has no members")
    if node.when is not None and (not node.when or ENDING & set(node.when)):
        raise GraphError(f"{where} moves on for failures that end a run, or for none")


def _check_cascade(node: CascadeNode, where: str) -> None:
    if not node.rungs:
        raise GraphError(f"{where} has no rungs")
    if (node.otherwise == "node") != (node.otherwise_node is not None):
        raise GraphError(f"{where} must have an `otherwise_node` when `otherwise` is `node`, and only then")
    if node.order is not None:
        _check_order(node, node.order, where)
    if any(not 0 <= at < len(node.rungs) for at in node.start_at.values()):
        raise GraphError(f"{where} starts at a rung that it doesn't have")


def _check_order(node: CascadeNode, order: GraphOrder, where: str) -> None:
    from cascadelang.learned.read import WrongLearned, read_learned

    try:
        learned = read_learned(order.quality)
    except WrongLearned as wrong:
        raise GraphError(f"the order of {where} can't be used: {wrong}") from None
    if learned.gives != "scores" or len(order.names) != len(node.rungs) or not {*order.names} <= {*learned.outputs}:
        raise GraphError(f"the order of {where} doesn't have a quality for each rung")
    if node.start is not None:
        raise GraphError(f"{where} has an order and a start")
    if order.worth_usd is not None:
        _above_zero(order.worth_usd, f"`worth_usd` of {where}")


def _check_shares(node: SplitNode, where: str) -> None:
    shares = [share.share for share in node.shares]
    if not all(0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=1e-9):
        raise GraphError(f"the shares of {where} don't add up to 1")


def _check_within(node: WithinNode, where: str) -> None:
    limits = [limit for limit in (node.cost_usd, node.time_s) if limit is not None]
    if not limits:
        raise GraphError(f"{where} limits nothing")
    for limit in limits:
        _above_zero(limit, f"the limit of {where}")


def _check_cached(node: CachedNode, where: str) -> None:
    _above_zero(node.keep_s, f"`keep_s` of {where}")
    if node.similar is not None and not 0 < node.similar <= 1:
        raise GraphError(f"the likeness of {where} must be above 0 and at most 1")


def _check_settings(node: WithNode, where: str) -> None:
    for name, value in node.settings.items():
        if name not in _SETTINGS:
            raise GraphError(f"{where} sets `{name}`, which calls don't have")
        if isinstance(value, bool) != (_SETTINGS[name] == (bool,)) or not isinstance(value, _SETTINGS[name]):
            raise GraphError(f"{where} sets `{name}` to a value of the wrong type")
        if name in ("max_tokens", "timeout_s"):
            _above_zero(value, f"`{name}` of {where}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise GraphError(f"{where} sets `{name}` to a value of the wrong type")


def _check_expr(expr: GraphExpr, where: str, graph: Graph) -> None:
    waiting = [(expr, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            raise GraphError(f"a condition of {where} is nested too deeply")
        if isinstance(part, UseValue):
            _known(part.use, graph.uses, where, "use")
        elif isinstance(part, SignalValue):
            _known(part.name, graph.signals, where, "signal")
        elif isinstance(part, CheckValue):
            _known(part.name, graph.checks, where, "check")
        elif isinstance(part, RecordedValue):
            raise GraphError(f"{where} asks what only alerts can: `{part.name}`")
        waiting += [(inner, depth + 1) for inner in parts(part)]


def _check_alert(alert: GraphAlert) -> None:
    where = f'the alert "{alert.words}"'
    _above_zero(alert.over, f"`over` of {where}")
    waiting: list[tuple[GraphExpr, int]] = [(alert.condition, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            raise GraphError(f"a condition of {where} is nested too deeply")
        if isinstance(part, RecordedValue):
            rate = RECORDED.get(part.name)
            if rate is None or (part.of and rate.of is None) or not (part.of or rate.alone):
                raise GraphError(f"{where} asks for `{part.name}`, which isn't recorded so")
        elif part.kind not in _ALERTING:
            raise GraphError(f"{where} asks what only a run can")
        waiting += [(inner, depth + 1) for inner in parts(part)]


def _check_circles(graph: Graph) -> None:
    def named(point: tuple[str, str]) -> list[tuple[str, str]]:
        waiting = [(graph.signals if point[0] == "signal" else graph.checks)[point[1]].expr]
        found: list[tuple[str, str]] = []
        while waiting:
            part = waiting.pop()
            if isinstance(part, (SignalValue, CheckValue)):
                found.append((part.kind, part.name))
            waiting += parts(part)
        return found

    try:
        successors_first(graph.nodes, lambda id_: children(graph.nodes[id_]))
    except CircleError as error:
        raise GraphError(f"the graph goes round in a circle: {_way(map(str, error.circle))}") from None
    starts = [*(("signal", name) for name in graph.signals), *(("check", name) for name in graph.checks)]
    try:
        successors_first(starts, named)
    except CircleError as error:
        words = (point[1] if isinstance(point, tuple) else str(point) for point in error.circle)
        raise GraphError(f"the graph goes round in a circle: {_way(words)}") from None


def _way(words: Iterable[str]) -> str:
    shown = list(words)
    return " → ".join(shown if len(shown) <= 8 else [*shown[:6], "…", shown[-1]])


def _known(name: str, table: Mapping[str, object], where: str, kind: str) -> None:
    if name not in table:
        raise GraphError(f"{where} names the {kind} `{name}`, which the graph doesn't have")


def _above_zero(value: Any, what: str) -> None:
    if not value > 0 or math.isinf(value):
        raise GraphError(f"{what} must be above zero")


def _not_below_zero(value: float, what: str) -> None:
    if value < 0:
        raise GraphError(f"{what} must not be below zero")
