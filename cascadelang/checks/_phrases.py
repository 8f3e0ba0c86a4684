"""Sets of phrases: ways to hedge and to refuse, in several languages.

Takes: the files in ``phrases/`` and a policy's own phrases. Gives: the first phrase of a set that an answer uses in
its own voice. Guarantees: whole phrases only (`cascadelang.contracts.words`), linear time, never raises.

A line of a file is a phrase; ``{a|b|}`` stands for each of its forms in turn; ``! `` in front marks an exception: a
longer phrase inside which a hit doesn't count. A hit inside quotation marks doesn't count either, because it is
somebody else's voice, unless the whole answer is quoted or JSON. A set is one RE2 expression over the folded text.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from cascadelang.contracts.patterns import compile_re2, without_surrogates
from cascadelang.contracts.words import fold, unspaced

LANGUAGES: Final = ("en", "de", "fr", "es", "zh", "ja")

_QUOTES: Final = (
    ("\u201c", "\u201d"),
    ("\u201e", "\u201c"),
    ("\u00ab", "\u00bb"),
    ("\u300c", "\u300d"),
    ("\u300e", "\u300f"),
)
_QUOTED_WHOLE: Final = ('"', "{", "[", *(opening for opening, _ in _QUOTES))

_QUOTE_CHARS: Final = 300
"""How far before a hit an opening quotation mark is looked for."""

_MOST_HITS: Final = 50
_MOST_BYTES: Final = 64 * 1024 * 1024
"""A set in all languages is larger than RE2's own limit."""

_NO_WORD: Final = r"[^\pL\pN_]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"


class PhraseSet:
    """Phrases and exceptions, compiled."""

    def __init__(self, lines: Iterable[str], also: Iterable[str] = ()) -> None:
        grouped: dict[tuple[str, str], list[str]] = {}
        exceptions: list[str] = []
        lines_read, also_read = list(lines), [folded for folded in map(fold, also) if folded]
        for folded in also_read:
            grouped.setdefault(_edges(folded), []).append(_literal(folded))
        for line in lines_read:
            if line.startswith("! "):
                exceptions.append(_expression(line[2:]))
            else:
                grouped.setdefault(_edges(line), []).append(_expression(line))
        # The classes of `_NO_WORD` are large: once per group of phrases, not once per phrase.
        groups = [f"{before}({'|'.join(phrases)}){after}" for (before, after), phrases in grouped.items()]
        self._longest = max(map(_longest, [*lines_read, *also_read]), default=0)
        self._groups = range(1, len(groups) + 1)
        self._phrases = compile_re2("|".join(groups), _MOST_BYTES)
        self._exceptions = compile_re2("|".join(exceptions), _MOST_BYTES) if exceptions else None

    def find(self, text: str) -> str | None:
        """The first phrase in the text that stands there in the text's own voice, or ``None``."""
        folded = fold(without_surrogates(text))
        quoted_whole = folded[:1] in _QUOTED_WHOLE
        excepted: list[tuple[int, int]] | None = None
        for count, match in enumerate(self._phrases.finditer(folded)):
            if count == _MOST_HITS:
                return None
            start, end = next(span for span in map(match.span, self._groups) if span != (-1, -1))
            if excepted is None:
                found = self._exceptions.finditer(folded) if self._exceptions is not None else ()
                excepted = [exception.span() for exception in found]
            inside = any(first <= start and end <= last for first, last in excepted)
            if not inside and (quoted_whole or not _quoted(folded, start)):
                return folded[start:end]
        return None

    def find_certain(self, text: str) -> str | None:
        """A phrase that `find` finds in every text that begins so; ``None`` where there may be none.

        A hit counts when so much stands behind it that no longer phrase and no exception can still come of it, and
        when no quotation mark that closes later puts it into somebody else's mouth.

        Args:
            text: a beginning that folds to the same however it goes on.
        """
        folded = fold(without_surrogates(text))
        enough = len(folded) - self._longest - 2
        if enough < 0:
            return None
        quoted_whole = folded[:1] in _QUOTED_WHOLE
        excepted: list[tuple[int, int]] | None = None
        for count, match in enumerate(self._phrases.finditer(folded)):
            start, end = next(span for span in map(match.span, self._groups) if span != (-1, -1))
            if count == _MOST_HITS or start > enough:
                return None
            if excepted is None:
                found = self._exceptions.finditer(folded) if self._exceptions is not None else ()
                excepted = [exception.span() for exception in found]
            inside = any(first <= start and end <= last for first, last in excepted)
            if not inside and (quoted_whole or not _opened(folded, start)):
                return folded[start:end]
        return None


@lru_cache(maxsize=64)
def phrase_set(name: str, also: tuple[str, ...] = ()) -> PhraseSet:
    """The set of that name in all languages, with a policy's own phrases, taken as they are."""
    lines: list[str] = []
    for language in LANGUAGES:
        text = (Path(__file__).parent / "phrases" / f"{name}.{language}.txt").read_text(encoding="utf-8")
        lines += [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    return PhraseSet(lines, also)


def _expression(line: str) -> str:
    """A line as a regular expression: its braces as groups, all else literal."""
    expression, rest = "", " ".join(line.casefold().split())
    while "{" in rest:
        before, _, rest = rest.partition("{")
        inside, _, rest = rest.partition("}")
        expression += _literal(before) + "(?:" + "|".join(map(_literal, inside.split("|"))) + ")"
    return expression + _literal(rest)


def _literal(text: str) -> str:
    return "".join(char if char.isalnum() or char in " '" else f"\\x{{{ord(char):x}}}" for char in text)


def _edges(source: str) -> tuple[str, str]:
    """What must stand before and behind a phrase: edges of words, but in scripts without spaces."""
    first = next((char for char in source if char not in "{|} "), " ")
    last = next((char for char in reversed(source) if char not in "{|} "), " ")
    before = "" if unspaced(first) or not first.isalnum() else f"(?:^|{_NO_WORD})"
    after = "" if unspaced(last) or not last.isalnum() else f"(?:$|{_NO_WORD})"
    return before, after


def _opened(folded: str, at: int) -> bool:
    """Whether a quotation may be open at the place, so that it is quoted or may yet be."""
    window = folded[max(0, at - _QUOTE_CHARS) : at]
    return window.count('"') % 2 == 1 or any(
        opening in window and window.rfind(opening) >= window.rfind(closing) for opening, closing in _QUOTES
    )


def _longest(line: str) -> int:
    """How many characters the longest form of a line has."""
    size, rest = 0, " ".join(line.removeprefix("! ").casefold().split())
    while "{" in rest:
        before, _, rest = rest.partition("{")
        inside, _, rest = rest.partition("}")
        size += len(before) + max(map(len, inside.split("|")))
    return size + len(rest)


def _quoted(folded: str, at: int) -> bool:
    """Whether the place is between quotation marks."""
    window = folded[max(0, at - _QUOTE_CHARS) : at]
    behind = folded[at : at + _QUOTE_CHARS]
    if window.count('"') % 2 and '"' in behind:
        return True
    return any(
        opening in window and window.rfind(opening) >= window.rfind(closing) and closing in behind
        for opening, closing in _QUOTES
    )
