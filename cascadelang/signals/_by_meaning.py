"""How near a query is to examples: what `similar` and `nearest` share.

Takes: examples. Gives: the one that a query is nearest to, and how near, from -1 to 1. Guarantees: the encoder and
numpy are loaded when the first query is read; the examples are embedded once and kept on disk. Nothing is called,
unless a model is named whose vectors are compared: then the query is embedded by one call, and the examples by one
more where their vectors aren't kept yet.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import Caller, Finding
from cascadelang.contracts.messages import Message, Query, Request
from cascadelang.contracts.patterns import without_surrogates
from cascadelang.contracts.spec import Param
from cascadelang.signals._scope import scope_of, text_of

if TYPE_CHECKING:
    from cascadelang.contracts.embedder import Vectors

NO_TEXT: Final = "the query has no text"

READS: Final = """
Texts are compared by a small multilingual encoder that works on this machine
(`pip install 'cascadelang[embed]'`): nothing is called, and it costs nothing but a few milliseconds. Of a long query
the first 320 and the last 120 characters are read. The file's own vectors are kept in the user's cache folder.
Where the encoder isn't installed, lint is as ever, and a policy that needs it says so before its first run.

With `by`, the vectors of a declared model are compared, of a provider `openai` (any server with `/embeddings`):
`model small = openai("text-embedding-3-small")`. The query is embedded by a call, counted, priced and looked at by
`within` like any other, and the examples by one more, where their vectors aren't kept yet. A call that fails leaves
the signal unknown. Other vectors need another threshold: measure it. In a test, `ask small …` is what comes out.
"""

BY: Final = Param("by", "model", "a model whose embeddings are compared; the built-in encoder, unless it is given")

MOST_BY_MODEL: Final = 1_000
"""Examples that a model is asked to embed in one call: services take some two thousand texts."""

_READ_CHARS: Final = 6_000
"""So much of a query a model is given to embed: services take 8,192 tokens."""


class ByMeaning(ABC):
    """A signal that compares the query with examples.

    Attributes:
        slow, ready: see `SlowSignal`.
        requests, read_paid: see `PaidSignal`; only there when a model is named.
    """

    requests: Callable[[Query], Mapping[str, Request]]
    read_paid: Callable[[Query, Caller], Awaitable[Finding]]

    def __init__(self, args: Mapping[str, Any], texts: Sequence[str]) -> None:
        self._scope = scope_of(args)
        self.texts = tuple(texts)
        self._rows: Vectors | None = None
        self._rows_by = ""
        self._lock = threading.Lock()
        self._model = str(args.get("by") or "")
        self.slow = not self._model
        if self._model:
            self.requests = self._requests
            self.read_paid = self._read_paid

    @staticmethod
    def missing_for(args: Mapping[str, Any]) -> str:
        """What has to be installed first for a use with these arguments."""
        from cascadelang.embedding.built_in import missing_numpy, missing_package

        return missing_numpy() if args.get("by") else missing_package()

    @abstractmethod
    def found(self, best: int, near: float) -> Finding:
        """What it comes to that an example is the nearest."""

    @abstractmethod
    def told(self, words: str) -> Finding:
        """What a test says that it comes to."""

    def read(self, query: Query) -> Finding:
        """See `SlowSignal.read`."""
        found = self.nearest_example(query)
        return Finding(None, NO_TEXT) if found is None else self.found(*found)

    def _requests(self, query: Query) -> Mapping[str, Request]:
        return {self._model: _request([text_of(query, self._scope)[:_READ_CHARS], *self.texts])}

    async def _read_paid(self, query: Query, call: Caller) -> Finding:
        import numpy as np

        text = text_of(query, self._scope)[:_READ_CHARS]
        if not text.strip():
            return Finding(None, NO_TEXT)
        reply = await call(self._model, _request([text]))
        if reply.embedded is None:
            return self.told(reply.text)
        row = _even(reply.embedded.rows)[0]
        rows = await self._rows_of(reply.embedded.by, call)
        if rows is None or rows.shape[1] != row.shape[0]:
            return Finding(None, f"`{self._model}` gave vectors that can't be compared")
        alike = np.einsum("ij,j->i", rows, row)
        best = int(alike.argmax())
        return self.found(best, float(alike[best]))

    async def _rows_of(self, by: str, call: Caller) -> Vectors | None:
        """The examples' vectors by a model, from memory, from the disk, or by a call; ``None`` for what is none."""
        from cascadelang.embedding.kept_vectors import keep_vectors, kept_vectors
        from cascadelang.embedding.off_loop import off_loop

        if self._rows is not None and self._rows_by == by:
            return self._rows
        rows = await off_loop(partial(kept_vectors, by, self.texts))
        if rows is None:
            reply = await call(self._model, _request(self.texts))
            if reply.embedded is None or reply.embedded.by != by:
                return None
            rows = _even(reply.embedded.rows)
            await off_loop(partial(keep_vectors, by, self.texts, rows))
        self._rows, self._rows_by = rows, by
        return rows

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


def too_many(args: Mapping[str, Any], texts: int) -> list[str]:
    """What is wrong where a model is named and there are too many examples for it."""
    if args.get("by") is None or texts <= MOST_BY_MODEL:
        return []
    return [f"a model embeds {MOST_BY_MODEL:,} examples at most, and there are {texts:,}"]


def _request(texts: Sequence[str]) -> Request:
    messages = tuple([Message("user", without_surrogates(text)) for text in texts])
    return Request(model="", messages=messages, purpose="ask", embed=True)


def _even(rows: Sequence[Sequence[float]]) -> Vectors:
    """Vectors at the length 1, also those with numbers whose squares no float holds."""
    import numpy as np

    tiny = np.finfo(np.float64).tiny
    whole = np.asarray(rows, dtype=np.float64)
    whole = whole / np.maximum(np.abs(whole).max(axis=1, keepdims=True), tiny)
    unit = whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), tiny)
    found: Vectors = unit.astype(np.float32)
    return found


def shown(text: str) -> str:
    """An example as a reason names it."""
    line = " ".join(text.split())
    return f"`{line if len(line) <= 40 else line[:39] + '…'}`"
