"""The trace store's steps in SQLite.

Takes: a connection. Gives: the tables, brought up to `LATEST`. Guarantees: a step is made whole or not at all, also
when two processes open a new store at once; a store of a newer version, and a file that is something else, are left
as they are.

The version stands in ``PRAGMA user_version``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cascadelang.trace.sql import StoreUnusable

APPLICATION_ID: Final = 0x63_6C_74_72
"""``cltr``, in the file's header, so that another program's database isn't taken for a trace store."""

Step = tuple[str | Callable[[sqlite3.Connection], None], ...]


def _count_again(raw: sqlite3.Connection) -> None:
    """Put the runs of version 1 into the tables of version 2, counted from their events."""
    from cascadelang.trace.recount import from_version_1

    from_version_1(raw)


STEPS: Final[tuple[Step, ...]] = (
    (
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            trace_id TEXT NOT NULL UNIQUE,
            policy TEXT NOT NULL,
            policy_path TEXT NOT NULL,
            graph_sha256 TEXT NOT NULL,
            started_wall_s REAL NOT NULL,
            latency_s REAL NOT NULL,
            status TEXT NOT NULL,
            failure TEXT NOT NULL,
            model TEXT NOT NULL,
            path TEXT NOT NULL,
            cost_usd REAL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            events_version INTEGER NOT NULL
        )
        """,
        "CREATE INDEX runs_by_start ON runs (started_wall_s)",
        "CREATE INDEX runs_by_policy ON runs (policy, started_wall_s)",
        "CREATE INDEX runs_by_status ON runs (status, started_wall_s)",
        "CREATE TABLE events (run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, events TEXT NOT NULL)",
        """
        CREATE TABLE payloads (
            run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            query TEXT NOT NULL,
            answer TEXT NOT NULL,
            meta TEXT NOT NULL,
            texts TEXT NOT NULL
        )
        """,
    ),
    (
        "ALTER TABLE runs RENAME TO runs_1",
        "ALTER TABLE events RENAME TO events_1",
        "ALTER TABLE payloads RENAME TO payloads_1",
        "DROP INDEX runs_by_start",
        "DROP INDEX runs_by_policy",
        "DROP INDEX runs_by_status",
        """
        CREATE TABLE policies (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            graph_sha256 TEXT NOT NULL,
            UNIQUE (name, path, graph_sha256)
        )
        """,
        """
        CREATE TABLE shapes (
            id INTEGER PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            policy INTEGER NOT NULL REFERENCES policies (id),
            status TEXT NOT NULL,
            failure TEXT NOT NULL,
            model TEXT NOT NULL,
            path TEXT NOT NULL
        )
        """,
        "CREATE INDEX shapes_by_policy ON shapes (policy)",
        """
        CREATE TABLE steps (
            shape INTEGER NOT NULL REFERENCES shapes (id),
            number INTEGER NOT NULL,
            kind TEXT NOT NULL,
            node TEXT NOT NULL,
            name TEXT NOT NULL,
            model TEXT NOT NULL,
            outcome TEXT NOT NULL,
            times INTEGER NOT NULL,
            PRIMARY KEY (shape, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            trace_id TEXT NOT NULL UNIQUE,
            shape INTEGER NOT NULL REFERENCES shapes (id),
            started_wall_s REAL NOT NULL,
            latency_s REAL NOT NULL,
            weight REAL NOT NULL,
            cost_usd REAL,
            answers_usd REAL NOT NULL,
            judges_usd REAL NOT NULL,
            classifiers_usd REAL NOT NULL,
            retries_usd REAL NOT NULL,
            rejected_usd REAL NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            answer_input_tokens INTEGER NOT NULL,
            answer_output_tokens INTEGER NOT NULL,
            events_version INTEGER NOT NULL
        )
        """,
        "CREATE TABLE events (run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, events TEXT NOT NULL)",
        """
        CREATE TABLE payloads (
            run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            query TEXT NOT NULL,
            answer TEXT NOT NULL,
            meta TEXT NOT NULL,
            texts TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE tallies (
            bucket INTEGER NOT NULL,
            shape INTEGER NOT NULL REFERENCES shapes (id),
            runs INTEGER NOT NULL,
            weight REAL NOT NULL,
            priced REAL NOT NULL,
            latency_s REAL NOT NULL,
            cost_usd REAL NOT NULL,
            answers_usd REAL NOT NULL,
            judges_usd REAL NOT NULL,
            classifiers_usd REAL NOT NULL,
            retries_usd REAL NOT NULL,
            rejected_usd REAL NOT NULL,
            input_tokens REAL NOT NULL,
            output_tokens REAL NOT NULL,
            answer_input_tokens REAL NOT NULL,
            answer_output_tokens REAL NOT NULL,
            PRIMARY KEY (bucket, shape)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE latencies (
            bucket INTEGER NOT NULL,
            policy INTEGER NOT NULL REFERENCES policies (id),
            place INTEGER NOT NULL,
            runs INTEGER NOT NULL,
            weight REAL NOT NULL,
            PRIMARY KEY (bucket, policy, place)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE reasons (
            bucket INTEGER NOT NULL,
            policy INTEGER NOT NULL REFERENCES policies (id),
            name TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            times INTEGER NOT NULL,
            weight REAL NOT NULL,
            PRIMARY KEY (bucket, policy, name, outcome, reason)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE signals (
            bucket INTEGER NOT NULL,
            policy INTEGER NOT NULL REFERENCES policies (id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            runs INTEGER NOT NULL,
            weight REAL NOT NULL,
            PRIMARY KEY (bucket, policy, name, value)
        ) WITHOUT ROWID
        """,
        _count_again,
        "DROP TABLE payloads_1",
        "DROP TABLE events_1",
        "DROP TABLE runs_1",
        "CREATE INDEX runs_by_start ON runs (started_wall_s)",
    ),
    (
        """
        CREATE TABLE answers (
            key TEXT PRIMARY KEY,
            made_wall_s REAL NOT NULL,
            until_wall_s REAL NOT NULL,
            trace_id TEXT NOT NULL,
            answer TEXT NOT NULL,
            answer_sha256 TEXT NOT NULL,
            bytes INTEGER NOT NULL
        )
        """,
        "CREATE INDEX answers_by_end ON answers (until_wall_s)",
        "CREATE INDEX answers_by_time ON answers (made_wall_s)",
    ),
    (
        "ALTER TABLE answers ADD COLUMN alike TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE answers ADD COLUMN vector TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX answers_by_likeness ON answers (alike, made_wall_s)",
    ),
    (
        """
        CREATE TABLE forms (
            id INTEGER PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            form TEXT NOT NULL
        )
        """,
    ),
)

LATEST: Final = len(STEPS)

READABLE: Final = 2
"""The first version in which runs stand as they do now: a store of it can be read as it is."""


def check_version(raw: sqlite3.Connection) -> int:
    """The version of the store; 0 for an empty database.

    Raises:
        StoreUnusable: if it is another program's database, or a newer version's.
    """
    version = int(raw.execute("PRAGMA user_version").fetchone()[0])
    application = int(raw.execute("PRAGMA application_id").fetchone()[0])
    if application != APPLICATION_ID:
        tables = raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or version or tables:
            raise StoreUnusable("it is a database of something else")
    if version > LATEST:
        raise StoreUnusable(
            f"it is of version {version}, written by a newer cascadelang; this one knows {LATEST}: upgrade, or name"
            " another store (`trace_store`)"
        )
    return version


def bring_up_to_date(raw: sqlite3.Connection, path: Path) -> None:
    """Make the steps that are missing in the file at a path, which leads over no link.

    Raises:
        StoreUnusable: as `check_version`.
    """
    if check_version(raw) == LATEST:
        return
    raw.execute("BEGIN IMMEDIATE")
    try:
        version = check_version(raw)  # again: another process may have been first
        if not version:
            _remove_old_log(raw, path)
        for number, step in enumerate(STEPS[version:], version + 1):
            for part in step:
                if isinstance(part, str):
                    raw.execute(part)
                else:
                    part(raw)
            raw.execute(f"PRAGMA user_version = {number}")
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


def _remove_old_log(raw: sqlite3.Connection, path: Path) -> None:
    """Remove the log of a store that was deleted without it, which another process may still write.

    In a transaction that writes to a new file, so that no log of its own can come to be meanwhile.
    """
    if raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return  # an empty file of somebody's, with a log of its own
    for end in ("-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + end).unlink()
