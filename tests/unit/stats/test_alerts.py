"""Alerts hold when what was recorded says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cascadelang.contracts.recorded import RECORDED
from cascadelang.contracts.trace_sink import Event
from cascadelang.graph import model as g
from cascadelang.stats.alerts import _FIGURES, evaluate, figure
from cascadelang.stats.count import count
from cascadelang.stats.sums import sums_of_newest
from cascadelang.trace.rows import counted
from cascadelang.trace.sql import database, reading
from cascadelang.trace.tally import Shapes
from cascadelang.trace.write import write_batch
from cascadelang.workspace.alerts import Alerts
from cascadelang.workspace.mistake import Mistake

POLICY = """
provider fake = scripted { replies: { small: "x", large: "y" } }
model small = fake("small") { price: $1 / $5 }
model large = fake("large") { price: $10 / $50 }
signal topic : { code, prose } = meta.topic
tier ladder = cascade [small, large] until json
policy main = route by topic code -> ladder, prose -> small else large
"""


def went(make_run, number, *, escalates=False, topic="code", status="accepted", usd=0.01, latency_s=1.0, **more):
    arm = topic or "else"
    events = [
        Event(
            "route",
            "main",
            0.0,
            {"arm": arm, "to": {"code": "tier.ladder"}.get(arm, "small"), "because": {"topic": topic}},
        )
    ]
    call = {"purpose": "answer", "input_tokens": 10, "output_tokens": 20, "cost_usd": usd}
    events.append(Event("call", "tier.ladder.rung1", 0.1, {"model": "small", **call}))
    if escalates:
        told = {"check": "json", "model": "small", "outcome": "failed", "reason": "no"}
        events.append(Event("check", "tier.ladder", 0.1, told))
        events.append(Event("escalate", "tier.ladder", 0.1, {"from": "small", "to": "large", "because": "unmet"}))
        events.append(Event("call", "tier.ladder.rung2", 0.2, {"model": "large", **call}))
    failed = status == "failed"
    return make_run(
        number,
        status=status,
        failure="timeout" if failed else "",
        model="" if failed else "large" if escalates else "small",
        cost_usd=None if usd is None else usd * (1 + escalates),
        latency_s=latency_s,
        events=events,
        **{"policy_path": "p.cl", **more},
    )


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A policy with alerts, and runs of it."""
    monkeypatch.chdir(tmp_path)

    def make(where, alerts, runs):
        monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(where))
        (tmp_path / "p.cl").write_text(POLICY + "\n".join(alerts) + "\n")
        place = database(where)
        connection = place.connect()
        write_batch(connection, place, [counted(run) for run in runs], Shapes(place.storable))
        connection.close()
        return Alerts("p.cl")

    return make


def states(alerts):
    return [state.state for state in alerts.look()]


def test_rates_costs_and_latencies(at, anywhere, make_run):
    runs = [went(make_run, n, escalates=n % 4 == 0, topic="prose" if n % 5 == 0 else "code") for n in range(40)]
    runs += [went(make_run, 100 + n, status="failed", topic=None) for n in range(10)]
    told = [
        ('alert "a" when escalation > 19% over 50 queries', "holds"),  # 10 of 50
        ('alert "b" when escalation > 21% over 50 queries', "quiet"),
        ('alert "c" when escalation(large) == 0.2 over 50 queries', "holds"),
        ('alert "d" when escalation(small) > 0 over 50 queries', "quiet"),
        ('alert "e" when failures(timeout) == 20% and failures(server) < 1% over 50 queries', "holds"),
        ('alert "f" when share(code) == 64% and share(ladder) == 64% over 50 queries', "holds"),
        ('alert "g" when cost.mean > $0.011 and cost.mean < $0.013 over 50 queries', "holds"),
        ('alert "h" when latency.p95 > 900ms and latency.p95 < 1.1s over 50 queries', "holds"),
        ('alert "i" when unknown(topic) == 20% over 50 queries', "holds"),
        ('alert "j" when answered(large) == 0.2 and not (answered(small) < 0.5) over 50 queries', "holds"),
        ('alert "k" when cost.rejected / cost.total > 10% over 50 queries', "holds"),
        ('alert "l" when rejected(small) == 100% over 50 queries', "holds"),
        ('alert "m" when rejected(large) > 1% over 50 queries', "unknown"),
        ('alert "n" when failures > 1%', "waiting"),
        ('alert "o" when failures == 100% over 10 queries', "holds"),  # the newest
        ('alert "p" when queries >= 50 and (unmet > 1% or unchecked > 1% or cached > 1%) over 50 queries', "quiet"),
    ]
    alerts = at(anywhere, [alert for alert, _ in told], runs)
    assert states(alerts) == [state for _, state in told]


