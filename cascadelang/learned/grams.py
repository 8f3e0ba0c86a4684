r"""Hashed n-grams of words and characters: the same on every machine and in every version.

Takes: a text. Gives: how much of each bucket there is in it. Guarantees: time linear in what is read of the text;
never raises.

1. Read are the first 1,500 characters of a text and its last 500; all of it when it has no more than both.
2. The text is folded as `contracts.words.fold` does: case, kinds of apostrophe, runs of white space and ways to
   write a mark are alike.
3. Words are runs of letters, digits and underscores (Python's ``\w+``); an n-gram of words is n in a row, joined by
   one space. The n-grams of characters are those of the words joined by one space, with a space at both ends.
4. The bucket of an n-gram is the CRC-32 (ISO 3309, as in zlib) of its UTF-8 bytes, begun with the CRC-32 of the
   unit's name (``words`` or ``chars``), modulo ``2 ** bits``.
5. What there is of a bucket is ``1 + log(count)``, and all buckets together are divided by the root of the sum of
   their squares.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal
from zlib import crc32

from cascadelang.contracts.patterns import without_surrogates
from cascadelang.contracts.words import fold

READ_FIRST: Final = 1_500
READ_LAST: Final = 500

_WORD: Final = re.compile(r"\w+")


def grams(text: str, unit: Literal["words", "chars"], lengths: Sequence[int], bits: int) -> dict[int, float]:
    """How much of each bucket a text holds; empty for a text without words.

    Args:
        text: of any length.
        unit: what is counted.
        lengths: of the n-grams.
        bits: there are ``2 ** bits`` buckets.
    """
    words = _WORD.findall(fold(without_surrogates(_read(text))))
    if not words:
        return {}
    start, mask = crc32(unit.encode()), (1 << bits) - 1
    counts: dict[int, int] = {}
    get = counts.get
    for length in lengths:
        for gram in _word_grams(words, length) if unit == "words" else _char_grams(words, length):
            bucket = crc32(gram, start) & mask
            counts[bucket] = get(bucket, 0) + 1
    log = math.log
    found = {bucket: 1.0 if count == 1 else 1.0 + log(count) for bucket, count in counts.items()}
    size = math.sqrt(sum([much * much for much in found.values()]))
    return {bucket: much / size for bucket, much in found.items()} if size else found


def _read(text: str) -> str:
    return text if len(text) <= READ_FIRST + READ_LAST else f"{text[:READ_FIRST]} {text[-READ_LAST:]}"


def _word_grams(words: Sequence[str], length: int) -> Iterable[bytes]:
    if length == 1:
        return [word.encode() for word in words]
    return [" ".join(words[at : at + length]).encode() for at in range(len(words) - length + 1)]


def _char_grams(words: Sequence[str], length: int) -> Iterable[bytes]:
    text = f" {' '.join(words)} "
    places = range(len(text) - length + 1)
    if text.isascii():
        data = text.encode()
        return [data[at : at + length] for at in places]
    return [text[at : at + length].encode() for at in places]
