"""Whatever is wrong with the store, answers come, and there is one warning."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace import sqlite as sqlite_module
from cascadelang.trace import store as store_module
from cascadelang.trace.migrations.sqlite import LATEST
from cascadelang.trace.query import StoreUnusable, list_runs, show_run
from cascadelang.trace.store import TraceStore

ROOT = Path(__file__).parents[3]


def one_by_one(store: TraceStore) -> Callable[[RunRecord], None]:
    """The store's `record`, each run in a transaction of its own: it waits until the one before was tried."""
    tried = threading.Semaphore(0)
    write = store._write

    def counted(batch: list[RunRecord]) -> None:
        write(batch)
        tried.release()

    def record(one: RunRecord) -> None:
        given_up = store._hopeless
        store.record(one)
        assert given_up or tried.acquire(timeout=120)

    store._write = counted  # type: ignore[method-assign]
    return record


def record_some(path, make_run, warnings, times=3):
    store = TraceStore(path, warn=warnings.append)
    record = one_by_one(store)
    for number in range(times):
        record(make_run(number))
    store.close()
    return store


def told(path, number: int, why: str) -> list[str]:
    """The one warning, and at the end how many runs were lost."""
    lost = "1 run was" if number == 1 else f"{number} runs were"
    return [
        f"runs can't be recorded in `{path}`: {why}; answers are not affected",
        f"{lost} not recorded in `{path}`: {why}",
    ]


def test_a_file_that_is_something_else_is_left_alone(tmp_path, make_run, warnings):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"precious notes, not a database" * 50)
    before = path.read_bytes()
    store = record_some(path, make_run, warnings)
    assert path.read_bytes() == before
    assert store.dropped == 3
    why = "the file is not a trace store, and was left as it is"
    assert warnings == told(path, 3, why)
    assert list(tmp_path.iterdir()) == [path]


def test_another_programs_database_is_left_alone(tmp_path, make_run, warnings):
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (precious)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    record_some(path, make_run, warnings)
    assert path.read_bytes() == before
    assert warnings == told(path, 3, "it is a database of something else")


def test_a_damaged_store_is_left_alone(tmp_path, make_run, warnings):
    path = tmp_path / "t.sqlite"
    record_some(path, make_run, warnings)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    before = bytes(data)
    store = record_some(path, make_run, warnings)
    assert warnings == told(path, 3, "the file is damaged, and was left as it is")
    assert store.dropped == 3
    assert path.read_bytes() == before


def test_a_newer_store_is_refused_clearly(tmp_path, make_run, warnings):
    path = tmp_path / "t.sqlite"
    record_some(path, make_run, warnings)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.close()
    record_some(path, make_run, warnings)
    assert len(warnings) == 2
    assert warnings[1].startswith(f"3 runs were not recorded in `{path}`: it is of version")
    assert f"it is of version {LATEST + 1}, written by a newer cascadelang; this one knows {LATEST}" in warnings[0]


@pytest.mark.parametrize("where", ["file/t.sqlite", "folder"])
def test_a_path_that_cannot_be(tmp_path, make_run, warnings, where):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    store = record_some(tmp_path / where, make_run, warnings)
    assert len(warnings) == 2
    assert "answers are not affected" in warnings[0]
    assert warnings[1].startswith("3 runs were not recorded in")
    assert "Error" not in "".join(warnings)
    assert store.dropped == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder(tmp_path, make_run, warnings):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    record_some(folder / "t.sqlite", make_run, warnings)
    assert warnings == told(folder / "t.sqlite", 3, "permission denied")


def test_a_read_only_store(tmp_path, make_run, warnings, monkeypatch):
    path = tmp_path / "t.sqlite"
    record_some(path, make_run, warnings)
    connect = sqlite3.connect

    def read_only(file, **options):
        return connect(f"{Path(file).as_uri()}?mode=ro", uri=True, **options)

    monkeypatch.setattr(sqlite3, "connect", read_only)
    store = record_some(path, make_run, warnings)
    assert warnings == told(path, 3, "it can't be written to")
    assert store.dropped == 3


