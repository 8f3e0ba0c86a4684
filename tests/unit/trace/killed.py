"""Kills writers of a trace store at random moments and looks at what is left.

Run as a script: ``python killed.py WHERE KILLS SEED``. Each writer is a process of its own that records as fast as it
can and tells through a pipe how many of its runs were written; it is killed with SIGKILL some milliseconds on. Then
the store has to be whole, and to hold the first of that writer's runs, without a gap, as many as it told or more.
Prints one line of JSON: ``kills``, ``in_the_middle`` (writers killed while runs waited), ``kept``, ``most_lost``.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import struct
import sys
import time
from pathlib import Path

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.trace import store as store_module
from cascadelang.trace.sql import is_url, reading
from cascadelang.trace.store import TraceStore

MOST_S = 0.06
MOST_SERVER_S = 0.6
AT_ONCE = 64


def run(writer: int, number: int) -> RunRecord:
    """A run of a writer; its texts are of different lengths, so that pages fill differently."""
    text = f"{writer}-{number} " * (number % 60)
    events = (Event("call", "n", 0.1, {"model": "a", "purpose": "answer", "text": text, "cost_usd": 0.5}),)
    id_ = f"{writer:06x}-{number:08x}"
    fields = ("main", "p.cl", "", time.time(), 0.1, "accepted", "", "a", ("a",), 0.5, 1, 1)
    return RunRecord(id_, *fields, text, text, {}, events)


def write(where: str, writer: int, pipe: int) -> None:
    """Record for ever, and tell how many runs were recorded and how many are written."""
    store = TraceStore(where)
    recorded, written = 0, 0
    insert = store._insert

    def told(connection, batch):
        nonlocal written
        dropped = insert(connection, batch)
        written += len(batch)
        os.write(pipe, struct.pack("QQ", written, recorded))
        return dropped

    store._insert = told  # type: ignore[method-assign]
    store_module._GATHER_S = 0.002
    store_module._MOST_AT_ONCE = AT_ONCE
    while True:
        store.record(run(writer, recorded))
        recorded += 1
        if recorded % 20 == 0:
            time.sleep(0.0005)


def told_by(pipe: int) -> tuple[int, int]:
    """The last that a writer told."""
    data = b""
    while piece := os.read(pipe, 65_536):
        data += piece
    whole = len(data) // 16
    return struct.unpack("QQ", data[16 * (whole - 1) : 16 * whole]) if whole else (0, 0)


def numbers_of(where: str, writer: int) -> list[int]:
    """The numbers of the writer's runs that are there, each with all of its rows."""
    with reading(where) as store:
        if store is None:
            return []
        rows = store.rows(
            "SELECT runs.trace_id, events.run, payloads.answer FROM runs LEFT JOIN events ON events.run = runs.id"
            " LEFT JOIN payloads ON payloads.run = runs.id WHERE runs.trace_id >= ? AND runs.trace_id < ?"
            " ORDER BY runs.trace_id",
            (f"{writer:06x}-", f"{writer:06x}."),
        )
        # in one statement, for a server may still be writing what it was sent by a writer that is no more
        ((counted, there),) = store.rows(
            "SELECT (SELECT coalesce(sum(runs), 0) FROM tallies), (SELECT count(*) FROM runs)"
        )
        assert counted == there, "the sums are those of the runs"
    numbers = [int(row[0].split("-")[1], 16) for row in rows]
    for number, (_, events, answer) in zip(numbers, rows, strict=True):
        assert events is not None
        assert answer == f"{writer}-{number} " * (number % 60)
    return numbers


def main(where: str, kills: int, seed: int) -> None:
    """Kill and look, so many times."""
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    kept = in_the_middle = most_lost = 0
    for writer in range(kills):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(out)
            write(where, writer, into)
        os.close(into)
        if writer % 2:  # once it writes; the others from the very beginning
            select.select([out], [], [], 120)
        time.sleep(rng.random() * (MOST_SERVER_S if is_url(where) and not writer % 2 else MOST_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        written, recorded = told_by(out)
        os.close(out)
        until_s = time.monotonic() + 60
        numbers = numbers_of(where, writer)
        while is_url(where) and len(numbers) < written and time.monotonic() < until_s:
            time.sleep(0.01)  # the server is still at work
            numbers = numbers_of(where, writer)
        assert numbers == list(range(len(numbers))), "a gap"
        assert len(numbers) >= written, f"{written} were written, {len(numbers)} are there"
        kept += len(numbers)
        in_the_middle += recorded > len(numbers)
        most_lost = max(most_lost, recorded - len(numbers))
        if not is_url(where) and Path(where).exists():
            connection = sqlite3.connect(where)
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            connection.close()
    print(json.dumps({"kills": kills, "in_the_middle": in_the_middle, "kept": kept, "most_lost": most_lost}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
