"""How near a query is to examples: what `similar` and `nearest` share.

Takes: examples. Gives: the one that a query is nearest to, and how near, from -1 to 1. Guarantees: nothing is called;
the encoder and numpy are loaded when the first query is read; the examples are embedded once and kept on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cascadelang.contracts.messages import Query
from cascadelang.signals._scope import scope_of, text_of

if TYPE_CHECKING:
    from cascadelang.contracts.embedder import Vectors

NO_TEXT: Final = "the query has no text"

READS: Final = """
Texts are compared by a small multilingual encoder that works on this machine
(`pip install 'cascadelang[embed]'`): nothing is called, and it costs nothing but a few milliseconds. Of a long query
the first 320 and the last 120 characters are read. The file's own vectors are kept in the user's cache folder.
Where the encoder isn't installed, lint is as ever, and a policy that needs it says so before its first run.
"""


class ByMeaning:
    """A signal that compares the query with examples.

    Attributes:
        slow, ready: see `SlowSignal`.
    """

    slow: ClassVar[bool] = True

    def __init__(self, args: Mapping[str, Any], texts: Sequence[str]) -> None:
        self._scope = scope_of(args)
        self.texts = tuple(texts)
        self._rows: Vectors | None = None
        self._lock = threading.Lock()

    @staticmethod
    def missing() -> str:
        """What has to be installed first."""
        from cascadelang.embedding.built_in import missing_package

        return missing_package()

    @property
    def ready(self) -> bool:
        """See `SlowSignal.ready`."""
        return self._rows is not None

    def prepare(self) -> None:
        """See `SlowSignal.prepare`."""
        from cascadelang.embedding.built_in import built_in

        self._examples()
        built_in().load()

    def nearest_example(self, query: Query) -> tuple[int, float] | None:
        """The first of the nearest examples, and its cosine; ``None`` for a query without text."""
        import numpy as np

        from cascadelang.embedding.built_in import built_in

        text = text_of(query, self._scope)
        if not text.strip():
            return None
        (row,) = built_in().embed([text])
        # in this thread: BLAS would share the work with threads that a busy machine makes it wait for
        alike = np.einsum("ij,j->i", self._examples(), row)
        best = int(alike.argmax())
        return best, float(alike[best])

    def _examples(self) -> Vectors:
        from cascadelang.embedding.built_in import built_in
        from cascadelang.embedding.kept_vectors import vectors_of

        with self._lock:
            if self._rows is None:
                self._rows = vectors_of(built_in(), self.texts)
            return self._rows


def shown(text: str) -> str:
    """An example as a reason names it."""
    line = " ".join(text.split())
    return f"`{line if len(line) <= 40 else line[:39] + '…'}`"
