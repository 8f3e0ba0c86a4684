"""Whatever is wrong with the server, answers come; runs wait for it; and no password is ever shown."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time

import pytest

from cascadelang.trace import store as store_module
from cascadelang.trace.postgres import without_password
from cascadelang.trace.query import StoreUnusable, list_runs
from cascadelang.trace.sql import database, shown
from cascadelang.trace.store import TraceStore
from cascadelang.workspace.config import Config, read

URL_PASSWORD = "s3cret%3Ap%40ss%2Fword"
PASSWORD = "s3cret:p@ss/word"
SECRETS = (PASSWORD, URL_PASSWORD, "s3cret", "p@ss", "word@")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(store_module, "_BACK_OFF_S", (0.05, 0.1))


@pytest.fixture
def held(monkeypatch):
    """Keeps the writing thread of a store from taking runs until the event that is given is set."""

    def hold(store: TraceStore) -> threading.Event:
        go_on, batch = threading.Event(), store._batch

        def waits():
            go_on.wait(60)
            return batch()

        monkeypatch.setattr(store, "_batch", waits)
        return go_on

    return hold


def unshown(*texts: object) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in str(text)


@pytest.mark.usefixtures("quick")
def test_a_server_that_is_not_there_at_first(postgres, make_run, warnings, until, held):
    postgres.stop()
    store = TraceStore(postgres.url, warn=warnings.append)
    go_on = held(store)
    for number in range(20):
        store.record(make_run(number))
    assert (store.waiting, warnings) == (20, []), "recording waits for nothing"
    go_on.set()
    until(lambda: warnings)
    postgres.start()
    until(lambda: len(warnings) == 2)
    store.close()
    assert store.dropped == 0
    assert len(list_runs(postgres.url)) == 20
    name = without_password(postgres.url)
    assert warnings[0].startswith(f"runs can't be recorded in `{name}` for now: ")
    assert warnings[0].endswith("up to 10,000 are kept until they can, and answers are not affected")
    assert warnings[1] == f"runs are recorded in `{name}` again"
    unshown(*warnings)


@pytest.mark.usefixtures("quick")
def test_a_server_that_goes_away_for_longer_than_fits(postgres, make_run, warnings, until, held):
    store = TraceStore(postgres.url, warn=warnings.append, most_waiting=100)
    store.record(make_run(0))
    until(lambda: list_runs(postgres.url))
    go_on = held(store)
    postgres.stop("immediate")
    for number in range(1, 501):
        store.record(make_run(number))
    go_on.set()
    until(lambda: warnings)
    lost = store.dropped
    assert lost == 400
    postgres.start()
    until(lambda: len(warnings) == 2)
    store.close()
    assert f"again; {lost} were not, for more than 100 would have waited" in warnings[1]
    assert len(list_runs(postgres.url, limit=None)) == 501 - lost
    assert len(warnings) == 2


@pytest.mark.parametrize(("runs", "words"), [(7, "7 runs were"), (1, "1 run was")])
def test_a_server_that_stays_away_holds_nothing_up(postgres, make_run, warnings, runs, words):
    postgres.stop()
    store = TraceStore(postgres.url, warn=warnings.append)
    for number in range(runs):
        store.record(make_run(number))
    begun_s = time.monotonic()
    store.close()
    assert time.monotonic() - begun_s < 25  # it is given 30 s where a server only is slow
    postgres.start()
    assert store.dropped == runs
    assert f"{words} not recorded" in warnings[-1]
    unshown(*warnings)


def test_connections_that_the_server_ends_are_made_again(postgres, make_run, warnings, quick, until):
    store = TraceStore(postgres.url, warn=warnings.append)
    for number in range(3):
        store.record(make_run(number))
        until(lambda number=number: len(list_runs(postgres.url)) == number + 1)
        import psycopg

        with psycopg.connect(postgres.url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cascadelang'"
            )
    store.close()
    assert store.dropped == 0
    assert len(list_runs(postgres.url)) == 3


def test_tables_that_are_dropped_are_made_anew(postgres, asked, make_run, warnings, until):
    store = TraceStore(postgres.url, warn=warnings.append)
    store.record(make_run(1))
    until(lambda: len(list_runs(postgres.url)) == 1)
    asked("DROP SCHEMA cascadelang CASCADE")
    store.record(make_run(2))
    store.close()
    assert (store.dropped, warnings) == (0, [])
    assert [run.trace_id for run in list_runs(postgres.url)] == [make_run(2).trace_id]


def test_a_wrong_password_is_told_and_never_shown(postgres, make_run, warnings, until, *, caplog, capfd):
    wrong = postgres.url.replace(URL_PASSWORD, "s3cret%3Awrong")
    caplog.set_level(logging.DEBUG)
    store = TraceStore(wrong, warn=warnings.append)
    store.record(make_run())
    until(lambda: warnings)
    store.close()
    assert "password authentication failed" in warnings[0]
    with pytest.raises(StoreUnusable, match="password authentication failed") as told:
        list_runs(wrong)
    unshown(*warnings, told.value, repr(told.value), store.name, caplog.text, *capfd.readouterr())
    assert "wrong" not in "".join(warnings) + str(told.value)


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("postgresql://u:s3cret@h/d", "postgresql://u@h/d"),
        ("postgresql://u:s3cret:p@ss/word@h:5432/d?sslmode=require", "postgresql://u@h:5432/d?sslmode=require"),
        ("postgresql://h/d?password=s3cret&user=u", "postgresql://h/d?user=u"),
        ("postgresql://h/d?user=u&password=s3cret", "postgresql://h/d?user=u"),
        ("postgresql://h/d?sslpassword=s3cret%40x&password=p@ss", "postgresql://h/d"),
        ("postgres://u@h/d", "postgres://u@h/d"),
        ("postgresql://h", "postgresql://h"),
        ("postgresql:///d?host=/var/run", "postgresql:///d?host=/var/run"),
        ("postgressql://u:s3cret@h/d", "postgressql://u@h/d"),
        ("postgresql:/u:s3cret@h/d", "postgresql:/u@h/d"),
        ("postgres:u:s3cret@h/d", "postgres:u@h/d"),
    ],
)
def test_a_url_is_shown_without_its_password(url, there):
    assert shown(url) == there


@pytest.mark.parametrize(
    "url",
    ["postgressql://u:s3cret@h/d", "mysql://u:s3cret@h/d", "sqlite:///t.sqlite", "Postgresql:/u:s3cret@h/d"],
)
def test_a_url_of_another_database_is_no_path(url, tmp_path, monkeypatch, make_run, warnings):
    monkeypatch.chdir(tmp_path)
    store = TraceStore(url, warn=warnings.append)
    store.record(make_run())
    store.close()
    assert len(warnings) == 1
    assert "a URL that begins with `postgresql://`" in warnings[0]
    with pytest.raises(StoreUnusable, match="a URL that begins with") as told:
        list_runs(url)
    assert "s3cret" not in warnings[0] + str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret:p@ss/word@h:x/d",
        "postgresql://u:s3cret@h/d?nonsense=1",
        "postgresql://u:s3cret?x@h/d",
        "postgresql://u:s3cret#x@h/d",
        "postgresql://u:s3cret%zz@h/d",
    ],
)
def test_a_mistyped_url_is_told_without_what_was_typed(url, make_run, warnings):
    with pytest.raises(StoreUnusable, match="is no PostgreSQL URL") as told:
        list_runs(url)
    store = TraceStore(url, warn=warnings.append)
    store.record(make_run())
    store.close()
    assert store.dropped == 1
    unshown(told.value, *warnings)


def test_a_parameter_that_is_none_is_named():
    with pytest.raises(StoreUnusable, match=r"there is no parameter `sslmod`$"):
        database("postgresql://u:s3cret@h/d?sslmod=require")


def test_a_scheme_is_one_in_any_case(postgres, make_run):
    store = TraceStore(postgres.url.replace("postgresql", "PostgreSQL"))
    store.record(make_run())
    store.close()
    assert len(list_runs(postgres.url)) == 1


@pytest.fixture
def asked(postgres):
    """Runs SQL as an operator would; whatever roles and databases it makes are removed by the test itself."""
    import psycopg

    def ask(sql: str) -> None:
        with psycopg.connect(postgres.url, autocommit=True, options="-c statement_timeout=0") as connection:
            connection.execute(sql)

    return ask


def test_a_role_that_may_make_nothing_is_told(postgres, asked, make_run, warnings):
    from cascadelang.trace.pool import close_pools

    asked("CREATE ROLE weak LOGIN PASSWORD 'weakweak'")
    url = f"postgresql://weak:weakweak@127.0.0.1:{postgres.port}/postgres"
    store = TraceStore(url, warn=warnings.append)
    store.record(make_run())
    store.close()
    close_pools()
    asked("DROP ROLE weak")
    why = "permission denied for database postgres; answers are not affected"
    assert warnings == [f"1 run was not recorded in `{without_password(url)}`: {why}"]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_the_encoding_of_the_database(postgres, asked, make_run, warnings, encoding):
    from cascadelang.trace.pool import close_pools

    asked("DROP DATABASE IF EXISTS other")
    asked(f"CREATE DATABASE other ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    store = TraceStore(postgres.url.replace("/postgres", "/other"), warn=warnings.append)
    store.record(make_run(1, query="日本語 é"))
    store.close()
    if encoding == "SQL_ASCII":
        assert [run.query for run in list_runs(postgres.url.replace("/postgres", "/other"))] == ["日本語 é"]
        assert warnings == []
    else:
        assert len(warnings) == 1
        assert "1 run was not recorded in" in warnings[0]
        assert "the database's encoding is LATIN1, which can't hold every text: make it UTF8" in warnings[0]
    close_pools()
    asked("DROP DATABASE other")


def test_what_is_set_for_a_role_is_not_in_the_way(postgres, asked, make_run, warnings):
    asked("ALTER ROLE tester SET statement_timeout = '30ms'")
    asked("ALTER ROLE tester SET lock_timeout = '1ms'")
    asked("ALTER ROLE tester SET search_path = pg_catalog")
    try:
        store = TraceStore(f"{postgres.url}?options=-csearch_path%3Dnowhere", warn=warnings.append)
        for number in range(200):
            store.record(make_run(number))
        store.close()
        assert (warnings, store.dropped) == ([], 0)
        assert len(list_runs(postgres.url, limit=None)) == 200
    finally:
        asked("ALTER ROLE tester RESET ALL")


def test_a_database_that_only_reads_is_waited_for(postgres, make_run, warnings, quick, until):
    url = f"{postgres.url}?options=-cdefault_transaction_read_only%3Don"
    store = TraceStore(url, warn=warnings.append)
    store.record(make_run())
    until(lambda: warnings)
    assert "for now: the database only reads" in warnings[0]
    store.close()
    assert warnings[1].startswith("1 run was not recorded in")
    assert list_runs(url) == []


def test_a_server_with_no_connection_left(postgres, make_run, warnings, quick, until):
    import psycopg

    hold = []
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            hold.append(psycopg.connect(postgres.url))
    store = TraceStore(postgres.url, warn=warnings.append)
    store.record(make_run())
    until(lambda: warnings)
    for connection in hold:
        connection.close()
    until(lambda: len(warnings) == 2)
    store.close()
    assert store.dropped == 0
    assert warnings[1].endswith(" again")
    assert len(list_runs(postgres.url)) == 1


def test_settings_and_doctor_show_no_password(postgres, tmp_path, monkeypatch, make_run):
    from cascadelang.workspace.doctor import examine

    monkeypatch.chdir(tmp_path)
    (tmp_path / "cascadelang.toml").write_text(f"trace_store = '{postgres.url}'\ntrace_key = 's3cret'\n")
    config = read(tmp_path)
    assert config.trace_where() == postgres.url
    unshown(repr(config), str(config))
    (found,) = [item for item in examine() if item.name == "store"]
    assert (found.state, found.detail) == ("ok", f"{shown(postgres.url)}, where nothing is recorded yet")
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", postgres.url.replace(str(postgres.port), "1"))
    (found,) = [item for item in examine() if item.name == "store"]
    assert found.state == "problem"
    unshown(found)


def test_without_psycopg_it_says_what_to_install(monkeypatch, make_run, warnings):
    import sys

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnusable, match=r"pip install .cascadelang\[postgres\]"):
        list_runs("postgresql://h/d")
    store = TraceStore("postgresql://h/d", warn=warnings.append)
    store.record(make_run())
    store.close()
    assert "cascadelang[postgres]" in warnings[0]


def test_a_server_that_accepts_and_says_nothing(make_run, warnings, held, until):
    """A port that takes connections and never answers: the writing thread waits, nobody else does."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://u:s3cret@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=2"
        store = TraceStore(url, warn=warnings.append)
        go_on = held(store)
        for number in range(100):
            store.record(make_run(number))
        assert (store.waiting, warnings) == (100, [])
        go_on.set()
        until(lambda: warnings)
        begun_s = time.monotonic()
        store.close()
        assert time.monotonic() - begun_s < 25
    assert store.dropped == 100
    unshown(*warnings)


def test_two_locations_are_two_stores():
    assert Config(trace_store="postgresql://h/d").trace_where() == "postgresql://h/d"
    assert Config(trace_store="off").trace_where() is None
    assert database("postgresql://u:s3cret@h/d").name == "postgresql://u@h/d"
