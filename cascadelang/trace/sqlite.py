"""The trace store in a SQLite file.

Takes: a path. Gives: `SQLite`, a `cascadelang.trace.sql.Database`. Guarantees: the file is made when it is first
written to, readable by the user alone; a file that is something else, damaged or newer is left as it is; reading
never writes.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from cascadelang.trace.migrations.sqlite import READABLE, bring_up_to_date, check_version
from cascadelang.trace.sql import ROWS_AT_ONCE, StoreMoved, StoreUnusable, let_others_in

BUSY_S: Final = 10.0
"""How long a transaction waits for those of other processes."""

_PAGE: Final = 16_384
"""Bytes of a page: writing a run takes half of the time that it takes with SQLite's own 4,096."""
_SIZES: Final = (ROWS_AT_ONCE, 32, 8, 1)
"""So many rows are written by one statement: each has to be parsed once."""
_READ_BUSY_S: Final = 5.0
_OLDER: Final = "it is of an older version, and is brought up to date when the next run is recorded"


class SQLiteConnection:
    """A `cascadelang.trace.sql.Connection` to a SQLite file.

    Args:
        raw: the connection.
        file: which file it writes to; of one that only reads, ``None``.
    """

    __slots__ = ("_file", "_most_values", "_raw", "_statements")

    def __init__(self, raw: sqlite3.Connection, file: File | None = None) -> None:
        self._raw = raw
        self._file = file
        self._most_values = raw.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        self._statements: dict[tuple[str, int], str] = {}

    @property
    def breaks(self) -> int:
        """See `Connection.breaks`; it is the same file as long as it is open."""
        return 0

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Connection.rows`."""
        return self._raw.execute(sql, storable_row(values)).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """See `Connection.execute`."""
        return self._raw.execute(sql, values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """See `Connection.many`."""
        self._raw.executemany(sql, values)
        let_others_in()

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """See `Connection.insert`; many in one statement."""
        sizes = [size for size in _SIZES if size * len(columns) <= self._most_values] or [1]
        left = iter(rows)
        while some := list(islice(left, ROWS_AT_ONCE)):
            start = 0
            while start < len(some):
                step = next(size for size in sizes if len(some) - start >= size)
                sql = self._statements.get((table, step))
                if sql is None:
                    one = f"({', '.join('?' * len(columns))})"
                    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * step)}"  # noqa: S608 - names of ours
                    self._statements[table, step] = sql
                self._raw.execute(sql, list(chain.from_iterable(some[start : start + step])))
                start += step
            let_others_in()

    def next_ids(self, number: int) -> Sequence[int]:
        """See `Connection.next_ids`; a transaction that writes is alone."""
        first = int(self._raw.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()[0]) + 1
        return range(first, first + number)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Connection.transaction`.

        Raises:
            StoreMoved: when the file was deleted, or another lies in its place.
        """
        if self._file is not None and not self._file.is_there():
            # What stands in the log goes to where the file is now: it must not be taken for the log of a new one.
            with contextlib.suppress(sqlite3.Error):
                self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            raise StoreMoved("another file lies in its place")
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._raw.execute("COMMIT")
            let_others_in()
        except BaseException:
            if self._raw.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._raw.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """See `Connection.attempt`."""
        self._raw.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK TO attempt")
                self._raw.execute("RELEASE attempt")
            raise
        self._raw.execute("RELEASE attempt")

    def give_back(self) -> None:
        """See `Connection.give_back`."""
        with contextlib.suppress(sqlite3.Error):  # another program holds it, or there is no room for a copy
            self._raw.execute("VACUUM")
            self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """See `Connection.close`."""
        with contextlib.suppress(sqlite3.Error):
            self._raw.close()


class File:
    """A file, as it lay at its path when this was made."""

    __slots__ = ("_path", "_which")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._which = self._found()

    def is_there(self) -> bool:
        """Whether it still does; where that can't be seen, it does."""
        try:
            return self._found() == self._which
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def _found(self) -> tuple[int, int]:
        found = self._path.stat()
        return found.st_dev, found.st_ino


