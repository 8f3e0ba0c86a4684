"""Prometheus is told of runs, and reads what it is told."""

from __future__ import annotations

import pytest

from cascadelang.contracts.trace_sink import Event, NoTrace, RunRecord

prometheus_client = pytest.importorskip("prometheus_client")

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

from cascadelang.telemetry.metrics import COUNTERS, MOST, Metrics, NoMetrics, tell_alerts  # noqa: E402

HOSTILE = 'new\nline "quoted" \\ \x1b[31m'


def run(number=0, **fields):
    call = {"model": "small", "purpose": "answer", "input_tokens": 10, "output_tokens": 5, "latency_s": 0.2}
    known = {
        "trace_id": f"{number:020x}",
        "policy": "main",
        "policy_path": "p.cl",
        "graph_sha256": "0" * 64,
        "started_wall_s": 1e9,
        "latency_s": 0.3,
        "status": "accepted",
        "failure": "",
        "model": "large",
        "path": ("small", "large"),
        "cost_usd": 0.03,
        "input_tokens": 10,
        "output_tokens": 5,
        "query": "SECRET question",
        "answer": "SECRET answer",
        "meta": {"user": "SECRET"},
        "events": [
            Event(
                "route", "main", 0.0, {"arm": "else", "to": "x", "because": {"topic": None}, "unknown": ["SECRET"]}
            ),
            Event(
                "call_failed",
                "main.rung1",
                0.1,
                {"model": "small", "purpose": "answer", "kind": "timeout", "latency_s": 1},
            ),
            Event("retry", "main.rung1", 0.1, {"model": "small", "because": "timeout"}),
            Event("call", "main.rung1", 0.2, {**call, "cost_usd": 0.01, "text": "SECRET"}),
            Event("check", "main", 0.2, {"check": "ok", "model": "small", "outcome": "failed", "reason": "SECRET"}),
            Event("escalate", "main", 0.2, {"from": "small", "to": "large", "because": "unmet"}),
            Event("call", "main.rung2", 0.3, {**call, "model": "large", "cost_usd": 0.02}),
            Event("end", "", 0.3, {"status": "accepted"}),
        ],
    }
    return RunRecord(**{**known, **fields})


def samples(registry):
    text = generate_latest(registry).decode()
    assert "SECRET" not in text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found, name, **labels):
    return found["cascadelang_" + name, tuple(sorted(labels.items()))]


def test_a_run_is_counted():
    registry = CollectorRegistry()
    metrics = Metrics(NoTrace(), registry)
    metrics.record(run())
    metrics.record(run(1, status="failed", failure="server", model="", cost_usd=None, events=[]))
    found = samples(registry)
    assert value(found, "runs_total", policy="main", status="accepted") == 1
    assert value(found, "run_failures_total", policy="main", kind="server") == 1
    assert value(found, "calls_total", policy="main", model="small", purpose="answer", outcome="timeout") == 1
    assert value(found, "calls_total", policy="main", model="large", purpose="answer", outcome="ok") == 1
    assert value(found, "verdicts_total", policy="main", model="small", outcome="failed") == 1
    assert value(found, "escalations_total", policy="main", to="large", because="unmet", **{"from": "small"}) == 1
    assert value(found, "cost_usd_total", policy="main", part="answers") == pytest.approx(0.02)
    assert value(found, "cost_usd_total", policy="main", part="rejected") == pytest.approx(0.01)
    assert value(found, "unpriced_runs_total", policy="main") == 1
    assert value(found, "unknown_signals_total", policy="main", signal="topic") == 1
    assert value(found, "retries_total", policy="main", model="small") == 1
    assert value(found, "tokens_total", policy="main", direction="input") == 20
    assert value(found, "run_seconds_count", policy="main") == 2
    assert value(found, "call_seconds_bucket", policy="main", model="small", le="0.25") == 1


def test_labels_have_an_end():
    registry = CollectorRegistry()
    metrics = Metrics(NoTrace(), registry)
    for number in range(3 * MOST):
        metrics.record(run(number, policy=f"policy {number}{HOSTILE}", model=f"m{number}"))
    found = samples(registry)
    for name, (_, labels) in COUNTERS.items():
        for label in labels:
            values = {dict(at)[label] for sample, at in found if sample == f"cascadelang_{name}_total"}
            assert len(values) <= MOST + 1, (name, label)
    assert value(found, "runs_total", policy="other", status="accepted") == 2 * MOST


