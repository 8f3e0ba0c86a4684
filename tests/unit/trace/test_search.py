"""Runs are found by what they were asked, did and cost, in a SQLite file and in a PostgreSQL database alike."""

from __future__ import annotations

import pytest

from cascadelang.contracts.trace_sink import Event
from cascadelang.trace.query import Bound, Search, TraceNotFound, find_runs, runs_beside, show_run, whole_runs
from cascadelang.trace.store import TraceStore


def record(where, runs):
    store = TraceStore(where)
    for run in runs:
        store.record(run)
    store.close()
    assert store.dropped == 0


def checked(outcome: str, *, unknown: bool = False, check: str = "json"):
    data = {"check": check, "model": "a", "outcome": outcome, "reason": "no"}
    return (Event("check", "main", 0.2, {**data, "unknown": True} if unknown else data), Event("end", "", 0.3, {}))


def test_each_way_to_search(anywhere, make_run):
    record(
        anywhere,
        [
            make_run(1, query="100% of THIS_one", cost_usd=0.02, latency_s=0.5, events=checked("passed")),
            make_run(2, answer="'; DROP TABLE runs; --", cost_usd=0.2, latency_s=6.0, events=checked("failed")),
            make_run(3, status="failed", failure="timeout", answer="", cost_usd=None, latency_s=60.0, events=()),
            make_run(
                4, meta={"plan": "free", "n": 2, "vip": True, "x": None}, events=checked("failed", unknown=True)
            ),
            make_run(5, meta={}, query="", answer="", events=checked("failed", check='judge("json?") >= 0.5')),
        ],
    )

    def ids(**said):
        return [int(run.trace_id, 16) for run in find_runs(anywhere, Search(**said))]

    assert ids() == [5, 4, 3, 2, 1]
    assert ids(text="this_ONE") == [1]
    assert ids(text="100%") == [1]
    assert ids(text="'; drop table") == [2]
    assert ids(text="_") == [1]
    assert ids(text="nowhere") == []
    assert ids(cost_usd=(Bound(">", 0.01),)) == [2, 1]
    assert ids(cost_usd=(Bound(">", 0.01), Bound("<=", 0.1))) == [1]
    assert ids(cost_usd=(Bound("=", 0.2),)) == [2]
    assert ids(cost_unknown=True) == [3]
    assert ids(latency_s=(Bound(">=", 6.0),)) == [3, 2]
    assert ids(failure="timeout") == [3]
    assert ids(status="failed", failure="auth") == []
    assert ids(verdict="passed") == [1]
    assert ids(verdict="failed") == [5, 2]
    assert ids(verdict="unknown") == [4]
    assert ids(check="JSON") == [5, 4, 2, 1]
    assert ids(check="judge(", verdict="failed") == [5]
    assert ids(check="judge(", verdict="passed") == []
    assert ids(since_wall_s=1002.0, until_wall_s=1004.0) == [3, 2]
    assert ids(meta={"plan": "gold"}) == [3, 2, 1]
    assert ids(meta={"plan": "GOLD"}) == []
    assert ids(meta={"n": "2"}) == [4]
    assert ids(meta={"n": "2.0", "plan": "free"}) == [4]
    assert ids(meta={"vip": "true"}) == [4]
    assert ids(meta={"vip": "1"}) == ids(meta={"n": "true"}) == ids(meta={"n": "[" * 9_000}) == []
    assert ids(meta={"x": "null"}) == [4]
    assert ids(meta={"gold": "plan"}) == []


@pytest.mark.parametrize("odd", ["\udcff", "a\udcff", "\x00"])
def test_words_that_no_store_can_hold_find_what_was_stored_for_them(anywhere, make_run, odd):
    record(anywhere, [make_run(1, failure="auth", query="plain"), make_run(2, query=f"so {odd}")])
    for field in ("policy", "model", "status", "failure", "check"):
        assert find_runs(anywhere, Search(**{field: odd})) == []
    assert [int(run.trace_id, 16) for run in find_runs(anywhere, Search(text=odd))] == [2]
    with pytest.raises(TraceNotFound):
        show_run(anywhere, odd)


def test_pages_follow_one_another_without_repeating_or_leaving_out(anywhere, make_run):
    runs = [make_run(n, started_wall_s=1_000.0 + n // 3, meta={"odd": n % 2}) for n in range(40)]
    record(anywhere, runs)
    for meta, expected in (({}, list(range(39, -1, -1))), ({"odd": "1"}, list(range(39, 0, -2)))):
        seen: list[int] = []
        after = None
        while page := find_runs(
            anywhere, Search(meta=meta, until_wall_s=5_000.0 if meta else None), after=after, limit=7
        ):
            seen += [int(run.trace_id, 16) for run in page]
            after = page[-1].trace_id
            record(anywhere, [make_run(1_000 + len(seen) + 50 * len(meta), started_wall_s=9_000.0, meta={"odd": 1})])
        assert seen == expected
    with pytest.raises(TraceNotFound):
        find_runs(anywhere, Search(), after="ffff")


def test_more_rows_than_are_looked_at_together(anywhere, make_run):
    record(anywhere, [make_run(n, meta={"n": n}) for n in range(1_203)])
    assert [run.meta["n"] for run in find_runs(anywhere, Search(meta={"n": "3"}), limit=5)] == [3]
    assert len(find_runs(anywhere, Search(), limit=None)) == 1_203
    assert len(find_runs(anywhere, Search(), limit=1_001)) == 1_001


def test_what_ran_beside_is_found(anywhere, make_run):
    of = (Event("shadow", "main.else", 0.0, {"of": f"{1:020x}"}), Event("end", "", 0.3, {}))
    live = make_run(1, events=(Event("shadow", "main.else", 0.0, {"to": "b", "share": 1.0}), *make_run(1).events))
    record(
        anywhere,
        [
            live,
            make_run(2, policy="main (shadow main.else)", events=of),
            make_run(3, policy="main (cached main.else)", events=of),
            make_run(4, policy="other (shadow main.else)", events=of),
            make_run(5, policy="main (shadow main.else)"),
            make_run(6, policy="main (shadow main.else)", events=of, started_wall_s=2_000.0),
        ],
    )
    assert [int(run.trace_id, 16) for run in runs_beside(anywhere, live)] == [2, 3]
    assert runs_beside(anywhere, make_run(1)) == []


def test_an_absent_store_has_none(anywhere, make_run):
    assert find_runs(anywhere, Search(text="x")) == []
    assert runs_beside(anywhere, make_run(1)) == []


def test_runs_come_whole_some_at_a_time(anywhere, make_run, monkeypatch):
    monkeypatch.setattr("cascadelang.trace.search._AT_ONCE", 3)
    record(anywhere, [make_run(n, meta={"odd": n % 2}) for n in range(1, 9)])
    found = list(whole_runs(anywhere, Search()))
    assert [int(run.trace_id, 16) for run, _ in found] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert {weight for _, weight in found} == {1.0}
    assert [run for run, _ in found] == [make_run(n, meta={"odd": n % 2}) for n in range(8, 0, -1)]
    assert len(list(whole_runs(anywhere, Search(), limit=4))) == 4
    odd = [int(run.trace_id, 16) for run, _ in whole_runs(anywhere, Search(meta={"odd": "1"}), limit=3)]
    assert odd == [7, 5, 3]