def test_an_unknown_cost_is_not_zero(at, tmp_path, make_run):
    runs = [went(make_run, n, usd=None if n == 3 else 0.01) for n in range(10)]
    told = [
        'alert "a" when cost.mean < $1 over 10 queries',
        'alert "b" when cost.total < $1 or unmet < 1% over 10 queries',
    ]
    assert states(at(tmp_path / "t.sqlite", told, runs)) == ["unknown", "holds"]


def test_drift_is_told_against_what_ran_before(at, anywhere, make_run):
    before = [went(make_run, n, topic="code") for n in range(100)]
    now = [went(make_run, 1_000 + n, topic="prose") for n in range(50)]
    told = [
        'alert "a" when drift(topic) > 0.25 over 50 queries',
        'alert "b" when drift(models) > 0.25 over 50 queries',
        'alert "c" when drift(arms) > 0.25 over 50 queries',
        'alert "d" when drift(topic) > 0.25 over 100 queries',
    ]
    assert states(at(anywhere, told, before + now)) == ["holds", "quiet", "holds", "waiting"]


def test_only_the_file_s_policies_count_and_no_shadow(at, tmp_path, make_run):
    runs = [went(make_run, n, status="failed", policy="main (shadow main)") for n in range(10)]
    runs += [went(make_run, 20 + n, status="failed", policy_path="other.cl") for n in range(10)]
    runs += [went(make_run, 40 + n) for n in range(10)]
    (state,) = at(tmp_path / "t.sqlite", ['alert "a" when failures > 0 over 10 queries'], runs).look()
    assert (state.state, state.queries) == ("quiet", 10)


def test_no_alert_and_no_store(at, tmp_path):
    with pytest.raises(Mistake, match="has no alert"):
        at(tmp_path / "t.sqlite", [], [])
    alerts = at(tmp_path / "t.sqlite", ['alert "a" when failures > 0'], [])
    (tmp_path / "t.sqlite").unlink()
    assert states(alerts) == ["waiting"]


def test_every_name_of_the_table_has_a_figure(at, tmp_path, make_run):
    at(tmp_path / "t.sqlite", ['alert "a" when failures > 0'], [went(make_run, 1, escalates=True)])
    with reading(tmp_path / "t.sqlite") as store:
        stats = count(sums_of_newest(store, 1, lambda *_: True)[0])
    of = {"model": "small", "arm": "code", "failure": "timeout", "signal": "topic", None: ""}
    for name, rate in RECORDED.items():
        assert figure(g.RecordedValue(name, of[rate.of]), stats, {"topic": 0.5}) is not None, name
    assert {name for name in RECORDED if "." not in name and name != "drift"} == set(_FIGURES)


def test_an_alert_of_an_unknown_side_may_still_be_decided():
    alert = g.GraphAlert("x", g.LogicValue("and", [g.Const(value=False), g.RecordedValue("cost.mean")]), 1)
    assert evaluate(alert, None).state == "waiting"


