"""The connections to PostgreSQL that a process shares: few, checked, closed in time, and never a parent's."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from cascadelang.contracts.answer_cache import Kept
from cascadelang.trace.answers import AnswerStore
from cascadelang.trace.query import list_runs
from cascadelang.trace.sql import StoreAway, StoreUnusable, database, looks_at_once, reading
from cascadelang.trace.store import TraceStore

ROOT = Path(__file__).parents[3]
SECRETS = ("s3cret", "p@ss", "p%40ss")


def sessions(postgres) -> list[tuple[int, str]]:
    """What the server knows of our connections: process id, state."""
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True, application_name="looks") as connection:
        return connection.execute(
            "SELECT pid, state FROM pg_stat_activity WHERE application_name = 'cascadelang'"
        ).fetchall()


def cut(postgres) -> None:
    """End our connections, as an administrator does."""
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True, application_name="cuts") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cascadelang'"
        )
    until_s = time.monotonic() + 10
    while sessions(postgres) and time.monotonic() < until_s:
        time.sleep(0.01)


def recorded(postgres, make_run, *numbers: int) -> TraceStore:
    warnings: list[str] = []
    store = TraceStore(postgres.url, warn=warnings.append)
    for number in numbers:
        store.record(make_run(number))
    store.close()
    assert warnings == []
    return store


def kept(number: int) -> Kept:
    return Kept(f"key{number}", 1_000.0, "trace", f'{{"answer": {number}}}')


def test_many_stores_have_few_connections(postgres, make_run):
    stores = [TraceStore(postgres.url) for _ in range(12)]
    for number in range(60):
        stores[number % 12].record(make_run(number))
    for store in stores:
        store.close()
    assert sum(store.dropped for store in stores) == 0
    assert len(list_runs(postgres.url, limit=None)) == 60
    assert 1 <= len(sessions(postgres)) <= 4


def test_looks_at_once_share_them(postgres):
    async def look() -> list[Kept | None]:
        store = AnswerStore(postgres.url)
        for number in range(32):
            store.put(kept(number), 86_400.0)
        store.close()
        store = AnswerStore(postgres.url)
        found = await asyncio.gather(*(store.find(f"key{number}", 0.0) for number in range(32)))
        assert 1 < len(sessions(postgres)) <= 4
        store.close()
        return found

    assert asyncio.run(look()) == [kept(number) for number in range(32)]


def test_how_many_there_may_be_can_be_said(postgres, make_run, monkeypatch):
    monkeypatch.setenv("CASCADELANG_TRACE_CONNECTIONS", "2")
    recorded(postgres, make_run, 1)
    monkeypatch.setattr("cascadelang.trace.postgres.CONNECT_S", 0)
    at = database(postgres.url)
    first, second = at.read(), at.read()
    with pytest.raises(StoreAway, match="all 2 connections to it are in use"):
        at.read()
    first.close()
    third = at.read()
    assert third.rows("SELECT count(*) FROM runs") == [(1,)]
    for one in (second, third):
        one.close()
    assert len(sessions(postgres)) == 2
    for word in ("many", "1", "-3", ""):
        monkeypatch.setenv("CASCADELANG_TRACE_CONNECTIONS", word)
        assert looks_at_once(postgres.url) in {2, 4}


def test_readers_see_one_moment(postgres, make_run):
    recorded(postgres, make_run, 1)
    with reading(postgres.url) as store:
        assert store.rows("SELECT count(*) FROM runs") == [(1,)]
        recorded(postgres, make_run, 2)
        assert store.rows("SELECT count(*) FROM runs") == [(1,)]
    with reading(postgres.url) as store:
        assert store.rows("SELECT count(*) FROM runs") == [(2,)]
        with pytest.raises(Exception, match="read-only"):
            store.execute("DELETE FROM runs")
    with reading(postgres.url) as store:
        assert store.rows("SELECT count(*) FROM runs") == [(2,)]


def test_connections_that_were_cut_are_replaced(postgres, make_run):
    warnings: list[str] = []
    store = TraceStore(postgres.url, warn=warnings.append)
    for number in range(3):
        store.record(make_run(number))
        until_s = time.monotonic() + 10
        while len(list_runs(postgres.url)) <= number and time.monotonic() < until_s:
            time.sleep(0.01)
        cut(postgres)
    assert len(list_runs(postgres.url)) == 3
    store.close()
    assert (warnings, store.dropped) == ([], 0)


def test_a_store_that_was_made_anew_is_filled_anew(postgres, make_run):
    """Ids that were known are no more, and nothing says so but that the connection broke."""
    warnings: list[str] = []
    store = TraceStore(postgres.url, warn=warnings.append)
    for number in range(1, 4):
        store.record(make_run(number, policy=f"p{number}"))
        until_s = time.monotonic() + 10
        while not list_runs(postgres.url, policy=f"p{number}") and time.monotonic() < until_s:
            time.sleep(0.01)
    postgres.empty()  # cuts connections, too
    store.record(make_run(4, policy="p3"))
    store.close()
    assert (warnings, store.dropped) == ([], 0)
    assert [(run.trace_id, run.policy) for run in list_runs(postgres.url)] == [(f"{4:020x}", "p3")]


def test_a_server_that_refuses_is_told_at_once(postgres, make_run):
    recorded(postgres, make_run, 1)
    postgres.stop()
    try:
        begun_s = time.monotonic()
        with pytest.raises(StoreUnusable, match="can't be read"), reading(postgres.url):
            pass
        assert time.monotonic() - begun_s < 3
    finally:
        postgres.start()
    assert len(list_runs(postgres.url)) == 1


def test_no_thread_and_no_log_holds_the_password(postgres, make_run, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    recorded(postgres, make_run, 1)
    names = [thread.name for thread in threading.enumerate()]
    assert any("cascadelang-store" in name for name in names)
    with pytest.raises(StoreUnusable), reading(postgres.url.replace("p%40ss", "p%40ss-wrong")):
        pass
    cut(postgres)
    list_runs(postgres.url)
    said = [*names, caplog.text, *capfd.readouterr()]
    assert "password authentication failed" in caplog.text
    assert not [secret for secret in SECRETS for text in said if secret in text]


def run_child(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore:This process:DeprecationWarning",
            "-c",
            textwrap.dedent(code),
            *map(str, args),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "tests" / "unit", ROOT)))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform can't fork")
def test_a_forked_child_opens_its_own_and_leaves_its_parents_alone(postgres):
    code = """
        import os, sys, time
        from conftest import run
        from cascadelang.trace import pool
        from cascadelang.trace.query import list_runs
        from cascadelang.trace.store import TraceStore
        url = sys.argv[1]
        store = TraceStore(url, warn=lambda words: sys.exit(words))
        store.record(run(1))
        while not list_runs(url):
            time.sleep(0.01)
        mine = list(pool._POOLS.values())
        if os.fork() == 0:
            assert not pool._POOLS and pool._INHERITED == mine
            store.record(run(2))
            store.close()
            assert len(list_runs(url)) == 2
            sys.exit(0)  # with all that is done at the end
        assert os.wait()[1] == 0
        store.record(run(3))
        store.close()
        assert list(pool._POOLS.values()) == mine and mine[0].breaks == 0
        print(len(list_runs(url)))
    """
    done = run_child(code, postgres.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")


def test_the_end_of_the_process_writes_first_and_then_closes(postgres, make_run):
    code = """
        import sys
        from conftest import run
        from cascadelang.trace.store import TraceStore
        store = TraceStore(sys.argv[1], warn=lambda words: print(words))
        store.record(run(1))
    """
    done = run_child(code, postgres.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list_runs(postgres.url)) == 1


def test_where_no_thread_can_be_started_it_goes_without_a_pool(postgres, make_run, monkeypatch):
    """As at the end of a process, from Python 3.12 on."""
    import psycopg_pool

    def refused(*_args: object, **_options: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(psycopg_pool, "ConnectionPool", refused)
    recorded(postgres, make_run, 1)
    assert len(list_runs(postgres.url)) == 1
    assert sessions(postgres) == []


def test_what_it_was_closed_before_goes_without_it(postgres, make_run):
    from cascadelang.trace.pool import close_pools

    store = TraceStore(postgres.url)
    store.record(make_run(1))
    connection = database(postgres.url).connect()
    close_pools()
    with connection.transaction():
        assert connection.rows("SELECT count(*) FROM policies")
    store.close()
    assert store.dropped == 0


def test_sqlite_needs_no_pool(tmp_path):
    code = """
        import sys
        from conftest import run
        from cascadelang.trace.store import TraceStore
        store = TraceStore(sys.argv[1])
        store.record(run(1))
        store.close()
        print([name for name in sys.modules if name.startswith("psycopg") or name == "cascadelang.trace.pool"])
    """
    done = run_child(code, tmp_path / "t.sqlite")
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
