"""Whole words and phrases in a text, in any script and any case.

Takes: texts. Gives: folded texts (`fold`), whether phrases stand in them as whole words (`find_phrase`), and how many
words they have (`count_words`). Guarantees: linear time in the text, never raises.

What a whole word is: the match may not touch a letter, digit or underscore on either side, except where one of the
two is of a script that is written without spaces between words or glues endings on (Han, kana, Hangul, Thai, Lao,
Khmer, Burmese): there every place is taken as a word's edge.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_APOSTROPHES: Final = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "\u00b4": "'",
        "`": "'",
        "\uff07": "'",
        "\u00ad": None,
        "\u200b": None,
    }
)

_UNSPACED: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul parts
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # kana
    (0x3130, 0x318F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),  # Han
    (0xAC00, 0xD7AF),  # Hangul
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),
    (0x20000, 0x3FFFF),
)


def unspaced(char: str) -> bool:
    """Whether the character's script is written without spaces between words, or glues endings on."""
    code = ord(char)
    return code >= 0x0E00 and any(first <= code <= last for first, last in _UNSPACED)


def fold(text: str) -> str:
    """The text with case, kinds of apostrophe, runs of white space and ways to write a mark made alike."""
    if text.isascii():
        text = text.lower()
        if "`" in text:
            text = text.replace("`", "'")
    else:
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        text = text.translate(_APOSTROPHES).casefold()
    return " ".join(text.split())


def find_phrase(folded: str, phrase: str) -> int:
    """Where a folded phrase stands in a folded text as whole words; -1 for nowhere."""
    if not phrase:
        return -1
    at = folded.find(phrase)
    while at != -1:
        if _edge(folded, at) and _edge(folded, at + len(phrase)):
            return at
        at = folded.find(phrase, at + 1)
    return -1


def first_phrase(folded: str, phrases: Iterable[str]) -> str | None:
    """The first of the folded phrases that stands in the folded text, or ``None``."""
    for phrase in phrases:
        if phrase in folded and find_phrase(folded, phrase) != -1:
            return phrase
    return None


def count_words(text: str) -> int:
    """How many words a text has: runs between white space; each character of Han and kana is a word."""
    if text.isascii():
        return len(text.split())
    count = 0
    for part in text.split():
        if part.isascii():
            count += 1
            continue
        inside = False
        for char in part:
            code = ord(char)
            if 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF:
                count += 1
                inside = False
            elif not inside and (code < 0x2E80 or char.isalnum()):
                count += 1
                inside = True
    return count


class WordCounter:
    """Counts the words of a text that comes in pieces, as `count_words` counts them in the whole."""

    __slots__ = ("_count", "_inside")

    def __init__(self) -> None:
        self._count = 0
        self._inside = False

    def add(self, piece: str) -> int:
        """Take the next piece; give how many words there are so far, the last of which may not be at its end."""
        if not piece:
            return self._count
        if piece.isascii():
            self._count += len(piece.split()) - (self._inside and not piece[0].isspace())
            self._inside = not piece[-1].isspace()
            return self._count
        for char in piece:
            if char.isspace():
                self._inside = False
                continue
            code = ord(char)
            if 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF:
                self._count += 1
                self._inside = False
            elif not self._inside and (code < 0x2E80 or char.isalnum()):
                self._count += 1
                self._inside = True
        return self._count


def _edge(text: str, at: int) -> bool:
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if not (before.isalnum() or before == "_") or not (after.isalnum() or after == "_"):
        return True
    return unspaced(before) or unspaced(after)
