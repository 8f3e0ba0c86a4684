"""A graph as an outline: one section for each policy and each shared tier, each a tree of rows.

Takes: a graph. Gives: sections of rows, in order of evaluation. Guarantees: a shared tier or policy has one section,
and what names it has one row that says so: an outline is never larger than its graph.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    CachedNode,
    CallNode,
    CascadeNode,
    FallbackNode,
    Graph,
    GraphExpr,
    GraphNode,
    HedgeNode,
    RetryNode,
    RouteByNode,
    RouteNode,
    ShadowNode,
    SplitNode,
    VoteNode,
    WithinNode,
    WithNode,
)
from cascadelang.graph.walk import children, conditions, in_order, uses_of
from cascadelang.graph.wording import (
    cached_wording,
    limits_wording,
    order_wording,
    price_wording,
    seconds,
    settings_wording,
    share_wording,
    when_wording,
    wording,
)

DEEPEST = 100
"""Strategies in strategies that are still drawn."""

_SUFFIXES = (WithinNode, RetryNode, WithNode, CachedNode)

OTHERWISE = {"last": "the last answer stands", "best": "the best answer stands", "fail": "no answer"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a tree.

    Attributes:
        lead: what leads here: ``code ->``, ``1.``, ``else``.
        text: what is here.
        node: the graph node it stands for; empty for a gate.
        rows: the rows beneath.
        gate: it is a gate, not a node.
        to: the section that says more of it.
    """

    lead: str
    text: str
    node: str = ""
    rows: tuple[Row, ...] = ()
    gate: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A policy or a shared tier: its title and its tree."""

    title: str
    node: str
    row: Row


@dataclass(slots=True)
class Outline:
    """The sections of a graph, by the node they start at; ``brief``: models are named and nothing more."""

    graph: Graph
    named: dict[str, str] = field(default_factory=dict)
    brief: bool = False

    def __post_init__(self) -> None:
        self.named = named_nodes(self.graph)

    def sections(self) -> list[Section]:
        """Policies first, then what they share, in order of first use."""
        found = [
            Section(f"policy {name}", root, self._row("", root, 0)) for name, root in self.graph.policies.items()
        ]
        roots = set(self.graph.policies.values())
        found += [Section(title, id_, self._row("", id_, 0)) for id_, title in self.named.items() if id_ not in roots]
        return found

    def _at(self, lead: str, id_: str, depth: int) -> Row:
        """A row for a node that another one leads to."""
        title = self.named.get(id_)
        if title is None:
            return self._row(lead, id_, depth + 1)
        said, inner = suffixes(self.graph, id_)
        node = self.graph.nodes[inner]
        if isinstance(node, CallNode) and not said:
            return Row(lead, f"{title}: {self._model(node)}", id_)
        return Row(lead, title, id_, to=title)

    def _row(self, lead: str, id_: str, depth: int) -> Row:  # noqa: C901 - one case a kind
        if depth > DEEPEST:
            raise GraphError("the graph is nested too deeply to be drawn")
        graph = self.graph
        said, inner = suffixes(graph, id_, self.named)
        suffix = "".join(f" {word}" for word in said)
        if inner in self.named and inner != id_:
            title = self.named[inner]
            return Row(lead, f"{title}{suffix}", id_, to=title)
        node = graph.nodes[inner]
        rows: list[Row] = []
        if isinstance(node, CallNode):
            text = self._model(node)
        elif isinstance(node, RouteNode):
            text = "route"
            rows = [self._at(f"{wording(arm.condition, graph)} ->", arm.node, depth) for arm in node.arms]
            rows.append(self._at("else", node.otherwise, depth))
        elif isinstance(node, RouteByNode):
            text = f"route by {wording(node.by, graph)}"
            rows = [self._at(f"{label} ->", child, depth) for label, child in node.arms.items()]
            rows += [] if node.otherwise is None else [self._at("else", node.otherwise, depth)]
        elif isinstance(node, FallbackNode):
            text = f"fallback{when_wording(node)}"
            rows = [self._at("or" if number else "first", m, depth) for number, m in enumerate(node.members)]
        elif isinstance(node, HedgeNode):
            text = "hedge"
            rows = [self._at("first", node.first, depth)]
            rows.append(self._at(f"after {seconds(node.after_s)}", node.second, depth))
        elif isinstance(node, VoteNode):
            judged = "" if node.by is None else f" by {wording(node.by, graph, judged=True)}"
            text = f"vote{judged}"
            rows = [self._at(f"{number}.", member, depth) for number, member in enumerate(node.members, 1)]
        elif isinstance(node, ShadowNode):
            text = "shadow"
            rows = [self._at("live", node.live, depth)]
            rows.append(self._at(f"beside, on {share_wording(node.share)}", node.beside, depth))
        elif isinstance(node, SplitNode):
            text = f"split{self._by(node.by)}"
            rows = [self._at(f"{share_wording(share.share)} ->", share.node, depth) for share in node.shares]
        else:
            assert isinstance(node, CascadeNode)  # noqa: S101 - suffixes leaves nothing else
            text, rows = self._cascade(node, depth)
        return Row(lead, f"{text}{suffix}{self._paid(node)}", id_, tuple(rows))

    def _paid(self, node: GraphNode) -> str:
        """The mark of a choice that a model may have to be asked for."""
        choosing = [node.start] if isinstance(node, CascadeNode) and node.start is not None else []
        uses = uses_of(self.graph, choosing if isinstance(node, CascadeNode) else conditions(node))
        return "  (paid)" if any(self.graph.uses[use].calls != 0 for use in uses) else ""

    def _by(self, by: GraphExpr | None) -> str:
        return "" if by is None else f" by {wording(by, self.graph)}"

    def _model(self, node: CallNode) -> str:
        return node.model if self.brief else model_words(self.graph, node)

    def _cascade(self, node: CascadeNode, depth: int) -> tuple[str, list[Row]]:
        start = "" if node.start is None else f" from {wording(node.start, self.graph)}"
        carry = "" if node.carry is None else f" carry {node.carry}"
        rows: list[Row] = []
        for number, rung in enumerate(node.rungs, 1):
            rows.append(self._at(f"{number}." if node.order is None else "in any order", rung.node, depth))
            if rung.until is not None:
                paid = "  (paid)" if rung.paid else ""
                rows.append(Row("", f"until {wording(rung.until, self.graph, judged=True)}{paid}", gate=True))
        if node.otherwise_node is not None:
            rows.append(self._at("otherwise", node.otherwise_node, depth))
        elif any(rung.until is not None for rung in node.rungs):
            rows.append(Row("otherwise", OTHERWISE[node.otherwise]))
        order = "" if node.order is None else f" {order_wording(node.order)}"
        return f"cascade{start}{order}{carry}", rows


def named_nodes(graph: Graph) -> dict[str, str]:
    """The nodes that have a section of their own, with its title: policies, and what several others name."""
    roots = {root: f"policy {name}" for name, root in reversed(graph.policies.items())}
    order = in_order(graph, [*graph.policies.values(), *(r.node for r in graph.requirements)])
    parents = Counter(child for id_ in order for child in children(graph.nodes[id_]))
    found: dict[str, str] = {root: roots[root] for root in graph.policies.values()}
    for id_ in [r.node for r in graph.requirements]:
        found.setdefault(id_, _title(graph, id_))
    for id_ in order:
        for child in children(graph.nodes[id_]):
            if child not in found and (parents[child] > 1 or not _inside(graph.nodes[id_], child)):
                found[child] = _title(graph, child)
    return found


def suffixes(graph: Graph, id_: str, stop: dict[str, str] | None = None) -> tuple[list[str], str]:
    """The suffixes that a node consists of, in the order they are written, and the node inside them."""
    said: list[str] = []
    first = id_
    while True:
        node = graph.nodes[id_]
        if isinstance(node, WithinNode):
            said.append(limits_wording(node))
        elif isinstance(node, RetryNode):
            said.append(f"retry {node.times}")
        elif isinstance(node, WithNode):
            said.append(settings_wording(node.settings))
        elif isinstance(node, CachedNode):
            said.append(cached_wording(node))
        if not isinstance(node, _SUFFIXES) or (stop and id_ in stop and id_ != first):
            if isinstance(node, _SUFFIXES):
                said.pop()
            return said[::-1], id_
        id_ = node.child


def told_as(graph: Graph, id_: str) -> str:
    """What the events of a run call a rung, member or arm: its model, else the node that is inside its suffixes.

    Of a shadow it is what answers.
    """
    inner = graph.nodes[suffixes(graph, id_)[1]]
    while isinstance(inner, ShadowNode):
        inner = graph.nodes[suffixes(graph, inner.live)[1]]
    return inner.model if isinstance(inner, CallNode) else inner.id


def model_words(graph: Graph, node: CallNode) -> str:
    """``haiku (claude-haiku-4-5, $1 / $5 per M)``."""
    model = graph.models[node.model]
    return f"{model.name} ({model.id}, {price_wording(model.price)})"


def _title(graph: Graph, id_: str) -> str:
    """``tier cheap``: what a shared node is called."""
    inner = suffixes(graph, id_)[1]
    for start in ("tier.", "policy."):
        if inner.startswith(start):
            return f"{start[:-1]} {inner.removeprefix(start)}"
    return inner


def _inside(parent: GraphNode, child: str) -> bool:
    """Whether a child stands inside its parent in the source, by their ids."""
    if isinstance(parent, _SUFFIXES):
        stem = parent.id.rpartition(".")[0]  # `main.within` holds `main.with`, which holds `main`
        return child == stem or child.startswith((f"{stem}.", f"{parent.id}."))
    return child.startswith(f"{parent.id}.")
