"""Reads what was recorded.

Takes: the path of a trace store. Gives: runs, newest first, or one run by its id. Guarantees: never writes, never
makes a file, and can read while others write.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.rows import RUN_COLUMNS, run_of
from cascadelang.trace.schema import LATEST, StoreUnusable, check_version

if TYPE_CHECKING:
    import sqlite3

__all__ = ["StoreUnusable", "TraceAmbiguous", "TraceNotFound", "list_runs", "show_run"]


_OLDER = "it is of an older version, and is brought up to date when the next run is recorded"


class TraceNotFound(Exception):  # noqa: N818 - it names what is so
    """No run has that id. ``str()`` of it is a message for people."""


class TraceAmbiguous(TraceNotFound):
    """More than one run's id begins so."""


def list_runs(
    path: str | os.PathLike[str],
    *,
    policy: str | None = None,
    model: str | None = None,
    status: str | None = None,
    since_wall_s: float | None = None,
    limit: int | None = 50,
) -> list[RunRecord]:
    """The runs that fit, newest first, without their events; an absent store has none.

    Args:
        path: the store.
        policy: only runs of this policy.
        model: only runs that asked this model for an answer.
        status: only runs that ended so.
        since_wall_s: only runs that began then or later, in seconds since 1970.
        limit: at most so many; ``None`` for all.

    Raises:
        StoreUnusable: if the file can't be read as a trace store.
    """
    where: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("policy = ?", policy),
        ("EXISTS (SELECT 1 FROM json_each(runs.path) WHERE json_each.value = ?)", model),
        ("status = ?", status),
        ("started_wall_s >= ?", since_wall_s),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    only = f" WHERE {' AND '.join(where)}" if where else ""
    sql = (
        f"SELECT {RUN_COLUMNS}, query, answer, meta FROM runs LEFT JOIN payloads ON payloads.run = runs.id"  # noqa: S608 - values are bound
        f"{only} ORDER BY started_wall_s DESC, id DESC LIMIT ?"
    )
    with _reading(path) as connection:
        if connection is None:
            return []
        rows = connection.execute(sql, (*values, -1 if limit is None else limit)).fetchall()
    with _whole(path):
        return [run_of(row[:14], None, None if row[14] is None else (*row[14:17], "{}")) for row in rows]


def show_run(path: str | os.PathLike[str], id_: str) -> RunRecord:
    """One run with its events.

    Args:
        path: the store.
        id_: its trace id, or the beginning of it, where no other begins so; ``last`` is the newest.

    Raises:
        TraceNotFound: if there is none.
        TraceAmbiguous: if there are several.
        StoreUnusable: if the file can't be read as a trace store.
    """
    with _reading(path) as connection:
        found: list[tuple[int, str]] = []
        if connection is not None and id_:
            found = _matches(connection, id_)
        if connection is None or not found:
            raise TraceNotFound(f"no run is recorded under `{id_}`")
        if len(found) > 1:
            raise TraceAmbiguous(f"more than one run's id begins with `{id_}`: give more of it")
        run = found[0][0]
        row = connection.execute(f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?", (run,)).fetchone()  # noqa: S608 - ours
        events = connection.execute("SELECT events FROM events WHERE run = ?", (run,)).fetchone()
        payload = connection.execute(
            "SELECT query, answer, meta, texts FROM payloads WHERE run = ?", (run,)
        ).fetchone()
    with _whole(path):
        return run_of(row, events[0] if events else None, payload)


def _matches(connection: sqlite3.Connection, id_: str) -> list[tuple[int, str]]:
    """Up to two runs of that id, or whose id begins so."""
    if id_ == "last":
        sql = "SELECT id, trace_id FROM runs ORDER BY started_wall_s DESC, id DESC LIMIT 1"
        return connection.execute(sql).fetchall()
    exact = connection.execute("SELECT id, trace_id FROM runs WHERE trace_id = ?", (id_,)).fetchall()
    if exact:
        return exact
    sql = "SELECT id, trace_id FROM runs WHERE trace_id >= ? AND trace_id < ? LIMIT 2"
    return connection.execute(sql, (id_, id_ + "\U0010ffff")).fetchall()


@contextlib.contextmanager
def _whole(path: str | os.PathLike[str]) -> Iterator[None]:
    """What another hand wrote into the store needn't be of our form.

    Raises:
        StoreUnusable: if it isn't.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StoreUnusable(f"`{path}` can't be read: what it holds of a run is not what was recorded") from None


@contextlib.contextmanager
def _reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection | None]:
    """A connection that only reads; ``None`` when there is no store yet.

    Raises:
        StoreUnusable: if the file can't be read as a trace store.
    """
    import sqlite3

    file = Path(path)
    if not file.exists():
        yield None
        return
    if not file.is_file():
        raise StoreUnusable(f"`{file}` can't be read: it is not a file")
    try:
        connection = _open(file)
    except sqlite3.Error as error:
        raise StoreUnusable(f"`{file}` can't be read: {_reason(error)}") from None
    try:
        connection.execute("BEGIN")  # one view for all that follows: a store may be in the making
        version = check_version(connection)
        if 0 < version < LATEST:
            raise StoreUnusable(_OLDER)  # noqa: TRY301 - told with the path, as the others are
        yield connection if version else None
    except sqlite3.Error as error:
        raise StoreUnusable(f"`{file}` can't be read: {_reason(error)}") from None
    except StoreUnusable as unusable:
        raise StoreUnusable(f"`{file}` can't be read: {unusable}") from None
    finally:
        connection.close()


def _open(file: Path) -> sqlite3.Connection:
    """Open for reading; also where the folder can't be written to, as write-ahead logs otherwise ask for."""
    import sqlite3

    uri = file.absolute().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=5.0)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if file.with_name(file.name + "-wal").exists():
            raise
        connection = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _reason(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
        return "it is damaged, or not a trace store"
    return str(error).lower()
