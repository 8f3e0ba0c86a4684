"""The code in an answer.

Takes: an answer's text and the words that a language's blocks are marked with. Gives: the blocks that may be it.
Guarantees: linear time; nothing is parsed here.
"""

from __future__ import annotations

from typing import NamedTuple

from cascadelang.checks._fences import blocks

PYTHON = frozenset({"python", "py", "python3", "py3"})


class Code(NamedTuple):
    """A piece of code; ``bare``: it may have prose around it."""

    text: str
    bare: bool


def code_of(text: str, marks: frozenset[str]) -> list[Code]:
    """The blocks marked so; else those without a mark; else, of an answer without any block, all of it."""
    found = blocks(text)
    wanted = [block for block in found if block.label in marks] or [block for block in found if not block.label]
    if found:
        return [Code(block.text, bare=False) for block in wanted if block.text.strip()]
    return [Code(text, bare=True)] if text.strip() else []
