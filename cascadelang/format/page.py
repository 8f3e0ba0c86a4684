"""Lays a document out in lines.

Takes: a `Doc` and the most columns a line should have. Gives: `Line`s. Guarantees: no line ends in a space; what
stands after a comment begins a new line, whatever the document says; no recursion.
"""

from __future__ import annotations

from typing import NamedTuple

from cascadelang.format import doc as d
from cascadelang.format.doc import Doc

WIDTH = 100
"""The most columns of a line, the comment at its end not counted."""

INDENT = 2
"""Columns of one step inwards."""


class Line(NamedTuple):
    """One line: its text, and the comment at its end."""

    text: str
    comment: str = ""
    inside: bool = False
    """Whether it begins inside a long text."""


def lay_out(doc: Doc, width: int) -> list[Line]:  # noqa: C901, PLR0912 - one loop, kept flat for speed
    """The lines of a document, the first one at the margin.

    Args:
        doc: the document.
        width: the most columns of a line, comments at its end not counted.
    """
    page = _Page()
    waiting: list[tuple[int, bool, Doc]] = [(0, False, doc)]
    while waiting:
        indent, flat, doc = waiting.pop()
        kind = doc.kind
        if kind == d.TEXT:
            if doc.width:
                page.put(doc.value, indent)
        elif kind == d.SPACE:
            page.gap += doc.value
        elif kind == d.CONCAT:
            waiting.extend([(indent, flat, part) for part in reversed(doc.value)])
        elif kind == d.LINE:
            if not flat:
                page.end_line(indent)
            elif doc.value:
                page.gap += 1
        elif kind == d.GROUP:
            fits = flat or page.column(indent) + doc.width + _rest(waiting, width) <= width
            waiting.append((indent, fits, doc.value))
        elif kind == d.NEST:
            waiting.append((indent + doc.value[0], flat, doc.value[1]))
        elif kind == d.CHOICE:
            waiting.append((indent, flat, doc.value[flat]))
        elif kind == d.HARD:
            page.end_line(indent)
            if doc.value:
                page.lines.append(Line(""))
        elif kind == d.LONG:
            page.put_long(doc.value, indent)
        elif kind == d.TRAILING:
            page.comment(doc.value, indent)
        else:
            page.own_line(doc.value, indent)
    page.end_line(0)
    return page.lines


def _rest(waiting: list[tuple[int, bool, Doc]], most: int) -> int:  # noqa: C901 - the same
    """How many columns what comes next takes, up to the first place where a line may break."""
    width = 0
    for _, flat, following in reversed(waiting):
        inner = [following]
        while inner:
            doc = inner.pop()
            kind = doc.kind
            if kind in (d.TEXT, d.SPACE):
                width += doc.width
            elif kind in (d.LINE, d.HARD):
                if kind == d.HARD or not flat:
                    return width
                width += doc.width
            elif kind == d.CONCAT:
                inner.extend(reversed(doc.value))
            elif kind == d.GROUP:
                inner.append(doc.value)
            elif kind == d.NEST:
                inner.append(doc.value[1])
            elif kind == d.CHOICE:
                inner.append(doc.value[flat])
            elif kind == d.LONG:
                return width + len(doc.value.partition("\n")[0])
            else:
                return width
            if width > most:
                return width
    return width


class _Page:
    """The lines so far and the one being written.

    Attributes:
        lines: those that are done.
        gap: spaces to write before the next text, unless a line ends first.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.gap = 0
        self._parts: list[str] = []
        self._column = 0
        self._indent = 0
        self._comment = ""
        self._after = -1  # the column of a comment on a line of its own that was just written
        self._inside = False

    def column(self, indent: int) -> int:
        """Where the next text would begin."""
        if self._comment:
            return indent + INDENT
        if self._after >= 0:
            return self._after
        if not self._parts:
            return self._indent
        return self._column + self.gap

    def end_line(self, indent: int) -> None:
        """End the line; the next one begins in column ``indent``."""
        if self._parts or self._comment:
            self.lines.append(Line("".join(self._parts), self._comment, self._inside))
        self._parts = []
        self._comment = ""
        self._after = -1
        self._inside = False
        self.gap = 0
        self._indent = indent

    def put(self, written: str, indent: int) -> None:
        """Write a text."""
        if self._comment:
            if written == ",":
                self._parts.append(written)
                return
            self.end_line(indent + INDENT)
        elif self._after >= 0:
            self.end_line(self._after)
        if not self._parts:
            if self._indent:
                self._parts.append(" " * self._indent)
            self._column = self._indent
        elif self.gap:
            self._parts.append(" " * self.gap)
            self._column += self.gap
        self.gap = 0
        self._parts.append(written)
        self._column += len(written)

    def put_long(self, written: str, indent: int) -> None:
        """Write a text with line breaks of its own."""
        first, *more = written.split("\n")
        self.put(first, indent)
        for piece in more:
            self.lines.append(Line("".join(self._parts), "", self._inside))
            self._parts = [piece]
            self._column = len(piece)
            self._inside = True

    def comment(self, written: str, indent: int) -> None:
        """Write a comment at the end of the line."""
        if self._comment or self._after >= 0 or not self._parts:
            self.own_line(written, indent)
        else:
            self._comment = written

    def own_line(self, written: str, indent: int) -> None:
        """Write a comment on a line of its own."""
        if self._comment:
            self.end_line(indent)
        elif self._after >= 0:
            self.end_line(self._after)
        elif self._parts:
            self.end_line(indent + INDENT)
        self._after = self._indent
        self._parts = [" " * self._indent, written]
