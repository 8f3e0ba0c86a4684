"""Taking one change of a strategy back.

Takes: a node of the new graph and what it was in the old one. Gives: a function from a graph that holds both (see
`graft`) to the same with that one thing as it was. Guarantees: nothing else of it is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cascadelang.graph import model as g
from cascadelang.graph.diff.graft import PREFIX, old_node, old_value
from cascadelang.graph.diff.match import Match
from cascadelang.graph.diff.model import Revert

SUFFIXES = (g.WithinNode, g.RetryNode, g.WithNode, g.CachedNode)


def inner_of(graph: g.Graph, id_: str) -> str:
    """The node inside a node's suffixes."""
    node = graph.nodes[id_]
    while isinstance(node, SUFFIXES):
        node = graph.nodes[node.child]
    return node.id


def _edit(id_: str, change: Callable[[Any], Any]) -> Revert:
    """A change of one node of the new graph."""
    return lambda graph: replace(graph, nodes={**graph.nodes, id_: change(graph.nodes[id_])})


def together(reverts: list[Revert]) -> Revert:
    """Several changes that are one."""

    def change(graph: g.Graph) -> g.Graph:
        for revert in reverts:
            graph = revert(graph)
        return graph

    return change


def put_back(id_: str, was: g.GraphNode) -> Revert:
    """The old node in the place of the new one."""
    return _edit(id_, lambda _: replace(old_node(was), id=id_))


def gate_back(id_: str, number: int, was: g.GraphRung) -> Revert:
    """A rung's gate as it was."""
    until = None if was.until is None else old_value(was.until, frozenset())

    def change(node: g.CascadeNode) -> g.CascadeNode:
        rungs = list(node.rungs)
        rungs[number] = replace(rungs[number], until=until, paid=was.paid)
        return replace(node, rungs=rungs)

    return _edit(id_, change)


def facet_back(id_: str, name: str, was: g.GraphNode) -> Revert | None:
    """What a node says itself as it was: where a cascade starts, say."""
    if name not in ("by", "start", "carry", "otherwise", "after_s"):
        return None
    if name == "otherwise":  # with what it leads to, which is a slot of its own
        grafted = old_node(was)
        assert isinstance(grafted, g.CascadeNode)  # noqa: S101 - only cascades have it
        word, child = grafted.otherwise, grafted.otherwise_node
        return _edit(id_, lambda node: replace(node, otherwise=word, otherwise_node=child))
    value = old_value(getattr(was, name), frozenset())
    paid = {"paid": was.paid} if isinstance(was, g.VoteNode) else {}
    return _edit(id_, lambda node: replace(node, **{name: value}, **paid))


def dropped(id_: str, number: int) -> Revert | None:
    """A part that is new, taken out."""

    def change(node: Any) -> Any:  # noqa: PLR0911 - one case a kind
        if isinstance(node, g.CascadeNode):
            if number == len(node.rungs):
                return replace(node, otherwise="last", otherwise_node=None)
            return replace(node, rungs=_without(node.rungs, number)) if len(node.rungs) > 1 else node
        if isinstance(node, (g.FallbackNode, g.VoteNode)):
            return replace(node, members=_without(node.members, number)) if len(node.members) > 1 else node
        if isinstance(node, g.RouteNode) and number < len(node.arms):
            return replace(node, arms=_without(node.arms, number))
        if isinstance(node, g.RouteByNode) and number < len(node.arms) and len(node.arms) > 1:
            return replace(node, arms=dict(_without(list(node.arms.items()), number)))
        if isinstance(node, g.SplitNode) and len(node.shares) > 1:
            return replace(node, shares=_without(node.shares, number))
        return node

    return _edit(id_, change)


def put_in(id_: str, was: g.GraphNode, number: int) -> Revert | None:
    """A part that is gone, put back."""
    old: Any = old_node(was)

    def change(node: Any) -> Any:  # noqa: PLR0911 - one case a kind
        if isinstance(node, g.CascadeNode):
            if number == len(old.rungs):
                return replace(node, otherwise="node", otherwise_node=old.otherwise_node)
            return replace(node, rungs=_with(node.rungs, number, old.rungs[number]))
        if isinstance(node, (g.FallbackNode, g.VoteNode)):
            return replace(node, members=_with(node.members, number, old.members[number]))
        if isinstance(node, g.RouteNode) and number < len(old.arms):
            return replace(node, arms=_with(node.arms, number, old.arms[number]))
        if isinstance(node, g.RouteByNode) and number < len(old.arms):
            label, child = list(old.arms.items())[number]
            return replace(node, arms={**node.arms, f"{PREFIX}{label}": child})
        if isinstance(node, g.SplitNode):
            return replace(node, shares=_with(node.shares, number, old.shares[number]))
        return node

    return _edit(id_, change)


def suffix_back(match: Match, name: str, old: str, new: str) -> Revert:
    """One suffix as it was: that of the old node is put around the new one, and the new one's own taken off."""
    old_inner, new_inner = inner_of(match.old, old), inner_of(match.new, new)
    kind, _, setting = name.partition(".")
    held = [n for n in _chain(match.old, old, old_inner) if n.kind == kind and _sets(n, setting)]
    mine = [n for n in _chain(match.new, new, new_inner) if n.kind == kind and _sets(n, setting)]

    def change(graph: g.Graph) -> g.Graph:
        nodes = dict(graph.nodes)
        for node in mine:
            kept = {k: v for k, v in node.settings.items() if k != setting} if isinstance(node, g.WithNode) else {}
            nodes[node.id] = g.WithNode(node.id, node.child, kept)
        top, inside = new_inner, f"{PREFIX}inside {new_inner}"
        if held:  # around what is inside, so that an inner one still wins
            nodes[inside] = replace(nodes[top], id=inside)
            for number, node in enumerate(reversed(held), 1):
                id_ = top if number == len(held) else f"{inside} {number}"
                own = {"settings": {setting: node.settings[setting]}} if isinstance(node, g.WithNode) else {}
                nodes[id_] = replace(node, id=id_, child=inside, **own)
                inside = id_
        return replace(graph, nodes=nodes)

    return change


def _chain(graph: g.Graph, id_: str, inner: str) -> list[Any]:
    found = []
    while id_ != inner:
        node: Any = graph.nodes[id_]
        found.append(node)
        id_ = node.child
    return found


def _sets(node: Any, setting: str) -> bool:
    return not setting or setting in node.settings


def _without(parts: list[Any], number: int) -> list[Any]:
    return [part for at, part in enumerate(parts) if at != number]


def _with(parts: list[Any], number: int, part: Any) -> list[Any]:
    return [*parts[:number], part, *parts[number:]]
