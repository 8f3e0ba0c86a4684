"""The code in an answer.

Takes: the answer's text, the labels that languages have, the language that is asked for. Gives: the pieces of code in
it, or why there is none. Guarantees: linear time; never raises; nothing is parsed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import Final, NamedTuple

from cascadelang.checks._fences import Block, blocks
from cascadelang.contracts.check import Finding
from cascadelang.contracts.patterns import without_surrogates

MAX_CHARS: Final = 1_000_000
"""Longer answers aren't parsed, and longer code isn't run."""
_WRAPPERS: Final = frozenset({"markdown", "md"})
"""Labels of blocks that are answers themselves."""


class Code(NamedTuple):
    """A piece of code.

    Attributes:
        language: which it is in.
        text: the code, without the indentation that all of it has.
        closed: whether its block is closed.
        bare: it is the whole answer, and may have prose around it.
    """

    language: str
    text: str
    closed: bool = True
    bare: bool = False


def code_in(text: str, labels: Mapping[str, str], language: str = "") -> list[Code]:
    """The code of an answer: its blocks in the language, else those without a label, else, unfenced, all of it.

    Args:
        text: the answer.
        labels: what may stand behind a fence, and which language that is.
        language: the only one that counts; any of them where empty, each block's by its label.
    """
    found = _unwrapped(text)
    if not found:
        return [_code(language, Block("", text, closed=True), bare=True)] if language and text.strip() else []
    named = [(labels.get(block.label, ""), block) for block in found]
    picked = [(of, block) for of, block in named if of and language in ("", of)]
    if language and not picked:
        picked = [(language, block) for _, block in named if not block.label]
    return [_code(of, block) for of, block in picked]


def code_to_parse(  # noqa: PLR0911 - one case a line
    text: str, labels: Mapping[str, str], language: str = ""
) -> list[Code] | Finding:
    """As `code_in`, at least one piece and each of them whole; or what is known without parsing any."""
    if not text.strip():
        return Finding(value=False, reason="the answer is empty")
    if len(text) > MAX_CHARS:
        return Finding(None, f"the answer is longer than {MAX_CHARS:,} characters")
    found = code_in(text, labels, language)
    if not found and language:
        return Finding(value=False, reason=f"no fenced block of the answer is {language}")
    if not found:
        if blocks(text):
            return Finding(None, "no fenced block of the answer names a language that can be parsed")
        return Finding(None, "the answer has no fenced block that names its language")
    if not all(code.closed for code in found):
        return Finding(value=False, reason="the answer is cut off inside its fenced block")
    return found


def _unwrapped(text: str) -> list[Block]:
    """The blocks of an answer; of one that is Markdown itself, those inside it."""
    found: list[Block] = []
    for block in blocks(text):
        inner = blocks(block.text) if block.label in _WRAPPERS else []
        # the end of the last one may have been taken for the end of the wrapper
        found += [each._replace(closed=each.closed or block.closed) for each in inner] or [block]
    return found


def _code(language: str, block: Block, *, bare: bool = False) -> Code:
    text = without_surrogates(block.text)
    if text.lstrip("\r\n")[:1] in (" ", "\t"):
        text = dedent(text)
    return Code(language, text, block.closed, bare)
