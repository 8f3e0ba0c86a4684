"""Where finished runs are kept: one SQLite file, written by one thread.

Takes: runs, from any thread. Gives: rows. Guarantees:

- `TraceStore.record` never waits and never raises: it puts the run on a queue. A thread writes what has gathered in
  one transaction, at the latest some hundredths of a second later. When more than ``most_waiting`` runs wait, further
  ones are dropped and counted.
- Whatever goes wrong with the file is told in one warning, once, and costs no more than the record. A file that isn't
  a trace store, is damaged, or was written by a newer version, is left as it is.
- Any number of processes may write one file: each waits for the others' transactions.
- What was recorded is on the disk when `close` returns, and at the end of the process at the latest. A process that
  is killed loses at most what hadn't been written yet.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.rows import TABLES, Row, rows_of, storable
from cascadelang.trace.schema import StoreUnusable, bring_up_to_date

if TYPE_CHECKING:
    import sqlite3

BUSY_S: Final = 10.0
"""How long a transaction waits for those of other processes."""

_GATHER_S: Final = 0.25
"""How long runs are gathered before they are written together: what a killed process can lose. Fewer, larger
transactions take a third less of tracing's CPU than writing every 30 ms."""
_MOST_AT_ONCE: Final = 256
_ROWS_AT_ONCE: Final = 32
_UNSTORABLE: Final = (UnicodeEncodeError, OverflowError)
"""What binding a value that SQLite can't hold raises: half of a surrogate pair, an integer of more than 64 bits."""
_CLOSE_S: Final = 30.0


class TraceStore:
    """A `cascadelang.contracts.trace_sink.TraceSink` that keeps runs in a SQLite file.

    Args:
        path: the file; it and its folders are made when the first run is written, readable by the user alone.
        warn: takes the one warning, for people; called from the writing thread or from `close`.
        most_waiting: how many runs may wait to be written.

    Attributes:
        path: as given.
        dropped: how many runs weren't recorded.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        warn: Callable[[str], None] | None = None,
        most_waiting: int = 10_000,
    ) -> None:
        self.path = Path(path)
        self.dropped = 0
        self._warn = warn
        self._warned = False
        self._too_fast = False
        self._most_waiting = most_waiting
        self._begin()
        _STORES.add(self)

    def _begin(self) -> None:
        """Nothing waits and nothing runs: at the start, and in a forked child."""
        self._waiting: deque[RunRecord] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._hopeless = False

    def _abandon(self) -> None:
        """Leave to the parent process what is its own."""
        if self._connection is not None:
            _INHERITED.append(self._connection)
        self._begin()

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""
        if self._closed or self._hopeless or len(self._waiting) >= self._most_waiting:
            self._too_fast = True
            self.dropped += 1
            return
        self._waiting.append(run)
        if not self._wake.is_set():
            self._wake.set()
            if self._thread is None:
                self._start()

    def close(self) -> None:
        """See `TraceSink.close`."""
        with self._lock:
            self._closed = True
            self._hurry.set()
            self._wake.set()
            thread = self._thread
        atexit.unregister(self._close_at_exit)
        if thread is not None:
            thread.join(_CLOSE_S)
            if thread.is_alive():
                self._say(
                    f"{len(self._waiting)} runs are not recorded in `{self.path}` yet: another program holds it"
                )
                return
        self.dropped += len(self._waiting)  # came in while it closed
        self._waiting.clear()
        if self.dropped:
            why = "they came too fast" if self._too_fast else "they could not be stored"
            self._say(f"{self.dropped} runs were not recorded in `{self.path}`: {why}")

    def _start(self) -> None:
        """Start the writing thread; on the first run, so that a store that records nothing costs nothing."""
        with self._lock:
            if self._thread is not None or self._closed:
                return
            thread = threading.Thread(target=self._write_all, name="cascadelang-trace", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads to be had, or the process is ending
                self._hopeless = True
            else:
                # INVARIANT: only a thread that runs stands here, for `close` waits for it.
                self._thread = thread
                atexit.register(self._close_at_exit)
        if self._hopeless:
            self._give_up("no thread could be started")

    def _close_at_exit(self) -> None:
        self.close()

    def _write_all(self) -> None:
        """The writing thread: gathers, writes, until closed and empty."""
        waiting = self._waiting
        while True:
            self._wake.wait()
            self._hurry.wait(_GATHER_S)
            self._wake.clear()
            while waiting and not self._hopeless:
                batch = [waiting.popleft() for _ in range(min(len(waiting), _MOST_AT_ONCE))]
                self._write(batch)
            if self._closed and (not waiting or self._hopeless):
                self._disconnect()
                return

    def _write(self, batch: list[RunRecord]) -> None:
        until_s = time.monotonic() + BUSY_S
        while True:
            try:
                connection = self._connection or self._connect()
                self.dropped += _insert(connection, batch)
            except StoreUnusable as unusable:
                self.dropped += len(batch)
                self._give_up(str(unusable))
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread lives on and answers go out
                self._disconnect()
                if _busy(error) and time.monotonic() < until_s:
                    self._hurry.wait(0.05)  # SQLite's own waiting doesn't cover every lock, that of a new log say
                    continue
                self.dropped += len(batch)
                self._say(self._unrecorded(_words(error)))
            return

    def _connect(self) -> sqlite3.Connection:
        """Open the file, made and brought up to date where needed.

        Raises:
            StoreUnusable: if it can't be used at all.
            OSError, sqlite3.Error: if it can't be used now.
        """
        import sqlite3

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreUnusable(_words(error)) from None
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            bring_up_to_date(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.DatabaseError as error:
            connection.close()
            if _damaged(error):
                raise StoreUnusable(_words(error)) from None
            raise
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        import sqlite3

        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _give_up(self, reason: str) -> None:
        """Nothing can ever be written."""
        self._hopeless = True
        self._disconnect()
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._say(self._unrecorded(reason))

    def _unrecorded(self, reason: str) -> str:
        return f"runs can't be recorded in `{self.path}`: {reason}; answers are not affected"

    def _say(self, message: str) -> None:
        """The one warning."""
        if self._warned:
            return
        self._warned = True
        if self._warn is not None:
            with contextlib.suppress(Exception):  # telling of it must not end the thread
                self._warn(message)


_STORES: Final[weakref.WeakSet[TraceStore]] = weakref.WeakSet()
_INHERITED: Final[list[sqlite3.Connection]] = []
"""Connections of a parent process: SQLite forbids a child even to close them."""


def _begin_in_child() -> None:
    """A forked child has no writing thread, and what waits is the parent's to write."""
    for store in list(_STORES):
        store._abandon()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


