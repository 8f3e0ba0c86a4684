"""What holds of the trace store wherever it is: in a SQLite file and in a PostgreSQL database."""

from __future__ import annotations

import threading

import pytest

from cascadelang.trace.migrations import postgres, sqlite
from cascadelang.trace.query import TraceAmbiguous, TraceNotFound, list_runs, show_run
from cascadelang.trace.sql import database, reading
from cascadelang.trace.store import TraceStore


def record(where, runs, **options):
    warnings: list[str] = []
    store = TraceStore(where, warn=warnings.append, **options)
    for run in runs:
        store.record(run)
    store.close()
    assert warnings == []
    return store


def test_what_goes_in_comes_out(anywhere, make_run):
    runs = [make_run(n) for n in range(600)]
    store = record(anywhere, runs)
    assert store.dropped == 0
    for run in runs[::50]:
        assert show_run(anywhere, run.trace_id) == run
    assert [r.trace_id for r in list_runs(anywhere, limit=3)] == [r.trace_id for r in runs[:-4:-1]]
    assert len(list_runs(anywhere, limit=None)) == 600


def test_nothing_is_there_before_the_first_run(anywhere):
    assert list_runs(anywhere) == []
    with pytest.raises(TraceNotFound):
        show_run(anywhere, "last")
    with reading(anywhere) as store:
        assert store is None


def test_filters(anywhere, make_run):
    record(
        anywhere,
        [
            make_run(1, policy="main", path=("a",), status="accepted"),
            make_run(2, policy="main", path=("a", "b"), model="b", status="unmet"),
            make_run(3, policy="other", path=("c",), model="c", status="failed", failure="timeout"),
        ],
    )

    def ids(**only):
        return [int(r.trace_id, 16) for r in list_runs(anywhere, **only)]

    assert ids() == [3, 2, 1]
    assert ids(policy="main") == [2, 1]
    assert ids(model="a") == [2, 1]
    assert ids(model="b") == [2]
    assert ids(status="failed") == [3]
    assert ids(since_wall_s=1002.0) == [3, 2]
    assert ids(policy="main", model="a", status="unmet", since_wall_s=0.0, limit=9) == [2]
    assert ids(policy="x' OR 1=1 --") == []


def test_showing_by_the_beginning_of_an_id(anywhere, make_run):
    record(anywhere, [make_run(1, trace_id=id_) for id_ in ("abc1", "abc2", "abd", "abd9", "Abe")])
    assert show_run(anywhere, "abd").trace_id == "abd"
    assert show_run(anywhere, "A").trace_id == "Abe"
    with pytest.raises(TraceAmbiguous):
        show_run(anywhere, "abc")
    for id_ in ("b", "", "%", "ab_1"):
        with pytest.raises(TraceNotFound):
            show_run(anywhere, id_)


def test_awkward_values(anywhere, make_run):
    warnings: list[str] = []
    store = TraceStore(anywhere, warn=warnings.append)
    odd = make_run(
        1, query="half \ud800 a pair\x00", answer="日本語 🎉 %s ? \\N\t", meta={"when": object, "n": 10**30}
    )
    circle: dict = {}
    circle["self"] = circle
    runs = [
        odd,
        make_run(2),
        make_run(3, meta=circle),
        make_run(4, input_tokens=2**70),
        make_run(5, policy="p\ud800\x00"),
    ]
    for run in runs:
        store.record(run)
    store.close()
    assert store.dropped == 2
    assert warnings == [f"2 runs were not recorded in `{store.name}`: they could not be stored"]
    found = show_run(anywhere, odd.trace_id)
    assert found.query.startswith("half ? a pair")
    assert found.answer == "日本語 🎉 %s ? \\N\t"
    assert found.meta["n"] == 10**30
    assert sorted(int(r.trace_id, 16) for r in list_runs(anywhere)) == [1, 2, 5]


def test_a_run_that_is_there_already_costs_none_of_the_others(anywhere, make_run):
    record(anywhere, [make_run(n) for n in range(3)])
    store = TraceStore(anywhere)
    for n in range(6):
        store.record(make_run(n))
    store.record(make_run(5))
    store.close()
    assert sorted(int(r.trace_id, 16) for r in list_runs(anywhere)) == list(range(6))
    with reading(anywhere) as reader:
        assert reader.rows("SELECT sum(runs) FROM tallies") == [(6,)]


def test_a_run_that_cannot_be_counted_costs_none_of_the_others(anywhere, make_run):
    store = TraceStore(anywhere)
    for number in range(5):
        store.record(make_run(number, latency_s=float("inf") if number == 2 else 0.3))
    store.close()
    assert store.dropped == 1
    assert [int(run.trace_id, 16) for run in list_runs(anywhere)] == [4, 3, 1, 0]


def test_two_writers_at_once(anywhere, make_run):
    stores = [TraceStore(anywhere) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda at=at: [stores[at].record(make_run(at * 1000 + n)) for n in range(300)])
        for at in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert [store.dropped for store in stores] == [0, 0, 0]
    assert len(list_runs(anywhere, limit=None)) == 900
    with reading(anywhere) as reader:
        assert reader.rows("SELECT sum(runs), count(*) FROM tallies JOIN shapes ON shapes.id = tallies.shape") == [
            (900, reader.rows("SELECT count(DISTINCT bucket) FROM tallies")[0][0])
        ]


def test_text_is_looked_for_as_it_stands(anywhere, make_run):
    record(anywhere, [make_run(1, query="100% of THIS_one"), make_run(2, query="100 of this one")])
    condition = database(anywhere).has_text("query")
    with reading(anywhere) as store:
        for text, ids in (("100%", [1]), ("this_", [1]), ("OF this", [1, 2]), ("'", [])):
            found = store.rows(f"SELECT run FROM payloads WHERE {condition} ORDER BY run", (text,))  # noqa: S608
            assert [row[0] for row in found] == ids


def test_numbers_are_of_the_same_kind(anywhere, make_run):
    record(anywhere, [make_run(n) for n in range(4)])
    with reading(anywhere) as store:
        (row,) = store.rows(
            "SELECT sum(runs), sum(weight), count(*), max(bucket), sum(CASE WHEN runs < 0 THEN 1 END) FROM tallies"
        )
        assert row == (4, 4.0, 1, 1, None)
        assert [type(value) for value in row] == [int, float, int, int, type(None)]
        assert store.rows("SELECT sum(input_tokens), sum(latency_s) FROM runs") == [(48, pytest.approx(1.2))]


def test_both_have_the_same_versions_and_tables(anywhere, make_run):
    assert postgres.LATEST == sqlite.LATEST
    record(anywhere, [make_run()])
    tables = (
        "policies",
        "shapes",
        "steps",
        "runs",
        "events",
        "payloads",
        "tallies",
        "latencies",
        "reasons",
        "signals",
    )
    with reading(anywhere) as store:
        for table in tables:
            store.rows(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608
