"""A graph as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), for Markdown pages that draw it.

Guarantees: every text of the user stands in a quoted label with each character that Mermaid or HTML could read as its
own written as an entity code (``#quot;``, ``#lt;``, ``#35;``), so none can end the label or become markup.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.graph.drawing import Box, Frame, draw
from cascadelang.graph.export_dot import broken
from cascadelang.graph.model import Graph

_SHAPES = {
    "start": ("([", "])"),
    "model": ("[", "]"),
    "route": ("{", "}"),
    "gate": ("{{", "}}"),
    "use": ("[[", "]]"),
    "answer": ("([", "])"),
    "failure": ("([", "])"),
}
_ARROWS = {"plain": "-->", "fails": "-.->", "aside": "-.-"}
_CLASSES = {
    "start": "fill:#f4f4f6,stroke:#6b7280,color:#1f2937",
    "model": "fill:#e8f1fd,stroke:#3b6fb5,color:#1f2937",
    "route": "fill:#fff6dd,stroke:#b98a1d,color:#1f2937",
    "gate": "fill:#eaf7ea,stroke:#3f8f46,color:#1f2937",
    "paid": "fill:#fdeee0,stroke:#c26a1b,color:#1f2937",
    "use": "fill:#f4f4f6,stroke:#6b7280,color:#1f2937",
    "answer": "fill:#2f7d3b,stroke:#2f7d3b,color:#ffffff",
    "failure": "fill:#b3372f,stroke:#b3372f,color:#ffffff",
}
_KEPT = frozenset(" .,:()[]{}=+*/$-_!'?")
"""Signs that mean nothing inside a quoted label."""


def to_mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart."""
    drawing = draw(graph)
    lines = ["flowchart TB"]
    for frame in drawing.frames:
        lines += _frame(frame, "  ")
    for edge in drawing.edges:
        label = f"|{quoted(edge.label)}|" if edge.label else ""
        lines.append(f"  {edge.start} {_ARROWS[edge.style]}{label} {edge.end}")
    lines += [f"  classDef {name} {look}" for name, look in _CLASSES.items()]
    return "\n".join(lines) + "\n"


def _frame(frame: Frame, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {frame.id} [{quoted(frame.title)}]"
    for box in frame.boxes:
        yield f"{indent}  {_box(box)}"
    for inner in frame.frames:
        yield from _frame(inner, indent + "  ")
    yield f"{indent}end"


def _box(box: Box) -> str:
    left, right = _SHAPES[box.shape]
    lines = [piece for line in box.lines for piece in broken(line)] + (["(asks a model)"] if box.paid else [])
    return f"{box.id}{left}{quoted(*lines)}{right}:::{'paid' if box.paid else box.shape}"


def quoted(*lines: str) -> str:
    """Lines as one quoted Mermaid label."""
    text = "<br/>".join("".join(map(_char, line)) for line in lines)
    return '"' + text.replace("$$", "#36;#36;") + '"'  # two dollar signs would open a formula


def _char(char: str) -> str:
    if char.isalnum() or char in _KEPT:
        return char
    named = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}.get(char)
    if named:
        return named
    return f"#{ord(char)};" if char.isprintable() else " "
