"""What recording costs a run, and whether it ever holds the event loop up.

Run as a script: ``python tests/benchmarks/bench_tracing.py [RUNS] [WHERE]``. CPU is the whole process's, the writing
thread and its last write included, in microseconds a run: traced and untraced runs in turn, the best of each and the
median of the differences, for a busy machine only ever adds. The run is the longest of `bench_interpreter`: ten
events, three answers, two of them rejected.

Then the event loop: how long `TraceStore.record` takes, and how much later than it asked a task is woken that sleeps
for a millisecond, while runs are recorded, another program holds the store, and every write to the disk takes 50 ms;
with the same loop untraced beside it, for whatever else the machine does is in both.
"""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench_interpreter import QUERY, interpreter, runs_us

from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink
from cascadelang.trace import store as store_module
from cascadelang.trace.store import TraceStore

ROUNDS = 10
TARGET_US = 30
MOST_MS = 1.0
LOOP_S = 3.0


class Timed:
    """A sink that notes how long each `record` takes."""

    def __init__(self, sink: TraceSink) -> None:
        self.sink = sink
        self.took_ms: list[float] = []

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""
        begun_s = time.perf_counter()
        self.sink.record(run)
        self.took_ms.append((time.perf_counter() - begun_s) * 1e3)

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


def loop(sink: TraceSink) -> tuple[list[float], list[float]]:
    """How long recording took, and how late a sleeping task was woken, in milliseconds."""
    timed, late_ms = Timed(sink), []
    made = interpreter(timed)

    async def beat() -> None:
        while True:
            begun_s = time.perf_counter()
            await asyncio.sleep(0.001)
            late_ms.append((time.perf_counter() - begun_s) * 1e3 - 1.0)

    async def work() -> None:
        heart = asyncio.create_task(beat())
        until_s = time.perf_counter() + LOOP_S
        while time.perf_counter() < until_s:
            for _ in range(5):
                await made.run(QUERY)
            await asyncio.sleep(0.002)
        heart.cancel()

    asyncio.run(work())
    return timed.took_ms, late_ms


def _at(ordered: list[float], share: float) -> float:
    return ordered[int(len(ordered) * share)]


def blocking(folder: Path) -> None:
    """Print how the event loop fares."""

    def line(name: str, sink: TraceSink) -> None:
        took, late = loop(sink)
        took.sort()
        late.sort()
        print(f"  {name:<26} record: median {_at(took, 0.5):.3f}, 99.9 % {_at(took, 0.999):.3f}, most {took[-1]:.3f}")
        print(f"  {'':<26} woken late: median {_at(late, 0.5):.3f}, 99 % {_at(late, 0.99):.3f}, most {late[-1]:.2f}")

    print(f"the event loop, ms, for {LOOP_S:.0f} s each")
    line("untraced", NoTrace())
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
        time.sleep(0.05)
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