def test_watch(at, tmp_path, make_run, capsys):
    from click.testing import CliRunner

    from cascadelang.cli.main import main

    told = [
        'alert "fails \\u001b[31m" when failures > 2% over 10 queries',
        'alert "dear" when cost.mean > $1 over 5 queries',
    ]
    at(tmp_path / "t.sqlite", told, [went(make_run, n) for n in range(10)])
    quiet = CliRunner().invoke(main, ["watch", "p.cl", "--once"])
    assert quiet.exit_code == 0
    assert "✓ dear" in quiet.stdout
    assert "\x1b" not in quiet.stdout
    at(tmp_path / "t.sqlite", told, [went(make_run, 50 + n, status="failed") for n in range(5)])
    held = CliRunner().invoke(main, ["watch", "p.cl", "--interval", "0.1"])
    assert held.exit_code == 1
    assert "failures = 50.0%" in held.stdout
    as_json = json.loads(CliRunner().invoke(main, ["watch", "p.cl", "--once", "--output", "json"]).stdout)
    assert [alert["state"] for alert in as_json["alerts"]] == ["holds", "quiet"]
    assert as_json["alerts"][0]["figures"] == [{"name": "failures", "value": 0.5, "type": "share"}]


def test_a_watch_waits_for_a_store_that_goes_away(at, tmp_path, make_run, monkeypatch):
    from click.testing import CliRunner

    from cascadelang.cli.main import main
    from cascadelang.workspace.mistake import Mistake

    told = ['alert "fails" when failures > 2% over 10 queries']
    at(tmp_path / "t.sqlite", told, [went(make_run, n) for n in range(10)])
    looks = []
    look = Alerts.look

    def shaky(alerts):
        looks.append(alerts)
        if len(looks) == 2:
            raise Mistake("`x` can't be read: it went away")
        if len(looks) == 3:
            at(tmp_path / "t.sqlite", told, [went(make_run, 50 + n, status="failed") for n in range(5)])
        return look(alerts)

    monkeypatch.setattr(Alerts, "look", shaky)
    ran = CliRunner().invoke(main, ["watch", "p.cl", "--interval", "0.1"])
    assert (ran.exit_code, len(looks)) == (1, 3)
    assert "warning: `x` can't be read: it went away; it is looked at again in 0.1 s" in ran.stderr
    assert "failures = 50.0%" in ran.stdout
    looks[:] = [None]
    ran = CliRunner().invoke(main, ["watch", "p.cl", "--interval", "0.1"])
    assert (ran.exit_code, len(looks)) == (2, 2)
    assert "error: `x` can't be read" in ran.stderr


def test_how_long_between_two_looks_is_a_number():
    from click.testing import CliRunner

    from cascadelang.cli.main import main

    ran = CliRunner().invoke(main, ["watch", "p.cl", "--interval", "nan"])
    assert ran.exit_code == 2
    assert "invalid value for '--interval': it is no number" in ran.stderr


def test_what_a_watch_cannot_look_at_is_no_alert(at, tmp_path, make_run):
    from click.testing import CliRunner

    from cascadelang.cli.main import main

    at(tmp_path / "t.sqlite", ['alert "fails" when failures > 2% over 10 queries'], [])
    (tmp_path / "t.sqlite").write_text("not a database " * 100)
    (tmp_path / "none.cl").write_text(POLICY)
    (tmp_path / "wrong.cl").write_text("policy main = nobody\n")
    for file, words in (
        ("p.cl", "it is damaged, or not a trace store"),
        ("none.cl", "`none.cl` has no alert"),
        ("wrong.cl", "error["),
        ("gone.cl", "there is no such file"),
    ):
        ran = CliRunner().invoke(main, ["watch", file, "--once"])
        assert (file, ran.exit_code, words in ran.stderr) == (file, 2, True), ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("stats",),
        ("report", "-o", "r.html"),
        ("traces", "list"),
        ("traces", "show", "last"),
        ("traces", "export", "-o", "r.jsonl"),
        ("traces", "prune", "--older", "1d"),
        ("cost", "p.cl", "--from-traces"),
        ("watch", "p.cl", "--once"),
    ],
)
def test_commands_that_need_the_store_agree_where_it_cannot_be_read(at, tmp_path, words):
    from click.testing import CliRunner

    from cascadelang.cli.main import main

    at(tmp_path / "t.sqlite", ['alert "fails" when failures > 2% over 10 queries'], [])
    (tmp_path / "t.sqlite").write_text("not a database " * 100)
    ran = CliRunner().invoke(main, list(words))
    assert ran.exit_code == 2
    assert "can't be read: it is damaged, or not a trace store" in ran.stderr


