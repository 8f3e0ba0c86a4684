"""Writes a batch of runs in one transaction.

Takes: a connection that writes, and counted runs. Gives: how many could not be stored. Guarantees: all of the rows of
a run are written, and it is in every sum, or none of that is; a run whose texts can't be stored as they are is stored
as it can be; other threads are let in every few tenths of a millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from cascadelang.trace.rows import Counted, Row, rows_of
from cascadelang.trace.schema import EVENTS_COLUMNS, PAYLOAD_COLUMNS, RUN_COLUMNS
from cascadelang.trace.sql import Connection, Database
from cascadelang.trace.tally import Shape, Shapes, Tally

_SLICE: Final = 64
"""How many runs are worked on before the other threads are let in."""
_PAUSE_S: Final = 2e-5
"""Long enough for a thread that waits for the interpreter's lock to wake up and take it."""
_IDS_AT_ONCE: Final = 256


def write_batch(connection: Connection, database: Database, batch: Sequence[Counted], shapes: Shapes) -> int:
    """Write the runs; gives how many could not be stored."""
    try:
        with connection.transaction():
            found = shapes.of(connection, [run.way for run in batch])
            stored = _store(connection, database, batch, found)
            tally = Tally()
            for number, (run, shape) in enumerate(stored):
                if number % _SLICE == _SLICE - 1:
                    time.sleep(_PAUSE_S)
                tally.add(run, shape)
            tally.write(connection, database.storable)
    except BaseException:
        shapes.forget()
        raise
    return len(batch) - len(stored)


def recorded(connection: Connection, batch: Sequence[Counted]) -> set[str]:
    """The trace ids of these that are recorded already."""
    ids = [run.trace_id for run in batch]
    found: set[str] = set()
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[start : start + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        found |= {row[0] for row in connection.rows(f"SELECT trace_id FROM runs WHERE trace_id IN ({marks})", some)}  # noqa: S608 - values are bound
    return found


def _store(
    connection: Connection, database: Database, batch: Sequence[Counted], shapes: list[Shape]
) -> list[tuple[Counted, Shape]]:
    """Add the rows of the runs; gives those that could be stored."""
    ids = connection.next_ids(len(batch))
    rows: list[tuple[Row, Row, Row]] = []
    for run, id_, shape in zip(batch, ids, shapes, strict=True):
        if len(rows) % _SLICE == _SLICE - 1:
            time.sleep(_PAUSE_S)
        rows.append(rows_of(run, id_, shape.id))
    runs = list(zip(batch, shapes, strict=True))
    try:
        with connection.attempt():
            _add(connection, rows)
    except database.unstorable:
        return _one_by_one(connection, database, rows, runs)
    return runs


def _one_by_one(
    connection: Connection, database: Database, rows: list[tuple[Row, Row, Row]], runs: list[tuple[Counted, Shape]]
) -> list[tuple[Counted, Shape]]:
    """As `_store`, each run by itself, as it can be stored."""
    kept: list[tuple[Counted, Shape]] = []
    storable: Callable[[Sequence[Any]], tuple[Any, ...]] = database.storable
    for (run, events, payload), each in zip(rows, runs, strict=True):
        try:
            with connection.attempt():
                _add(connection, [(storable(run), storable(events), storable(payload))])
        except database.unstorable:
            continue
        kept.append(each)
    return kept


def _add(connection: Connection, rows: list[tuple[Row, Row, Row]]) -> None:
    connection.insert("runs", RUN_COLUMNS, [row[0] for row in rows])
    connection.insert("events", EVENTS_COLUMNS, [row[1] for row in rows])
    connection.insert("payloads", PAYLOAD_COLUMNS, [row[2] for row in rows])
