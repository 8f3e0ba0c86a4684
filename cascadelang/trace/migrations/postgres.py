"""The trace store's steps in PostgreSQL, in a schema of its own, `SCHEMA`.

Takes: a connection outside a transaction. Gives: the tables, brought up to `LATEST`. Guarantees: a step is made whole
or not at all, and by one of any number of processes, under an advisory lock; a store of a newer version is left as it
is.

The version stands in the table ``store``. Version 1 had no PostgreSQL side; step 1 makes an empty schema, so that the
numbers are those of SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cascadelang.trace.sql import StoreUnusable

if TYPE_CHECKING:
    import psycopg

SCHEMA: Final = "cascadelang"

LOCK: Final = 0x63_6C_74_72
"""The advisory lock that is held while steps are made."""

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    (
        """
        CREATE TABLE policies (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            graph_sha256 TEXT NOT NULL,
            UNIQUE (name, path, graph_sha256)
        )
        """,
        """
        CREATE TABLE shapes (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            policy BIGINT NOT NULL REFERENCES policies (id),
            status TEXT NOT NULL,
            failure TEXT NOT NULL,
            model TEXT NOT NULL,
            path TEXT NOT NULL
        )
        """,
        "CREATE INDEX shapes_by_policy ON shapes (policy)",
        """
        CREATE TABLE steps (
            shape BIGINT NOT NULL REFERENCES shapes (id),
            number INTEGER NOT NULL,
            kind TEXT NOT NULL,
            node TEXT NOT NULL,
            name TEXT NOT NULL,
            model TEXT NOT NULL,
            outcome TEXT NOT NULL,
            times INTEGER NOT NULL,
            PRIMARY KEY (shape, number)
        )
        """,
        "CREATE SEQUENCE run_ids",
        """
        CREATE TABLE runs (
            id BIGINT PRIMARY KEY,
            trace_id TEXT COLLATE "C" NOT NULL UNIQUE,
            shape BIGINT NOT NULL REFERENCES shapes (id),
            started_wall_s DOUBLE PRECISION NOT NULL,
            latency_s DOUBLE PRECISION NOT NULL,
            weight DOUBLE PRECISION NOT NULL,
            cost_usd DOUBLE PRECISION,
            answers_usd DOUBLE PRECISION NOT NULL,
            judges_usd DOUBLE PRECISION NOT NULL,
            classifiers_usd DOUBLE PRECISION NOT NULL,
            retries_usd DOUBLE PRECISION NOT NULL,
            rejected_usd DOUBLE PRECISION NOT NULL,
            input_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            answer_input_tokens BIGINT NOT NULL,
            answer_output_tokens BIGINT NOT NULL,
            events_version INTEGER NOT NULL
        )
        """,
        "CREATE INDEX runs_by_start ON runs (started_wall_s)",
        "CREATE TABLE events (run BIGINT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, events TEXT NOT NULL)",
        """
        CREATE TABLE payloads (
            run BIGINT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            query TEXT NOT NULL,
            answer TEXT NOT NULL,
            meta TEXT NOT NULL,
            texts TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE tallies (
            bucket BIGINT NOT NULL,
            shape BIGINT NOT NULL REFERENCES shapes (id),
            runs BIGINT NOT NULL,
            weight DOUBLE PRECISION NOT NULL,
            priced DOUBLE PRECISION NOT NULL,
            latency_s DOUBLE PRECISION NOT NULL,
            cost_usd DOUBLE PRECISION NOT NULL,
            answers_usd DOUBLE PRECISION NOT NULL,
            judges_usd DOUBLE PRECISION NOT NULL,
            classifiers_usd DOUBLE PRECISION NOT NULL,
            retries_usd DOUBLE PRECISION NOT NULL,
            rejected_usd DOUBLE PRECISION NOT NULL,
            input_tokens DOUBLE PRECISION NOT NULL,
            output_tokens DOUBLE PRECISION NOT NULL,
            answer_input_tokens DOUBLE PRECISION NOT NULL,
            answer_output_tokens DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (bucket, shape)
        )
        """,
        """
        CREATE TABLE latencies (
            bucket BIGINT NOT NULL,
            policy BIGINT NOT NULL REFERENCES policies (id),
            place INTEGER NOT NULL,
            runs BIGINT NOT NULL,
            weight DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (bucket, policy, place)
        )
        """,
        """
        CREATE TABLE reasons (
            bucket BIGINT NOT NULL,
            policy BIGINT NOT NULL REFERENCES policies (id),
            name TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            times BIGINT NOT NULL,
            weight DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (bucket, policy, name, outcome, reason)
        )
        """,
        """
        CREATE TABLE signals (
            bucket BIGINT NOT NULL,
            policy BIGINT NOT NULL REFERENCES policies (id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            runs BIGINT NOT NULL,
            weight DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (bucket, policy, name, value)
        )
        """,
    ),
    (
        """
        CREATE TABLE answers (
            key TEXT COLLATE "C" PRIMARY KEY,
            made_wall_s DOUBLE PRECISION NOT NULL,
            until_wall_s DOUBLE PRECISION NOT NULL,
            trace_id TEXT NOT NULL,
            answer TEXT NOT NULL,
            answer_sha256 TEXT NOT NULL,
            bytes BIGINT NOT NULL
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
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            form TEXT NOT NULL
        )
        """,
    ),
)

LATEST: Final = len(STEPS)

READABLE: Final = 2
"""The first version in which runs stand as they do now: a store of it can be read as it is."""


def check_version(raw: psycopg.Connection[Any]) -> int:
    """The version of the store; 0 when there is none.

    Raises:
        StoreUnusable: if it is a newer version's.
    """
    # the catalogue itself: `to_regclass` may answer from a cache that is older than the lock
    look = (
        "SELECT 1 FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = %s AND relname = 'store'"
    )
    if raw.execute(look, (SCHEMA,)).fetchone() is None:
        return 0
    row = raw.execute(f"SELECT version FROM {SCHEMA}.store").fetchone()  # noqa: S608 - a name of ours
    version = int(row[0]) if row else 0
    if version > LATEST:
        raise StoreUnusable(
            f"it is of version {version}, written by a newer cascadelang; this one knows {LATEST}: upgrade, or name"
            " another store (`trace_store`)"
        )
    return version


def bring_up_to_date(raw: psycopg.Connection[Any]) -> None:
    """Make the steps that are missing.

    Raises:
        StoreUnusable: as `check_version`.
    """
    if check_version(raw) == LATEST:
        return
    with raw.transaction():
        # a large store takes its time, and so does waiting for who is at it, whatever is set for the role
        raw.execute("SET LOCAL statement_timeout = 0")
        raw.execute("SET LOCAL lock_timeout = 0")
        raw.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        version = check_version(raw)  # again: another process may have been first
        if version == LATEST:
            return
        raw.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        raw.execute(f"SET LOCAL search_path TO {SCHEMA}")
        if not version:
            raw.execute("CREATE TABLE store (version INTEGER NOT NULL)")
            raw.execute("INSERT INTO store VALUES (0)")
        for step in STEPS[version:]:
            for statement in step:
                raw.execute(statement)
        raw.execute("UPDATE store SET version = %s", (LATEST,))
