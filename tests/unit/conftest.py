"""Runs to record."""

from __future__ import annotations

import pytest

from cascadelang.contracts.trace_sink import Event, RunRecord


def run(number: int = 1, **fields) -> RunRecord:
    events = (
        Event("route", "main", 0.001, {"arm": "1", "to": "a", "because": {"code": True}, "unknown": []}),
        Event("call", "main.arm1", 0.25, {"model": "a", "cost_usd": 0.001, "text": "an answer"}),
        Event("check", "main", 0.26, {"check": "ok", "outcome": "passed", "reason": "“fine”\n"}),
        Event("end", "", 0.3, {"status": "accepted", "kind": "", "message": ""}),
    )
    known = {
        "trace_id": f"{number:020x}",
        "policy": "main",
        "policy_path": "support.cl",
        "graph_sha256": "0" * 64,
        "started_wall_s": 1_000.0 + number,
        "latency_s": 0.3,
        "status": "accepted",
        "failure": "",
        "model": "a",
        "path": ("a",),
        "cost_usd": 0.001,
        "input_tokens": 12,
        "output_tokens": 5,
        "query": "a question",
        "answer": "an answer",
        "meta": {"plan": "gold", "n": 1},
        "events": events,
    }
    return RunRecord(**{**known, **fields})


@pytest.fixture
def make_run():
    return run


@pytest.fixture
def warnings():
    return []
