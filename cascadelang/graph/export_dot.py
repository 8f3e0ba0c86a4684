"""A graph in Graphviz's DOT language (graphviz.org/doc/info/lang.html).

Guarantees: every text of the user stands in a quoted string with quotes, backslashes and line breaks escaped, so none
can end it, and none is read as HTML.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.graph.drawing import Box, Drawing, Frame, draw
from cascadelang.graph.model import Graph

WIDEST = 30
"""Characters of a line in a box before it is broken."""

_SHAPES = {
    "start": 'shape=plain, fontsize=13, fontcolor="#1f2937"',
    "model": 'shape=box, style="rounded,filled", fillcolor="#e8f1fd", color="#3b6fb5", margin="0.2,0.08"',
    "route": 'shape=diamond, style="filled", fillcolor="#fff6dd", color="#b98a1d", margin="0.02,0.02"',
    "gate": 'shape=hexagon, style="filled", fillcolor="#eaf7ea", color="#3f8f46", margin="0.12,0.05"',
    "use": 'shape=box, style="rounded,filled,dashed", fillcolor="#f4f4f6", color="#6b7280"',
    "answer": 'shape=box, style="rounded,filled", fillcolor="#2f7d3b", color="#2f7d3b", fontcolor="#ffffff"',
    "failure": 'shape=box, style="rounded,filled", fillcolor="#b3372f", color="#b3372f", fontcolor="#ffffff"',
}
_PAID = 'shape=hexagon, style="filled", fillcolor="#fdeee0", color="#c26a1b", margin="0.12,0.05"'
_STYLES = {
    "plain": "",
    "fails": 'style=dashed, color="#b3372f", fontcolor="#b3372f"',
    "aside": 'style=dotted, color="#9ca3af", arrowhead=open, constraint=false',
}


def to_dot(graph: Graph) -> str:
    """The graph as a DOT file."""
    drawing = draw(graph)
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    yield "digraph policy {"
    yield '  graph [bgcolor="#ffffff", rankdir=TB, compound=true, newrank=true, nodesep=0.35, ranksep=0.45]'
    yield '  graph [fontname="Helvetica"]'
    yield '  node [fontname="Helvetica", fontsize=11, penwidth=1.1]'
    yield '  edge [fontname="Helvetica", fontsize=9, color="#4b5563", fontcolor="#374151", arrowsize=0.7]'
    for frame in drawing.frames:
        yield from _frame(frame, "  ")
    for edge in drawing.edges:
        attributes = [part for part in (_label(edge.label) if edge.label else "", _STYLES[edge.style]) if part]
        yield f"  {edge.start} -> {edge.end}" + (f" [{', '.join(attributes)}]" if attributes else "")
    yield "}"


def _frame(frame: Frame, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph cluster_{frame.id} {{"
    look = 'style="rounded", color="#c7cbd1", fontcolor="#6b7280", fontsize=10, labeljust=l'
    limit = 'style="rounded,dashed", color="#8b5cf6", fontcolor="#6d28d9", fontsize=10, labeljust=l'
    is_limit = not (frame.boxes and frame.boxes[0].shape == "start")
    yield f"{indent}  graph [label={quoted(frame.title if is_limit else '')}, {limit if is_limit else look}]"
    for box in frame.boxes:
        yield f"{indent}  {_box(box)}"
    for inner in frame.frames:
        yield from _frame(inner, indent + "  ")
    yield f"{indent}}}"


def _box(box: Box) -> str:
    look = _PAID if box.paid else _SHAPES[box.shape]
    lines = [piece for line in box.lines for piece in broken(line)]
    if box.paid:
        lines.append("(asks a model)")
    return f"{box.id} [label={quoted(*lines)}, {look}]"


def _label(text: str) -> str:
    return f"label={quoted(*(f' {piece} ' for piece in broken(text)))}"


def quoted(*lines: str) -> str:
    """Lines as one DOT string, centred beneath each other."""
    return '"' + "\\n".join(_escaped(_printable(line)) for line in lines) + '"'


def _escaped(text: str) -> str:
    """Quotes and backslashes escaped; ``&`` too, for Graphviz reads character references in labels."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def broken(text: str) -> list[str]:
    """A text in lines of at most some `WIDEST` characters, broken at spaces where there are any."""
    lines = [""]
    for word in text.split():
        pieces = [word[at : at + WIDEST] for at in range(0, len(word), WIDEST)]
        for number, piece in enumerate(pieces):
            if lines[-1] and (number or len(lines[-1]) + 1 + len(piece) > WIDEST):
                lines.append(piece)
            else:
                lines[-1] = f"{lines[-1]} {piece}".strip()
    return lines
