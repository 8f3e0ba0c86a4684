"""Fenced blocks of Markdown in an answer.

Takes: a text. Gives: its outermost fenced blocks, in order, with what stands behind the opening fence. Guarantees:
linear time. A fence is a line of three or more backticks or tildes, indented by at most three spaces, in an item of a
list by at most three more than its text; it is closed by a fence of the same kind, at least as long, with nothing
behind it (CommonMark 0.31, "Fenced code blocks"), so a shorter fence inside a longer one is part of its text. What
the opening fence is indented by is taken off the lines of its block.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ITEM: Final = re.compile(r" *(?:[-*+]|\d{1,9}[.)]) {1,4}(?=\S)")
"""How an item of a list begins; its text goes on at the end of this."""
_INDENTED: Final = 3


class Block(NamedTuple):
    """A fenced block: the word behind its fence in lower case, its text, and whether it is closed."""

    label: str
    text: str
    closed: bool


def blocks(text: str) -> list[Block]:
    """The outermost fenced blocks of a text; the last one may be open."""
    return _divided(text)[0] if "```" in text or "~~~" in text else []


def without_blocks(text: str) -> str:
    """The text outside its fenced blocks: its prose."""
    return "\n".join(_divided(text)[1]) if "```" in text or "~~~" in text else text


def lines_of(text: str) -> list[str]:
    """The lines of a text: ended as Markdown has it, and not by all that Python takes for the end of a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _divided(text: str) -> tuple[list[Block], list[str]]:
    """The blocks of a text, and the lines of its prose."""
    found: list[Block] = []
    prose: list[str] = []
    inside: list[str] = []
    mark, length, label, indent = "", 0, "", 0
    item = 0  # how far the text of the list's item is indented that a line stands in
    for line in lines_of(text):
        stripped = line.lstrip(" \t")
        before = len(line[: len(line) - len(stripped)].expandtabs(4))
        size = _fence(stripped) if before <= item + _INDENTED else 0
        if mark:
            if size >= length and stripped[0] == mark and not stripped[size:].strip():
                found.append(Block(label, "\n".join(inside), closed=True))
                mark = ""
            else:
                inside.append(_less_indented(line, before, indent))
            continue
        behind = stripped[size:].strip()
        if size and not (stripped[0] == "`" and "`" in behind):
            mark, length, indent = stripped[0], size, before
            label = behind.split()[0].lower() if behind else ""
            inside = []
        else:
            prose.append(line)
        item = _item(line, before, item)
    if mark:
        found.append(Block(label, "\n".join(inside), closed=False))
    return found, prose


def _fence(stripped: str) -> int:
    first = stripped[:1]
    if first not in ("`", "~"):
        return 0
    size = len(stripped) - len(stripped.lstrip(first))
    return size if size >= 3 else 0


def _item(line: str, before: int, item: int) -> int:
    """How far the text of the item is indented that the next line may stand in; 0 outside of lists."""
    if not line.strip():
        return item
    begins = _ITEM.match(line.expandtabs(4)) if before <= item + _INDENTED else None
    if begins:
        return begins.end()
    return item if before >= item else 0


def _less_indented(line: str, before: int, indent: int) -> str:
    """The line of a block without what its fence is indented by, or as much of that as it has."""
    if not indent or not before:
        return line
    return " " * max(before - indent, 0) + line.lstrip(" \t") if line.strip() else ""
