from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.learning.export import records_of
from cascadelang.records.read import Record, read_records


def call(model: str, text: str | None = "8", purpose: str = "answer", **more) -> Event:
    data = {
        "model": model,
        "purpose": purpose,
        "attempt": 1,
        "finish_reason": "stop",
        "input_tokens": 12,
        "output_tokens": 3,
        "cost_usd": 0.001,
        "latency_s": 0.5,
        **more,
    }
    return Event("call", "main", 0.1, data if text is None else {**data, "text": text})


def check(model: str, outcome: str = "passed", **more) -> Event:
    return Event("check", "main", 0.2, {"check": "ok", "model": model, "outcome": outcome, "reason": "why", **more})


def run(*events: Event, trace_id: str = "t1", **fields) -> RunRecord:
    known = {
        "policy": "main",
        "policy_path": "p.cl",
        "graph_sha256": "0",
        "started_wall_s": 1.0,
        "latency_s": 1.5,
        "status": "accepted",
        "failure": "",
        "model": "small",
        "path": ("small",),
        "cost_usd": 0.25,
        "input_tokens": 1,
        "output_tokens": 1,
        "query": "four plus four?",
        "answer": "8",
        "meta": {},
    }
    return RunRecord(trace_id=trace_id, events=events, **{**known, **fields})


def exported(*runs: RunRecord) -> list[dict]:
    found = list(records_of((each, 1.0) for each in runs))
    for number, record in enumerate(found):
        Record(record, number)  # it can be read again
    return found


def test_what_a_run_knows_is_in_its_record():
    verdict = json.dumps({"score": 0.25, "reason": "thin"})
    (record,) = exported(
        run(
            call("small", "perhaps 9"),
            call("judge", verdict, "judge"),
            check("small", "failed", score=0.25),
            call("large", "8", estimated=True),
            check("large", "failed", unknown=True),
            meta={"plan": "gold"},
        )
    )
    assert record == {
        "id": "t1",
        "query": "four plus four?",
        "meta": {"plan": "gold"},
        "answers": {
            "small": {
                "text": "perhaps 9",
                "cost_usd": 0.001,
                "latency_s": 0.5,
                "finish_reason": "stop",
                "input_tokens": 12,
                "output_tokens": 3,
                "verdicts": [{"check": "ok", "outcome": "failed", "score": 0.25}],
                "judgements": {
                    "judge": {
                        "score": 0.25,
                        "reason": "thin",
                        "cost_usd": 0.001,
                        "latency_s": 0.5,
                        "input_tokens": 12,
                        "output_tokens": 3,
                    }
                },
            },
            "large": {
                "text": "8",
                "cost_usd": 0.001,
                "latency_s": 0.5,
                "finish_reason": "stop",
                "verdicts": [{"check": "ok", "outcome": "unknown"}],
            },
        },
        "run": {
            "policy": "main",
            "path": ["small"],
            "status": "accepted",
            "model": "small",
            "cost_usd": 0.25,
            "latency_s": 1.5,
            "weight": 1.0,
        },
    }


def test_a_shadow_s_answers_are_in_the_live_run_s_record():
    shadow = run(
        Event("shadow", "main", 0.0, {"of": "t1"}), call("large", "9"), trace_id="t2", policy="main (shadow m)"
    )
    live = run(call("small", "8"), Event("shadow", "main", 0.0, {"to": "large", "share": 1.0}))
    (record,) = exported(shadow, live)
    assert {model: answer["text"] for model, answer in record["answers"].items()} == {"small": "8", "large": "9"}
    (alone,) = exported(shadow)
    assert (alone["id"], list(alone["answers"])) == ("t2", ["large"])


def test_what_is_no_whole_answer_is_left_out():
    stopped = call("small", "I can", finish_reason="stopped", stopped={"by": "ok"})
    failed = Event("call_failed", "main", 0.1, {"model": "small", "kind": "timeout"})
    choice = call("small", "billing", "ask")
    assert exported(run(stopped), run(failed), run(choice)) == []


def test_samples():
    (record,) = exported(run(call("small", "8"), call("small", "9", "sample"), call("mid", "8", "sample")))
    assert {model: answer["text"] for model, answer in record["answers"].items()} == {"small": "8", "mid": "8"}


