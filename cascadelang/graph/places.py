"""Where the nodes of a graph were written.

Takes: spans of a checked policy's files. Gives: lines and columns, or ``None`` for what no one wrote.
"""

from __future__ import annotations

from cascadelang.graph.model import Place
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.source import Span


class Places:
    """Turns spans into places."""

    def __init__(self, checked: CheckedPolicy) -> None:
        self._sources = {path: module.source for path, module in checked.modules.items()}

    def of(self, span: Span) -> Place | None:
        """The lines and columns of a span."""
        source = self._sources.get(span.path)
        if source is None or span.end <= span.start:
            return None
        start, end = source.position(span.start), source.position(span.end)
        return Place(span.path, start.line, start.column, end.line, end.column, span.start, span.end)
