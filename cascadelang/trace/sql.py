"""The one road to the trace store's SQL: SQLite and PostgreSQL behind one `Connection`.

Takes: where the store is, a path or a ``postgresql://`` URL. Gives: a `Database`, which opens connections to read or
to write. Guarantees: a query written as below gives the same rows on both; no message holds a password.

How to write a query that runs on both::

    with reading(where) as store:               # a read-only view of one moment; None where nothing is recorded yet
        if store is None:
            return []
        return store.rows(
            "SELECT policies.name, sum(tallies.weight) FROM tallies"
            " JOIN shapes ON shapes.id = tallies.shape JOIN policies ON policies.id = shapes.policy"
            " WHERE tallies.bucket >= ? GROUP BY policies.name ORDER BY 1",
            (first_bucket,),
        )

- A value is a ``?`` and is bound, never written into the text. ``?`` stands nowhere else, not even in a string;
  ``%`` is an ordinary character. Values are ``str``, ``int``, ``float`` or ``None``; there are no booleans: 0 and 1.
- Use what both know: joins, ``GROUP BY``, ``CASE``, ``coalesce``, ``EXISTS``, ``WITH``, ``sum``/``min``/``max``/
  ``count``/``round(x)``, window functions, ``INSERT … ON CONFLICT (…) DO UPDATE SET x = table.x + excluded.x``,
  ``CAST(… AS DOUBLE PRECISION)``. Leave alone what they do differently: functions of JSON and of dates, ``LIKE`` (ask
  `Database.has_text`), ``LIMIT -1`` (bind `EVERY`), ``CAST(x AS INTEGER)`` of a fraction (PostgreSQL rounds),
  division of two integers that should give a fraction, a column that is neither grouped nor aggregated, ``rowid``.
- ``sum`` of integer columns is an ``int`` and of the others a ``float``, or ``None`` of no rows, on both.
- What is kept as JSON text (``runs`` has none; ``shapes.path``, ``events.events``, ``payloads.meta``) is parsed in
  Python: events by `cascadelang.trace.rows.Forms`.

The tables are described in `cascadelang.trace.schema`. A new one is a new step at the end of each of
`cascadelang.trace.migrations.sqlite.STEPS` and `….postgres.STEPS`, of the same number.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

Where = str | os.PathLike[str]
"""A path, or a URL that begins with one of `URLS`."""

URLS: Final = ("postgresql://", "postgres://")

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+://|postgres(ql)?:", re.IGNORECASE)
"""More than one letter: `C://` is a drive. A PostgreSQL URL with a slash too few is a mistyped one, and no path."""
_OTHER: Final = "a store is the path of a file, or a URL that begins with `postgresql://`"

_PAUSE_S: Final = 2e-5
"""Long enough for a thread that waits for the interpreter's lock to wake up and take it."""
_STRETCH_S: Final = 1.5e-4
"""CPU that a thread may take before it pauses: a pause takes some 20 µs of it, so not after each little step, and one
step on a machine that is slow just then may take three times what it should."""
ROWS_AT_ONCE: Final = 128
"""How many rows are written before other threads may be let in."""

EVERY: Final = 2**62
"""As the value of a ``LIMIT ?``: no limit."""


class StoreUnusable(Exception):  # noqa: N818 - it names what is so
    """The store can't be used. ``str()`` of it says why, for people, without the path and without a password."""


class StoreAway(Exception):  # noqa: N818 - it names what is so
    """The store can't be used now, and may be later. ``str()`` of it is as that of `StoreUnusable`."""


class StoreMoved(Exception):  # noqa: N818 - it names what is so
    """The store isn't where it was when the connection to it was made: a new connection is needed."""


class Connection(Protocol):
    """A connection to one store. Of one thread at a time."""

    @property
    def breaks(self) -> int:
        """Changes when what was known of the store, the ids of its rows say, may not be so any more."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query gives; values are bound as they would be stored."""
        ...

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement that gives no rows; how many it changed."""
        ...

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement that gives no rows, once for each."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table, as fast as it goes."""
        ...

    def next_ids(self, number: int) -> Sequence[int]:
        """So many ids, ascending, for new rows of ``runs``; inside a transaction."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All of the block or nothing. Other writers of a SQLite store wait for its end.

        Raises:
            StoreMoved: when the store isn't where it was.
        """
        ...

    def attempt(self) -> AbstractContextManager[None]:
        """Within a transaction: when the block raises, what it did is undone, and the transaction goes on."""
        ...

    def give_back(self) -> None:
        """Give the room of what was deleted back to the disk, where that is ours to do and nobody is in the way."""
        ...

    def close(self) -> None:
        """Close it; never raises."""
        ...


