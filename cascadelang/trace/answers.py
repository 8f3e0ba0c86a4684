"""Where answers are kept for ``cached``: in memory, and in the trace store.

Takes: answers with their keys. Gives: the same. Guarantees:

- Nothing here raises or fails a run: what can't be read (a damaged store or row, one of another version, one that
  isn't there) is no answer, and what can't be written stays in memory.
- Neither looking nor writing blocks the event loop: threads do it, and as many look at once as the store has use
  for. A look takes a second at most, and after one that took too long there is none for a minute. What waits to be
  written at the end is written.
- An answer is found as long as it is young enough for whoever asks. The store is pruned now and then: of what is
  older than it was to be kept, and of the oldest beyond `MOST_STORE_BYTES`. In memory the ones not used for longest
  go first.
- Any number of processes may use one store.

All SQL of the cache is in `AnswerStore`, but for `cascadelang.trace.retention`, which deletes what is old.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from cascadelang.contracts.answer_cache import Alike, Kept
from cascadelang.embedding.off_loop import off_loop
from cascadelang.source.digest import sha256
from cascadelang.trace.likeness import MOST_GROUPS, MOST_VECTORS, Nearest, from_text, to_text
from cascadelang.trace.sql import Connection, Where, database, looks_at_once

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

MOST_MEMORY_BYTES: Final = 64 * 1024 * 1024
MOST_STORE_BYTES: Final = 256 * 1024 * 1024
MOST_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""An answer with more isn't kept at all."""

_MOST_WAITING: Final = 1_000
"""Answers that may wait to be written; further ones stay in memory."""

_PRUNE_EVERY: Final = 256
_TRIES: Final = 2
"""A connection may have broken since the last answer, and another writer have been in the way."""

_LOOK_S: Final = 1.0
"""How long a look at the store may take; after one that takes longer, nobody looks for `_PAUSE_S`."""

_LATE_S: Final = 120.0
"""How much later than it was made an answer of another process may come to the store, and still be seen."""

_PAUSE_S: Final = 60.0
_SHORT_PAUSE_S: Final = 1.0
_PUT: Final = (
    "INSERT INTO answers (key, made_wall_s, until_wall_s, trace_id, answer, answer_sha256, bytes, alike, vector)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET made_wall_s = excluded.made_wall_s,"
    " until_wall_s = excluded.until_wall_s, trace_id = excluded.trace_id, answer = excluded.answer,"
    " answer_sha256 = excluded.answer_sha256, bytes = excluded.bytes,"
    " alike = excluded.alike, vector = excluded.vector"
)
T = TypeVar("T")


class AnswerMemory:
    """Answers in this process's memory; see `cascadelang.contracts.answer_cache.AnswerCache`.

    Args:
        most_bytes: of all answers together.
    """

    def __init__(self, most_bytes: int = MOST_MEMORY_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.vectors = Nearest()
        self._lock = threading.Lock()

    def get(self, key: str, since_wall_s: float) -> Kept | None:
        """See `AnswerCache.get`."""
        kept = self._kept.get(key)
        if kept is None or kept.made_wall_s < since_wall_s:
            return None
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        return kept

    async def find(self, key: str, since_wall_s: float) -> Kept | None:
        """See `AnswerCache.find`."""
        return self.get(key, since_wall_s)

    async def nearest(self, alike: Alike, since_wall_s: float) -> tuple[str, float] | None:
        """See `AnswerCache.nearest`."""
        vectors = self.vectors
        return await off_loop(lambda: vectors.nearest(alike, since_wall_s))

    def put(self, kept: Kept, keep_s: float, alike: Alike | None = None) -> None:
        """See `AnswerCache.put`; what is used goes out last, however old it is."""
        del keep_s
        if len(kept.text) > MOST_ANSWER_BYTES:
            return
        if alike is not None:
            self.vectors.add(alike.group, kept.key, kept.made_wall_s, alike.vector)
        with self._lock:
            before = self._kept.pop(kept.key, None)
            self._bytes += len(kept.text) - (0 if before is None else len(before.text))
            self._kept[kept.key] = kept
            while self._bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.text)

    def close(self) -> None:
        """See `AnswerCache.close`."""

    def abandon(self) -> None:
        """In a forked child: whoever holds the lock is the parent's."""
        self._lock = threading.Lock()


