"""Old runs are deleted, with all that is known of them; a clock that jumps deletes nothing."""

from __future__ import annotations

import time

import pytest

from cascadelang.contracts.answer_cache import Kept
from cascadelang.trace import retention as retention_module
from cascadelang.trace.answers import AnswerStore
from cascadelang.trace.query import list_runs
from cascadelang.trace.recount import SUMMED, recount
from cascadelang.trace.retention import Retention, prune
from cascadelang.trace.schema import BUCKET_S, bucket_of
from cascadelang.trace.sql import StoreUnusable, database, reading
from cascadelang.trace.store import TraceStore


def fill(where, make_run, number=2_400, step_s=10.0):
    store = TraceStore(where)
    for n in range(number):
        store.record(make_run(n, started_wall_s=n * step_s))
    store.close()
    assert store.dropped == 0


def counts(where):
    with reading(where) as store:
        return {
            table: store.rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
            for table in ("runs", "events", "payloads")
        }


def test_what_is_older_goes_with_all_that_is_known_of_it(anywhere, make_run):
    fill(anywhere, make_run)
    before_s = 12_345.0
    left = 2_400 - bucket_of(before_s) * BUCKET_S // 10
    assert prune(anywhere, before_s, dry=True) == 2_400 - left
    assert counts(anywhere) == {"runs": 2_400, "events": 2_400, "payloads": 2_400}
    assert prune(anywhere, before_s) == 2_400 - left
    assert counts(anywhere) == {"runs": left, "events": left, "payloads": left}
    assert prune(anywhere, before_s) == 0
    assert min(run.started_wall_s for run in list_runs(anywhere, limit=None)) == bucket_of(before_s) * BUCKET_S
    writer = database(anywhere).connect()
    sums = {table: sorted(writer.rows(f"SELECT * FROM {table}")) for table in SUMMED}  # noqa: S608
    with writer.transaction():
        recount(writer)
    for table, rows in sums.items():
        again = sorted(writer.rows(f"SELECT * FROM {table}"))  # noqa: S608
        assert len(again) == len(rows)
        for one, other in zip(rows, again, strict=True):
            assert one == pytest.approx(other) if table == "tallies" else one == other
    writer.close()


def kept_answers(where, *made_wall_s):
    store = AnswerStore(where)
    for at in made_wall_s:
        store.put(Kept(f"{at:064}", float(at), "run", "an answer"), 365 * 86_400.0)
    store.close()


def answers_left(where):
    with reading(where) as store:
        return [row[0] for row in store.rows("SELECT made_wall_s FROM answers ORDER BY made_wall_s")]


def test_answers_that_were_kept_go_with_the_runs_of_their_time(anywhere, make_run):
    fill(anywhere, make_run, 10)
    kept_answers(anywhere, 0, 599, 600, 5_000)
    assert prune(anywhere, 700.0, dry=True) == 10
    assert answers_left(anywhere) == [0, 599, 600, 5_000]
    assert prune(anywhere, 700.0) == 10
    assert answers_left(anywhere) == [600, 5_000]
    assert prune(anywhere, 1_300.0) == 0
    assert answers_left(anywhere) == [5_000]


def test_a_writer_deletes_old_answers_too(anywhere, make_run, until):
    now_s = time.time()
    kept_answers(anywhere, int(now_s - 9 * 86_400), int(now_s))
    store = TraceStore(anywhere, retain_s=7 * 86_400.0)
    store.record(make_run(1, started_wall_s=now_s))
    until(lambda: len(answers_left(anywhere)) == 1)
    store.close()
    assert answers_left(anywhere) == [int(now_s)]


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    assert prune(tmp_path / "t.sqlite", 1e12) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_store_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("precious " * 500)
    with pytest.raises(StoreUnusable, match=r"notes\.txt"):
        prune(path, 1e12)
    assert path.read_text() == "precious " * 500


def test_a_writer_deletes_what_is_too_old_by_itself(anywhere, make_run, until):
    now_s = time.time()
    fill(anywhere, make_run, number=1_500)
    store = TraceStore(anywhere, retain_s=3_600)
    # the old one first: after all of it was deleted, it isn't looked again for an hour
    store.record(make_run(9_001, started_wall_s=now_s - 7_200))
    store.record(make_run(9_000, started_wall_s=now_s))
    until(lambda: [run.trace_id for run in list_runs(anywhere, limit=None)] == [f"{9_000:020x}"])
    store.close()
    assert [run.trace_id for run in list_runs(anywhere, limit=None)] == [f"{9_000:020x}"]


def test_a_clock_that_jumps_ahead_deletes_nothing(monkeypatch):
    retention = Retention(3_600.0)
    now_s = time.time()
    monkeypatch.setattr(retention_module.time, "time", lambda: now_s)
    assert retention.due() == bucket_of(now_s - 3_600)
    monkeypatch.setattr(retention_module.time, "time", lambda: now_s + 40 * 86_400)
    assert retention.due() is None
    monkeypatch.setattr(retention_module.time, "time", lambda: now_s - 40 * 86_400)
    assert retention.due() == bucket_of(now_s - 40 * 86_400 - 3_600), "back in time: less is too old"


def test_runs_of_a_clock_that_went_backwards_are_listed_and_counted(anywhere, make_run):
    store = TraceStore(anywhere)
    for number, wall_s in enumerate((1e9, 1e9 + 60, 5.0, -3.0, 1e9 + 61)):
        store.record(make_run(number, started_wall_s=wall_s))
    store.close()
    assert store.dropped == 0
    assert [int(run.trace_id, 16) for run in list_runs(anywhere)] == [4, 1, 0, 2, 3]
    with reading(anywhere) as reader:
        buckets = reader.rows("SELECT bucket, runs FROM tallies ORDER BY bucket")
    assert buckets == [(-1, 1), (0, 1), (bucket_of(1e9), 3)]
