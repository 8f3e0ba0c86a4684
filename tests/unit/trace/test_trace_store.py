from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from cascadelang.trace.migrations.sqlite import APPLICATION_ID, LATEST
from cascadelang.trace.query import StoreUnusable, TraceAmbiguous, TraceNotFound, list_runs, show_run
from cascadelang.trace.store import TraceStore

ROOT = Path(__file__).parents[3]
SETUP = """
import os, signal, sys, time
from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.trace.store import TraceStore
def run(id_, text="x"):
    events = (Event("call", "n", 0.1, {"model": "a", "text": text}),)
    now = time.time()
    return RunRecord(id_, "main", "p", "", now, 0.1, "accepted", "", "a", ("a",), 0.1, 1, 1, text, text, {}, events)
path = sys.argv[1]
"""


def child(code: str, *args: object) -> subprocess.Popen[str]:
    """Another process that runs the code with what the tests of this module start from."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = SETUP + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err == ""
    return out


def test_what_goes_in_comes_out(tmp_path, make_run, warnings):
    store = TraceStore(tmp_path / "new" / "folder" / "traces.sqlite", warn=warnings.append)
    runs = [make_run(n) for n in range(100)]
    for run in runs:
        store.record(run)
    store.close()
    store.close()
    assert warnings == []
    assert store.dropped == 0
    for run in runs:
        assert show_run(store.path, run.trace_id) == run
    assert [r.trace_id for r in list_runs(store.path, limit=3)] == [r.trace_id for r in runs[:-4:-1]]
    assert len(list_runs(store.path, limit=None)) == 100


def test_texts_stand_in_a_table_of_their_own(tmp_path, make_run):
    store = TraceStore(tmp_path / "t.sqlite")
    store.record(make_run(1, query="MARK", answer="MARK"))
    store.record(make_run(2, events=[]))
    store.close()
    connection = sqlite3.connect(store.path)
    (events,) = connection.execute("SELECT events FROM events WHERE run = 1").fetchone()
    assert "an answer" not in events
    assert "MARK" not in str(connection.execute("SELECT * FROM runs").fetchall())
    assert connection.execute("SELECT json_extract(texts, '$[0]') FROM payloads WHERE run = 1").fetchone() == (
        "an answer",
    )
    connection.execute("DELETE FROM payloads")
    connection.commit()
    connection.close()
    assert show_run(store.path, "last").query == ""
    assert "text" not in show_run(store.path, f"{1:020x}").events[1].data


def test_the_file_is_the_users_alone_and_ready_for_queries(tmp_path, make_run):
    store = TraceStore(tmp_path / "data" / "t.sqlite")
    store.record(make_run())
    store.close()
    assert store.path.parent.stat().st_mode & 0o077 == 0
    assert store.path.stat().st_mode & 0o077 == 0
    connection = sqlite3.connect(store.path)
    assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    for condition, index in (
        ("runs WHERE started_wall_s > 5", "runs_by_start"),
        ("shapes WHERE policy = 5", "shapes_by_policy"),
        ("runs WHERE trace_id = 'x'", "autoindex"),
        ("tallies WHERE bucket > 5", "PRIMARY KEY"),
    ):
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {condition}").fetchall()  # noqa: S608 - our own
        assert index in str(plan)
    connection.close()


def test_nothing_is_made_until_something_is_recorded(tmp_path):
    before = set(threading.enumerate())
    store = TraceStore(tmp_path / "t.sqlite")
    assert set(threading.enumerate()) <= before
    store.close()
    assert not store.path.exists()
    assert list_runs(store.path) == []
    with pytest.raises(TraceNotFound, match="no run is recorded yet"):
        show_run(tmp_path / "none.sqlite", "last")
    with pytest.raises(TraceNotFound, match="no run is recorded under `abc`"):
        show_run(store.path, "abc")


def test_awkward_values(tmp_path, make_run, warnings):
    store = TraceStore(tmp_path / "t.sqlite", warn=warnings.append)
    odd = make_run(
        1, query="half \ud800 a pair\x00", answer="日本語 🎉", meta={"when": object, "n": 10**30}, cost_usd=None
    )
    store.record(odd)
    store.record(make_run(2))
    circle: dict = {}
    circle["self"] = circle
    store.record(make_run(3, meta=circle))
    store.record(make_run(4, input_tokens=2**70))
    store.close()
    assert store.dropped == 2
    assert warnings == [f"2 runs were not recorded in `{store.path}`: they could not be stored"]
    found = show_run(store.path, odd.trace_id)
    assert (found.query, found.answer, found.cost_usd) == ("half ? a pair\x00", "日本語 🎉", None)
    assert found.meta["n"] == 10**30
    assert sorted(r.trace_id for r in list_runs(store.path)) == [f"{1:020x}", f"{2:020x}"]


def test_filters(tmp_path, make_run):
    store = TraceStore(tmp_path / "t.sqlite")
    store.record(make_run(1, policy="main", path=("a",), status="accepted"))
    store.record(make_run(2, policy="main", path=("a", "b"), model="b", status="unmet"))
    store.record(make_run(3, policy="other", path=("c",), model="c", status="failed"))
    store.close()

    def ids(**only):
        return [int(r.trace_id, 16) for r in list_runs(store.path, **only)]

    assert ids() == [3, 2, 1]
    assert ids(policy="main") == [2, 1]
    assert ids(model="a") == [2, 1]
    assert ids(model="b") == [2]
    assert ids(status="failed") == [3]
    assert ids(since_wall_s=1002.0) == [3, 2]
    assert ids(limit=1) == [3]
    assert ids(policy="main", model="a", status="unmet", since_wall_s=0.0, limit=9) == [2]
    assert ids(policy="x' OR 1=1 --") == []


def test_showing_by_the_beginning_of_an_id(tmp_path, make_run):
    store = TraceStore(tmp_path / "t.sqlite")
    for id_ in ("abc1", "abc2", "abd", "abd9"):
        store.record(make_run(1, trace_id=id_))
    store.close()
    assert show_run(store.path, "abc1").trace_id == "abc1"
    assert show_run(store.path, "abd").trace_id == "abd", "a whole id wins over the beginning of another"
    with pytest.raises(TraceAmbiguous, match="more than one run's id begins with `abc`"):
        show_run(store.path, "abc")
    for id_ in ("b", "", "%", "ab_1"):
        with pytest.raises(TraceNotFound):
            show_run(store.path, id_)


def test_too_many_at_once_are_counted_and_told_once(tmp_path, make_run, warnings):
    store = TraceStore(tmp_path / "t.sqlite", warn=warnings.append, most_waiting=10)
    for number in range(500):
        store.record(make_run(number))
    store.close()
    kept = len(list_runs(store.path, limit=None))
    assert kept + store.dropped == 500
    assert kept >= 10
    assert warnings == [f"{store.dropped} runs were not recorded in `{store.path}`: they came too fast"]


def test_after_closing_runs_are_only_counted(tmp_path, make_run, warnings):
    store = TraceStore(tmp_path / "t.sqlite", warn=warnings.append)
    store.close()
    store.record(make_run())
    assert store.dropped == 1
    assert not store.path.exists()


def test_threads_record_at_once(tmp_path, make_run):
    store = TraceStore(tmp_path / "t.sqlite")
    threads = [
        threading.Thread(target=lambda at=at: [store.record(make_run(at * 1000 + n)) for n in range(100)])
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert len(list_runs(store.path, limit=None)) == 800


def test_two_processes_write_one_store_and_nothing_is_lost(tmp_path):
    path = tmp_path / "t.sqlite"
    code = """
        store = TraceStore(path, warn=lambda message: sys.exit(message))
        for number in range(500):
            store.record(run(f"{sys.argv[2]}{number:08x}"))
            if number % 50 == 0:
                time.sleep(0.005)
        store.close()
        print(store.dropped)
    """
    both = [child(code, path, name) for name in "ab"]
    assert [ended(one) for one in both] == ["0\n", "0\n"]
    found = list_runs(path, limit=None)
    assert len(found) == 1000
    assert {r.trace_id for r in found} == {f"{name}{n:08x}" for name in "ab" for n in range(500)}


def test_the_end_of_the_process_writes_what_is_left(tmp_path):
    path = tmp_path / "t.sqlite"
    ended(child("store = TraceStore(path)\nfor n in range(50): store.record(run(str(n)))", path))
    assert len(list_runs(path)) == 50


def test_a_killed_process_loses_no_more_than_what_had_not_gathered(tmp_path):
    path = tmp_path / "t.sqlite"
    code = """
        store = TraceStore(path)
        for n in range(50): store.record(run(str(n)))
        while store.waiting or not os.path.exists(path): time.sleep(0.01)
        from cascadelang.trace.query import list_runs
        while len(list_runs(path, limit=None)) < 50: time.sleep(0.01)
        for n in range(50, 60): store.record(run(str(n)))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    process = child(code, path)
    process.communicate(timeout=120)
    assert process.returncode == -9
    assert 50 <= len(list_runs(path, limit=None)) <= 60
    store = TraceStore(path)
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform can't fork")
def test_a_forked_child_writes_its_own(tmp_path):
    path = tmp_path / "t.sqlite"
    code = """
        import warnings; warnings.simplefilter("ignore")
        store = TraceStore(path)
        store.record(run("before"))
        from cascadelang.trace.query import list_runs
        while not list_runs(path): time.sleep(0.01)
        # a fork in the midst of SQLite is beyond anybody's help: the thread has to wait for the next run
        while sys._current_frames()[store._thread.ident].f_code.co_name != "wait": time.sleep(0.01)
        if os.fork() == 0:
            store.record(run("child"))
            store.close()
            os._exit(0)
        os.wait()
        store.record(run("after"))
        store.close()
    """
    ended(child(code, path))
    assert sorted(r.trace_id for r in list_runs(path)) == ["after", "before", "child"]


def test_reading_while_another_writes(tmp_path, make_run, until):
    store = TraceStore(tmp_path / "t.sqlite")
    store.record(make_run(1))
    until(lambda: list_runs(store.path))
    assert show_run(store.path, "last").trace_id == f"{1:020x}"
    store.record(make_run(2))
    store.close()
    assert len(list_runs(store.path)) == 2


def test_reading_what_is_no_store(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database " * 100)
    with pytest.raises(StoreUnusable, match="it is damaged, or not a trace store"):
        list_runs(text)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE runs (x)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnusable, match="a database of something else"):
        show_run(other, "abc")
    with pytest.raises(StoreUnusable):
        list_runs(tmp_path)
