"""Prometheus is told of runs, and reads what it is told."""

from __future__ import annotations

import re

import pytest

from cascadelang.contracts.trace_sink import Event, NoTrace, RunRecord

prometheus_client = pytest.importorskip("prometheus_client")

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

from cascadelang.telemetry.metrics import (  # noqa: E402
    COUNTERS,
    HISTOGRAMS,
    MOST,
    MOST_SERIES,
    OTHER,
    Metrics,
    NoMetrics,
    tell_alerts,
)

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
    return found["cascadelang_" + name, tuple(sorted({"file": "p.cl", **labels}.items()))]


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


def hostile(number):
    """A run in which every word that a label could have is another than in the runs before, and no good one."""
    word = f"{number}{HOSTILE}" + ("\udcff" + "x" * 300 if number % 10 == 0 else "")
    names = ("model", "purpose", "kind", "outcome", "arm", "from", "to", "because")
    data = {name: f"{name} {word}" for name in names}
    kinds = ("call", "call_failed", "retry", "check", "escalate", "cached")
    events = [Event(kind, f"node {word}", 0.0, {**data, "latency_s": 1}) for kind in kinds]
    events.append(Event("route", f"node {word}", 0.0, {**data, "because": {f"signal {word}": None}}))
    said = {name: f"{name} {word}" for name in ("policy", "status", "failure", "model")}
    said["policy_path"] = f"a folder/{number} \udcff\n"
    return run(number, cost_usd=None, **said, events=events)


def test_labels_and_series_have_an_end():
    registry = CollectorRegistry()
    metrics = Metrics(NoTrace(), registry)
    for number in range(10_000):
        metrics.record(hostile(number))
    found = samples(registry)
    for name, (_, labels) in COUNTERS.items():
        if name != "cost_usd":
            series = [dict(at) for sample, at in found if sample == f"cascadelang_{name}_total"]
            assert all(len({at[label] for at in series}) <= MOST + 1 for label in labels), name
            assert 0 < len(series) <= MOST_SERIES + 1, name
            told = sum(count for (sample, _), count in found.items() if sample == f"cascadelang_{name}_total")
            assert told >= 10_000, "what is beyond the bound is counted, too"
    assert value(found, "runs_total", file=OTHER, policy=OTHER, status=OTHER) == 10_000 - MOST
    assert all(len(text) <= 200 for _, at in found for _, text in at)


def test_labels_that_are_few_each_make_no_more_series_together_than_there_may_be():
    registry = CollectorRegistry()
    metrics = Metrics(NoTrace(), registry)
    for number in range(2 * MOST_SERIES):
        tens, ones = divmod(number, 50)
        metrics.record(run(number, policy=f"policy {tens}", model=f"model {ones}", events=[]))
    found = samples(registry)
    series = {at: count for (name, at), count in found.items() if name == "cascadelang_answers_total"}
    assert len(series) == MOST_SERIES + 1
    assert sum(series.values()) == 2 * MOST_SERIES
    assert value(found, "answers_total", file=OTHER, policy=OTHER, model=OTHER) == MOST_SERIES


def test_policies_of_one_name_are_told_apart_by_their_files_which_tell_of_no_folder():
    registry = CollectorRegistry()
    metrics = Metrics(NoTrace(), registry)
    for path in ("/home/ada/support.cl", "C:\\Users\\ada\\billing.cl", "ada:billing.cl", ""):
        metrics.record(run(policy_path=path))
    found = samples(registry)
    counts = [
        value(found, "run_seconds_count", file=file, policy="main") for file in ("support.cl", "billing.cl", "")
    ]
    assert counts == [1, 2, 1]
    assert "ada" not in generate_latest(registry).decode()


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
        before = samples(registry)
        policy.run("hi")
    assert [value(before, "runs_total", policy="main", status=status) for status in ("unchecked", "failed")] == [0, 0]
    assert value(samples(registry), "runs_total", policy="main", status="unchecked") == 1
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
    assert value(found, "alert_holds", alert=f"dear {HOSTILE}") == 1
    assert value(found, "alert_holds", alert="slow") == 0
    assert value(found, "alert_queries", alert="new") == 3
    assert ("cascadelang_alert_holds", (("alert", "new"), ("file", "p.cl"))) not in found
    broken = CollectorRegistry()
    tell_alerts(broken, "p.cl", lambda: 1 / 0)
    assert value(samples(broken), "alerts_readable") == 0


def test_of_alerts_that_say_the_same_one_that_holds_is_told():
    from cascadelang.stats.alerts import AlertState

    registry = CollectorRegistry()
    told = [AlertState("slow", "x", state, 10, 12.0, []) for state in ("quiet", "holds", "waiting")]
    tell_alerts(registry, "p.cl", lambda: told)
    assert value(samples(registry), "alert_holds", alert="slow") == 1


def test_alerts_of_several_policies_are_one_metric():
    from prometheus_client import generate_latest

    from cascadelang.stats.alerts import AlertState

    registry = CollectorRegistry()
    tell_alerts(registry, "a.cl", lambda: [AlertState("slow", "x", "quiet", 10, 12.0, [])])
    tell_alerts(registry, "b.cl", lambda: 1 / 0)
    tell_alerts(registry, "c.cl", lambda: [AlertState("slow", "x", "quiet", 10, 12.0, [])])
    tell_alerts(registry, "c.cl", lambda: [AlertState("slow", "x", "holds", 10, 12.0, [])])
    found = samples(registry)
    held = [value(found, "alert_holds", file=path, alert="slow") for path in ("a.cl", "c.cl")]
    readable = [value(found, "alerts_readable", file=path) for path in ("a.cl", "b.cl", "c.cl")]
    assert (held, readable) == ([0, 1], [1, 0, 1])
    types = [line for line in generate_latest(registry).decode().splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) == 3


def test_alerts_of_files_of_one_name_are_told_apart_by_their_paths():
    registry = CollectorRegistry()
    for path in ("a/p.cl", "b/p.cl", "/home/ada/other.cl"):
        tell_alerts(registry, path, list)
    found = samples(registry)
    for file in ("a/p.cl", "b/p.cl", "other.cl"):
        assert value(found, "alerts_readable", file=file) == 1


def test_words_that_are_no_text_stop_no_scrape():
    from cascadelang.stats.alerts import AlertState

    registry = CollectorRegistry()
    tell_alerts(registry, "\udcff.cl", lambda: [AlertState("\udcff" + "x" * 999, "x", "holds", 10, 12.0, [])])
    Metrics(NoTrace(), registry).record(run(policy_path="\udcff.cl"))
    found = samples(registry)
    assert value(found, "alert_holds", file="?.cl", alert="?" + "x" * 199) == 1
    assert value(found, "runs_total", file="?.cl", policy="main", status="accepted") == 1


def test_the_page_tells_of_each_metric_and_its_labels(root):
    text = (root / "docs" / "telemetry.md").read_text(encoding="utf-8").partition("## Prometheus")[2]
    rows = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", text, re.MULTILINE))
    told = {name: {"file", "policy", *re.findall(r"`(\w+)`", labels)} for name, labels in rows.items()}
    made = {f"{name}_total": set(labels) for name, (_, labels) in COUNTERS.items()}
    made |= {name: set(labels) for name, (_, labels) in HISTOGRAMS.items()}
    assert {name: told[name] for name in made} == made
    assert told.keys() - made.keys() == {"alert_holds", "alert_queries", "alerts_readable"}
    asked = re.findall(r"cascadelang_(\w+)", text.partition("```yaml")[2])
    assert asked
    assert set(asked) <= told.keys()
