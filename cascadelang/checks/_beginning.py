"""What the beginning of an answer settles, asked again and again while it grows.

Takes: a question that a beginning may settle, and an answer's pieces. Gives: a `Watcher`, and which part of a
beginning reads the same however the text goes on. Guarantees: the question is asked when the
text has grown by an eighth since it was last asked, so that all askings together read some nine times the answer:
linear, if the question is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cascadelang.checks._fences import blocks, without_blocks
from cascadelang.contracts.check import Outlook
from cascadelang.contracts.messages import Delta

MOST_WATCHED_CHARS: Final = 1_000_000
"""Longer answers are watched so far."""

_LEAST_CHARS: Final = 16
_SHARE: Final = 8

_ALONE: Final = ((0x3041, 0x3096), (0x30A1, 0x30FA), (0x3400, 0x4DBF), (0x4E00, 0x9FFF))
"""Kana and Han: like ASCII, no such character ever becomes one with what stands before it (Unicode's NFC)."""


class Beginning:
    """Watches for what a question settles.

    Args:
        settled: says what the beginning it is given settles; ``None`` for nothing.
        most_chars: beginnings longer than this settle nothing more.
        least_chars: so much has to be new when it is asked.
    """

    __slots__ = ("_asked", "_least", "_length", "_most", "_parts", "_settled")

    def __init__(
        self, settled: Callable[[str], Outlook | None], most_chars: int, least_chars: int = _LEAST_CHARS
    ) -> None:
        self._least = least_chars
        self._settled: Callable[[str], Outlook | None] | None = settled
        self._most = most_chars
        self._parts: list[str] = []
        self._length = 0
        self._asked = 0

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        if self._settled is None:
            return None
        self._parts.append(delta.text)
        self._length += len(delta.text)
        if self._length - self._asked < max(self._least, self._asked // _SHARE):
            return None
        self._asked = self._length
        if self._length > self._most:
            self._settled = None
            return None
        text = "".join(self._parts)
        self._parts = [text]
        found = self._settled(text)
        if found is not None:
            self._settled = None
        return found


def certain_json(text: str) -> str:
    """The beginning of what would be read as JSON, where that is settled; empty where it isn't.

    It is the whole answer when that starts as an object or a list, and else the fenced block labelled `json`, if
    there is one: of two such blocks, neither is read, and what is given then is no JSON.
    """
    body = text.lstrip()
    if body[:1] in ("{", "["):
        return body
    ends = max(body.rfind("\n"), body.rfind("\r") if body[-1:] != "\r" else -1)
    labelled = [block for block in blocks(body[: ends + 1]) if block.label in ("json", "jsonc", "json5")]
    if len(labelled) > 1:
        return "two fenced blocks"
    return labelled[0].text.lstrip() if labelled else ""


def certain(text: str) -> str:
    """The part of a beginning that folds to the same however it goes on: up to its last character that stands alone.

    What follows on that may still become one character with it: a mark with its letter, half a surrogate pair with
    the other.
    """
    for at in range(len(text) - 1, -1, -1):
        code = ord(text[at])
        if code < 0x80 or any(first <= code <= last for first, last in _ALONE):
            return text[:at]
    return ""


def certain_prose(text: str) -> str:
    """The prose of a beginning (`without_blocks`) that is prose however it goes on.

    The last line counts unless it may yet become a fence.
    """
    known = certain(text)
    ends = max(known.rfind("\n"), known.rfind("\r")) + 1
    if known[ends:].lstrip(" \t")[:1] in ("", "`", "~"):
        known = known[:ends]
    return without_blocks(known)
