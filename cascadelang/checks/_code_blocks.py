"""The code in an answer.

Takes: the answer's text, the labels that languages have, the language that is asked for. Gives: the pieces of code in
it, or why there is none. Guarantees: linear time; never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cascadelang.checks._fences import blocks
from cascadelang.contracts.check import Finding
from cascadelang.contracts.patterns import without_surrogates

MAX_CHARS: Final = 1_000_000
"""Longer answers aren't parsed."""


class Code(NamedTuple):
    """A piece of code and its language."""

    language: str
    text: str


def code_in(text: str, labels: Mapping[str, str], language: str = "") -> list[Code] | Finding:  # noqa: PLR0911 - one case a line
    """The code of an answer: its blocks in the language, else those without a label, else, unfenced, all of it.

    Args:
        text: the answer.
        labels: what may stand behind a fence, and which language that is.
        language: the only one that counts; any of them where empty, each block's by its label.

    Returns:
        At least one piece, or what is known without parsing any.
    """
    if not text.strip():
        return Finding(value=False, reason="the answer is empty")
    if len(text) > MAX_CHARS:
        return Finding(None, f"the answer is longer than {MAX_CHARS:,} characters")
    found = blocks(text)
    if not found:
        if language:
            return [Code(language, without_surrogates(text))]
        return Finding(None, "the answer has no fenced block that names its language")
    named = [(labels.get(block.label, ""), block) for block in found]
    picked = [(of, block) for of, block in named if of and language in ("", of)]
    if language and not picked:
        picked = [(language, block) for _, block in named if not block.label]
    if not picked and language:
        return Finding(value=False, reason=f"no fenced block of the answer is {language}")
    if not picked:
        return Finding(None, "no fenced block of the answer names a language that can be parsed")
    if not all(block.closed for _, block in picked):
        return Finding(value=False, reason="the answer is cut off inside its fenced block")
    return [Code(of, without_surrogates(block.text)) for of, block in picked]
