"""What else could be made of a policy's parts: its router alone, its cascade alone, each of its models alone.

Takes: a graph and a policy of it. Gives: other graphs, each with one root. Guarantees: nodes that stay keep their
ids, so that rates of the policy hold for them; nothing is in a variant that isn't in the policy.

- The *router alone* takes each choice as the policy does, and answers with the first rung of the cascade that it
  leads to, unchecked; where the cascade has a start (``from``), with the rung that the label names.
- The *cascade alone* makes no choice: of a ``route``, each query takes the way with the longest cascade behind it
  (of equals the last, which is ``else``), and every cascade starts at its first rung.
- *One model* answers every query, unchecked and with its own settings.

``split``, ``fallback``, ``hedge``, ``vote``, ``shadow``, ``cached`` and the suffixes stay as they are.
"""

from __future__ import annotations

from dataclasses import replace

from cascadelang.graph.model import (
    CallNode,
    CascadeNode,
    Graph,
    GraphNode,
    RouteByNode,
    RouteNode,
    WithNode,
)
from cascadelang.graph.order import successors_first
from cascadelang.graph.walk import children, in_order


def has_router(graph: Graph, root: str) -> bool:
    """Whether anything below chooses before it asks."""
    nodes = [graph.nodes[id_] for id_ in in_order(graph, [root])]
    return any(
        isinstance(node, (RouteNode, RouteByNode)) or (isinstance(node, CascadeNode) and node.start is not None)
        for node in nodes
    )


def has_cascade(graph: Graph, root: str) -> bool:
    """Whether anything below has rungs to climb."""
    nodes = [graph.nodes[id_] for id_ in in_order(graph, [root])]
    return any(isinstance(node, CascadeNode) and len(node.rungs) > 1 for node in nodes)


def router_alone(graph: Graph, root: str) -> Graph:
    """The choices of a policy, without its cascades."""
    nodes = dict(graph.nodes)
    for id_ in in_order(graph, [root]):
        node = nodes[id_]
        if not isinstance(node, CascadeNode):
            continue
        first = node.rungs[0].node
        if node.start is None:
            nodes[id_] = WithNode(id_, first, {}, node.place)
        else:
            arms = {label: node.rungs[at].node for label, at in node.start_at.items()}
            nodes[id_] = RouteByNode(id_, node.start, arms, None, node.place)
    return _rooted(graph, nodes, root)


def cascade_alone(graph: Graph, root: str) -> Graph:
    """The cascades of a policy, without its choices."""
    nodes = dict(graph.nodes)
    heights = _heights(graph, root)
    for id_ in in_order(graph, [root]):
        node = nodes[id_]
        if isinstance(node, (RouteNode, RouteByNode)):
            ways = children(node)
            nodes[id_] = WithNode(id_, max(reversed(ways), key=lambda way: heights[way]), {}, node.place)
        elif isinstance(node, CascadeNode) and node.start is not None:
            nodes[id_] = replace(node, start=None, start_at={})
    return _rooted(graph, nodes, root)


def one_model(graph: Graph, model: str) -> Graph:
    """One model for every query."""
    return _rooted(graph, {f"all.{model}": CallNode(f"all.{model}", model)}, f"all.{model}")


def answering(graph: Graph, root: str) -> list[str]:
    """The models that a policy may have answer, in order."""
    nodes = [graph.nodes[id_] for id_ in in_order(graph, [root])]
    return list(dict.fromkeys(node.model for node in nodes if isinstance(node, CallNode)))


def _rooted(graph: Graph, nodes: dict[str, GraphNode], root: str) -> Graph:
    return replace(graph, nodes=nodes, policies={"main": root}, requirements=[])


def _heights(graph: Graph, root: str) -> dict[str, int]:
    """The rungs of the longest cascade at or below each node."""
    found: dict[str, int] = {}
    for id_ in successors_first([root], lambda id_: children(graph.nodes[id_])):
        node = graph.nodes[id_]
        own = len(node.rungs) if isinstance(node, CascadeNode) else 0
        found[id_] = max(own, *(found.get(child, 0) for child in children(node)), 0)
    return found
