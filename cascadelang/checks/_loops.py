"""Repetition loops: the same words over and over.

Takes: a text. Gives: the unit that is repeated, and how often, or ``None``. Guarantees: linear time and
bounded memory.

The method: the text is taken as a row of words (of characters, where it has no spaces). For each run of four words
the distance to the place where the same four last stood is looked up. While a text loops with a period of *p* words,
that distance stays *p*; a loop is found when it stayed so for three further periods and at least twelve words, so
from the fourth copy on, and the unit has a letter in it (rows of zeros and rules of dashes are not speech).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

_GRAM: Final = 4
_LEAST_RUN: Final = 12
_LEAST_COPIES: Final = 4
_LEAST_CHARS: Final = 40
_LONG_WORD: Final = 40
_MOST_CHARS: Final = 200_000
"""Of longer answers the first and the last half of this are read."""

MOST_CERTAIN_CHARS: Final = _MOST_CHARS // 2


class Loop(NamedTuple):
    """The words that are repeated, and how many copies stand in a row at least."""

    unit: str
    copies: int


def find_loop(text: str) -> Loop | None:
    """The first repetition loop of a text, or ``None``."""
    if len(text) < _LEAST_CHARS:
        return None
    if len(text) > _MOST_CHARS:
        half = _MOST_CHARS // 2
        return _loop(_pieces(text[:half])) or _loop(_pieces(text[-half:]))
    return _loop(_pieces(text))


def certain_loop(text: str) -> Loop | None:
    """A repetition loop that every text has that begins so, or ``None``; at most `MOST_CERTAIN_CHARS` are read."""
    folded = text[:MOST_CERTAIN_CHARS].casefold()
    head, last = folded, ""
    if folded and not folded[-1].isspace():
        last = folded.split()[-1]
        head = folded[: -len(last)]
    pieces = _pieces(head)
    if len(last) > _LONG_WORD:  # it can only become longer, and is read by characters as it is
        pieces += last
    return _loop(pieces, whole=False)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for word in text.casefold().split():
        if len(word) > _LONG_WORD:
            pieces += word
        else:
            pieces.append(word)
    return pieces


def _loop(pieces: Sequence[str], *, whole: bool = True) -> Loop | None:
    """The first loop; where the text isn't ``whole``, only one that doesn't hang on what follows."""
    last: dict[Hashable, int] = {}
    run = period = 0
    for at, gram in enumerate(zip(pieces, pieces[1:], pieces[2:], pieces[3:], strict=False)):
        before = last.get(gram)
        last[gram] = at
        if before is None:
            run = 0
            continue
        run = run + 1 if at - before == period else 1
        period = at - before
        if run + _GRAM - 1 >= max((_LEAST_COPIES - 1) * period, _LEAST_RUN):
            if not whole and at + period > len(pieces):
                continue
            unit = pieces[at : at + period] if at + period <= len(pieces) else pieces[at - period : at]
            words = " ".join(unit)
            copies = (run + _GRAM - 1) // period + 1
            if copies * (len(words) + 1) >= _LEAST_CHARS and any(char.isalpha() for char in words):
                return Loop(words, copies)
    return None
