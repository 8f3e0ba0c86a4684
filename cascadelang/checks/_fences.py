"""Fenced blocks of Markdown in an answer.

Takes: a text. Gives: its outermost fenced blocks, in order, with what stands behind the opening fence. Guarantees:
linear time. A fence is a line of three or more backticks or tildes, indented by at most three spaces; it is closed by
a fence of the same kind, at least as long, with nothing behind it (CommonMark 0.31, "Fenced code blocks"), so a
shorter fence inside a longer one is part of its text.
"""

from __future__ import annotations

from typing import NamedTuple


class Block(NamedTuple):
    """A fenced block: the word behind its fence in lower case, its text, and whether it is closed."""

    label: str
    text: str
    closed: bool


def blocks(text: str) -> list[Block]:
    """The outermost fenced blocks of a text; the last one may be open."""
    if "```" not in text and "~~~" not in text:
        return []
    found: list[Block] = []
    lines: list[str] = []
    mark, length, label = "", 0, ""
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        size = _fence(stripped) if len(line) - len(stripped) <= 3 else 0
        if not mark:
            behind = stripped[size:].strip()
            if size and not (stripped[0] == "`" and "`" in behind):
                mark, length = stripped[0], size
                label = behind.split()[0].lower() if behind else ""
                lines = []
        elif size >= length and stripped[0] == mark and not stripped[size:].strip():
            found.append(Block(label, "\n".join(lines), closed=True))
            mark = ""
        else:
            lines.append(line)
    if mark:
        found.append(Block(label, "\n".join(lines), closed=False))
    return found


def without_blocks(text: str) -> str:
    """The text outside its fenced blocks: its prose."""
    if "```" not in text and "~~~" not in text:
        return text
    prose: list[str] = []
    mark, length = "", 0
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        size = _fence(stripped) if len(line) - len(stripped) <= 3 else 0
        if not mark:
            if size and not (stripped[0] == "`" and "`" in stripped[size:]):
                mark, length = stripped[0], size
            else:
                prose.append(line)
        elif size >= length and stripped[0] == mark and not stripped[size:].strip():
            mark = ""
    return "\n".join(prose)


def _fence(stripped: str) -> int:
    first = stripped[:1]
    if first not in ("`", "~"):
        return 0
    size = len(stripped) - len(stripped.lstrip(first))
    return size if size >= 3 else 0