def _insert(connection: sqlite3.Connection, batch: list[RunRecord]) -> int:
    """Write the runs in one transaction; gives how many could not be stored.

    A run whose texts can't be stored as they are is stored as it can be.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        first = int(connection.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()[0]) + 1
        rows = []
        for id_, run in enumerate(batch, first):
            with contextlib.suppress(ValueError, TypeError, RecursionError):  # a caller's facts that are no JSON
                rows.append(rows_of(run, id_))
        stored = len(rows)
        connection.execute("SAVEPOINT these")
        try:
            _add(connection, rows)
        except _UNSTORABLE:
            connection.execute("ROLLBACK TO these")
            stored = 0
            for row in rows:
                connection.execute("SAVEPOINT this")
                try:
                    _add(connection, [(storable(row[0]), storable(row[1]), storable(row[2]))])
                    stored += 1
                except _UNSTORABLE:
                    connection.execute("ROLLBACK TO this")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(batch) - stored


def _add(connection: sqlite3.Connection, rows: list[tuple[Row, Row, Row]]) -> None:
    """Insert the rows, many in one statement: for each statement the other threads are let in once."""
    for number, table in enumerate(TABLES):
        width = table.count(",") + 1
        one = f"({', '.join('?' * width)})"
        start = 0
        while start < len(rows):
            step = _ROWS_AT_ONCE if len(rows) - start >= _ROWS_AT_ONCE else 1
            values = [value for row in rows[start : start + step] for value in row[number]]
            connection.execute(f"INSERT INTO {table} VALUES {', '.join([one] * step)}", values)  # noqa: S608 - values are bound
            start += step


def _busy(error: Exception) -> bool:
    """Whether another program is in the way for now."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is the trouble, for good."""
    return getattr(error, "sqlite_errorname", "") in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}


def _words(error: Exception) -> str:
    """Why, in words for people."""
    name = getattr(error, "sqlite_errorname", "")
    known = {
        "SQLITE_NOTADB": "the file is not a trace store, and was left as it is",
        "SQLITE_CORRUPT": "the file is damaged, and was left as it is",
        "SQLITE_FULL": "the disk is full",
        "SQLITE_BUSY": "another program holds it",
    }
    for prefix, words in known.items():
        if name.startswith(prefix):
            return words
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return "it can't be written to"
    if name.startswith("SQLITE_IOERR"):
        return "the disk can't be written to"
    reason = getattr(error, "strerror", None)
    return str(reason).lower() if reason else str(error)
