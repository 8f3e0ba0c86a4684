"""A graph as boxes and edges: what every picture of it shows, in no picture's dialect.

Takes: a graph. Gives: a `Drawing`: frames (policies, tiers, limits), boxes and edges, with plain texts. Guarantees: a
shared tier or policy is drawn once, in a frame of its own, and each use of it is one box that points there; texts are
the user's own, unescaped, so each format escapes them itself.

How it reads: from a policy's name along arrows to who answers; behind each gate, ``passes`` leads to the answer and
``fails`` to the next rung.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    CallNode,
    CascadeNode,
    FallbackNode,
    Graph,
    GraphExpr,
    HedgeNode,
    RouteByNode,
    RouteNode,
    ShadowNode,
    SplitNode,
    VoteNode,
)
from cascadelang.graph.outline import DEEPEST, OTHERWISE, Outline, suffixes
from cascadelang.graph.walk import conditions, uses_of
from cascadelang.graph.wording import order_wording, price_wording, seconds, share_wording, when_wording, wording

Shape = Literal["start", "model", "route", "gate", "use", "answer", "failure"]
Style = Literal["plain", "fails", "aside"]


@dataclass(frozen=True, slots=True)
class Box:
    """Something to draw: the first line is its title. ``paid``: deciding it calls a model."""

    id: str
    shape: Shape
    lines: tuple[str, ...]
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow. ``aside`` ones point at a definition, and no query passes along them."""

    start: str
    end: str
    label: str = ""
    style: Style = "plain"


@dataclass(slots=True)
class Frame:
    """Boxes that belong together, under a title."""

    id: str
    title: str
    boxes: list[Box] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


@dataclass(slots=True)
class Drawing:
    """All there is to draw."""

    frames: list[Frame] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


Out = tuple[str, str, Style]
"""A loose end: the box an answer comes out of, with the label and style of the arrow it will get."""


def draw(graph: Graph) -> Drawing:
    """The drawing of a graph.

    Raises:
        GraphError: if strategies are nested too deeply to be drawn.
    """
    return _Pen(graph).draw()


