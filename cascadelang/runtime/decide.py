"""What a policy would choose for a query, without calling anything.

Takes: a graph and a query. Gives: every choice that can be made from signals alone, in the order it would be made.
Guarantees: nothing is called; each node is looked at once.
"""

from __future__ import annotations

from typing import Any

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import Decision
from cascadelang.graph import model as g
from cascadelang.runtime.build import Builder
from cascadelang.runtime.choices import ELSE, Choice


def decisions(  # noqa: C901 - one case a kind
    graph: g.Graph, builder: Builder, root: str, query: Query
) -> tuple[Decision, ...]:
    """The choices for a query below a node."""
    signals: dict[str, Finding] = {}
    found: list[Decision] = []
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        id_ = waiting.pop()
        if id_ in seen:
            continue
        seen.add(id_)
        next_ids: list[str] = []
        match graph.nodes[id_]:
            case g.RouteNode() as node:
                choice = builder.arms(node).choose(query, signals)
                to = node.otherwise if choice.arm == ELSE else node.arms[choice.index].node
                found.append(_decision(id_, "route", choice, to))
                next_ids = [to]
            case g.RouteByNode() as node:
                choice = builder.labels(node.by, node.arms).choose(query, signals)
                label_to = node.arms.get(choice.arm, node.otherwise)
                found.append(_decision(id_, "route_by", choice, label_to or ""))
                next_ids = [label_to] if label_to else []
            case g.CascadeNode() as node:
                at = 0
                if node.start is not None:
                    choice = builder.labels(node.start, node.start_at).choose(query, signals)
                    at = node.start_at.get(choice.arm, 0)
                    found.append(_decision(id_, "from", choice, node.rungs[at].node))
                next_ids = [rung.node for rung in node.rungs[at:]]
                if node.otherwise_node is not None:
                    next_ids.append(node.otherwise_node)
            case g.SplitNode() as node:
                choice = builder.shares(node).choose(query, signals, None)
                to = node.shares[choice.index].node if choice.arm else ""
                found.append(_decision(id_, "split", choice, to))
                next_ids = [to] if to else [share.node for share in node.shares]
            case g.FallbackNode(members=members):
                next_ids = list(members)
            case g.WithinNode(child=child) | g.RetryNode(child=child) | g.WithNode(child=child):
                next_ids = [child]
            case g.CallNode():
                pass
        waiting += reversed(next_ids)
    return tuple(found)


def _decision(node: str, kind: Any, choice: Choice, to: str) -> Decision:
    return Decision(node, kind, choice.arm, to, choice.signals, choice.reason)
