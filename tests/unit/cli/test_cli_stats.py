"""``cascadelang stats``."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.trace.rows import counted
from cascadelang.trace.sql import database
from cascadelang.trace.tally import Shapes
from cascadelang.trace.write import write_batch

POLICY = """
model haiku = anthropic("claude-haiku-5-5") { price: $1 / $5, max_tokens: 100 }
model opus = anthropic("claude-opus-5-5") { price: $10 / $50, max_tokens: 100 }
policy main = cascade [haiku, opus] until json
"""
HOSTILE = "it said \x1b[31mred\x1b[0m\u202e and <b>bold</b>\r\n then more"


def run(number, *, escalates, status="accepted", usd=0.001, wall_s=1_700_000_000.0):
    model = "opus" if escalates else "haiku"
    call = {"purpose": "answer", "input_tokens": 100, "output_tokens": 50, "cost_usd": usd}
    events = [Event("call", "main.rung1", 0.1, {"model": "haiku", **call})]
    if escalates:
        told = {"check": "json", "model": "haiku", "outcome": "failed", "reason": HOSTILE}
        events.append(Event("check", "main", 0.1, told))
        events.append(Event("escalate", "main", 0.1, {"from": "haiku", "to": "opus", "because": "unmet"}))
        events.append(Event("call", "main.rung2", 0.2, {"model": "opus", **call}))
    events.append(
        Event("check", "main", 0.2, {"check": "json", "model": model, "outcome": "passed", "reason": "1 word"})
    )
    events.append(Event("end", "", 0.3, {"status": status, "kind": "", "message": ""}))
    return RunRecord(
        trace_id=f"{number:020x}",
        policy="main",
        policy_path="support.cl",
        graph_sha256="0" * 64,
        started_wall_s=wall_s + 60 * number,
        latency_s=0.3,
        status=status,
        failure="timeout" if status == "failed" else "",
        model="" if status == "failed" else model,
        path=("haiku", "opus") if escalates else ("haiku",),
        cost_usd=usd * (2 if escalates else 1),
        input_tokens=100,
        output_tokens=50,
        query="q",
        answer="a",
        meta={},
        events=events,
    )


@pytest.fixture
def store(tmp_path, monkeypatch, cl):
    where = tmp_path / "t.sqlite"
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(where))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    def write(runs):
        at = database(where)
        connection = at.connect()
        write_batch(connection, at, [counted(one) for one in runs], Shapes(at.storable))
        connection.close()

    return write


def test_a_page(store, cl, snapshot, tmp_path, monkeypatch):
    (tmp_path / "support.cl").write_text(POLICY)
    store(run(number, escalates=number % 4 == 0) for number in range(40))
    assert cl("stats", "--since", "all").out == snapshot
    monkeypatch.setenv("COLUMNS", "50")
    narrow = cl("stats", "support.cl", "--since", "all").out
    assert narrow == snapshot
    assert "\x1b" not in narrow


def test_json(store, cl, tmp_path):
    (tmp_path / "support.cl").write_text(POLICY)
    store(run(number, escalates=number % 4 == 0) for number in range(40))
    told = json.loads(cl("stats", "main", "--since", "all", "--output", "json").out)
    (stats,) = told["policies"]
    assert told["version"] == 1
    assert stats["queries"] == 40
    assert stats["escalation_rate"] == 0.25
    assert stats["savings"]["model"] == "opus"
    # 40 answers of 100 tokens at $10 and 50 at $50 a million
    assert stats["savings"]["top_usd"] == pytest.approx(40 * (100 * 10 + 50 * 50) / 1e6)
    assert stats["savings"]["spent_usd"] == pytest.approx(0.05)
    assert [rung["name"] for rung in stats["rungs"]] == ["haiku", "opus"]


def test_drift(store, cl):
    day_s = 86_400
    store(run(number, escalates=number % 4 == 0) for number in range(200))
    store(run(1_000 + number, escalates=number % 4 != 0, wall_s=1_700_000_000.0 + 9 * day_s) for number in range(200))
    page = cl("stats", "--since", "2023-11-20", "--baseline", "2023-11-10..2023-11-20").out
    assert "models  PSI 1." in page
    assert ": much, p " in page
    assert "haiku" in page


def test_nothing_recorded(store, cl):
    found = cl("stats")
    assert (found.code, found.out) == (0, "")
    assert found.err == "nothing is recorded in this window\n"
    assert json.loads(cl("stats", "--output", "json").out) == {"version": 1, "policies": []}


def test_one_run_and_all_failed(store, cl, snapshot):
    store([run(1, escalates=False, status="failed", usd=0.0)])
    assert cl("stats", "--since", "all").out == snapshot


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--since", "soon"], "`soon` is no time"),
        (["--since", "1d", "--until", "2d"], "the window ends before it begins"),
        (["--baseline", "..7d"], "`..7d` is no baseline"),
        (["--baseline", "soon..7d"], "`soon..7d` is no baseline: `soon` is no time"),
        (["--baseline", "p.cl"], "give two times, `30d..7d`, or a file"),
    ],
)
def test_mistakes(store, cl, args, words):
    found = cl("stats", *args)
    assert found.code == 2
    assert words in found.err


def test_a_baseline_that_was_kept(store, cl, tmp_path):
    day_s = 86_400
    store(run(number, escalates=number % 4 == 0) for number in range(200))
    (tmp_path / "then.json").write_text(cl("stats", "--since", "all", "--output", "json").out)
    store(run(1_000 + number, escalates=number % 4 != 0, wall_s=1_700_000_000.0 + 9 * day_s) for number in range(200))
    window = cl("stats", "--since", "2023-11-20", "--baseline", "2023-11-10..2023-11-20", "--output", "json")
    from_file = cl("stats", "--since", "2023-11-20", "--baseline", "then.json", "--output", "json")
    one, other = (json.loads(found.out)["policies"][0]["drift"] for found in (window, from_file))
    assert one == other
    assert one[0]["psi"] > 1


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "policies": []}', '{"version": 1, "policies": [{}]}', "[" * 9999]
)
def test_a_file_that_is_no_baseline(store, cl, tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    found = cl("stats", "--baseline", "bad.json")
    assert found.code == 1
    assert "`bad.json` is no baseline" in found.err
    assert cl("stats", "--baseline", "none.json").code == 1


@pytest.mark.parametrize("weight", [1e308, 5e-324, -1, "NaN", "Infinity", "x"])
def test_a_baseline_of_impossible_figures_is_none(store, cl, tmp_path, weight):
    store([run(1, escalates=True)])
    model = {"model": "haiku", "answered": weight}
    stats = {"policy": "main", "queries": 5, "runs": 5, "models": [model, model], "arms": [], "signals": []}
    (tmp_path / "bad.json").write_text(json.dumps({"version": 1, "policies": [stats]}))
    found = cl("stats", "--since", "all", "--baseline", "bad.json")
    assert (found.code, "`bad.json` is no baseline" in found.err) == (1, True)


ROADS = """
provider fake = scripted { replies: { small: ["[]", "no"], large: "[1]" } }
provider down = openai { base_url: "http://127.0.0.1:9/v1" }
model small = fake("small") { price: $1 / $5, retry: 0 }
model large = fake("large") { price: $10 / $50 }
model gone = down("gone") { price: $1 / $5, retry: 0 }
signal topic: {code, prose} = meta.topic
tier inner = cascade [small, large] until json
policy main = route by topic code -> cascade [inner, large] until json, prose -> fallback [gone, small] else large
policy kept = large cached 1d
"""


def test_runs_of_a_policy_are_counted_as_they_went(store, cl, tmp_path):
    """What the interpreter records is what the statistics expect of it."""
    from cascadelang.workspace.policy import Policy

    (tmp_path / "roads.cl").write_text(ROADS)
    with Policy.load("roads.cl") as policy:
        for number in range(6):
            policy.run(f"question {number}", meta={"topic": "code"})
        for number in range(3):
            policy.run(f"question {number}", meta={"topic": "prose"})
        policy.run("question", meta={})
        for _ in range(2):
            policy.run("the same", policy="kept")
    told = json.loads(cl("stats", "--since", "1h", "--output", "json").out)["policies"]
    main, kept = (next(one for one in told if one["policy"] == name) for name in ("main", "kept"))
    assert {(arm["arm"], arm["queries"]) for arm in main["arms"]} == {("code", 6), ("prose", 3), ("else", 1)}
    inner = {rung["name"]: rung for rung in main["rungs"] if rung["node"] == "tier.inner"}
    assert inner["small"]["entered"] == 6
    assert inner["small"]["left"] == inner["large"]["entered"]
    fallback = [rung for rung in main["rungs"] if "prose" in rung["node"]]
    assert [(rung["name"], rung["entered"], rung["left"]) for rung in fallback] == [("gone", 3, 3), ("small", 3, 0)]
    assert sum(main["statuses"].values()) == main["queries"] == 10
    assert main["signals"] == [
        {"name": "topic", "looked": 10, "unknown": 1, "rate": 0.1, "values": {'"code"': 6, '"prose"': 3, "null": 1}}
    ]
    assert main["savings"]["model"] == "large"
    parts = main["cost"]["parts_usd"]
    assert sum(parts.values()) == pytest.approx(main["cost"]["total_usd"])
    assert (kept["queries"], kept["cached"], kept["cached_rate"]) == (2, 1, 0.5)


def test_bars_of_checks_stand_below_each_other(store, cl):
    one = run(1, escalates=True)
    longer = [
        Event(each.kind, each.node, each.at_s, {**each.data, "check": "not hedges and json"})
        if each.kind == "check"
        else each
        for each in one.events
    ]
    store([one, replace(run(2, escalates=True), events=longer)])
    page = cl("stats", "--since", "all").out
    assert len({line.index("█") for line in page.splitlines() if " passed" in line}) == 1


def test_without_unicode_and_without_colour(store, cl, tmp_path):
    from cascadelang.cli.draw_stats import bar, spark
    from cascadelang.cli.paint import _ASCII

    drawn = bar(0.37, 10) + bar(1e-9, 10) + spark([0, 1, 2, 3, 4, 5, 6, 7, None])
    for symbol, ascii_ in _ASCII.items():
        drawn = drawn.replace(symbol, ascii_)
    assert drawn.isascii()
    assert bar(0.0, 4) == "    "
    assert bar(1.0, 4) == "████"
    assert bar(1e-9, 4).strip()
    assert spark([]) == ""
    assert spark([0, 0]) == "▁▁"
    store([run(1, escalates=True)])
    page = cl("stats", "--since", "all", "--color", "always").out
    assert "\x1b[" in page
    assert "\x1b[31mred" not in page  # the reason's own
    assert "\u202e" not in page