def test_an_alert_is_not_what_a_policy_does(at, tmp_path):
    from cascadelang.graph.json_form import from_json, graph_sha256, to_json

    graph = at(tmp_path / "t.sqlite", ['alert "a" when failures > 0 over 10 queries'], []).graph
    assert from_json(to_json(graph)) == graph
    assert graph_sha256(graph) == graph_sha256(replace(graph, alerts=[]))
    with pytest.raises(Exception, match="isn't recorded so"):
        from_json(to_json(graph).replace('"failures"', '"failings"'))


def test_a_diff_says_which_alerts_changed(tmp_path):
    from cascadelang.graph.diff.compare import compare
    from cascadelang.workspace.load import load

    def graph(name, alerts):
        (tmp_path / name).write_text(POLICY + alerts)
        return load(str(tmp_path / name)).graph

    old = graph("old.cl", 'alert "fails" when failures > 2%\nalert "dear" when cost.mean > $1\n')
    new = graph("new.cl", 'alert "fails" when failures > 3%\nalert "slow" when latency.p95 > 8s\n')
    found = compare(old, new).changes
    assert [(change.area, change.what, change.where) for change in found] == [
        ("alert", "changed", "fails"),
        ("alert", "added", "slow"),
        ("alert", "removed", "dear"),
    ]
    assert found[0].words == (
        "holds `when failures > 3% over 1,000 queries`, it was `when failures > 2% over 1,000 queries`"
    )


def test_ctrl_c_ends_a_watch_with_130(at, tmp_path, make_run):
    import os
    import signal
    import subprocess
    import sys

    at(
        tmp_path / "t.sqlite",
        ['alert "a" when failures > 2% over 10 queries'],
        [went(make_run, n) for n in range(10)],
    )
    watching = subprocess.Popen(
        [sys.executable, "-m", "cascadelang", "watch", "p.cl", "--interval", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    for line in watching.stdout:
        if "Ctrl-C ends" in line:
            break
    watching.send_signal(signal.SIGINT)
    _, told = watching.communicate(timeout=120)
    assert watching.returncode == 130
    assert "Traceback" not in told


def test_the_page_has_every_name():
    from cascadelang.workspace.declaration_pages import DECLARATIONS

    docs = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")
    for name in RECORDED:
        assert f"`{name}" in DECLARATIONS["alert"], name
        assert f"`{name}" in docs, name


def test_watch_prints_what_prometheus_reads(at, tmp_path, make_run):
    pytest.importorskip("prometheus_client")
    from click.testing import CliRunner
    from prometheus_client.parser import text_string_to_metric_families

    from cascadelang.cli.main import main

    told = ['alert "fails" when failures > 2% over 10 queries', 'alert "dear" when cost.mean > $1 over 50 queries']
    at(tmp_path / "t.sqlite", told, [went(make_run, n, status="failed") for n in range(10)])
    ran = CliRunner().invoke(main, ["watch", "p.cl", "--once", "--output", "prometheus"])
    assert ran.exit_code == 1
    found = {
        (sample.name, sample.labels.get("alert")): sample.value
        for family in text_string_to_metric_families(ran.stdout)
        for sample in family.samples
    }
    assert found["cascadelang_alert_holds", "fails"] == 1
    assert ("cascadelang_alert_holds", "dear") not in found
    assert found["cascadelang_alerts_readable", None] == 1
