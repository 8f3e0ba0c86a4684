"""What recording costs a run, and whether it ever holds the event loop up.

Run as a script: ``python tests/benchmarks/bench_tracing.py [RUNS] [WHERE]``. CPU is the whole process's, the writing
thread and its last write included, in microseconds a run: traced and untraced runs in turn, the best of each and the
median of the differences, for a busy machine only ever adds. The run is the longest of `bench_interpreter`: ten
events, three answers, two of them rejected.

Then the event loop: the CPU that `TraceStore.record` takes in the thread that calls it, and how long the writing
thread keeps that thread out, while runs are recorded, another program holds the store, and every write to the disk
takes 50 ms. The thread spins between runs, so it always wants the interpreter's lock; where it had to wait in a step
(a switch that it asked for itself), the CPU that other threads of the process took meanwhile is what kept
it out at most: on a machine that is busy otherwise, the thread may be waiting for a processor by then. So the
writing thread's longest stretch with the lock is told too: its CPU between two statements or pauses, in which it
gives the lock up. The last figure, by the clock, counts whatever else the machine does.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench_interpreter import QUERY, interpreter, runs_us

from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink
from cascadelang.trace import sql, sqlite
from cascadelang.trace import store as store_module
from cascadelang.trace.store import TraceStore

ROUNDS = 10
TARGET_US = 30
MOST_MS = 1.0
LOOP_S = 3.0
RUN_EVERY = 100
"""Steps from run to run: some two thousand runs a second."""


Floats = Sequence[float]
"""In an array: a collection of garbage would look at each of a list's, of which there are a million, in the thread
that happens to set it off."""


class Timed:
    """A sink that notes the CPU that each `record` takes."""

    def __init__(self, sink: TraceSink) -> None:
        self.sink = sink
        self.took_ms = array("d")

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""
        begun_s = time.thread_time()
        self.sink.record(run)
        self.took_ms.append((time.thread_time() - begun_s) * 1e3)

    def close(self) -> None:
        """See `TraceSink.close`."""
        self.sink.close()


def cpu(runs: int, where: str) -> None:
    """Print what tracing adds, to a store that is there: making one takes some milliseconds, once."""
    untraced, traced = [], []
    runs_us(100, TraceStore(where, warn=print))
    for _ in range(ROUNDS):
        gc.collect()
        untraced.append(runs_us(runs, NoTrace()))
        gc.collect()
        traced.append(runs_us(runs, TraceStore(where, warn=print, most_waiting=1_000_000)))
    adds = min(traced) - min(untraced)
    median = statistics.median(b - a for a, b in zip(untraced, traced, strict=True))
    print(f"{runs} runs, {ROUNDS} rounds in turn, CPU in µs a run")
    print(f"  untraced {min(untraced):6.1f}   traced {min(traced):6.1f}   adds {adds:6.1f}   median {median:6.1f}")
    print(f"  adds {adds / min(untraced):.2f} times the untraced run")
    print(f"  target: {TARGET_US} added: {'met' if adds <= TARGET_US else 'MISSED'}")


def loop(sink: TraceSink) -> tuple[Floats, Floats, Floats]:
    """CPU of each `record`; CPU of other threads while this one waited for them; time between two steps; in ms."""
    timed, kept_out_ms, apart_ms = Timed(sink), array("d"), array("d")
    made = interpreter(timed)

    async def work() -> None:
        before = _now()
        until_s = before[0] + LOOP_S
        step = 0
        while before[0] < until_s:
            step += 1
            if step % RUN_EVERY == 0:
                await made.run(QUERY)
            now = _now()
            if now[3] > before[3]:
                kept_out_ms.append(((now[1] - before[1]) - (now[2] - before[2])) * 1e3)
            apart_ms.append((now[0] - before[0]) * 1e3)
            before = now

    asyncio.run(work())
    return timed.took_ms, kept_out_ms, apart_ms


class Stretches:
    """Notes the writing thread's longest CPU between two of what gives up the lock: statements, their rows, pauses.

    A statement's own binding of its values isn't in it: up to two thousand, of 128 rows, some tenth of a millisecond.
    Nothing that gives up the lock may be left out: a thread that waits for it wakes up every five milliseconds to ask
    for it, and that takes CPU, too.
    """

    def __init__(self) -> None:
        self.most_ms = 0.0
        self._since_s = 0.0
        self._pause, self._made = sql.pause, sqlite.SQLiteConnection.__init__
        sql.pause = lambda: self.given_up(self._pause)
        made, stretches = self._made, self
        sqlite.SQLiteConnection.__init__ = lambda self, raw, *file: made(  # type: ignore[method-assign, assignment]
            self,
            Noted(raw, stretches),
            *(Noted(each, stretches) for each in file),  # type: ignore[arg-type]
        )
        self.statements = 0

    def begin(self) -> None:
        """Note from here on."""
        self._since_s = time.thread_time()

    def given_up(self, work: Callable[..., Any], *args: Any) -> Any:
        """Do what gives up the lock."""
        if self._since_s:
            self.most_ms = max(self.most_ms, (time.thread_time() - self._since_s) * 1e3)
        try:
            return work(*args)
        finally:
            self.begin()

    def undo(self) -> None:
        """As it was."""
        sql.pause = self._pause
        sqlite.SQLiteConnection.__init__ = self._made  # type: ignore[method-assign]


class Noted:
    """A connection of `sqlite3`, one of its cursors, or a look at the file: what gives up the lock is noted."""

    _GIVES_UP = frozenset({"execute", "executemany", "fetchall", "fetchone", "is_there"})

    def __init__(self, raw: Any, stretches: Stretches) -> None:
        self._raw = raw
        self._stretches = stretches
        stretches.begin()  # what opened the store, once, gave up the lock too, and none of that was noted

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._raw, name)
        if name not in self._GIVES_UP:
            return value

        def noted(*args: Any) -> Any:
            found = self._stretches.given_up(value, *args)
            if isinstance(found, sqlite3.Cursor):
                self._stretches.statements += 1
                return Noted(found, self._stretches)
            return found

        return noted


def _now() -> tuple[float, float, float, int]:
    """The clock, CPU of the process and of the thread in seconds, and how often the thread waited."""
    waits = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    return time.perf_counter(), time.process_time(), time.thread_time(), waits


def _at(ordered: list[float], share: float) -> float:
    return ordered[int(len(ordered) * share)] if ordered else 0.0


def blocking(folder: Path) -> None:
    """Print how the event loop fares."""

    def line(name: str, sink: TraceSink) -> None:
        stretches = Stretches()
        took, kept_out, apart = map(sorted, loop(sink))
        stretches.undo()
        most = max(took[-1], stretches.most_ms)
        print(f"  {name:<22} record: median {_at(took, 0.5):.3f}, 99.9 % {_at(took, 0.999):.3f}, most {took[-1]:.3f}")
        rare, longest = _at(kept_out, 0.99), max(kept_out, default=0.0)
        print(f"  {'':<22} kept out: {len(kept_out)} times, 99 % {rare:.3f}, most {longest:.3f}")
        told = f"most {stretches.most_ms:.3f}, of {stretches.statements} statements"
        print(f"  {'':<22} the writer's stretches with the lock: {told}")
        print(f"  {'':<22} late by the clock, other programs included: most {apart[-1]:.2f}")
        print(f"  {'':<22} target: {MOST_MS:.0f} ms: {'met' if most <= MOST_MS else 'MISSED'}")

    print(f"the event loop, ms, for {LOOP_S:.0f} s each")
    line("untraced", NoTrace())
    for name in ("plain", "slow"):
        runs_us(10, TraceStore(folder / f"{name}.sqlite", warn=print))
    plain = TraceStore(folder / "plain.sqlite", warn=print)
    line("traced", plain)
    plain.close()

    held = TraceStore(folder / "plain.sqlite", warn=print)
    other = sqlite3.connect(folder / "plain.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(LOOP_S - 0.5, lambda: other.execute("COMMIT")).start()
    line("another holds the store", held)
    held.close()
    other.close()

    write = store_module.write_batch

    def slow(*args: object) -> int:
        usual_s, sql._PAUSE_S = sql._PAUSE_S, 0.05  # type: ignore[misc]  # a pause is noted
        sql.pause()
        sql._PAUSE_S = usual_s  # type: ignore[misc]
        return write(*args)  # type: ignore[arg-type]

    store_module.write_batch = slow
    late = TraceStore(folder / "slow.sqlite", warn=print)
    line("a slow disk", late)
    late.close()
    store_module.write_batch = write


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        cpu(runs, sys.argv[2] if len(sys.argv) > 2 else str(Path(folder) / "t.sqlite"))
        blocking(Path(folder))


if __name__ == "__main__":
    main()
