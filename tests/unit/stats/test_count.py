"""Statistics say what a look at every run's events says."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascadelang import Policy
from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.stats.count import count, quantile
from cascadelang.stats.sums import Window, sums_of_newest, sums_of_window
from cascadelang.trace.recount import SUMMED, recount
from cascadelang.trace.rows import counted
from cascadelang.trace.schema import place_of
from cascadelang.trace.sql import database, reading
from cascadelang.trace.tally import Shapes
from cascadelang.trace.write import write_batch

MODELS = ("small", "middle", "large")
EVERYONE = lambda _name, _path: True  # noqa: E731
ALWAYS = Window(0.0, 1e10)


@st.composite
def runs(draw):
    """A run of a route before a cascade: calls, failures, verdicts, escalations."""
    events = []
    arm = draw(st.sampled_from(["1", "else"]))
    topic = draw(st.sampled_from(["code", "billing", None]))
    tokens = draw(st.sampled_from([3, 7.5, 250]))
    events.append(
        Event(
            "route",
            "main",
            0.0,
            {"arm": arm, "to": "x", "because": {"topic": topic, "tokens": tokens}, "unknown": []},
        )
    )
    status, failure, answered, path, cost = "unmet", "", "", [], 0.0
    rungs = MODELS[2:] if arm == "1" else MODELS
    for at, model in enumerate(rungs):
        node = f"main.else.rung{at + 1}" if arm == "else" else "main.arm1"
        path.append(model)
        if draw(st.integers(0, 5)) == 0:
            kind = draw(st.sampled_from(["timeout", "server"]))
            events.append(Event("call_failed", node, 0.1, {"model": model, "purpose": "answer", "kind": kind}))
            if arm == "1" or at == len(rungs) - 1:
                status, failure, answered = ("failed", kind, "") if not answered else (status, "", answered)
                break
            moved = {"from": model, "to": rungs[at + 1], "because": kind}
            events.append(Event("escalate", "main.else", 0.1, moved))
            continue
        usd = draw(st.sampled_from([0.001, 0.25, 1.0]))
        cost += usd
        data = {"model": model, "purpose": "answer", "input_tokens": 10, "output_tokens": 20, "cost_usd": usd}
        events.append(Event("call", node, 0.2, data))
        answered = model
        if arm == "1":
            status = "unchecked"
            break
        verdict = draw(st.sampled_from(["passed", "failed", "unknown"]))
        told = {"check": "ok", "model": model, "outcome": "passed" if verdict == "passed" else "failed"}
        reason = draw(st.sampled_from(["too short", "score 3", "score 4"]))
        events.append(
            Event(
                "check",
                "main.else",
                0.3,
                {**told, "reason": reason, **({"unknown": True} if verdict == "unknown" else {})},
            )
        )
        if verdict == "passed":
            status = "accepted"
            break
        if at < len(rungs) - 1:
            events.append(
                Event("escalate", "main.else", 0.3, {"from": model, "to": rungs[at + 1], "because": "unmet"})
            )
    events.append(Event("end", "", 0.4, {"status": status, "kind": failure, "message": ""}))
    return RunRecord(
        trace_id=f"{draw(st.integers(0, 2**80)):020x}",
        policy="main",
        policy_path="support.cl",
        graph_sha256="0" * 64,
        started_wall_s=draw(st.floats(1e9, 1e9 + 30_000)),
        latency_s=draw(st.floats(0.001, 90)),
        status=status,
        failure=failure,
        model=answered,
        path=tuple(path),
        cost_usd=draw(st.sampled_from([cost, cost, None])),
        input_tokens=10,
        output_tokens=20,
        query="q",
        answer="a",
        meta={},
        events=events,
    )


def write(where, weighed):
    at = database(where)
    connection = at.connect()
    write_batch(connection, at, [counted(run, weight) for run, weight in weighed], Shapes(at.storable))
    connection.close()


def naive(weighed):
    """The figures again, event by event."""
    found = defaultdict(Counter)
    for run, weight in weighed:
        found["status"][run.status] += weight
        found["failure"][run.failure] += weight if run.failure else 0
        found["answered"][run.model] += weight if run.model else 0
        found["total"]["queries"] += weight
        found["total"]["usd"] += weight * (run.cost_usd or 0)
        found["total"]["unpriced"] += weight * (run.cost_usd is None)
        found["total"]["escalated"] += weight * any(e.kind == "escalate" for e in run.events)
        came = set()
        for event in run.events:
            data = event.data
            if event.kind == "route":
                found["arm"][data["arm"]] += weight
                found["looked"]["topic"] += weight
                found["unknown"]["topic"] += weight * (data["because"]["topic"] is None)
            elif event.kind in {"call", "call_failed"} and event.node.startswith("main.else"):
                came.add(data["model"])
            elif event.kind == "escalate":
                found["left"][data["from"]] += weight
                found["why"][data["from"], data["because"]] += weight
            elif event.kind == "check":
                outcome = "unknown" if data.get("unknown") else data["outcome"]
                found["check"][outcome] += weight
                if outcome != "passed":
                    found["reason"][outcome, data["reason"].replace("3", "#").replace("4", "#")] += weight
            if event.kind == "call":
                found["calls"][data["model"]] += weight
            if event.kind == "call_failed":
                found["failed"][data["model"], data["kind"]] += weight
        for model in came:
            found["entered"][model] += weight
    return found


def figures(stats):
    """The same figures of the statistics."""
    found = defaultdict(Counter)
    found["status"].update(stats.statuses)
    found["failure"].update(stats.failures)
    for arm in stats.arms:
        found["arm"][arm.arm] += arm.queries
    for model in stats.models:
        found["answered"][model.model] = model.answered
        found["calls"][model.model] = sum(model.calls.values())
        for kind, times in model.failed.items():
            found["failed"][model.model, kind] = times
    for rung in stats.rungs:
        assert rung.node == "main.else"
        found["entered"][rung.name] = rung.entered
        found["left"][rung.name] = rung.left
        for why, times in rung.because.items():
            found["why"][rung.name, why] = times
    for check in stats.checks:
        found["check"].update({"passed": check.passed, "failed": check.failed, "unknown": check.unknown})
        for reason in check.reasons:
            found["reason"][reason.outcome, reason.reason] = reason.times
    for signal in stats.signals:
        if signal.name == "topic":
            found["looked"]["topic"], found["unknown"]["topic"] = signal.looked, signal.unknown
    found["total"].update(
        queries=stats.queries, usd=stats.cost.known_usd, unpriced=stats.cost.unknown, escalated=stats.escalated
    )
    return found


def agree(one, other):
    for name in one.keys() | other.keys():
        for key in one[name].keys() | other[name].keys():
            assert one[name][key] == pytest.approx(other[name][key], abs=1e-6), (name, key)


weights = st.sampled_from([1.0, 1.0, 4.0])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(many=st.lists(st.tuples(runs(), weights), min_size=1, max_size=25, unique_by=lambda pair: pair[0].trace_id))
def test_statistics_are_what_a_look_at_every_event_gives(many, tmp_path_factory):
    where = tmp_path_factory.mktemp("s") / "t.sqlite"
    write(where, many)
    with reading(where) as store:
        (sums,) = sums_of_window(store, ALWAYS, EVERYONE)
        newest, _ = sums_of_newest(store, 10**6, EVERYONE)
    stats = count(sums)
    assert stats.runs == len(many)
    agree(figures(stats), naive(many))
    agree(figures(count(newest)), naive(many))
    ordered = sorted(run.latency_s for run, weight in many for _ in range(int(weight)))
    for q, value in ((0.5, stats.latency.p50_s), (0.95, stats.latency.p95_s), (0.99, stats.latency.p99_s)):
        exact = ordered[-(-len(ordered) * int(q * 100) // 100) - 1]
        assert value == pytest.approx(exact, rel=0.0201)
    agree(
        {
            "slots": Counter(
                queries=sum(s.queries for s in stats.over_time), usd=sum(s.cost_usd for s in stats.over_time)
            )
        },
        {"slots": Counter(queries=stats.queries, usd=stats.cost.known_usd)},
    )


@settings(max_examples=20, deadline=None)
@given(many=st.lists(st.tuples(runs(), weights), min_size=1, max_size=25, unique_by=lambda pair: pair[0].trace_id))
def test_what_is_summed_up_is_what_counting_again_gives(many, tmp_path_factory):
    where = tmp_path_factory.mktemp("s") / "t.sqlite"
    write(where, many[: len(many) // 2])
    write(where, many[len(many) // 2 :])

    def tables():
        with reading(where) as store:
            return {
                table: sorted(store.rows(f"SELECT * FROM {table}"))  # noqa: S608 - names of ours
                for table in SUMMED
            }

    before = tables()
    connection = database(where).connect()
    with connection.transaction():
        recount(connection)
    connection.close()
    again = tables()
    assert {name: rows for name, rows in again.items() if name != "tallies"} == {
        name: rows for name, rows in before.items() if name != "tallies"
    }
    assert len(again["tallies"]) == len(before["tallies"])
    for one, other in zip(again["tallies"], before["tallies"], strict=True):
        assert one == pytest.approx(other)  # sums of fractions, in another order


def test_both_stores_say_the_same(anywhere, tmp_path):
    some = st.lists(st.tuples(runs(), weights), min_size=30, max_size=30, unique_by=lambda pair: pair[0].trace_id)
    found = []

    @settings(max_examples=1, deadline=None, database=None, derandomize=True)
    @given(many=some)
    def once(many):
        found.append(many)

    once()
    many = found[0]
    write(anywhere, many)
    with reading(anywhere) as store:
        (sums,) = sums_of_window(store, ALWAYS, EVERYONE)
        newest, oldest = sums_of_newest(store, 7, EVERYONE)
        earlier = sums_of_newest(store, 7, EVERYONE, before=oldest)
    agree(figures(count(sums)), naive(many))
    assert count(newest).queries >= 7
    assert earlier is not None
    assert count(sums).over_time


def test_a_window_leaves_out_what_is_outside(tmp_path, make_run):
    where = tmp_path / "t.sqlite"
    write(where, [(make_run(1, started_wall_s=6_000.0), 1.0), (make_run(2, started_wall_s=12_000.0), 1.0)])
    with reading(where) as store:
        (sums,) = sums_of_window(store, Window(6_600.0, 1e9), EVERYONE)
        assert count(sums).queries == 1
        assert sums_of_window(store, Window(13_000.0, 1e9), EVERYONE) == []
        assert sums_of_window(store, ALWAYS, lambda name, _: name == "other") == []


def test_a_quantile_is_one_of_the_values():
    latencies = Counter(map(place_of, [0.1] * 98 + [5.0, 50.0]))
    assert quantile(latencies, 0.5) == pytest.approx(0.1, rel=0.02)
    assert quantile(latencies, 0.99) == pytest.approx(5.0, rel=0.02)
    assert quantile(latencies, 1.0) == pytest.approx(50.0, rel=0.02)
    assert quantile({}, 0.5) is None


@pytest.mark.parametrize("rung", ["main.rung1", "tier.low"])
def test_a_rung_is_known_by_where_it_answered_though_another_one_is_that_model(tmp_path, rung):
    def run(at, *asked):
        """A run of ``cascade [fallback [a, b], b]``, in which each answer but the last was rejected."""
        events = []
        for number, (node, model) in enumerate(asked, 1):
            last = number == len(asked)
            told = {"model": model, "purpose": "answer", "input_tokens": 1, "output_tokens": 1, "cost_usd": 0.0}
            events.append(Event("call", node, 0.1, told))
            verdict = {"check": "ok", "model": model, "outcome": "passed" if last else "failed", "reason": ""}
            events.append(Event("check", "main", 0.1, verdict))
            if not last:
                events.append(Event("escalate", "main", 0.1, {"from": rung, "to": "b", "because": "unmet"}))
        end = {"status": "accepted", "kind": "", "message": ""}
        return RunRecord(
            trace_id=f"{at:020x}",
            policy="main",
            policy_path="p.cl",
            graph_sha256="0" * 64,
            started_wall_s=1000.0 + at,
            latency_s=0.1,
            status="accepted",
            failure="",
            model=asked[-1][1],
            path=tuple(model for _, model in asked),
            cost_usd=0.0,
            input_tokens=1,
            output_tokens=1,
            query="",
            answer="",
            meta={},
            events=(*events, Event("end", "", 0.1, end)),
        )

    first, second = (f"{rung}.member1", "a"), (f"{rung}.member2", "b")
    ways = [(first,), (second,), (second,), (first, ("main.rung2", "b")), (second, ("main.rung2", "b"))]
    write(tmp_path / "t.sqlite", [(run(at, *asked), 1.0) for at, asked in enumerate(ways)])
    with reading(tmp_path / "t.sqlite") as store:
        (sums,) = sums_of_window(store, ALWAYS, EVERYONE)
    found = {each.name: (each.entered, each.left) for each in count(sums).rungs}
    assert found == {rung: (5, 2), "b": (2, 0)}


@pytest.mark.parametrize(
    ("policy", "rung", "came"),
    [
        ("main", ("main", "tier.low"), (5, 2)),
        ("inside", ("policy.inside", "policy.inside.member1"), (5, 2)),
        ("routed", ("policy.routed.else", "tier.low"), (3, 2)),  # two of the five went to the tier straight away
    ],
)
def test_a_tier_that_answered_is_what_a_way_came_to(tmp_path, policy, rung, came):
    path = tmp_path / "p.cl"
    path.write_text(
        """
        provider f = scripted { replies: { a: ["{}", "{}", "{}", "no"], c: "{}" } }
        model a = f("a")
        model c = f("c")
        tier low = cascade [a] until json otherwise fail
        policy main = fallback [low, c]
        policy inside = fallback [cascade [a] until json otherwise fail, c]
        policy routed = route contains("x") -> low else fallback [low, c]
        """,
        encoding="utf-8",
    )
    with Policy.load(path, traces=tmp_path / "t.sqlite") as loaded:
        for at in range(5):
            loaded.run("x" if policy == "routed" and at < 2 else "y", policy=policy)
    with reading(tmp_path / "t.sqlite") as store:
        (sums,) = sums_of_window(store, ALWAYS, EVERYONE)
    rungs = {(each.node, each.name): (each.entered, each.left) for each in count(sums).rungs}
    assert rungs[rung] == came
