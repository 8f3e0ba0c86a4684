"""Where answers are kept: in memory and in the trace store's file, and what goes wrong with it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cascadelang.contracts.answer_cache import Kept
from cascadelang.trace import answers
from cascadelang.trace.answers import AnswerMemory, AnswerStore
from cascadelang.trace.migrations.sqlite import APPLICATION_ID, LATEST
from cascadelang.trace.query import list_runs
from cascadelang.trace.store import TraceStore

DAY_S = 86_400.0


def kept(key="k", text="one", made_wall_s=1000.0):
    return Kept(key, made_wall_s, "t1", text)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "traces.sqlite"


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    monkeypatch.setattr(answers, "_LOOK_S", 60.0)


def stored(where, *entries, **fields):
    store = AnswerStore(where, **fields)
    for entry in entries:
        store.put(entry, DAY_S)
    store.close()


def look(where, key="k", since_wall_s=0.0):
    store = AnswerStore(where)
    try:
        return asyncio.run(store.find(key, since_wall_s))
    finally:
        store.close()


def test_memory_gives_what_is_young_enough():
    memory = AnswerMemory()
    memory.put(kept(), DAY_S)
    assert memory.get("k", 1000.0) == kept()
    assert memory.get("k", 1000.1) is None
    assert memory.get("other", 0.0) is None


def test_memory_lets_go_of_what_was_not_used_for_longest():
    memory = AnswerMemory(most_bytes=30)
    for key in "abc":
        memory.put(kept(key, "x" * 10), DAY_S)
    assert memory.get("a", 0.0)
    memory.put(kept("d", "x" * 10), DAY_S)
    assert [key for key in "abcd" if memory.get(key, 0.0)] == ["a", "c", "d"]
    memory.put(kept("a", "y" * 20), DAY_S)  # in place of the one there was
    assert [key for key in "abcd" if memory.get(key, 0.0)] == ["a", "d"]


def test_an_answer_beyond_all_measure_isnt_kept(file, monkeypatch):
    monkeypatch.setattr(answers, "MOST_ANSWER_BYTES", 5)
    memory = AnswerMemory()
    memory.put(kept(text="123456"), DAY_S)
    assert memory.get("k", 0.0) is None
    stored(file, kept(text="123456"))
    assert not file.exists()


def test_an_answer_outlives_its_process(file):
    assert look(file) is None
    assert not file.parent.exists()  # looking makes nothing
    stored(file, kept(text="é\n\U0001f600"))
    assert look(file) == kept(text="é\n\U0001f600")
    assert look(file, since_wall_s=1000.1) is None
    assert file.stat().st_mode & 0o077 == 0


def test_another_process_finds_it(file):
    stored(file, kept())
    code = (
        "import asyncio, sys; from cascadelang.trace.answers import AnswerStore as S;"
        "print(asyncio.run(S(sys.argv[1]).find('k', 0)).text)"
    )
    found = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert found.stdout == "one\n"


def test_two_stores_of_one_place(anywhere):
    file = anywhere
    one, other = AnswerStore(file), AnswerStore(file)
    for number in range(50):
        one.put(kept(f"a{number}", "one"), DAY_S)
        other.put(kept(f"b{number}", "two"), DAY_S)
    one.close()
    other.close()
    assert sum(look(file, f"{which}{number}") is not None for which in "ab" for number in range(50)) == 100


def test_it_shares_the_file_with_runs(file, make_run):
    runs = TraceStore(file)
    runs.record(make_run(trace_id="r1"))
    stored(file, kept())
    runs.close()
    assert [run.trace_id for run in list_runs(file)] == ["r1"]
    assert look(file) == kept()


def test_a_store_of_the_version_before_is_read_and_brought_up_to_date(file, make_run):
    runs = TraceStore(file)
    runs.record(make_run(trace_id="r1"))
    runs.close()
    connection = sqlite3.connect(file)
    connection.execute("DROP TABLE answers")
    connection.execute("DROP TABLE forms")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    assert [run.trace_id for run in list_runs(file)] == ["r1"]
    assert look(file) is None
    stored(file, kept())
    assert look(file) == kept()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)


def test_old_answers_and_the_oldest_of_too_many_are_removed(anywhere, monkeypatch):
    file = anywhere
    monkeypatch.setattr(answers, "_PRUNE_EVERY", 1)
    stored(file, kept("old", made_wall_s=0.0), kept("new", made_wall_s=2 * DAY_S))
    assert look(file, "old") is None
    assert look(file, "new")
    stored(file, *(kept(f"n{number}", "x" * 10, 3 * DAY_S + number) for number in range(20)), most_bytes=100)
    left = [number for number in range(20) if look(file, f"n{number}")]
    assert left == list(range(20 - len(left), 20))
    assert 8 <= len(left) <= 10


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE answers SET answer = 'two'",
        "UPDATE answers SET answer = NULL || x'ff'",
        "UPDATE answers SET answer = x'fffe'",
        "UPDATE answers SET answer_sha256 = ''",
        "UPDATE answers SET made_wall_s = 'soon'",
        "DROP TABLE answers",
    ],
)
def test_a_row_that_was_tampered_with_is_no_answer(file, change):
    stored(file, kept())
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute(change)
    except sqlite3.IntegrityError:
        pytest.skip("SQLite itself forbids it")
    finally:
        connection.close()
    assert look(file) is None


@pytest.mark.parametrize("content", [b"", b"no database at all " * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_store_is_left_alone_and_memory_does(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    store = AnswerStore(file)
    store.put(kept(), DAY_S)
    assert store.get("k", 0.0) == kept()
    assert store.get("other", 0.0) is None
    store.close()
    if content:
        assert file.read_bytes() == content


def test_another_programs_database_and_a_newer_store_are_left_alone(file):
    file.parent.mkdir()
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    stored(file, kept())
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("other",)]


def test_what_comes_later_takes_the_place(anywhere):
    stored(anywhere, kept(), kept(text="two", made_wall_s=2000.0))
    assert look(anywhere) == kept(text="two", made_wall_s=2000.0)
    assert look(anywhere, since_wall_s=2000.1) is None


def test_a_store_that_isnt_there_is_asked_once_and_then_let_be(monkeypatch):
    looks, find = [], answers.database

    def counted(where):
        looks.append(where)
        return find(where)

    monkeypatch.setattr(answers, "database", counted)
    monkeypatch.setattr(answers, "_SHORT_PAUSE_S", 600.0)
    store = AnswerStore("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    for _ in range(5):
        assert asyncio.run(store.find("k", 0.0)) is None
    assert len(looks) == 1
    store.put(kept(), DAY_S)
    assert asyncio.run(store.find("k", 0.0)) == kept()
    store.close()


def test_while_another_program_holds_it_looking_waits_for_nothing(file):
    stored(file, kept())
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert look(file) == kept()
    holder.execute("ROLLBACK")
    holder.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cant_be_written_to(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    store = AnswerStore(folder / "t.sqlite")
    store.put(kept(), DAY_S)
    assert store.get("k", 0.0) == kept()
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_its_own(file):
    code = f"""
import asyncio, os, sys
from cascadelang.contracts.answer_cache import Kept
from cascadelang.trace.answers import AnswerStore
store = AnswerStore({str(file)!r})
store.put(Kept("a", 1000.0, "t", "parent"), 9e9)
store._writer._threads.submit(lambda: None).result()  # written: a fork in SQLite's midst is beyond help
assert asyncio.run(AnswerStore({str(file)!r}).find("a", 0.0))
child = os.fork()
if not child:
    store.put(Kept("b", 1000.0, "t", "child"), 9e9)
    store.close()
    os._exit(0)
os.waitpid(child, 0)
store.close()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=300)
    assert look(file, "a")
    assert look(file, "b")


def test_nothing_can_be_looked_for_in_what_was_closed(file):
    store = AnswerStore(file)
    store.close()
    store.close()
    store.put(kept(), DAY_S)
    assert not Path(file).exists()
