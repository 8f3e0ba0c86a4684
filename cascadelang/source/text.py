"""A source file's text, and places in it.

Takes: a file's path and text. Gives: spans (half-open ranges of code points) and the positions that people and
editors use. Guarantees: a span made by the parser always lies inside its file's text.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from cascadelang.source.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range ``[start, end)`` of code points in the file named ``path``."""

    path: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The span from this one's start to the end of ``other``, which is in the same file."""
        return Span(self.path, self.start, max(self.end, other.end))


NO_SPAN = Span("", 0, 0)
"""The place of what no one wrote: defaults, built-ins."""


@dataclass(frozen=True, slots=True)
class Position:
    """A line and a column, both counted from 1, the column in code points."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceFile:
    """One file's text, decoded and immutable.

    Attributes:
        path: as the user named it, relative where they gave it relative; shown in diagnostics.
        text: the whole text; line ends are kept as they are.
    """

    path: str
    text: str

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The offset of each line's first code point; a line ends at a line feed."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at != -1:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return tuple(starts)

    def position(self, offset: int) -> Position:
        """The line and column of an offset; offsets past the end are the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line ``number`` (from 1) without its line end; empty past the last line."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def snippet(self, span: Span) -> str:
        """The text under a span."""
        return self.text[span.start : span.end]