def test_a_full_disk(tmp_path, make_run):
    """A limit on the size of files stands in for the disk: writes beyond it fail as they do on a full one."""
    code = """
        import resource, signal, sys
        from pathlib import Path
        sys.path[:0] = [sys.argv[2], str(Path(sys.argv[2]).parent)]
        from conftest import run
        from test_trace_trouble import one_by_one
        from cascadelang.trace.store import TraceStore
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        warnings = []
        store = TraceStore(sys.argv[1], warn=warnings.append)
        record = one_by_one(store)
        for number in range(6):
            record(run(number, query="x" * 40_000))
        store.close()
        print(len(warnings), store.dropped > 0, warnings[0], warnings[1].startswith(f"{store.dropped} run"))
    """
    path = tmp_path / "t.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path), str(Path(__file__).parent)],
        # bytecode would be cut off at the limit, too, and everything after this test would load it
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("2 True runs can't be recorded in")
    assert done.stdout.endswith("True\n")
    assert "disk" in done.stdout
    kept = list_runs(path, limit=None)
    assert len(kept) < 6, "what didn't fit isn't there, and what is there can be read"
    assert all(len(r.query) == 40_000 for r in kept)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a namespace of Linux")
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_a_disk_that_is_really_full(tmp_path, dialect):
    """A small disk of its own, filled; then there is room again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    alone = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    try:
        subprocess.run([*alone, "mount", "-t", "tmpfs", "none", disk], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing may be mounted here")
    if dialect == "postgres":
        pytest.importorskip("psycopg")
        if os.geteuid() != 0 or not (shutil.which("initdb") or shutil.which("pg_config")):
            pytest.skip("needs PostgreSQL's programs, and the superuser to start them as somebody else")
    done = subprocess.run(
        [*alone, sys.executable, "-W", "error", Path(__file__).parent / "full_disk.py", dialect, disk],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "tests" / "unit", ROOT / "tests", ROOT)))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kept"] + found["dropped"] == found["recorded"]
    if dialect == "sqlite":  # what didn't fit is gone, and how much that was is told at the end
        assert found["dropped"] > 0
        assert found["warnings"] == told(disk / "t.sqlite", found["dropped"], "the disk is full")
    else:  # it waits, as for a server that is away
        assert found["dropped"] == 0
        first, second = found["warnings"]
        assert "for now: the server's disk is full; up to 10,000 are kept until they can" in first
        assert second.endswith(" again")


def test_a_disk_that_has_room_again_is_written_to_again(tmp_path, make_run, warnings, monkeypatch, until):
    write, full = store_module.write_batch, [True]

    def sometimes(connection, *rest):
        if full[0]:
            connection.rows("PRAGMA max_page_count = 1")
        return write(connection, *rest)

    monkeypatch.setattr(store_module, "write_batch", sometimes)
    store = TraceStore(tmp_path / "t.sqlite", warn=warnings.append)
    store.record(make_run(1, query="x" * 100_000))
    until(lambda: warnings)
    full[0] = False
    store.record(make_run(2))
    store.close()
    assert warnings == told(store.path, 1, "the disk is full")
    assert [r.trace_id for r in list_runs(store.path)] == [f"{2:020x}"]


def test_a_store_somebody_holds_is_waited_for(tmp_path, make_run, warnings, monkeypatch):
    path = tmp_path / "t.sqlite"
    record_some(path, make_run, warnings, times=1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store = TraceStore(path, warn=warnings.append)
    write, begun = store._write, threading.Event()

    def told(batch):
        begun.set()
        write(batch)

    monkeypatch.setattr(store, "_write", told)
    store.record(make_run(7))
    assert begun.wait(60)
    other.execute("COMMIT")
    other.close()
    store.close()
    assert warnings == []
    assert len(list_runs(path)) == 2


def test_a_store_held_for_too_long_is_told_of(tmp_path, make_run, warnings, monkeypatch):
    monkeypatch.setattr(store_module, "BUSY_S", 0.2)
    monkeypatch.setattr(sqlite_module, "BUSY_S", 0.2)
    path = tmp_path / "t.sqlite"
    record_some(path, make_run, warnings, times=1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store = record_some(path, make_run, warnings, times=1)
    other.close()
    assert warnings == told(path, 1, "another program holds it")
    assert store.dropped == 1


def test_a_warning_that_cannot_be_given_ends_nothing(tmp_path, make_run):
    def broken(message):
        raise OSError(message)

    store = TraceStore(tmp_path, warn=broken)
    store.record(make_run())
    store.close()
    assert store.dropped == 1


def test_a_thread_that_cannot_be_started(tmp_path, make_run, monkeypatch):
    def refused(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    warnings: list[str] = []
    store: TraceStore

    def warn(message):
        warnings.append(message)
        store.close()  # whoever is told may well close it

    store = TraceStore(tmp_path / "t.sqlite", warn=warn)
    store.record(make_run(1))
    store.record(make_run(2))
    store.close()
    store.close()
    first, *each = told(store.path, 1, "no thread could be started")
    assert warnings == [first, *each, *each], "the second came after it was first closed"
    assert store.dropped == 2


@pytest.mark.parametrize("make", [Path.mkdir, getattr(os, "mkfifo", Path.mkdir)])
def test_what_is_no_file_is_not_read(tmp_path, make):
    path = tmp_path / "t.sqlite"
    make(path)
    with pytest.raises(StoreUnusable, match="it is not a file"):
        list_runs(path)


@pytest.mark.parametrize("column", ["path", "events", "texts", "meta"])
def test_what_another_hand_wrote_into_a_store_is_told(tmp_path, make_run, warnings, column):
    path = tmp_path / "t.sqlite"
    record_some(path, make_run, warnings, times=1)
    connection = sqlite3.connect(path)
    table = {"path": "shapes", "events": "events"}.get(column, "payloads")
    connection.execute(f"UPDATE {table} SET {column} = ?", ("{not json",))  # noqa: S608 - names of ours
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnusable, match="not what was recorded"):
        show_run(path, "last")


@pytest.mark.parametrize("endings", [("", "-wal", "-shm"), ("",)], ids=["whole", "without its log"])
@pytest.mark.parametrize("kept", [True, False], ids=["moved", "deleted"])
def test_a_store_that_is_taken_away_while_it_is_written_is_made_anew(tmp_path, make_run, warnings, kept, endings):
    path, elsewhere = tmp_path / "traces.sqlite", tmp_path / "moved.sqlite"
    stores = [TraceStore(path, warn=warnings.append) for _ in range(2)]  # each has the file open
    first, second = map(one_by_one, stores)
    first(make_run(0))
    second(make_run(1))
    for end in endings:
        file = path.with_name(path.name + end)
        if kept:
            file.rename(elsewhere.with_name(elsewhere.name + end))
        else:
            file.unlink()
    for number in (2, 3):
        first(make_run(number))
        second(make_run(number + 10))
    for store in stores:
        store.close()
    assert warnings == []
    assert {run.trace_id for run in list_runs(path)} == {make_run(number).trace_id for number in (2, 3, 12, 13)}
    if kept:
        assert {run.trace_id for run in list_runs(elsewhere)} == {make_run(number).trace_id for number in (0, 1)}


def test_a_store_that_is_replaced_while_it_is_written_goes_on(tmp_path, make_run, warnings):
    path, other = tmp_path / "traces.sqlite", tmp_path / "other.sqlite"
    record_some(other, make_run, warnings, 2)
    store = TraceStore(path, warn=warnings.append)
    record = one_by_one(store)
    record(make_run(7))
    other.rename(path)
    record(make_run(8))
    store.close()
    assert warnings == []
    assert {run.trace_id for run in list_runs(path)} == {make_run(number).trace_id for number in (0, 1, 8)}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("name", [":memory:", "a?b#c%41.sqlite", "-x", os.fsdecode(b"\xff.sqlite")])
def test_a_store_is_a_file_whatever_its_name(tmp_path, make_run, warnings, name, monkeypatch):
    if os.name == "nt":
        pytest.skip("no file there has such a name")
    monkeypatch.chdir(tmp_path)
    record_some(name, make_run, warnings, 2)
    assert (warnings, len(list_runs(name))) == ([], 2)
    assert (tmp_path / name).stat().st_size > 0


def test_a_store_behind_a_link_that_leads_nowhere_yet(tmp_path, make_run, warnings):
    path, target = tmp_path / "link.sqlite", tmp_path / "there.sqlite"
    path.symlink_to(target)
    record_some(path, make_run, warnings, 2)
    assert (warnings, len(list_runs(target)), target.stat().st_mode & 0o777) == ([], 2, 0o600)


def test_a_program_that_goes_to_another_folder_writes_the_store_that_it_named(tmp_path, make_run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = TraceStore("t.sqlite")
    record = one_by_one(store)
    record(make_run(1))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    record(make_run(2))
    store.close()
    assert len(list_runs(tmp_path / "t.sqlite")) == 2
    assert list((tmp_path / "below").iterdir()) == []
