"""Words of programs and of answers, made fit for a reason."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 300
_LOOKED_AT: Final = 2000


def one_line(words: str) -> str:
    """On one line, without control characters and halves of characters, and cut where it is long."""
    text = "".join(character if character.isprintable() else " " for character in words[:_LOOKED_AT])
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
