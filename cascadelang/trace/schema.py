"""The trace store's tables, as numbered steps from one version to the next.

Takes: a connection. Gives: the tables, brought up to `LATEST`. Guarantees: a step is made whole or not at all, also
when two processes open a new store at once; a store of a newer version, and a file that is something else, are left
as they are.

``runs`` holds one row a run, all of it facts; ``events`` its steps without texts; ``payloads`` what was asked and
answered: the query, the answer, the caller's facts, and the text of each call by the number of its event. Texts can
so be dropped, and facts kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID: Final = 0x63_6C_74_72
"""``cltr``, in the file's header, so that another program's database isn't taken for a trace store."""

_STEPS: Final[tuple[tuple[str, ...], ...]] = (
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
)

LATEST: Final = len(_STEPS)


class StoreUnusable(Exception):  # noqa: N818 - it names what is so
    """The file can't be used as a trace store. ``str()`` of it says why, for people, without the path."""


def check_version(connection: sqlite3.Connection) -> int:
    """The version of the store; 0 for an empty database.

    Raises:
        StoreUnusable: if it is another program's database, or a newer version's.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if application != APPLICATION_ID:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or version or tables:
            raise StoreUnusable("it is a database of something else")
    if version > LATEST:
        raise StoreUnusable(f"it is of version {version}, written by a newer cascadelang; this one knows {LATEST}")
    return version


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Make the steps that are missing.

    Raises:
        StoreUnusable: as `check_version`.
    """
    if check_version(connection) == LATEST:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check_version(connection)  # again: another process may have been first
        for number, step in enumerate(_STEPS[version:], version + 1):
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
