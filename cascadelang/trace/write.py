"""Writes a batch of runs in one transaction.

Takes: a connection that writes, and runs with their weights. Gives: how many could not be stored. Guarantees: all of
the rows of a run are written, and it is in every sum, or none of that is; a run whose texts can't be stored as they
are is stored as it can be; other threads are let in every few tenths of a millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.facts import Facts, facts_of
from cascadelang.trace.rows import Row, rows_of
from cascadelang.trace.schema import EVENTS_COLUMNS, PAYLOAD_COLUMNS, RUN_COLUMNS
from cascadelang.trace.sql import Connection, Database
from cascadelang.trace.tally import Shape, Shapes, Tally, way_of

_SLICE: Final = 16
"""How many runs are worked on before the other threads are let in."""
_PAUSE_S: Final = 2e-5
"""Long enough for a thread that waits for the interpreter's lock to wake up and take it."""
_IDS_AT_ONCE: Final = 256


class Weighed(NamedTuple):
    """A run, and how many it stands for."""

    run: RunRecord
    weight: float


class _Counted(NamedTuple):
    run: RunRecord
    weight: float
    facts: Facts


def write_batch(connection: Connection, database: Database, batch: Sequence[Weighed], shapes: Shapes) -> int:
    """Write the runs; gives how many could not be stored."""
    counted: list[_Counted] = []
    for number, (run, weight) in enumerate(batch):
        if number % _SLICE == _SLICE - 1:
            time.sleep(_PAUSE_S)
        try:
            counted.append(_Counted(run, weight, facts_of(run)))
        except (ValueError, TypeError, AttributeError):  # events that are none of ours
            continue
    try:
        with connection.transaction():
            found = shapes.of(connection, [way_of(each.run, each.facts) for each in counted])
            stored = _store(connection, database, counted, found)
            tally = Tally()
            for each, shape in stored:
                tally.add(each.run, each.facts, shape, each.weight)
            tally.write(connection, database.storable)
    except BaseException:
        shapes.forget()
        raise
    return len(batch) - len(stored)


def recorded(connection: Connection, batch: Sequence[Weighed]) -> set[str]:
    """The trace ids of these that are recorded already."""
    ids = [run.trace_id for run, _ in batch]
    found: set[str] = set()
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[start : start + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        found |= {row[0] for row in connection.rows(f"SELECT trace_id FROM runs WHERE trace_id IN ({marks})", some)}  # noqa: S608 - values are bound
    return found


def _store(
    connection: Connection, database: Database, counted: list[_Counted], shapes: list[Shape]
) -> list[tuple[_Counted, Shape]]:
    """Add the rows of the runs; gives those that could be stored."""
    ids = connection.next_ids(len(counted))
    rows: list[tuple[Row, Row, Row]] = []
    stored: list[tuple[_Counted, Shape]] = []
    for number, (each, shape) in enumerate(zip(counted, shapes, strict=True)):
        if number % _SLICE == _SLICE - 1:
            time.sleep(_PAUSE_S)
        try:
            rows.append(rows_of(each.run, each.facts, ids[number], shape.id, each.weight))
        except (ValueError, TypeError, RecursionError):  # a caller's facts that are no JSON
            continue
        stored.append((each, shape))
    try:
        with connection.attempt():
            _add(connection, rows)
    except database.unstorable:
        return _one_by_one(connection, database, rows, stored)
    return stored


def _one_by_one(
    connection: Connection,
    database: Database,
    rows: list[tuple[Row, Row, Row]],
    stored: list[tuple[_Counted, Shape]],
) -> list[tuple[_Counted, Shape]]:
    """As `_store`, each run by itself, as it can be stored."""
    kept: list[tuple[_Counted, Shape]] = []
    storable: Callable[[Sequence[Any]], tuple[Any, ...]] = database.storable
    for (run, events, payload), each in zip(rows, stored, strict=True):
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