class SQLite:
    """A `cascadelang.trace.sql.Database` in a file.

    Attributes:
        path: of the file.
    """

    patient = False
    unstorable: tuple[type[Exception], ...] = (UnicodeEncodeError, OverflowError)
    """Half of a surrogate pair, an integer of more than 64 bits."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()  # the program may go to another folder; and `:memory:` is a file's name
        self.name = str(path)

    def connect(self) -> SQLiteConnection:
        """See `Database.connect`."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(os.path.realpath(self.path), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            file = File(self.path)
        except (FileExistsError, NotADirectoryError):
            raise StoreUnusable("a folder on the way to it is a file") from None
        except OSError as error:
            raise StoreUnusable(self.words(error)) from None
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE}")  # of a file that is new; nothing to others
            bring_up_to_date(connection, Path(os.path.realpath(self.path)))
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA temp_store = MEMORY")  # what a statement may have to undo is a few pages
        except sqlite3.DatabaseError as error:
            connection.close()
            if _damaged(error):
                raise StoreUnusable(self.words(error)) from None
            raise
        except BaseException:
            connection.close()
            raise
        return SQLiteConnection(connection, file)

    def read(self) -> SQLiteConnection | None:
        """See `Database.read`."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:  # a folder that isn't ours to look into; a character 0
            raise StoreUnusable(self.words(error)) from None
        if not stat.S_ISREG(found.st_mode):
            raise StoreUnusable("it is not a file")
        raw: sqlite3.Connection | None = None
        try:
            raw = _open(self.path)
            raw.execute("BEGIN")  # one view for all that follows: a store may be in the making
            version = check_version(raw)
        except sqlite3.Error as error:
            if raw is not None:
                raw.close()
            raise StoreUnusable(_reason(error)) from None
        except StoreUnusable:
            if raw is not None:
                raw.close()
            raise
        if 0 < version < READABLE:
            raw.close()
            raise StoreUnusable(_OLDER)
        if not version:
            raw.close()
            return None
        return SQLiteConnection(raw)

    def look(self) -> SQLiteConnection | None:
        """See `Database.look`."""
        connection = self.read()
        if connection is not None:
            connection.execute("ROLLBACK")
        return connection

    def has_text(self, column: str) -> str:
        """See `Database.has_text`; SQLite knows cases of ASCII only."""
        return f"instr(lower({column}), lower(?)) > 0"

    def busy(self, error: Exception) -> bool:
        """See `Database.busy`."""
        return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))

    def away(self, error: Exception) -> bool:  # noqa: ARG002 - a file doesn't come and go
        """See `Database.away`."""
        return False

    def words(self, error: Exception) -> str:
        """See `Database.words`."""
        name = getattr(error, "sqlite_errorname", "")
        known = {
            "SQLITE_NOTADB": "the file is not a trace store, and was left as it is",
            "SQLITE_CORRUPT": "the file is damaged, and was left as it is",
            "SQLITE_FULL": "the disk is full",
            "SQLITE_BUSY": "another program holds it",
        }
        for prefix, words in known.items():
            if name.startswith(prefix):
                return words
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            return "it can't be written to"
        if name.startswith("SQLITE_IOERR"):
            return "the disk can't be written to"
        reason = getattr(error, "strerror", None)
        return str(reason).lower() if reason else str(error)

    def storable(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """See `Database.storable`."""
        return storable_row(row)


def storable_row(row: Sequence[Any]) -> tuple[Any, ...]:
    """The row without what UTF-8 can't hold."""
    return tuple(v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in row)


def _open(file: Path) -> sqlite3.Connection:
    """Open for reading; also where the folder can't be written to, as write-ahead logs otherwise ask for."""
    uri = file.absolute().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_READ_BUSY_S, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if file.with_name(file.name + "-wal").exists():
            raise
        connection = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is the trouble, for good."""
    return getattr(error, "sqlite_errorname", "") in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}


def _reason(error: sqlite3.Error) -> str:
    """Why a file can't be read, for people."""
    name = getattr(error, "sqlite_errorname", "")
    if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
        return "it is damaged, or not a trace store"
    return str(error).lower()
