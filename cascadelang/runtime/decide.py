"""What a policy would choose for a query, without calling anything.

Takes: a graph and a query. Gives: every choice that can be made from signals alone, in the order it would be made.
Guarantees: nothing is called; each node is looked at once. What is computed on this machine (``nearest``, say) is
computed, however long it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import Decision
from cascadelang.graph import model as g
from cascadelang.graph.walk import children
from cascadelang.graph.wording import use_wording
from cascadelang.runtime.asking import BROKE
from cascadelang.runtime.build import Builder
from cascadelang.runtime.choices import ELSE, Choice, choice_of
from cascadelang.runtime.sight import Note, Pending


def decisions(  # noqa: C901 - one case a kind
    graph: g.Graph, builder: Builder, root: str, query: Query
) -> tuple[Decision, ...]:
    """The choices for a query below a node."""
    signals: dict[str, Finding] = {}
    known = partial(_known, graph, builder, query, signals)
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
                arms = builder.arms(node)
                choice = known(partial(arms.choose, query, signals))
                to = node.otherwise if choice.arm == ELSE else node.arms[choice.index].node if choice.arm else ""
                found.append(_decision(id_, "route", choice, to))
                next_ids = [to] if to else children(node)
            case g.RouteByNode() as node:
                labels = builder.labels(node.by, node.arms)
                choice = known(partial(labels.choose, query, signals))
                label_to = node.arms.get(choice.arm, node.otherwise) if choice.arm else None
                found.append(_decision(id_, "route_by", choice, label_to or ""))
                next_ids = ([label_to] if label_to else []) if choice.arm else children(node)
            case g.CascadeNode() as node:
                at = 0
                if node.start is not None:
                    labels = builder.labels(node.start, node.start_at)
                    choice = known(partial(labels.choose, query, signals))
                    at = node.start_at.get(choice.arm, 0)
                    found.append(_decision(id_, "from", choice, node.rungs[at].node if choice.arm else ""))
                next_ids = [rung.node for rung in node.rungs[at:]]
                if node.otherwise_node is not None:
                    next_ids.append(node.otherwise_node)
            case g.SplitNode() as node:
                shares = builder.shares(node)
                choice = known(partial(shares.choose, query, signals, None))
                to = node.shares[choice.index].node if choice.arm else ""
                found.append(_decision(id_, "split", choice, to))
                next_ids = [to] if to else [share.node for share in node.shares]
            case g.FallbackNode(members=members) | g.VoteNode(members=members):
                next_ids = list(members)
            case (
                g.WithinNode(child=child)
                | g.RetryNode(child=child)
                | g.WithNode(child=child)
                | g.CachedNode(child=child)
            ):
                next_ids = [child]
            case g.HedgeNode() | g.ShadowNode() as node:
                next_ids = children(node)
            case g.CallNode():
                pass
        waiting += reversed(next_ids)
    return tuple(found)


def _known(
    graph: g.Graph,
    builder: Builder,
    query: Query,
    signals: dict[str, Finding],
    choose: Callable[[list[Note]], Choice],
) -> Choice:
    """The choice, or the empty arm, with what was looked at before, where a model would have to be asked first."""
    while True:
        notes: list[Note] = []
        try:
            return choose(notes)
        except Pending as pending:
            signal = builder.asked[pending.use]
            if hasattr(signal, "read_paid"):
                words = f"{use_wording(graph.uses[pending.use])}: it needs a call, and nothing is called here"
                return choice_of(-1, "", [*notes, ("", None, words, None)])
            try:
                signals[pending.use] = signal.read(query)
            except Exception:  # noqa: BLE001 - a signal that breaks its promise is unknown, whatever it raised
                signals[pending.use] = BROKE


def _decision(node: str, kind: Any, choice: Choice, to: str) -> Decision:
    return Decision(node, kind, choice.arm, to, choice.signals, choice.reason)
