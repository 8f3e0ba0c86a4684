"""The trace store in a PostgreSQL database, for many instances.

Takes: a ``postgresql://`` URL, as libpq has it (its environment variables, password file and service file count).
Gives: `Postgres`, a `cascadelang.trace.sql.Database`. Guarantees: the tables are in a schema of their own, made when
something is first written; no message holds a password; a server that isn't there is told as `StoreAway`, at the
latest some seconds later. Readers and writers share the process's few connections (`cascadelang.trace.pool`): a
writer has one while it writes a batch, four times a second at most, a reader until it has read all, and a look at
answers for one statement.

Needs psycopg 3 and psycopg_pool: ``cascadelang[postgres]``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from cascadelang.trace.migrations.postgres import READABLE, SCHEMA, bring_up_to_date, check_version
from cascadelang.trace.sql import ROWS_AT_ONCE, StoreAway, StoreMoved, StoreUnusable, let_others_in

if TYPE_CHECKING:
    import psycopg

    from cascadelang.trace.pool import Pool, Raw

MOST_CONNECTIONS: Final = 4
_LEAST_CONNECTIONS: Final = 2
"""So that who reads for a while and who writes aren't in each other's way."""
_VARIABLE: Final = "CASCADELANG_TRACE_CONNECTIONS"
CONNECT_S: Final = 5
"""How long to wait for a connection, where the URL doesn't say."""

_MARGIN_S: Final = 1.0
_OURS: Final = f"SELECT set_config('search_path', '{SCHEMA}', true)".encode()
_WRITING: Final = (
    f"SET LOCAL search_path TO {SCHEMA}; SET LOCAL lock_timeout = 10000; SET LOCAL statement_timeout = 60000".encode()
)
_READING: Final = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path TO {SCHEMA}".encode()
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
_LEAST_SECRET: Final = 3
_ENCODINGS: Final = ("UTF8", "SQL_ASCII")
"""Of databases that can hold any text; the second keeps it as it comes."""
_ONLY_READS: Final = "25006"
_WORDS: Final = {
    "53100": "the server's disk is full",
    "53300": "the server has no connection left",
    _ONLY_READS: "the database only reads (it is a replica, or read-only by its settings)",
}
"""By SQLSTATE (PostgreSQL's manual, appendix A)."""
_IN_QUERY: Final = re.compile(r"([?&])((?:ssl)?password)=([^&#]*)", re.IGNORECASE)
_BEGINNING: Final = re.compile(r"[^:/?#@]*:/*")
_PARAMETER: Final = re.compile(r"invalid URI query parameter: \"(\w+)\"")
_NEEDS: Final = 'PostgreSQL needs psycopg and its pool: pip install "cascadelang[postgres]"'
_OLDER: Final = "it is of an older version, and is brought up to date when the next run is recorded"
_UNREAD: Final = "it is no PostgreSQL URL: `@`, `:`, `/`, `?`, `#` and `%` of a password are written `%40` and so on"

_UNKNOWN: Final = "it is no PostgreSQL URL: there is no parameter `{}`"


