"""Two texts as a unified diff.

Takes: a file's name, what it says and what it would say. Gives: lines without line ends, as `patch` and `git apply`
take them, carriage returns included.
"""

from __future__ import annotations

from collections.abc import Iterator

_UNENDED = "\0"
"""Stands behind a last line without a line end; no policy file has a zero byte."""


def unified(name: str, before: str, after: str) -> Iterator[str]:
    """The lines of the diff; none where the texts are equal."""
    import difflib

    for line in difflib.unified_diff(_lines(before), _lines(after), name, name, lineterm=""):
        body, mark, _ = line.partition(_UNENDED)
        yield body
        if mark:
            yield "\\ No newline at end of file"


def _lines(text: str) -> list[str]:
    """The lines of a text without their line feeds; the last one marked if it has none."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + _UNENDED] if last else lines
