"""Stores of other versions: an old one is brought up to date with all it holds, a newer one is refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from cascadelang.trace.migrations import postgres as in_postgres
from cascadelang.trace.migrations.sqlite import LATEST
from cascadelang.trace.query import StoreUnusable, list_runs, show_run
from cascadelang.trace.recount import SUMMED, recount
from cascadelang.trace.sql import database, reading
from cascadelang.trace.store import TraceStore

VERSION_1 = Path(__file__).parent / "data" / "version_1.sqlite"
"""Written by the first version: 12 runs of a recorded ladder and 4 of a policy with scripted replies."""


VERSION_4 = Path(__file__).parent / "data" / "version_4.sqlite"
"""Written by the last version without forms of events: those 16 runs, and 20 of other kinds, of which some are hashed
and some are sampled."""


@pytest.fixture
def before_forms(tmp_path):
    path = tmp_path / "before_forms.sqlite"
    shutil.copy(VERSION_4, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "t.sqlite"
    shutil.copy(VERSION_1, path)
    path.chmod(0o600)
    return path


def old_runs(path, columns="trace_id, policy, policy_path, status, failure, model, cost_usd, query, answer"):
    connection = sqlite3.connect(path)
    rows = connection.execute(f"SELECT {columns} FROM runs JOIN payloads ON payloads.run = runs.id ORDER BY runs.id")  # noqa: S608
    found = rows.fetchall()
    connection.close()
    return found


def bring_up_to_date(path, run):
    warnings: list[str] = []
    store = TraceStore(path, warn=warnings.append)
    store.record(run)
    store.close()
    return warnings


def sums(store):
    return {table: sorted(store.rows(f"SELECT * FROM {table}")) for table in SUMMED}  # noqa: S608


def test_an_old_store_is_told_as_that_and_left_alone_by_reading(old):
    before = old.read_bytes()
    with pytest.raises(StoreUnusable, match="of an older version, and is brought up to date when the next run is"):
        list_runs(old)
    assert old.read_bytes() == before


def test_an_old_store_is_brought_up_to_date_with_all_it_holds(old, make_run):
    before = old_runs(old)
    assert len(before) == 16
    assert bring_up_to_date(old, make_run()) == []
    runs = {run.trace_id: run for run in list_runs(old, limit=None)}
    assert len(runs) == 17
    for trace_id, policy, path, status, failure, model, cost_usd, query, answer in before:
        run = show_run(old, trace_id)
        assert (run.policy, run.policy_path, run.status, run.failure) == (policy, path, status, failure)
        assert (run.model, run.cost_usd, run.query, run.answer) == (model, cost_usd, query, answer)
        assert run.events[-1].kind == "end"
        assert [e.data["text"] for e in run.events if e.kind == "call" and e.data["model"] == model][-1:] == (
            [answer] if model else []
        )
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    left = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'runs%'").fetchall()
    assert left == [("runs",)]
    connection.close()


def test_an_old_stores_runs_are_counted_as_new_ones_are(old, tmp_path, make_run):
    bring_up_to_date(old, make_run())
    runs = [show_run(old, run.trace_id) for run in list_runs(old, limit=None)]
    new = TraceStore(tmp_path / "new.sqlite")
    for run in reversed(runs):
        new.record(run)
    new.close()
    look = (
        "SELECT runs.trace_id, shapes.sha256, runs.weight, runs.cost_usd, runs.answers_usd, runs.judges_usd,"
        " runs.rejected_usd, runs.answer_input_tokens FROM runs JOIN shapes ON shapes.id = runs.shape ORDER BY 1"
    )
    with reading(old) as one, reading(new.path) as other:
        assert one.rows(look) == other.rows(look)
        counts = "SELECT count(*), sum(runs) FROM tallies"
        assert one.rows(counts) == other.rows(counts)


def test_sums_are_what_counting_again_gives(anywhere, old, make_run):
    bring_up_to_date(old, make_run())
    store = TraceStore(anywhere)
    for run in list_runs(old, limit=None):
        store.record(show_run(old, run.trace_id))
    store.close()
    with reading(anywhere) as reader:
        before = sums(reader)
    assert all(before[table] for table in SUMMED)
    writer = database(anywhere).connect()
    with writer.transaction():
        recount(writer)
    after = sums(writer)
    writer.close()
    assert set(after) == set(before)
    for table in SUMMED:
        assert len(after[table]) == len(before[table])
        for one, other in zip(before[table], after[table], strict=True):
            assert one == pytest.approx(other) if table == "tallies" else one == other


def test_what_another_hand_spoilt_in_an_old_store_costs_no_more_than_that(old, make_run):
    connection = sqlite3.connect(old)
    connection.execute("UPDATE events SET events = '{not json' WHERE run = 1")
    connection.execute("UPDATE runs SET path = 'nor this' WHERE id = 2")
    connection.commit()
    connection.close()
    assert bring_up_to_date(old, make_run()) == []
    assert len(list_runs(old, limit=None)) == 17


def all_of(path):
    return {run.trace_id: show_run(path, run.trace_id) for run in list_runs(path, limit=None)}


def told_by(path):
    """The events of each run of a store without forms, without texts."""
    connection = sqlite3.connect(path)
    look = "SELECT trace_id, events FROM runs JOIN events ON events.run = runs.id"
    found = {trace_id: json.loads(events) for trace_id, events in connection.execute(look)}
    connection.close()
    return found


def test_a_store_without_forms_is_read_as_it_is(before_forms):
    before = before_forms.read_bytes()
    told = told_by(before_forms)
    runs = all_of(before_forms)
    assert len(runs) == len(told) == 36
    for trace_id, run in runs.items():
        own = [
            [kind, node, at, {k: v for k, v in data.items() if k != "text"}] for kind, node, at, data in run.events
        ]
        assert own == told[trace_id]
    assert sum("text" in event.data for run in runs.values() for event in run.events) > 30
    assert before_forms.read_bytes() == before


def test_runs_with_and_without_forms_stand_beside_each_other(before_forms, make_run):
    before = all_of(before_forms)
    assert bring_up_to_date(before_forms, make_run(77)) == []
    after = all_of(before_forms)
    assert {trace_id: run for trace_id, run in after.items() if trace_id in before} == before
    assert after[f"{77:020x}"] == make_run(77)
    with reading(before_forms) as reader:
        assert reader.rows("SELECT count(*) FROM forms") == [(1,)]
        found = sums(reader)
    writer = database(before_forms).connect()
    with writer.transaction():
        recount(writer)
    again = sums(writer)
    writer.close()
    for table in SUMMED:
        assert len(again[table]) == len(found[table])
        for one, other in zip(found[table], again[table], strict=True):
            assert one == pytest.approx(other) if table == "tallies" else one == other


def test_runs_of_an_older_version_are_the_same_when_they_are_recorded_again(anywhere, before_forms):
    runs = all_of(before_forms)
    store = TraceStore(anywhere)
    for run in runs.values():
        store.record(run)
    store.close()
    assert store.dropped == 0
    assert all_of(anywhere) == runs


def test_a_step_is_made_whole_or_not_at_all(old, make_run, monkeypatch):
    before = old_runs(old)
    monkeypatch.setattr("cascadelang.trace.recount.counted", lambda run: 1 / 0)
    warnings = bring_up_to_date(old, make_run())
    assert len(warnings) == 1
    assert "answers are not affected" in warnings[0]
    assert old_runs(old) == before
    monkeypatch.undo()
    assert bring_up_to_date(old, make_run()) == []


def test_a_newer_database_is_refused(postgres, make_run):
    import psycopg

    assert bring_up_to_date(postgres.url, make_run(1)) == []
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("UPDATE cascadelang.store SET version = version + 1")
    warnings = bring_up_to_date(postgres.url, make_run(2))
    words = f"it is of version {LATEST + 1}, written by a newer cascadelang; this one knows {LATEST}"
    assert len(warnings) == 1
    assert words in warnings[0]
    with pytest.raises(StoreUnusable, match=words):
        list_runs(postgres.url)


def test_many_instances_make_a_new_database_once(postgres, make_run):
    stores = [TraceStore(postgres.url) for _ in range(6)]
    for number, store in enumerate(stores):
        store.record(make_run(number))
    for store in stores:
        store.close()
    assert [store.dropped for store in stores] == [0] * 6
    assert len(list_runs(postgres.url)) == 6
    with reading(postgres.url) as reader:
        assert reader.rows("SELECT version FROM store") == [(in_postgres.LATEST,)]
