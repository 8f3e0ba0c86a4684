"""A graph as SVG.

Takes: a graph. Gives: an SVG document. The layout is Graphviz's, of the program `graphviz-pure` (the extra ``viz``)
or of ``dot`` where that is installed. Guarantees: the program is given our DOT text and nothing else, no shell is
involved, it is stopped after `MOST_SECONDS`, it never sees a graph of more than `MOST_PARTS`, and nothing that it
says of a failure is shown.
"""

from __future__ import annotations

from typing import Final

from cascadelang.graph.drawing import Frame, draw
from cascadelang.graph.errors import GraphError
from cascadelang.graph.export_dot import to_dot
from cascadelang.graph.model import Graph

MOST_SECONDS: Final = 60.0

MOST_PARTS: Final = 1000
"""Boxes and edges. The time and the memory of a layout grow faster than their number."""

_INSTEAD: Final = "choose `--format mermaid`, `dot` or `text`"

PROGRAMS: Final = ("graphviz-pure", "dot")


def to_svg(graph: Graph) -> str:
    """The graph as an SVG document.

    Raises:
        GraphError: if no program is there that can lay it out, or it can't.
    """
    import subprocess
    from pathlib import Path

    drawing = draw(graph)
    parts = len(drawing.edges) + sum(map(_boxes, drawing.frames))
    if parts > MOST_PARTS:
        raise GraphError(
            f"the graph is too large for svg: {parts:,} boxes and edges, and {MOST_PARTS:,} can be laid out", _INSTEAD
        )
    source = to_dot(graph)
    program = layout_program()
    if program is None:
        raise GraphError(
            "drawing svg needs a layout program: install the extra with `pip install 'cascadelang[viz]'`, "
            "or Graphviz, or choose `--format mermaid`, `dot` or `text`"
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program found by its name, given a text of ours
            [program, "-Tsvg"], input=source.encode(), capture_output=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise GraphError(
            f"laying the graph out took more than {MOST_SECONDS:g} s: it is too large", _INSTEAD
        ) from None
    except OSError as error:
        raise GraphError(f"`{program}` can't be started: {(error.strerror or 'unknown').lower()}") from None
    svg = done.stdout.decode("utf-8", "replace")
    if done.returncode or "<svg" not in svg:
        raise GraphError(f"the graph couldn't be laid out: `{Path(program).name}` failed", _INSTEAD)
    return svg


def _boxes(frame: Frame) -> int:
    return len(frame.boxes) + sum(map(_boxes, frame.frames))


def layout_program() -> str | None:
    """The path of the program that lays graphs out, beside the running Python first, then on the ``PATH``."""
    import shutil
    import sys
    import sysconfig
    from pathlib import Path

    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    for name in PROGRAMS:
        places = [*beside, None] if name == "graphviz-pure" else [None]
        for place in places:
            found = shutil.which(name, path=place)
            if found is not None:
                return found
    return None
