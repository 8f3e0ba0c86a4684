"""The trace store in a PostgreSQL database, for many instances.

Takes: a ``postgresql://`` URL, as libpq has it (its environment variables, password file and service file count).
Gives: `Postgres`, a `cascadelang.trace.sql.Database`. Guarantees: the tables are in a schema of their own, made when
something is first written; no message holds a password; a server that isn't there is told as `StoreAway`, at the
latest some seconds later.

Needs psycopg 3: ``cascadelang[postgres]``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from cascadelang.trace.sql import ROWS_AT_ONCE, StoreAway, StoreUnusable, let_others_in

if TYPE_CHECKING:
    import psycopg

CONNECT_S: Final = 5
"""How long to wait for a connection, where the URL doesn't say."""

_LOCK_MS: Final = 10_000
_STATEMENT_MS: Final = 60_000
_LEAST_SECRET: Final = 3
_ONLY_READS: Final = "25006"
_WORDS: Final = {
    "53100": "the server's disk is full",
    "53300": "the server has no connection left",
    _ONLY_READS: "the database only reads (it is a replica, or read-only by its settings)",
}
"""By SQLSTATE (PostgreSQL's manual, appendix A)."""
_IN_QUERY: Final = re.compile(r"([?&])((?:ssl)?password)=([^&#]*)", re.IGNORECASE)
_NEEDS: Final = 'PostgreSQL needs psycopg: pip install "cascadelang[postgres]"'
_OLDER: Final = "it is of an older version, and is brought up to date when the next run is recorded"
_UNREAD: Final = "it is no PostgreSQL URL: `@`, `:`, `/`, `?`, `#` and `%` of a password are written `%40` and so on"


class PostgresConnection:
    """A `cascadelang.trace.sql.Connection` to a PostgreSQL database."""

    __slots__ = ("_raw",)

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Connection.rows`."""
        return self._raw.execute(_marked(sql), values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """See `Connection.execute`."""
        return self._raw.execute(_marked(sql), values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """See `Connection.many`; in one round trip."""
        with self._raw.cursor() as cursor:
            cursor.executemany(_marked(sql), values)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """See `Connection.insert`; by ``COPY``."""
        with (
            self._raw.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy,
        ):
            for number, row in enumerate(rows, 1):
                copy.write_row(row)
                if number % ROWS_AT_ONCE == 0:
                    let_others_in()

    def next_ids(self, number: int) -> Sequence[int]:
        """See `Connection.next_ids`."""
        found = self._raw.execute("SELECT nextval('run_ids') FROM generate_series(1, %s)", (number,))
        return [row[0] for row in found]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Connection.transaction`."""
        with self._raw.transaction():
            yield

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """See `Connection.attempt`."""
        with self._raw.transaction():
            yield

    def give_back(self) -> None:
        """See `Connection.give_back`; the server does it by itself."""

    def close(self) -> None:
        """See `Connection.close`."""
        with contextlib.suppress(Exception):
            self._raw.close()


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
        self._url = url
        self._secrets = _secrets(url)
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise StoreUnusable(_NEEDS) from None
        if set(url.partition("://")[2].rpartition("@")[0]) & set("@/?#"):
            # libpq would take a part of the password for the host, and tell of it
            raise StoreUnusable(_UNREAD)
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            raise StoreUnusable(_UNREAD) from None
        self.unstorable: tuple[type[Exception], ...] = (psycopg.DataError, UnicodeEncodeError, OverflowError)
        known = {
            "connect_timeout": CONNECT_S,
            "application_name": "cascadelang",
            "keepalives_idle": 10,
            "tcp_user_timeout": 20_000,
        }
        self._options = {key: value for key, value in known.items() if key not in given}

    def connect(self) -> PostgresConnection:
        """See `Database.connect`."""
        import psycopg

        from cascadelang.trace.migrations.postgres import bring_up_to_date

        raw = self._connected()
        try:
            bring_up_to_date(raw)
            self._set_up(raw)
            raw.execute(f"SET lock_timeout = {_LOCK_MS}".encode())
            raw.execute(f"SET statement_timeout = {_STATEMENT_MS}".encode())
        except psycopg.Error as error:
            raw.close()
            if self.away(error) or self.busy(error):
                raise StoreAway(self.words(error)) from None
            raise StoreUnusable(self.words(error)) from None
        except BaseException:
            raw.close()
            raise
        return PostgresConnection(raw)

    def read(self) -> PostgresConnection | None:
        """See `Database.read`."""
        import psycopg

        from cascadelang.trace.migrations.postgres import READABLE, check_version

        try:
            raw = self._connected()
        except StoreAway as away:
            raise StoreUnusable(str(away)) from None
        try:
            version = check_version(raw)
            if not version:
                raw.close()
                return None
            if version < READABLE:
                raise StoreUnusable(_OLDER)  # noqa: TRY301 - closed as for the others
            self._set_up(raw)
            raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except psycopg.Error as error:
            raw.close()
            raise StoreUnusable(self.words(error)) from None
        except BaseException:
            raw.close()
            raise
        return PostgresConnection(raw)

    def _connected(self) -> psycopg.Connection[Any]:
        """A connection, as it comes.

        Raises:
            StoreAway: when there is none to be had.
        """
        import psycopg

        try:
            return psycopg.connect(self._url, autocommit=True, **self._options)  # type: ignore[arg-type]
        except psycopg.Error as error:
            raise StoreAway(self.words(error)) from None

    def _set_up(self, raw: psycopg.Connection[Any]) -> None:
        """Our tables and our kinds of numbers."""
        from psycopg.adapt import Loader

        class Number(Loader):
            """What ``sum`` of integers gives, as SQLite has it."""

            def load(self, data: Any) -> int | float:
                text = bytes(data)
                return float(text) if b"." in text or not text.lstrip(b"-").isdigit() else int(text)

        raw.adapters.register_loader("numeric", Number)
        from cascadelang.trace.migrations.postgres import SCHEMA

        raw.execute(f"SET search_path TO {SCHEMA}".encode())

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
        """See `Database.storable`: without halves of pairs, and without the character 0, which no text may hold."""
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
    scheme, _, rest = _IN_QUERY.sub(r"\1", url).partition("://")
    before, at, place = rest.rpartition("@")
    place, _, query = place.partition("?")
    kept = "&".join(part for part in query.split("&") if part)
    return f"{scheme}://{before.split(':')[0]}{at}{place}{'?' if kept else ''}{kept}"


def _secrets(url: str) -> list[str]:
    """What must not be shown, the longest first."""
    rest = url.partition("://")[2]
    found = {match[3] for match in _IN_QUERY.finditer(url)}
    before = _IN_QUERY.sub(r"\1", rest).rpartition("@")[0]
    found |= {before.partition(":")[2], os.environ.get("PGPASSWORD", "")}
    found |= {unquote(secret) for secret in found}
    return sorted((secret for secret in found if len(secret) >= _LEAST_SECRET), key=len, reverse=True)


@lru_cache(maxsize=256)
def _marked(sql: str) -> bytes:
    """The statement with psycopg's marks for values."""
    return sql.replace("%", "%%").replace("?", "%s").encode()