def test_several_policies_share_a_registry_and_another_s_names_are_told():
    registry = CollectorRegistry()
    Metrics(NoTrace(), registry).record(run())
    Metrics(NoTrace(), registry).record(run(1))
    assert value(samples(registry), "runs_total", policy="main", status="accepted") == 2
    taken = CollectorRegistry()
    prometheus_client.Counter("cascadelang_runs", "mine", registry=taken)
    with pytest.raises(NoMetrics, match="can't take them"):
        Metrics(NoTrace(), taken)


def test_counting_never_fails_a_run_and_the_next_sink_gets_it():
    got = []

    class Next:
        def record(self, run):
            got.append(run)

        def close(self):
            got.append("closed")

    registry = CollectorRegistry()
    metrics = Metrics(Next(), registry)
    metrics.record(
        run(events=[Event("call", "n", 0.0, {"model": None, "latency_s": "soon"}), Event("check", "", 0.0, None)])
    )
    metrics.close()
    assert len(got) == 2


def test_a_policy_counts_into_a_registry(tmp_path):
    from cascadelang.workspace.policy import Policy

    (tmp_path / "p.cl").write_text(
        'provider fake = scripted { replies: { small: "hello" } }\n'
        'model small = fake("small") { price: $1 / $5 }\npolicy main = small\n'
    )
    registry = CollectorRegistry()
    with Policy.load(tmp_path / "p.cl", traces=False, metrics=registry) as policy:
        policy.run("hi")
    assert value(samples(registry), "answers_total", policy="main", model="small") == 1


def test_alerts_are_gauges():
    from cascadelang.stats.alerts import AlertState

    told = [
        AlertState(f"dear {HOSTILE}", "x", "holds", 10, 10.0, []),
        AlertState("slow", "x", "quiet", 10, 12.0, []),
        AlertState("new", "x", "waiting", 10, 3.0, []),
    ]
    registry = CollectorRegistry()
    tell_alerts(registry, "p.cl", lambda: told)
    found = samples(registry)
    assert value(found, "alert_holds", policy="p.cl", alert=f"dear {HOSTILE}") == 1
    assert value(found, "alert_holds", policy="p.cl", alert="slow") == 0
    assert value(found, "alert_queries", policy="p.cl", alert="new") == 3
    assert ("cascadelang_alert_holds", (("alert", "new"), ("policy", "p.cl"))) not in found
    broken = CollectorRegistry()
    tell_alerts(broken, "p.cl", lambda: 1 / 0)
    assert value(samples(broken), "alerts_readable", policy="p.cl") == 0


def test_of_alerts_that_say_the_same_one_that_holds_is_told():
    from cascadelang.stats.alerts import AlertState

    registry = CollectorRegistry()
    told = [AlertState("slow", "x", state, 10, 12.0, []) for state in ("quiet", "holds", "waiting")]
    tell_alerts(registry, "p.cl", lambda: told)
    assert value(samples(registry), "alert_holds", policy="p.cl", alert="slow") == 1


def test_alerts_of_several_policies_are_one_metric():
    from prometheus_client import generate_latest

    from cascadelang.stats.alerts import AlertState

    registry = CollectorRegistry()
    tell_alerts(registry, "a.cl", lambda: [AlertState("slow", "x", "quiet", 10, 12.0, [])])
    tell_alerts(registry, "b.cl", lambda: 1 / 0)
    tell_alerts(registry, "c.cl", lambda: [AlertState("slow", "x", "quiet", 10, 12.0, [])])
    tell_alerts(registry, "c.cl", lambda: [AlertState("slow", "x", "holds", 10, 12.0, [])])
    found = samples(registry)
    held = [value(found, "alert_holds", policy=path, alert="slow") for path in ("a.cl", "c.cl")]
    readable = [value(found, "alerts_readable", policy=path) for path in ("a.cl", "b.cl", "c.cl")]
    assert (held, readable) == ([0, 1], [1, 0, 1])
    types = [line for line in generate_latest(registry).decode().splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) == 3