def test_no_texts_where_none_are_kept():
    hashed = "hmac:" + "0" * 32
    texts = [
        run(call("small", ""), query="", answer="", meta={}),
        run(call("small", hashed), query=hashed, answer=hashed, meta={"plan": hashed, "n": 3}),
        run(call("small", None), query="", answer=""),
    ]
    for record in exported(*texts):
        assert record["query"] is None
        assert "text" not in record["answers"]["small"]
        assert record["answers"]["small"]["cost_usd"] == 0.001
        assert record.get("meta", {}) in ({}, {"n": 3})
    assert len(exported(*texts)) == 3


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_from_a_store_and_back(tmp_path, monkeypatch, name):
    from cascadelang import Policy
    from cascadelang.workspace.export import export_recorded
    from cascadelang.workspace.mistake import Mistake
    from cascadelang.workspace.replay import replay

    monkeypatch.chdir(tmp_path)
    Path("cascadelang.toml").write_text('trace_store = "t.sqlite"\n', encoding="utf-8")
    Path("p.cl").write_text(
        'provider fake = scripted { replies: { small: "I am not sure", large: "8" } }\n'
        'model small = fake("small") { price: $1 / $5 }\nmodel large = fake("large") { price: $10 / $50 }\n'
        "policy main = route words > 3 -> large else cascade [small, large] until not hedges\n",
        encoding="utf-8",
    )
    queries = ["four plus four?", "what is four plus four?"] * 3

    async def ask() -> list[float]:
        async with Policy.load("p.cl") as policy:
            return [(await policy.arun(query, meta={"n": n})).cost for n, query in enumerate(queries)]

    costs = asyncio.run(ask())
    done = export_recorded(name)
    assert (done.records, done.without_query) == (6, 0)
    assert sorted(record.meta["n"] for record in read_records(name)) == list(range(6))
    assert [file.name for file in tmp_path.iterdir() if "new" in file.name] == []
    found = replay("p.cl", name)
    assert (found.tally.observed, found.tally.read) == (6, 6)
    assert found.cost_usd.value == pytest.approx(sum(costs) / 6)
    assert (found.quality.value, found.best, found.gap) == (None, None, None)
    assert found.tally.paths == {("large",): 3, ("small", "large"): 3}
    assert export_recorded(name, limit=2).records == 2
    assert export_recorded(name, model="small").records == 3
    assert export_recorded(name, policy="other").records == 0
    data = Path(name).read_bytes()
    assert (gzip.decompress(data) if name.endswith("gz") else data) == b""
    with pytest.raises(Mistake, match="no such file or directory"):
        export_recorded("gone/" + name)
    with pytest.raises(Mistake, match="is no name for records"):
        export_recorded("records.csv")


def test_a_store_of_numbers_gives_numbers(tmp_path, monkeypatch):
    from cascadelang import Policy
    from cascadelang.workspace.export import export_recorded
    from cascadelang.workspace.mistake import Mistake
    from cascadelang.workspace.replay import replay

    monkeypatch.chdir(tmp_path)
    Path("cascadelang.toml").write_text('trace_store = "t.sqlite"\ntrace_keep = "numbers"\n', encoding="utf-8")
    Path("p.cl").write_text('model a = scripted("a") { price: $1 / $5 }\npolicy main = a\n', encoding="utf-8")
    Path("p.cl").write_text(
        'provider fake = scripted { replies: { a: "a secret answer" } }\nmodel a = fake("a") { price: $1 / $5 }\n'
        "policy main = a\n",
        encoding="utf-8",
    )
    with Policy.load("p.cl") as policy:
        policy.run("a secret question", meta={"who": "a secret person"})
    done = export_recorded("out.jsonl")
    assert (done.records, done.without_query) == (1, 1)
    text = Path("out.jsonl").read_text(encoding="utf-8")
    assert "secret" not in text
    assert json.loads(text)["answers"]["a"]["cost_usd"] > 0
    with pytest.raises(Mistake, match=r"holds what `main` asks for: no query \(1\)"):
        replay("p.cl", "out.jsonl")