class AnswerStore:
    """Answers in the trace store, with those of this process in memory in front of it.

    Args:
        where: the store, as `cascadelang.trace.sql` has it; it is made when the first answer is written.
        most_bytes: of all answers in it.
    """

    def __init__(self, where: Where, *, most_bytes: int = MOST_STORE_BYTES) -> None:
        self._where = where
        self._most_bytes = most_bytes
        self._memory = AnswerMemory()
        self._closed = False
        self._begin()
        _STORES.add(self)

    def _begin(self) -> None:
        """Nothing is open and nothing waits: at the start, and in a forked child."""
        self._lock = threading.Lock()
        self._reader = _Hand("cascadelang-answers-read", lambda: looks_at_once(self._where))
        self._liker = _Hand("cascadelang-answers-alike")
        self._writer = _Hand("cascadelang-answers-write")
        self._waiting = 0
        self._written = 0
        self._pause_until_s = 0.0
        self._read_to: dict[str, _Read] = {}

    def get(self, key: str, since_wall_s: float) -> Kept | None:
        """See `AnswerCache.get`: what this process made or found before."""
        return self._memory.get(key, since_wall_s)

    async def find(self, key: str, since_wall_s: float) -> Kept | None:
        """See `AnswerCache.find`."""
        kept = self._memory.get(key, since_wall_s)
        if kept is not None or self._closed or time.monotonic() < self._pause_until_s:
            return kept
        looking = self._reader.do(lambda: self._read(key, since_wall_s))
        if looking is None:
            return None
        try:
            kept = await asyncio.wait_for(asyncio.wrap_future(looking), _LOOK_S)
        except TimeoutError:
            self._pause_until_s = time.monotonic() + _PAUSE_S
            return None
        if kept is not None:
            self._memory.put(kept, 0.0)
        return kept

    async def nearest(self, alike: Alike, since_wall_s: float) -> tuple[str, float] | None:
        """See `AnswerCache.nearest`."""
        if not self._closed and time.monotonic() >= self._pause_until_s:
            looking = self._liker.do(lambda: self._read_vectors(alike.group, since_wall_s))
            if looking is not None:
                with contextlib.suppress(TimeoutError):  # of many, the first look goes on for those that follow
                    await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(looking)), _LOOK_S)
        return await self._memory.nearest(alike, since_wall_s)

    def put(self, kept: Kept, keep_s: float, alike: Alike | None = None) -> None:
        """See `AnswerCache.put`."""
        self._memory.put(kept, keep_s, alike)
        with self._lock:
            if self._closed or self._waiting >= _MOST_WAITING or len(kept.text) > MOST_ANSWER_BYTES:
                return
            self._waiting += 1
        if self._writer.do(lambda: self._write(kept, kept.made_wall_s + keep_s, alike)) is None:
            with self._lock:
                self._waiting -= 1

    def close(self) -> None:
        """See `AnswerCache.close`."""
        self._closed = True
        self._writer.close()
        self._reader.close()
        self._liker.close()

    def _abandon(self) -> None:
        """Leave to the parent process what is its own: connections, threads and who holds a lock."""
        for hand in (self._reader, self._liker, self._writer):
            if hand.connection is not None:
                _INHERITED.append(hand.connection)
        self._memory.abandon()
        self._begin()

    def _read(self, key: str, since_wall_s: float) -> Kept | None:
        """In a reading thread: the answer, if it is there and whole."""
        rows = self._rows(
            self._reader,
            "SELECT made_wall_s, trace_id, answer, answer_sha256 FROM answers WHERE key = ? AND made_wall_s >= ?",
            (key, since_wall_s),
        )
        return _whole(key, *rows[0]) if rows else None

    def _read_vectors(self, group: str, since_wall_s: float) -> None:
        """In the thread for it: take in the vectors of a group that aren't in memory yet, the newest of too many."""
        read = self._read_to.pop(group, None)
        if read is None or read.since_wall_s > since_wall_s or not self._memory.vectors.holds(group):
            read = _Read(since_wall_s, 0.0)
        rows = self._rows(
            self._liker,
            "SELECT key, made_wall_s, vector FROM answers WHERE alike = ? AND made_wall_s >= ?"
            " ORDER BY made_wall_s DESC LIMIT ?",
            (group, max(since_wall_s, read.newest_wall_s - _LATE_S), MOST_VECTORS),
        )
        newest_wall_s = read.newest_wall_s
        for key, made_wall_s, text in reversed(rows):
            vector = from_text(text)
            if vector is not None and isinstance(made_wall_s, float):
                self._memory.vectors.add(group, key, made_wall_s, vector)
                newest_wall_s = max(newest_wall_s, made_wall_s)
        self._read_to[group] = _Read(read.since_wall_s, newest_wall_s)
        while len(self._read_to) > MOST_GROUPS:
            del self._read_to[next(iter(self._read_to))]  # the one that wasn't looked at for longest

    def _rows(self, hand: _Hand, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """In a reading thread: rows of the store; none where it can't be read."""
        began_s = time.monotonic()
        connection = None
        for last in (False, True):
            try:
                connection = hand.connection or database(self._where).look()
                if connection is None:
                    return []
                hand.connection = connection
                return connection.rows(sql, values)
            except Exception:  # noqa: BLE001 - whatever it is, the answer is made anew
                hand.disconnect(connection)
                slow = time.monotonic() - began_s > _LOOK_S / 10
                if last or slow or connection is None:
                    self._pause_until_s = time.monotonic() + (_PAUSE_S if slow else _SHORT_PAUSE_S)
                    break
        return []

    def _write(self, kept: Kept, until_wall_s: float, alike: Alike | None) -> None:
        """In the writing thread: one answer, and now and then what is too old or too much."""
        for _ in range(_TRIES):
            try:
                self._add(kept, until_wall_s, alike)
            except Exception:  # noqa: BLE001 - the answer is in memory, and the store has its own warning
                self._writer.disconnect()
            else:
                break
        with self._lock:
            self._waiting -= 1

    def _add(self, kept: Kept, until_wall_s: float, alike: Alike | None) -> None:
        hand = self._writer
        if hand.connection is None:
            hand.connection = database(self._where).connect()
        size = len(kept.text)
        with hand.connection.transaction():
            row = (kept.key, kept.made_wall_s, until_wall_s, kept.trace_id, kept.text, _digest(kept.text), size)
            likeness = ("", "") if alike is None else (alike.group, to_text(alike.vector))
            hand.connection.execute(_PUT, (*row, *likeness))
            if self._written % _PRUNE_EVERY == 0:
                self._prune(hand.connection, kept.made_wall_s)
        self._written += 1

    def _prune(self, connection: Connection, now_wall_s: float) -> None:
        connection.execute("DELETE FROM answers WHERE until_wall_s < ?", (now_wall_s,))
        total = int(connection.rows("SELECT coalesce(sum(bytes), 0) FROM answers")[0][0])
        if total <= self._most_bytes:
            return
        goal = self._most_bytes * 9 // 10
        for made_wall_s, size in connection.rows("SELECT made_wall_s, bytes FROM answers ORDER BY made_wall_s"):
            total -= size
            if total <= goal:
                connection.execute("DELETE FROM answers WHERE made_wall_s <= ?", (made_wall_s,))
                return


class _Read(NamedTuple):
    """Which of a group's vectors were read from the store: those made then or later, and when the newest was made."""

    since_wall_s: float
    newest_wall_s: float


class _Hand:
    """Threads with a connection of their own; started with the first thing there is to do.

    Args:
        name: of the threads.
        threads: says how many there are; one unless said. Where there are more, the connection is of all of them.
    """

    def __init__(self, name: str, threads: Callable[[], int] = lambda: 1) -> None:
        self.connection: Connection | None = None
        self._name = name
        self._number = threads
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    def do(self, work: Callable[[], T]) -> Future[T] | None:
        """Have it done, after what was given before; ``None`` where it can't be."""
        with self._lock:
            if self._closed:
                return None
            try:
                if self._threads is None:
                    import sqlite3  # noqa: F401 - not in the thread: a fork meanwhile would leave it half imported
                    from concurrent.futures import ThreadPoolExecutor

                    self._threads = ThreadPoolExecutor(self._number(), self._name)
                return self._threads.submit(work)
            except RuntimeError:  # the process is ending, or has no threads left
                return None

    def disconnect(self, connection: Connection | None = None) -> None:
        """In a thread: close the connection, if it is still this one."""
        if connection is None or self.connection is connection:
            connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Do what was given, and end."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            with contextlib.suppress(RuntimeError):
                threads.submit(self.disconnect)
            threads.shutdown()


_STORES: Final[weakref.WeakSet[AnswerStore]] = weakref.WeakSet()
_INHERITED: Final[list[Connection]] = []
"""Connections of a parent process: a child must not even close them."""


def _begin_in_child() -> None:
    for store in list(_STORES):
        store._abandon()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


def _whole(key: str, made_wall_s: object, trace_id: object, text: object, digest: object) -> Kept | None:
    """A row, if it is as it was written."""
    if not isinstance(made_wall_s, float) or not isinstance(text, str) or _digest(text) != digest:
        return None
    return Kept(key, made_wall_s, str(trace_id), text)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
