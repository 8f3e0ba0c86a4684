"""Takes secrets out of the words of a server.

Takes: the secrets, and words that came from elsewhere. Gives: one short printable line. Guarantees: no secret of at
least 4 characters is in it. Of a secret of at least 12 characters no eight that follow one another are in it either:
as they are, in either case, backwards, with other signs between them, as hex or as base64; nor are the first or last
few with a mask for the rest. What would show them is replaced word by word.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

MAX_MESSAGE_CHARS: Final = 300

_WINDOW: Final = 8
"""So many characters in a row, shared with a secret, are no chance."""

_WIDE: Final = 12
"""The same for characters with spaces between them, where ordinary words run into each other."""

_PIECE: Final = 3
"""Words in a row up to this long are read as one: a secret may be spelt out."""

_HIDDEN: Final = "***"
_MASK = re.compile(r"\*{2,}|\.{2,}|…+|[xX]{2,}|[•●]+|#{2,}|_{2,}|-{3,}")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


class Redactor:
    """Takes secrets out of words that come from a server, and makes one short line of them."""

    __slots__ = ("_secrets", "_wide", "_windows")

    def __init__(self, secrets: Sequence[str]) -> None:
        whole = {secret for secret in secrets if len(secret) >= 4}
        self._secrets = tuple(sorted(whole | {quote(secret, safe="") for secret in whole}, key=len, reverse=True))
        forms = {form.casefold() for secret in whole for form in _forms(secret)}
        forms |= {_flat(form) for form in forms}
        self._windows = frozenset(_windows(forms, _WINDOW))
        self._wide = frozenset(_windows(forms, _WIDE))

    def __repr__(self) -> str:
        return "Redactor(***)"

    def line(self, text: str) -> str:
        """The text as one printable line without secrets, at most `MAX_MESSAGE_CHARS` long."""
        text = text[: 64 * 1024]
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        if not text.isascii():
            text = "".join(char for char in text if unicodedata.category(char) != "Cf")  # they have no width
            for secret in self._secrets:
                text = text.replace(secret, _HIDDEN)
        words = "".join(char if char.isprintable() else " " for char in text).split()
        hidden = self._spelt_out(words) | self._masked(words)
        after_scheme = False
        for index, word in enumerate(words):
            if index in hidden or (after_scheme and len(word) >= 8) or self._is_part(word):
                words[index] = _HIDDEN
            after_scheme = word.strip("\"':,").lower() in {"bearer", "basic"}
        line = " ".join(
            word for index, word in enumerate(words) if not index or {word, words[index - 1]} != {_HIDDEN}
        )
        if len(line) > MAX_MESSAGE_CHARS:
            line = line[: MAX_MESSAGE_CHARS - 1].rstrip() + "…"
        return line.rstrip(".")

    def _is_part(self, word: str) -> bool:
        """Whether the word shares a stretch with a secret."""
        folded = word.casefold()
        return any(not self._windows.isdisjoint(_windows((form,), _WINDOW)) for form in (folded, _flat(folded)))

    def _spelt_out(self, words: Sequence[str]) -> set[int]:
        """The words that together, and without the signs in them, share a stretch with a secret."""
        flat, owners, pieces = "", [], []
        for index, word in enumerate(words):
            part = _flat(word.casefold())
            flat += part
            owners += [index] * len(part)
            pieces += [len(part) <= _PIECE] * len(part)
        hidden: set[int] = set()
        for start in range(len(flat) - _WINDOW + 1):
            short, long = start + _WINDOW, start + _WIDE
            if flat[start:short] in self._windows and all(pieces[start:short]):
                hidden.update(range(owners[start], owners[short - 1] + 1))
            if flat[start:long] in self._wide:
                hidden.update(range(owners[start], owners[long - 1] + 1))
        return hidden

    def _masked(self, words: Sequence[str]) -> set[int]:
        """Some servers show the first and last characters of a wrong key with a mask for the others."""
        hidden: set[int] = set()
        for index, word in enumerate(words):
            for mask in _MASK.finditer(word):
                if mask.group() == word:
                    near = range(max(index - 1, 0), min(index + 2, len(words)))
                    before, after = words[near[0]], words[near[-1]]
                    if self._ends(before, after, 4):
                        hidden.update(near)
                    continue
                first = 3 if "*" in mask.group() else 4  # `sk-...` is how documents speak of any key
                if len(word) >= _WINDOW and self._ends(word[: mask.start()], word[mask.end() :], first):
                    hidden.add(index)
        return hidden

    def _ends(self, before: str, after: str, first: int) -> bool:
        """Whether the text before a mask ends as a secret starts, or the one after it starts as a secret ends."""
        for secret in self._secrets:
            if any(before.endswith(secret[:size]) for size in range(first, min(len(secret), len(before)) + 1)):
                return True
            if any(after.startswith(secret[-size:]) for size in range(4, min(len(secret), len(after)) + 1)):
                return True
        return False


def _forms(secret: str) -> Iterator[str]:
    """The texts a secret can be known again in."""
    secret = _SCHEME.sub("", secret)  # else every address would look like a header that holds one
    if len(secret) < _WIDE:
        return
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield secret[::-1]
    yield quote(secret, safe="", errors="surrogatepass")
    yield raw.hex()
    for before in range(3):
        # Of the base64 of a longer text, the characters that the secret alone decides: one for each whole 6 bits.
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def _flat(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _windows(texts: Iterable[str], size: int) -> Iterator[str]:
    return (text[start : start + size] for text in texts for start in range(len(text) - size + 1))