class _Pen:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._named = Outline(graph).named
        self._drawing = Drawing()
        self._count = 0
        self._starts = {id_: f"n{number}" for number, id_ in enumerate(self._named, 1)}

    def draw(self) -> Drawing:
        for id_, title in self._named.items():
            if self._is_one_model(id_):
                continue
            frame = Frame(f"f_{self._starts[id_]}", title)
            self._drawing.frames.append(frame)
            start = self._starts[id_]
            frame.boxes.append(Box(start, "start", (title,)))
            entry, outs = self._node(id_, frame, 0, is_root=True)
            self._edge(start, entry)
            answer = f"{start}_answer"
            frame.boxes.append(Box(answer, "answer", ("answer",)))
            for out in outs:
                self._edge(out[0], answer, out[1], out[2])
        return self._drawing

    def _is_one_model(self, id_: str) -> bool:
        """Whether a name stands for one model and nothing else: then each use is drawn as that model."""
        return self._named[id_].startswith("tier ") and isinstance(self._graph.nodes[id_], CallNode)

    def _id(self) -> str:
        self._count += 1
        return f"b{self._count}"

    def _edge(self, start: str, end: str, label: str = "", style: Style = "plain") -> None:
        self._drawing.edges.append(Edge(start, end, label, style))

    def _box(self, frame: Frame, shape: Shape, *lines: str, paid: bool = False) -> str:
        id_ = self._id()
        frame.boxes.append(Box(id_, shape, lines, paid))
        return id_

    def _node(  # noqa: C901, PLR0911 - one case a kind
        self, id_: str, frame: Frame, depth: int, *, is_root: bool = False
    ) -> tuple[str, list[Out]]:
        """Draw a node; gives the box to enter by, and the loose ends its answers come out of."""
        if depth > DEEPEST:
            raise GraphError("the graph is nested too deeply to be drawn")
        graph = self._graph
        if id_ in self._named and not is_root:
            return self._use(id_, (), frame)
        said, inner = suffixes(graph, id_, self._named)
        node = graph.nodes[inner]
        if inner in self._named and inner != id_:
            return self._use(inner, tuple(said), frame)
        if isinstance(node, CallNode):
            model = graph.models[node.model]
            box = self._box(frame, "model", model.name, model.id, price_wording(model.price), *said)
            return box, [(box, "", "plain")]
        if said:
            limit = Frame(f"f_{self._id()}", " ".join(said))
            frame.frames.append(limit)
            frame = limit
        if isinstance(node, (RouteNode, RouteByNode)):
            return self._route(node, frame, depth)
        if isinstance(node, HedgeNode):
            return self._hedge(node, frame, depth)
        if isinstance(node, VoteNode):
            return self._vote(node, frame, depth)
        if isinstance(node, ShadowNode):
            return self._shadow(node, frame, depth)
        if isinstance(node, SplitNode):
            return self._split(node, frame, depth)
        if isinstance(node, FallbackNode):
            return self._fallback(node, frame, depth)
        assert isinstance(node, CascadeNode)  # noqa: S101 - suffixes leaves nothing else
        return self._cascade(node, frame, depth)

    def _use(self, id_: str, said: tuple[str, ...], frame: Frame) -> tuple[str, list[Out]]:
        """One use of what is drawn in a frame of its own."""
        node = self._graph.nodes[id_]
        if isinstance(node, CallNode) and self._is_one_model(id_):
            model = self._graph.models[node.model]
            title = f"{self._named[id_].removeprefix('tier ')} = {model.name}"
            box = self._box(frame, "model", title, model.id, price_wording(model.price), *said)
            return box, [(box, "", "plain")]
        box = self._box(frame, "use", self._named[id_], *said)
        self._edge(box, self._starts[id_], "", "aside")
        return box, [(box, "", "plain")]

    def _asks(self, exprs: Iterable[GraphExpr]) -> bool:
        """Whether deciding these may call a model."""
        return any(self._graph.uses[use].calls != 0 for use in uses_of(self._graph, exprs))

    def _route(self, node: RouteNode | RouteByNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        by = () if isinstance(node, RouteNode) else (f"by {wording(node.by, self._graph)}",)
        box = self._box(frame, "route", "route", *by, paid=self._asks(conditions(node)))
        if isinstance(node, RouteNode):
            ways = [(wording(arm.condition, self._graph), arm.node) for arm in node.arms]
        else:
            ways = list(node.arms.items())
        if node.otherwise is not None:
            ways.append(("else", node.otherwise))
        return box, self._ways(box, ways, frame, depth)

    def _split(self, node: SplitNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        by = () if node.by is None else (f"by {wording(node.by, self._graph)}",)
        box = self._box(frame, "route", "split", *by, paid=self._asks(conditions(node)))
        return box, self._ways(box, [(share_wording(s.share), s.node) for s in node.shares], frame, depth)

    def _hedge(self, node: HedgeNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        first, outs = self._node(node.first, frame, depth + 1)
        second, more = self._node(node.second, frame, depth + 1)
        self._edge(first, second, f"after {seconds(node.after_s)}, or is down", "fails")
        return first, [*outs, *more]

    def _vote(self, node: VoteNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        box = self._box(frame, "route", "vote", "all at once")
        judged = "most votes" if node.by is None else f"by {wording(node.by, self._graph, judged=True)}"
        outs = self._ways(box, [("", member) for member in node.members], frame, depth)
        gate = self._box(frame, "gate", judged, paid=node.paid)
        for start, label, style in outs:
            self._edge(start, gate, label, style)
        return box, [(gate, "", "plain")]

    def _shadow(self, node: ShadowNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        live, outs = self._node(node.live, frame, depth + 1)
        beside, _ = self._node(node.beside, frame, depth + 1)
        self._edge(live, beside, f"for the record, on {share_wording(node.share)}", "aside")
        return live, outs

    def _ways(self, box: str, ways: list[tuple[str, str]], frame: Frame, depth: int) -> list[Out]:
        outs: list[Out] = []
        for label, child in ways:
            entry, ends = self._node(child, frame, depth + 1)
            self._edge(box, entry, label)
            outs += ends
        return outs

    def _fallback(self, node: FallbackNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        drawn = [self._node(member, frame, depth + 1) for member in node.members]
        for (before, _), (after, _) in pairwise(drawn):
            self._edge(before, after, when_wording(node).removeprefix(" when ") or "is down", "fails")
        return drawn[0][0], [out for _, outs in drawn for out in outs]

    def _cascade(self, node: CascadeNode, frame: Frame, depth: int) -> tuple[str, list[Out]]:
        graph = self._graph
        done: list[Out] = []
        failing: list[Out] = []
        entries: list[str] = []
        for rung in node.rungs:
            entry, outs = self._node(rung.node, frame, depth + 1)
            for start, label, style in failing:
                self._edge(start, entry, label, style)
            entries.append(entry)
            if rung.until is None:
                done += outs
                failing = [(entry, "is down", "fails")]
                continue
            gate = self._box(frame, "gate", wording(rung.until, graph, judged=True), paid=rung.paid)
            for start, label, style in outs:
                self._edge(start, gate, label, style)
            done.append((gate, "passes", "plain"))
            carried = f", {node.carry} carried on" if node.carry else ""
            failing = [(gate, f"fails{carried}", "fails")]
        done += self._ending(node, failing, frame, depth)
        if node.order is not None:
            chooser = self._box(frame, "route", "in the best order", order_wording(node.order))
            for entry in entries:
                self._edge(chooser, entry)
            return chooser, done
        if node.start is None:
            return entries[0], done
        chooser = self._box(frame, "route", "from", wording(node.start, graph), paid=self._asks([node.start]))
        for label, rung_at in node.start_at.items():
            self._edge(chooser, entries[rung_at], label)
        return chooser, done

    def _ending(self, node: CascadeNode, failing: list[Out], frame: Frame, depth: int) -> list[Out]:
        """What follows when no rung passed."""
        if node.rungs[-1].until is None and node.otherwise != "node":
            return []
        said = failing[0][1].partition(",")[0]
        gates = [(start, said, style) for start, _, style in failing]
        if node.otherwise_node is not None:
            entry, outs = self._node(node.otherwise_node, frame, depth + 1)
            for start, label, style in gates:
                self._edge(start, entry, label, style)
            return outs
        if node.otherwise == "fail":
            end = self._box(frame, "failure", "no answer")
            for start, label, style in gates:
                self._edge(start, end, label, style)
            return []
        return [(start, f"{label}: {OTHERWISE[node.otherwise]}", style) for start, label, style in gates]