class Database(Protocol):
    """Where a store is.

    Attributes:
        name: of the store, for people: its path, or its URL without the password.
        patient: a writer keeps what it couldn't write until the store is back, rather than let it go.
        unstorable: what binding a value that the store can't hold raises.
    """

    name: str
    patient: bool
    unstorable: tuple[type[Exception], ...]

    def connect(self) -> Connection:
        """A connection that writes; the store is made, and brought up to date, where needed.

        Raises:
            StoreUnusable: if the store can never be used.
            StoreAway: if it can't be used now.
        """
        ...

    def read(self) -> Connection | None:
        """A connection that only reads, all from one moment; ``None`` when there is no store yet.

        Raises:
            StoreUnusable: if it can't be read as a trace store.
            StoreAway: if it can't be read now.
        """
        ...

    def look(self) -> Connection | None:
        """A connection that only reads, each query of its own moment; ``None`` when there is no store yet.

        So many threads may use it at once as `looks_at_once` says.

        Raises:
            StoreUnusable: if it can't be read as a trace store.
            StoreAway: if it can't be read now.
        """
        ...

    def has_text(self, column: str) -> str:
        """A condition with one ``?``: the column has this text in it, in any case; nothing in it is a wildcard."""
        ...

    def busy(self, error: Exception) -> bool:
        """Whether another writer was in the way: to be tried again soon."""
        ...

    def away(self, error: Exception) -> bool:
        """Whether the store itself has gone away and may come back."""
        ...

    def words(self, error: Exception) -> str:
        """Why, for people."""
        ...

    def storable(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The row without what the store can't hold."""
        ...


class _OfThread(threading.local):
    """CPU that this thread had taken when it last paused, in seconds."""

    paused_s = 0.0


_of_thread: Final = _OfThread()


def let_others_in() -> None:
    """Let the other threads of this process run, where this one has worked for `_STRETCH_S` since it last did.

    Giving up the interpreter's lock for a moment, as each statement does, isn't enough: who waits for it takes longer
    to wake up than the statement takes, and finds it taken again, for up to five milliseconds.
    """
    if time.thread_time() - _of_thread.paused_s >= _STRETCH_S:
        pause()
        _of_thread.paused_s = time.thread_time()


def pause() -> None:
    """Stand still for a moment, without the interpreter's lock."""
    time.sleep(_PAUSE_S)


def is_url(where: Where) -> bool:
    """Whether a store's place is a URL, not a path; one of another database, too, which may hold a password."""
    return isinstance(where, str) and _SCHEME.match(where) is not None


def looks_at_once(where: Where) -> int:
    """How many threads may look at a store at once, by one connection of `Database.look`."""
    if not is_url(where):
        return 1
    from cascadelang.trace.postgres import most_connections

    return most_connections()


def database(where: Where) -> Database:
    """The store at a place; nothing is opened yet.

    Raises:
        StoreUnusable: when it is a URL of another database, or a PostgreSQL URL that can't be used: mistyped, or
            psycopg isn't installed.
    """
    if is_url(where):
        if not str(where).lower().startswith(URLS):
            raise StoreUnusable(_OTHER)
        from cascadelang.trace.postgres import Postgres

        return Postgres(str(where))
    from cascadelang.trace.sqlite import SQLite

    return SQLite(Path(where))


def shown(where: Where) -> str:
    """A store's place for people: without a password."""
    if is_url(where):
        from cascadelang.trace.postgres import without_password

        return without_password(str(where))
    return os.fspath(where)


@contextlib.contextmanager
def reading(where: Where) -> Iterator[Connection | None]:
    """A connection that only reads, all from one moment; ``None`` when there is no store yet.

    Raises:
        StoreUnusable: if the store can't be read; with its place in the message.
    """
    name = shown(where)
    at: Database | None = None
    try:
        at = database(where)
        connection = at.read()
    except StoreUnusable as unusable:
        raise StoreUnusable(f"`{name}` can't be read: {unusable}") from None
    except StoreAway as away:
        raise StoreUnusable(f"`{name}` can't be read: {away}") from None
    if connection is None:
        yield None
        return
    try:
        yield connection
    except Exception as error:
        if not is_database_error(error):
            raise
        raise StoreUnusable(f"`{name}` can't be read: {at.words(error)}") from None
    finally:
        connection.close()


@contextlib.contextmanager
def as_recorded(where: Where) -> Iterator[None]:
    """Around what is read of rows: what another hand wrote into the store needn't be of our form.

    Raises:
        StoreUnusable: if it isn't; with the store's place in the message.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StoreUnusable(
            f"`{shown(where)}` can't be read: what it holds of a run is not what was recorded"
        ) from None


def is_database_error(error: Exception) -> bool:
    """Whether SQLite or psycopg raised it."""
    return any(
        f"{kind.__module__}.{kind.__name__}" in {"sqlite3.Error", "psycopg.Error"} for kind in type(error).mro()
    )
