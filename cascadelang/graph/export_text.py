"""A graph as a tree in plain text, for a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.graph.model import Graph
from cascadelang.graph.outline import Outline, Row
from cascadelang.graph.wording import wording


def to_text(graph: Graph) -> str:
    """The graph as trees, one for each policy and shared tier, then its signals and checks in order of evaluation."""
    blocks = []
    for section in Outline(graph).sections():
        lines = [f"{prefix}{text}" for prefix, text, _ in lines_of(section.row)]
        blocks.append("\n".join([one_line(section.title), *lines]))
    named = [f"signal {s.name} = {wording(s.expr, graph)}" for s in graph.signals.values()]
    named += [
        f"check {c.name} = {wording(c.expr, graph, judged=True)}{'  (paid)' if c.paid else ''}"
        for c in graph.checks.values()
    ]
    if named:
        blocks.append("\n".join(one_line(line) for line in named))
    return "\n\n".join(blocks) + "\n"


def lines_of(row: Row, prefix: str = "", branch: str = "└─ ") -> Iterator[tuple[str, str, Row]]:
    """The rows of a tree with the branches before each: prefix, text, row."""
    yield prefix + branch, one_line(f"{row.lead} {row.text}".strip()), row
    inner = prefix + ("   " if branch == "└─ " else "│  ")
    for number, child in enumerate(row.rows):
        yield from lines_of(child, inner, "└─ " if number + 1 == len(row.rows) else "├─ ")


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, which a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)
