"""Where finished runs are kept: a SQLite file or a PostgreSQL database, written by one thread.

Takes: runs, from any thread. Gives: rows. Guarantees:

- `TraceStore.record` never waits and never raises: it puts the run on a queue. A thread writes what has gathered in
  one transaction, a quarter of a second later at the latest. When more than ``most_waiting`` runs wait, further ones
  are dropped and counted.
- Whatever goes wrong with the store is told in one warning, once, and costs no more than the record; how many runs
  weren't recorded is told when the store is closed. A file that isn't a trace store, is damaged, or was written by a
  newer version, is left as it is. A server that goes away is waited for: what couldn't be written waits on the queue,
  and is written when it is back.
- A file that is deleted or moved away is made anew with the next run.
- Any number of processes may write one store: each waits for the others' transactions.
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
from typing import Final

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.privacy import Privacy
from cascadelang.trace.retention import Retention, delete_answers, delete_some
from cascadelang.trace.rows import UNCOUNTABLE, Counted, counted
from cascadelang.trace.sampling import WELL, is_kept
from cascadelang.trace.sql import (
    Connection,
    Database,
    StoreAway,
    StoreMoved,
    StoreUnusable,
    Where,
    database,
    is_database_error,
    let_others_in,
    shown,
)
from cascadelang.trace.tally import Shapes
from cascadelang.trace.write import recorded, write_batch

BUSY_S: Final = 10.0
"""How long a batch waits for other programs that hold the store."""

_GATHER_S: Final = 0.25
"""How long runs are gathered before they are written together: what a killed process can lose. Fewer, larger
transactions take a third less of tracing's CPU than writing every 30 ms."""
_MOST_AT_ONCE: Final = 512
"""So few that no step of writing them keeps the other threads out for a millisecond."""
_SLICE: Final = 64
"""How many are taken from the queue, and let go, before the other threads may be let in."""
_MANY_TOKENS: Final = 20_000
"""A run with answers of so many tokens is left to the thread, for writing their JSON takes a while."""
_TOGETHER: Final = 16
"""How many runs are counted together: a fifth less work than one by one, for the second finds the processor's caches
full of what counts; and done in less than a third of a millisecond."""
_CLOSE_S: Final = 30.0
_TOO_FAST: Final = "they came too fast"
_TOO_LATE: Final = "they came when it was closed"
_UNSTORABLE: Final = "they could not be stored"
_MOST_WHYS: Final = 3
_MOST_MOVES: Final = 3
"""How often a store that was deleted, or replaced, is looked for anew before a batch is let go."""
_BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
"""How long to wait before a server that went away is looked for again; the last of these from then on."""


