"""Deletes what is old.

Takes: where a trace store is, and a moment. Gives: how many runs were deleted. Guarantees: with a run goes all that
is known of it, its part in the sums included, and so do the answers made until then that ``cached`` keeps; what is
deleted at once is deleted whole, a little at a time, so that writers
hardly wait; in SQLite what was written is overwritten.

Runs are deleted by whole `BUCKET_S` seconds, so that the sums stay those of the runs that are left.
"""

from __future__ import annotations

import time
from typing import Final

from cascadelang.trace.recount import SUMMED
from cascadelang.trace.schema import BUCKET_S, bucket_of
from cascadelang.trace.sql import (
    Connection,
    StoreAway,
    StoreUnusable,
    Where,
    database,
    is_database_error,
    reading,
    shown,
)

_AT_ONCE: Final = 500
_AGAIN_S: Final = 3_600.0
"""How long after all of it was deleted it is looked for old runs again."""
_JUMP_S: Final = 3_600.0


def prune(where: Where, before_wall_s: float, *, dry: bool = False) -> int:
    """Delete the runs that began before a moment, in seconds since 1970, and the answers that were kept before it.

    Args:
        where: the store; one that isn't there isn't made.
        before_wall_s: the moment; by whole tens of minutes, so what began less than that before it may stay.
        dry: only count.

    Raises:
        StoreUnusable: if the store can't be used; with its place in the message.
    """
    bucket = bucket_of(before_wall_s)
    with reading(where) as store:
        if store is None:
            return 0
        number = int(store.rows("SELECT count(*) FROM runs WHERE started_wall_s < ?", (bucket * BUCKET_S,))[0][0])
    if dry:
        return number
    at = database(where)
    try:
        connection = at.connect()
        try:
            deleted = 0
            while more := delete_some(connection, bucket):
                deleted += more
            if delete_answers(connection, bucket) or deleted:
                connection.give_back()
        finally:
            connection.close()
    except (StoreUnusable, StoreAway) as error:
        raise StoreUnusable(f"nothing could be deleted in `{shown(where)}`: {error}") from None
    except Exception as error:
        if is_database_error(error):
            raise StoreUnusable(f"nothing could be deleted in `{shown(where)}`: {at.words(error)}") from None
        raise
    return deleted


def delete_some(connection: Connection, bucket: int) -> int:
    """Delete some of the oldest runs of the buckets before this one; how many. 0 when none is left."""
    with connection.transaction():
        oldest = connection.rows(
            "SELECT started_wall_s FROM runs WHERE started_wall_s < ? ORDER BY started_wall_s LIMIT ?",
            (bucket * BUCKET_S, _AT_ONCE),
        )
        if not oldest:
            return 0
        before = bucket if len(oldest) < _AT_ONCE else bucket_of(oldest[-1][0]) + 1
        deleted = connection.execute("DELETE FROM runs WHERE started_wall_s < ?", (before * BUCKET_S,))
        for table in SUMMED:
            connection.execute(f"DELETE FROM {table} WHERE bucket < ?", (before,))  # noqa: S608 - names of ours
    return deleted


def delete_answers(connection: Connection, bucket: int) -> int:
    """Delete the answers of the buckets before this one that `cascadelang.trace.answers` keeps; how many."""
    with connection.transaction():
        return connection.execute("DELETE FROM answers WHERE made_wall_s < ?", (bucket * BUCKET_S,))


class Retention:
    """When to delete, and up to when."""

    def __init__(self, retain_s: float) -> None:
        self._retain_s = retain_s
        self._due_s = float("-inf")
        self._began = time.time() - time.monotonic()

    def due(self) -> int | None:
        """The bucket before which runs are too old; ``None`` where there is nothing to be done yet.

        While the wall clock is ahead of where the process's own clock puts it, nothing is deleted: a clock that was
        put forward by mistake would take everything with it.
        """
        if time.monotonic() < self._due_s or time.time() - time.monotonic() > self._began + _JUMP_S:
            return None
        return bucket_of(time.time() - self._retain_s)

    def done(self) -> None:
        """All of it was deleted."""
        self._due_s = time.monotonic() + _AGAIN_S
