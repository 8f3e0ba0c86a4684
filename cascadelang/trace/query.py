"""Reads what was recorded.

Takes: where a trace store is. Gives: runs, newest first, or one run by its id. Guarantees: never writes, never makes
anything, and can read while others write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.rows import RUN_FIELDS, RUN_TABLES, Forms, run_of
from cascadelang.trace.search import Bound, Search, find_in, shadows_of, whole_in
from cascadelang.trace.sql import Connection, StoreUnusable, Where, as_recorded, database, reading

__all__ = [
    "Bound",
    "Search",
    "StoreUnusable",
    "TraceAmbiguous",
    "TraceNotFound",
    "find_runs",
    "list_runs",
    "runs_beside",
    "show_run",
    "whole_runs",
]


class TraceNotFound(Exception):  # noqa: N818 - it names what is so
    """No run has that id. ``str()`` of it is a message for people."""


class TraceAmbiguous(TraceNotFound):
    """More than one run's id begins so."""


def list_runs(
    where: Where,
    *,
    policy: str | None = None,
    model: str | None = None,
    status: str | None = None,
    since_wall_s: float | None = None,
    limit: int | None = 50,
) -> list[RunRecord]:
    """The runs that fit, newest first, without their events; an absent store has none.

    Args:
        where: the store.
        policy: only runs of this policy.
        model: only runs that asked this model for an answer.
        status: only runs that ended so.
        since_wall_s: only runs that began then or later, in seconds since 1970.
        limit: at most so many; ``None`` for all.

    Raises:
        StoreUnusable: if the file can't be read as a trace store.
    """
    return find_runs(where, Search(policy=policy, model=model, status=status, since_wall_s=since_wall_s), limit=limit)


def find_runs(where: Where, search: Search, *, after: str | None = None, limit: int | None = 50) -> list[RunRecord]:
    """The runs that fit, newest first, without their events; an absent store has none.

    Args:
        where: the store.
        search: what is looked for.
        after: only runs that stand behind the run of this id, or of an id that begins so, in the list of all.
        limit: at most so many; ``None`` for all.

    Raises:
        TraceNotFound: if there is no run ``after`` which to begin.
        TraceAmbiguous: if there are several.
        StoreUnusable: if the file can't be read as a trace store.
    """
    with reading(where) as store:
        if store is None:
            if after is not None:
                raise TraceNotFound(f"no run is recorded under `{after}`")
            return []
        place = None
        if after is not None:
            row = store.rows("SELECT started_wall_s, id FROM runs WHERE id = ?", (_the_one(store, after),))[0]
            place = (row[0], row[1])
        with as_recorded(where):
            return find_in(store, database(where), search, place, limit)


def runs_beside(where: Where, run: RunRecord) -> list[RunRecord]:
    """The runs that a `shadow` made beside a run, and what went on after it; oldest first, without their events.

    Raises:
        StoreUnusable: if the file can't be read as a trace store.
    """
    with reading(where) as store:
        if store is None:
            return []
        with as_recorded(where):
            return shadows_of(store, database(where), run)


def policy_paths(where: Where) -> list[str]:
    """The paths of policies' files that were recorded, each once.

    Raises:
        StoreUnusable: if the file can't be read as a trace store.
    """
    with reading(where) as store:
        return [] if store is None else [path for (path,) in store.rows("SELECT DISTINCT path FROM policies")]


def whole_runs(where: Where, search: Search, *, limit: int | None = None) -> Iterator[tuple[RunRecord, float]]:
    """The runs that fit, newest first, with their events, each with how many runs it stands for.

    Takes what `find_runs` takes.

    Raises:
        StoreUnusable: if the file can't be read as a trace store.
    """
    with reading(where) as store:
        if store is not None:
            with as_recorded(where):
                yield from whole_in(store, database(where), search, limit)


def show_run(where: Where, id_: str) -> RunRecord:
    """One run with its events.

    Args:
        where: the store.
        id_: its trace id, or the beginning of it, where no other begins so; ``last`` is the newest.

    Raises:
        TraceNotFound: if there is none.
        TraceAmbiguous: if there are several.
        StoreUnusable: if the file can't be read as a trace store.
    """
    with reading(where) as store:
        if store is None:
            raise TraceNotFound(_none_of(id_))
        run = _the_one(store, id_)
        row = store.rows(f"SELECT {RUN_FIELDS} FROM {RUN_TABLES} WHERE runs.id = ?", (run,))[0]  # noqa: S608 - ours
        events = store.rows("SELECT events FROM events WHERE run = ?", (run,))
        payload = store.rows("SELECT query, answer, meta, texts FROM payloads WHERE run = ?", (run,))
        with as_recorded(where):
            return run_of(row, Forms(store), events[0][0] if events else None, payload[0] if payload else None)


def _none_of(id_: str) -> str:
    return "no run is recorded yet" if id_ == "last" else f"no run is recorded under `{id_}`"


def _the_one(store: Connection, id_: str) -> int:
    """The number of the one run of that id, or whose id begins so.

    Raises:
        TraceNotFound: if there is none.
        TraceAmbiguous: if there are several.
    """
    found = _matches(store, id_) if id_ else []
    if not found:
        raise TraceNotFound(_none_of(id_))
    if len(found) > 1:
        raise TraceAmbiguous(f"more than one run's id begins with `{id_}`: give more of it")
    return int(found[0][0])


def _matches(store: Connection, id_: str) -> list[tuple[Any, ...]]:
    """Up to two runs of that id, or whose id begins so."""
    if id_ == "last":
        return store.rows("SELECT id FROM runs ORDER BY started_wall_s DESC, id DESC LIMIT 1")
    exact = store.rows("SELECT id FROM runs WHERE trace_id = ?", (id_,))
    if exact:
        return exact
    return store.rows("SELECT id FROM runs WHERE trace_id >= ? AND trace_id < ? LIMIT 2", (id_, id_ + "\U0010ffff"))