class TraceStore:
    """A `cascadelang.contracts.trace_sink.TraceSink` that keeps runs in a SQLite file or a PostgreSQL database.

    Args:
        where: the path of the file, or the URL of the database; a file and its folders are made when the first run is
            written, readable by the user alone.
        warn: takes the one warning, and how many runs were lost, for people; called from the writing thread or from
            `close`.
        most_waiting: how many runs may wait to be written.
        privacy: what of a run is kept; everything unless given.
        sample: the share, above 0 to 1, of the runs that is kept, as `cascadelang.trace.sampling` has it.
        retain_s: how many seconds runs are kept; for ever unless given.

    Attributes:
        name: of the store, for people: without a password.
        dropped: how many runs weren't recorded.
    """

    def __init__(
        self,
        where: Where,
        *,
        warn: Callable[[str], None] | None = None,
        most_waiting: int = 10_000,
        privacy: Privacy | None = None,
        sample: float = 1.0,
        retain_s: float | None = None,
    ) -> None:
        if not 0 < sample <= 1:
            raise ValueError("a sample is a share above 0, up to 1")
        self.name = shown(where)
        self.dropped = 0
        self._where = where
        self._database: Database | None = None
        with contextlib.suppress(StoreUnusable):  # told with the first run; what has to be imported is, before any
            self._database = database(where)
        self._warn = warn
        self._warned = False
        self._most_waiting = most_waiting
        self._privacy = None if privacy is None or privacy.keeps_everything else privacy
        self._sample = sample
        self._retention = None if retain_s is None else Retention(retain_s)
        self._begin()
        _STORES.add(self)

    @property
    def path(self) -> Path:
        """The file; of a database, its name."""
        return Path(self.name)

    @property
    def waiting(self) -> int:
        """How many runs wait to be written."""
        return len(self._waiting) + len(self._fresh)

    def _begin(self) -> None:
        """Nothing waits and nothing runs: at the start, and in a forked child."""
        self._waiting: deque[Counted | tuple[RunRecord, float]] = deque()
        self._fresh: deque[tuple[RunRecord, float]] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._connection: Connection | None = None
        self._shapes: Shapes | None = None
        self._hopeless = False
        self._absences = 0
        self._unsure = False
        self._at_hand = 0
        self._told_of = self.dropped
        self._whys: list[str] = []

    def _abandon(self) -> None:
        """Leave to the parent process what is its own."""
        if self._connection is not None:
            _INHERITED.append(self._connection)
        self._begin()

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""
        if self._closed or self._hopeless or len(self._waiting) + len(self._fresh) >= self._most_waiting:
            self.dropped += 1
            if not self._hopeless:
                self._note(_TOO_LATE if self._closed else _TOO_FAST)
            return
        weight = 1.0
        if self._sample < 1 and run.status in WELL:
            if not is_kept(run, self._sample):
                return
            weight = 1 / self._sample
        if run.output_tokens < _MANY_TOKENS and self._privacy is None:
            # Soon, while what the run told is at hand: it takes half of what it would take the thread, which has to
            # fetch it all from memory again, and what waits is small.
            self._fresh.append((run, weight))
            if len(self._fresh) >= _TOGETHER or run.output_tokens > _MANY_TOKENS // _TOGETHER:
                self._count_fresh()
        else:
            self._waiting.append((run, weight))
        if not self._wake.is_set():
            self._wake.set()
            if self._thread is None:
                self._start()

    def _count_fresh(self) -> None:
        """Count the runs that aren't yet: in the thread of a run, or, the last ones, in the writing thread."""
        fresh, waiting = self._fresh, self._waiting
        while fresh:
            try:
                run, weight = fresh.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                waiting.append(counted(run, weight))
            except UNCOUNTABLE:
                self.dropped += 1
                self._note(_UNSTORABLE)

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
                waiting = self.waiting + self._at_hand
                self._tell(f"{waiting} runs are not recorded in `{self.name}` yet: it can't be written to just now")
                return
        self._drop_all()  # came in while it closed
        self._tell_lost()

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
            self._count_fresh()
            due = len(waiting)  # what comes in while they are written is gathered again: few large transactions
            while waiting and not self._hopeless and (due > 0 or self._closed):
                batch = self._batch()
                due -= len(batch)
                self._at_hand = len(batch)
                self._write(batch)
                self._at_hand = 0
                while batch:  # some at a time, for that takes a while, too
                    del batch[-_SLICE:]
                    let_others_in()
            if self._retention is not None and not self._closed:
                self._prune(self._retention)
            if self._closed and (not (waiting or self._fresh) or self._hopeless):
                self._disconnect()
                return

    def _batch(self) -> list[Counted]:
        """The next runs to be written."""
        batch: list[Counted] = []
        for _ in range(min(len(self._waiting), _MOST_AT_ONCE)):
            waiting = self._waiting.popleft()
            if isinstance(waiting, Counted):
                batch.append(waiting)
                if len(batch) % _SLICE == 0:
                    let_others_in()
                continue
            run, weight = waiting
            try:
                batch.append(counted(run if self._privacy is None else self._privacy.clean(run), weight))
            except UNCOUNTABLE:
                self.dropped += 1
                self._note(_UNSTORABLE)
            let_others_in()
        return batch

    def _write(self, batch: list[Counted]) -> None:
        """Write a batch, or put it back where the store has gone away, or let it go."""
        until_s = time.monotonic() + BUSY_S
        tries = 0
        while True:
            tries += 1
            try:
                connection = self._connection or self._connect()
                self.dropped += self._insert(connection, batch)
            except StoreUnusable as unusable:
                self.dropped += len(batch)
                self._give_up(str(unusable))
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread lives on and answers go out
                self._disconnect()
                if self._is_away(error):
                    self._wait_for_it(batch, self._words(error))
                    return
                if self._may_pass(error, tries, until_s):
                    continue
                self._lose(batch, error)
            else:
                self._back()
            return

    def _may_pass(self, error: Exception, tries: int, until_s: float) -> bool:
        """Whether what went wrong may not at the next try."""
        if isinstance(error, StoreMoved):
            return tries <= _MOST_MOVES
        if self._is_busy(error) and time.monotonic() < until_s:
            self._hurry.wait(0.05)  # SQLite's own waiting doesn't cover every lock, that of a new log say
            return True
        if _is_integrity(error) and tries == 1:
            self._unsure = True  # the run is there already, or the store isn't the one it was
            return True
        return False

    def _lose(self, batch: list[Counted], error: Exception) -> None:
        """Let a batch go; but only the run that can't be counted, where that is it."""
        if len(batch) > 1 and not is_database_error(error):
            for one in batch:
                self._write([one])
            return
        self.dropped += len(batch)
        self._fail(self._words(error))

    def _prune(self, retention: Retention) -> None:
        """Delete some of what is too old."""
        bucket = retention.due()
        if bucket is None or self._connection is None:
            return
        try:
            while delete_some(self._connection, bucket):
                if self._waiting or self._closed:
                    return  # the rest with the next batch
            delete_answers(self._connection, bucket)
        except Exception as error:  # noqa: BLE001 - it is tried again with the next batch
            if not self._is_busy(error):
                self._disconnect()
            return
        retention.done()

    def _insert(self, connection: Connection, batch: list[Counted]) -> int:
        """Write the runs in one transaction; gives how many could not be stored."""
        at, shapes = self._at(), self._shapes
        if shapes is None:
            shapes = self._shapes = Shapes(at.storable)
        if self._unsure:  # the connection broke while a batch was written, and nobody knows whether it is
            there = recorded(connection, batch)
            seen: set[str] = set()
            new = []
            for each in batch:
                if each.trace_id not in there and each.trace_id not in seen:
                    seen.add(each.trace_id)
                    new.append(each)
            batch = new
        dropped = write_batch(connection, at, batch, shapes)
        if dropped:
            self._note(_UNSTORABLE)
        self._unsure = False
        return dropped

    def _drop_all(self) -> None:
        """Let go what waits."""
        for waiting in (self._waiting, self._fresh):
            self.dropped += len(waiting)
            waiting.clear()

    def _at(self) -> Database:
        """The store.

        Raises:
            StoreUnusable: when its place can't be read.
        """
        if self._database is None:
            self._database = database(self._where)
        return self._database

    def _connect(self) -> Connection:
        """Open the store, made and brought up to date where needed.

        Raises:
            StoreUnusable: if it can't be used at all.
            StoreAway, Exception: if it can't be used now.
        """
        self._connection = self._at().connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._shapes = None
        if connection is not None:
            connection.close()

    def _wait_for_it(self, batch: list[Counted], reason: str) -> None:
        """The store has gone away: the batch goes back to the queue, and after a while it is looked for again."""
        self._unsure = True
        if self._closed:
            self.dropped += len(batch)
            self._hopeless = True
            self._drop_all()
            self._note(reason)
            return
        self._waiting.extendleft(reversed(batch))
        self._absences += 1
        if self._absences == 1:
            self._tell(
                f"runs can't be recorded in `{self.name}` for now: {reason}; up to {self._most_waiting:,} are kept"
                " until they can, and answers are not affected"
            )
        self._hurry.wait(_BACK_OFF_S[min(self._absences, len(_BACK_OFF_S)) - 1])
        self._wake.set()  # whether or not another run comes

    def _back(self) -> None:
        """The store was written to."""
        if not self._absences:
            return
        self._absences = 0
        lost = self.dropped - self._told_of
        lost_words = f"; {lost} were not, for more than {self._most_waiting:,} would have waited" if lost else ""
        self._tell(f"runs are recorded in `{self.name}` again{lost_words}")
        self._told_of = self.dropped
        self._whys.clear()

    def _is_away(self, error: Exception) -> bool:
        at = self._database
        return at is not None and at.patient and (isinstance(error, StoreAway) or at.away(error))

    def _is_busy(self, error: Exception) -> bool:
        return self._database is not None and self._database.busy(error)

    def _words(self, error: Exception) -> str:
        if isinstance(error, StoreAway) or self._database is None:
            return str(error)
        return self._database.words(error)

    def _give_up(self, reason: str) -> None:
        """Nothing can ever be written."""
        self._hopeless = True
        self._disconnect()
        self._drop_all()
        self._fail(reason)

    def _fail(self, reason: str) -> None:
        """Runs are lost: tell so, unless `close` is about to, which knows how many."""
        if self._closed and not self._warned:
            self._note(f"{reason}; answers are not affected")
            return
        self._note(reason)
        self._say(f"runs can't be recorded in `{self.name}`: {reason}; answers are not affected")

    def _note(self, why: str) -> None:
        """Remember why runs are lost."""
        if why not in self._whys and len(self._whys) < _MOST_WHYS:
            self._whys.append(why)

    def _tell_lost(self) -> None:
        """How many runs weren't recorded since that was last told, and why."""
        lost = self.dropped - self._told_of
        if lost:
            self._told_of = self.dropped
            self._tell(f"{_runs(lost)} not recorded in `{self.name}`: {'; '.join(self._whys) or _UNSTORABLE}")

    def _say(self, message: str) -> None:
        """The one warning."""
        if not self._warned:
            self._warned = True
            self._tell(message)

    def _tell(self, message: str) -> None:
        if self._warn is not None:
            with contextlib.suppress(Exception):  # telling of it must not end the thread
                self._warn(message)


_STORES: Final[weakref.WeakSet[TraceStore]] = weakref.WeakSet()
_INHERITED: Final[list[Connection]] = []
"""Connections of a parent process: SQLite forbids a child even to close them, and a server would end the parent's."""


def _begin_in_child() -> None:
    """A forked child has no writing thread, and what waits is the parent's to write."""
    for store in list(_STORES):
        store._abandon()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


def _runs(number: int) -> str:
    return "1 run was" if number == 1 else f"{number} runs were"


def _is_integrity(error: Exception) -> bool:
    """Whether a row is there already, or one that it needs isn't."""
    return any(kind.__name__ == "IntegrityError" for kind in type(error).mro())
