"""Counts recorded runs again: those of an old store, and those of a store whose sums are to be looked at.

Takes: a store. Gives: rows of ``shapes`` and of the tables that sum up, from ``runs`` and ``events``. Guarantees:
what comes out is what the writer counts when it records the same runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.rows import RUN_FIELDS, RUN_TABLES, Forms, counted, run_of, run_row
from cascadelang.trace.schema import RUN_COLUMNS
from cascadelang.trace.sql import Connection
from cascadelang.trace.tally import Shape, Shapes, Tally

_AT_ONCE: Final = 1_000

SUMMED: Final = ("tallies", "latencies", "reasons", "signals")
"""The tables that sum up."""


def from_version_1(raw: sqlite3.Connection) -> None:
    """Move the runs of version 1 of the SQLite store, in ``runs_1`` and so on, into the tables of version 2."""
    from cascadelang.trace.sqlite import SQLiteConnection, storable_row

    connection = SQLiteConnection(raw)
    raw.execute("INSERT INTO payloads SELECT * FROM payloads_1")
    raw.execute("INSERT INTO events SELECT * FROM events_1")
    shapes, forms, last = Shapes(storable_row, with_forms=False), Forms(connection), -1
    columns = (
        "trace_id, policy, policy_path, graph_sha256, started_wall_s, latency_s, status, failure, model, path,"
        " cost_usd, input_tokens, output_tokens"
    )
    look = (
        f"SELECT runs_1.id, events_version, events, {columns} FROM runs_1"  # noqa: S608 - names of ours
        " LEFT JOIN events_1 ON events_1.run = runs_1.id WHERE runs_1.id > ? ORDER BY runs_1.id LIMIT ?"
    )
    while rows := connection.rows(look, (last, _AT_ONCE)):
        last = rows[-1][0]
        runs = [counted(_read(row[3:], forms, row[2])) for row in rows]
        found = shapes.of(connection, [run.way for run in runs])
        tally = Tally()
        tally.add(runs, found)
        new = [run_row(run, row[0], shape.id, row[1]) for row, run, shape in zip(rows, runs, found, strict=True)]
        connection.insert("runs", RUN_COLUMNS, new)
        tally.write(connection, storable_row)


def recount(connection: Connection) -> None:
    """Sum up anew all that is recorded; inside a transaction."""
    for table in SUMMED:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
    look = (
        f"SELECT runs.id, runs.shape, shapes.policy, runs.weight, events.events, {RUN_FIELDS} FROM {RUN_TABLES}"  # noqa: S608 - names of ours
        " LEFT JOIN events ON events.run = runs.id WHERE runs.id > ? ORDER BY runs.id LIMIT ?"
    )
    forms, last = Forms(connection), -1
    while rows := connection.rows(look, (last, _AT_ONCE)):
        last = rows[-1][0]
        tally = Tally()
        tally.add(
            [counted(_read(row[5:], forms, row[4]), row[3]) for row in rows], [Shape(row[1], row[2]) for row in rows]
        )
        tally.write(connection, tuple)


def _read(row: Sequence[Any], forms: Forms, events: str | None) -> RunRecord:
    """A run; one whose events another hand spoilt has none."""
    try:
        return run_of(row, forms, events)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return run_of((*row[:9], "[]", *row[10:]))