class PostgresConnection:
    """A `cascadelang.trace.sql.Connection` to a PostgreSQL database.

    It holds a connection of the process's only while a transaction or a statement lasts, unless it is given one to
    keep. Statements outside a transaction may be run by any number of threads at once.

    Args:
        pool: the process's connections.
        raw: one to keep, inside a transaction, until this is closed.
    """

    __slots__ = ("_breaks", "_kept", "_pool", "_raw")

    def __init__(self, pool: Pool, raw: Raw | None = None) -> None:
        self._pool = pool
        self._kept = raw is not None
        self._raw = raw
        self._breaks = pool.breaks

    @property
    def breaks(self) -> int:
        """See `Connection.breaks`."""
        return self._breaks

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Connection.rows`."""
        values = storable_row(values)
        if self._raw is not None:
            return self._raw.execute(_marked(sql), values).fetchall()
        with self._pool.lent(checked=False) as raw:
            return _alone(raw, sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """See `Connection.execute`."""
        if self._raw is not None:
            return self._raw.execute(_marked(sql), values).rowcount
        with self._pool.lent() as raw:
            return _alone(raw, sql, values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """See `Connection.many`; in one round trip, inside a transaction."""
        with self._transaction().cursor() as cursor:
            cursor.executemany(_marked(sql), values)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """See `Connection.insert`; by ``COPY``, inside a transaction."""
        with (
            self._transaction().cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy,
        ):
            for number, row in enumerate(rows, 1):
                copy.write_row(row)
                if number % ROWS_AT_ONCE == 0:
                    let_others_in()

    def next_ids(self, number: int) -> Sequence[int]:
        """See `Connection.next_ids`."""
        return [row[0] for row in self.rows("SELECT nextval('run_ids') FROM generate_series(1, ?)", (number,))]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Connection.transaction`.

        Raises:
            StoreAway: when no connection is to be had.
            StoreMoved: when the tables were dropped.
            StoreUnusable: when what is there now can't be used.
        """
        import psycopg

        with self._pool.lent() as raw:
            if self._pool.breaks != self._breaks:  # it may be another server by now
                bring_up_to_date(raw)
                self._breaks = self._pool.breaks
            with raw.transaction():
                raw.execute(_WRITING)
                self._raw = raw
                try:
                    yield
                except psycopg.errors.UndefinedTable:
                    raise StoreMoved("its tables are gone") from None
                finally:
                    self._raw = None

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """See `Connection.attempt`."""
        with self._transaction().transaction():
            yield

    def _transaction(self) -> Raw:
        if self._raw is None:
            raise RuntimeError("outside a transaction")
        return self._raw

    def give_back(self) -> None:
        """See `Connection.give_back`; the server does it by itself."""

    def close(self) -> None:
        """See `Connection.close`."""
        if self._kept and self._raw is not None:
            raw, self._raw = self._raw, None
            with contextlib.suppress(Exception):
                self._pool.give_back(raw)


class Postgres:
    """A `cascadelang.trace.sql.Database` on a server.

    Args:
        url: where it is.

    Raises:
        StoreUnusable: when the URL can't be read, or psycopg isn't there.
    """

    patient = True

    def __init__(self, url: str) -> None:
        self.name = without_password(url)
        scheme, mark, rest = url.partition("://")
        self._url = url = f"{scheme.lower()}{mark}{rest}"  # libpq knows it so only
        self._secrets = _secrets(url)
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict

            import cascadelang.trace.pool  # noqa: F401 - here, so that its end is registered before the store's
        except ImportError:
            raise StoreUnusable(_NEEDS) from None
        if set(url.partition("://")[2].rpartition("@")[0]) & set("@/?#"):
            # libpq would take a part of the password for the host, and tell of it
            raise StoreUnusable(_UNREAD)
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error as error:
            unknown = _PARAMETER.search(str(error))
            raise StoreUnusable(_UNREAD if unknown is None else _UNKNOWN.format(unknown[1])) from None
        self.unstorable: tuple[type[Exception], ...] = (psycopg.DataError, UnicodeEncodeError, OverflowError)
        known = {
            "connect_timeout": CONNECT_S,
            "application_name": "cascadelang",
            "keepalives_idle": 10,
            "tcp_user_timeout": 20_000,
        }
        self._options = {key: value for key, value in known.items() if key not in given}
        hosts = str(given.get("host") or "").count(",") + 1
        with contextlib.suppress(ValueError):
            self._wait_s = hosts * (int(given.get("connect_timeout") or 0) or CONNECT_S) + _MARGIN_S

    def connect(self) -> PostgresConnection:
        """See `Database.connect`."""
        import psycopg

        pool = self._pool()
        connection = PostgresConnection(pool)
        with pool.lent() as raw:
            encoding = raw.info.parameter_status("server_encoding") or _ENCODINGS[0]
            if encoding not in _ENCODINGS:
                raise StoreUnusable(
                    f"the database's encoding is {encoding}, which can't hold every text: make it UTF8"
                )
            try:
                bring_up_to_date(raw)
            except psycopg.Error as error:
                if self.away(error) or self.busy(error):
                    raise StoreAway(self.words(error)) from None
                raise StoreUnusable(self.words(error)) from None
        return connection

    def read(self) -> PostgresConnection | None:
        """See `Database.read`."""
        import psycopg

        pool = self._pool()
        raw = pool.take()
        try:
            if not self._is_there(raw):
                pool.give_back(raw)
                return None
            raw.execute(_READING)
        except psycopg.Error as error:
            pool.give_back(raw)
            raise StoreUnusable(self.words(error)) from None
        except BaseException:
            pool.give_back(raw)
            raise
        return PostgresConnection(pool, raw)

    def look(self) -> PostgresConnection | None:
        """See `Database.look`."""
        import psycopg

        pool = self._pool()
        with pool.lent() as raw:
            try:
                return PostgresConnection(pool) if self._is_there(raw) else None
            except psycopg.Error as error:
                raise StoreUnusable(self.words(error)) from None

    def _pool(self) -> Pool:
        from cascadelang.trace.pool import pool_of

        return pool_of(self._url, self._options, self.words, self._wait_s)

    def _is_there(self, raw: Raw) -> bool:
        """Whether there is a store, which can be read as it is.

        Raises:
            StoreUnusable: if there is one that can't.
        """
        version = check_version(raw)
        if 0 < version < READABLE:
            raise StoreUnusable(_OLDER)
        return version > 0

    def has_text(self, column: str) -> str:
        """See `Database.has_text`."""
        return f"strpos(lower({column}), lower(?)) > 0"

    def busy(self, error: Exception) -> bool:
        """See `Database.busy`."""
        state = getattr(error, "sqlstate", None) or ""
        return state[:2] == "40" or state == "55P03"  # rolled back for another's sake; a lock wasn't to be had

    def away(self, error: Exception) -> bool:
        """See `Database.away`: the connection broke, the server is shutting down, has no room, or only reads.

        One that only reads may be a replica that is about to take over, or be named by mistake for the moment.
        """
        import psycopg

        if getattr(error, "sqlstate", None) == _ONLY_READS:
            return True
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not self.busy(error)

    def words(self, error: Exception) -> str:
        """See `Database.words`: the first line of what libpq or the server says."""
        if known := _WORDS.get(getattr(error, "sqlstate", None) or ""):
            return known
        diag = getattr(error, "diag", None)
        said = (getattr(diag, "message_primary", None) or str(error)).strip()
        line = next((line for line in said.splitlines() if line.strip()), type(error).__name__)
        line = line.split("FATAL:")[-1].strip()
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return line[:1].lower() + line[1:].rstrip(".")

    def storable(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """See `Database.storable`."""
        return storable_row(row)


def most_connections() -> int:
    """How many connections a process has to one URL at most: ``CASCADELANG_TRACE_CONNECTIONS``, or four."""
    try:
        return max(_LEAST_CONNECTIONS, int(os.environ.get(_VARIABLE, "")))
    except ValueError:
        return MOST_CONNECTIONS


def storable_row(row: Sequence[Any]) -> tuple[Any, ...]:
    """The row without halves of pairs, and without the character 0, which no text may hold."""
    return tuple(
        v.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
        if isinstance(v, str)
        else v
        for v in row
    )


def without_password(url: str) -> str:
    """The URL for people.

    What stands before its last ``@`` is taken for a user and a password, so that one with a forgotten ``%40`` isn't
    shown in part.
    """
    found = _BEGINNING.match(url)
    scheme = found[0] if found is not None else ""
    before, at, place = _IN_QUERY.sub(r"\1", url[len(scheme) :]).rpartition("@")
    place, _, query = place.partition("?")
    kept = "&".join(part for part in query.split("&") if part)
    return f"{scheme}{before.split(':')[0]}{at}{place}{'?' if kept else ''}{kept}"


def _secrets(url: str) -> list[str]:
    """What must not be shown, the longest first."""
    rest = url.partition("://")[2]
    found = {match[3] for match in _IN_QUERY.finditer(url)}
    before = _IN_QUERY.sub(r"\1", rest).rpartition("@")[0]
    found |= {before.partition(":")[2], os.environ.get("PGPASSWORD", "")}
    found |= {unquote(secret) for secret in found}
    return sorted((secret for secret in found if len(secret) >= _LEAST_SECRET), key=len, reverse=True)


def _alone(raw: Raw, sql: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
    """Run one statement outside a transaction, in our schema: one round trip."""
    import psycopg

    if not psycopg.Pipeline.is_supported():
        with raw.transaction():
            raw.execute(_OURS)
            return raw.execute(_marked(sql), values)
    with raw.pipeline():
        raw.execute(_OURS)  # until the end of what is one transaction to the server: all of the pipeline
        return raw.execute(_marked(sql), values)


@lru_cache(maxsize=256)
def _marked(sql: str) -> bytes:
    """The statement with psycopg's marks for values."""
    return sql.replace("%", "%%").replace("?", "%s").encode()
