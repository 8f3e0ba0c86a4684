"""Writes a batch of runs in one transaction.

Takes: a connection that writes, and counted runs. Gives: how many could not be stored. Guarantees: all of the rows of
a run are written, and it is in every sum, or none of that is; a run whose texts can't be stored as they are is stored
as it can be; other threads are let in every few tenths of a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from cascadelang.trace.rows import Counted, Rows, rows_of
from cascadelang.trace.schema import EVENTS_COLUMNS, PAYLOAD_COLUMNS, RUN_COLUMNS
from cascadelang.trace.sql import Connection, Database, let_others_in
from cascadelang.trace.tally import Shape, Shapes, Tally

_SLICE: Final = 128
"""How many runs are worked on before the other threads may be let in."""
_IDS_AT_ONCE: Final = 256


def write_batch(connection: Connection, database: Database, batch: Sequence[Counted], shapes: Shapes) -> int:
    """Write the runs; gives how many could not be stored."""
    let_others_in()
    try:
        with connection.transaction():
            found = shapes.of(connection, [run.way for run in batch])
            stored, stored_as = _store(connection, database, batch, found)
            tally = Tally()
            for start in range(0, len(stored), _SLICE):
                let_others_in()
                tally.add(stored[start : start + _SLICE], stored_as[start : start + _SLICE])
            let_others_in()
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
    connection: Connection, database: Database, batch: Sequence[Counted], shapes: Sequence[Shape]
) -> tuple[Sequence[Counted], Sequence[Shape]]:
    """Add the rows of the runs; gives those that could be stored."""
    ids = connection.next_ids(len(batch))
    let_others_in()
    wanted = (batch, ids, [shape.id for shape in shapes], [shape.form for shape in shapes])
    try:
        with connection.attempt():
            _add(connection, rows_of(*wanted))
    except database.unstorable:
        kept = _one_by_one(connection, database, rows_of(*wanted))
        return [batch[at] for at in kept], [shapes[at] for at in kept]
    return batch, shapes


def _one_by_one(connection: Connection, database: Database, rows: Rows) -> list[int]:
    """Add each run by itself, as it can be stored; gives which could be."""
    kept: list[int] = []
    storable: Callable[[Sequence[Any]], tuple[Any, ...]] = database.storable
    for at, (run, events, payload) in enumerate(zip(*rows, strict=True)):
        try:
            with connection.attempt():
                _add(connection, ([storable(run)], [storable(events)], [storable(payload)]))
        except database.unstorable:
            continue
        kept.append(at)
    return kept


def _add(connection: Connection, rows: Rows) -> None:
    runs, events, payloads = rows
    connection.insert("runs", RUN_COLUMNS, runs)
    connection.insert("events", EVENTS_COLUMNS, events)
    connection.insert("payloads", PAYLOAD_COLUMNS, payloads)
