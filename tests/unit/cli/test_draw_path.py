"""A recorded run is drawn as the tree of what was done, and can't drive a terminal."""

from __future__ import annotations

from cascadelang.cli.draw_path import draw_path
from cascadelang.contracts.trace_sink import Event, RunRecord

HOSTILE = "a\x1b[31m\x9b2J\u202e\r\nb\x00"


def call(node: str, at_s: float, latency_s: float, model: str = "small", **more):
    data = {"model": model, "purpose": "answer", "attempt": 1, "input_tokens": 12, "output_tokens": 3}
    return Event("call", node, at_s, {**data, "cost_usd": 0.001, "latency_s": latency_s, **more})


def run(*events: Event, **fields) -> RunRecord:
    known = {
        "trace_id": "c0ffee",
        "policy": "main",
        "policy_path": "p.cl",
        "graph_sha256": "",
        "started_wall_s": 0.0,
        "latency_s": 3.0,
        "status": "accepted",
        "failure": "",
        "model": "large",
        "path": ("small", "large"),
        "cost_usd": 0.004,
        "input_tokens": 48,
        "output_tokens": 12,
        "query": "",
        "answer": "",
    }
    return RunRecord(**{**known, **fields}, events=(*events, Event("end", "", 3.0, {"status": "accepted"})))


EVERYTHING = run(
    Event(
        "route", "main", 0.0, {"arm": "else", "to": "main.else", "because": {"code": None}, "unknown": ["code: ?"]}
    ),
    Event(
        "call_failed",
        "main.else.rung1",
        0.4,
        {"model": "small", "kind": "timeout", "message": "no answer within 400 ms", "latency_s": 0.4},
    ),
    Event("retry", "main.else.rung1", 0.4, {"model": "small", "attempt": 2, "wait_s": 0.1, "because": "timeout"}),
    call("main.else.rung1", 0.9, 0.4, attempt=2),
    call("main.else", 1.0, 0.1, "mini", purpose="judge"),
    Event("check", "main.else", 1.0, {"check": "judge(mini) >= 0.7", "outcome": "failed", "reason": "score 0.2"}),
    Event("escalate", "main.else", 1.0, {"from": "small", "to": "main.else.rung2", "because": "unmet"}),
    Event("escalate", "main.else.rung2", 1.2, {"from": "small", "to": "large", "because": "slow"}),
    call("main.else.rung2.second", 1.5, 0.3, "large"),
    Event(
        "call_failed",
        "main.else.rung2.first",
        1.5,
        {"model": "small", "kind": "cancelled", "message": "another answer was there first", "latency_s": 0.5},
    ),
    call("main.else", 1.6, 0.1, "mini", purpose="sample"),
    Event("check", "main.else", 1.7, {"check": "judge(mini) >= 0.7", "outcome": "passed", "reason": ""}),
    Event("skip", "main.else.rung3.arm.a_label", 1.8, {"model": "huge", "because": "over_budget"}),
)


def test_a_tree(snapshot):
    assert draw_path(EVERYTHING) == snapshot


def test_wrappers_are_one_with_what_they_wrap(snapshot):
    shadow = Event("shadow", "main.rung2", 0.5, {"to": "large", "share": 1.0})
    cached = Event("cached", "main.rung1.cached", 0.1, {"model": "small", "age_s": 60.0, "of": "beef"})
    vote = Event("vote", "main.rung2.live", 0.6, {"model": "small", "votes": 1, "of": 2, "members": 2})
    parts = [call(f"main.rung2.live.member{n}", 0.5, 0.1 * n) for n in (1, 2)]
    assert draw_path(run(cached, shadow, *parts, vote, call("main.within2", 1.0, 0.2))) == snapshot


def test_nothing_drives_the_terminal():
    drawn = draw_path(
        run(
            Event("route", HOSTILE, 0.0, {"arm": HOSTILE, "to": HOSTILE, "because": {HOSTILE: HOSTILE}}),
            call("main.arm." + HOSTILE, 1.0, 0.5, HOSTILE),
            Event("call_failed", "main.rung1", 0.4, {"model": HOSTILE, "kind": HOSTILE, "message": HOSTILE}),
            Event("check", "main", 1.0, {"check": HOSTILE, "outcome": HOSTILE, "reason": HOSTILE}),
            Event("escalate", "main", 1.0, {"to": HOSTILE, "because": HOSTILE}),
            Event("skip", "main", 1.0, {"model": HOSTILE, "because": HOSTILE}),
            Event("vote", "main", 1.0, {"model": HOSTILE, "votes": HOSTILE}),
            Event("cached", "main", 1.0, {"model": HOSTILE, "age_s": 1.0, "of": HOSTILE}),
            Event("shadow", "main", 1.0, {"to": HOSTILE}),
            policy=HOSTILE,
            status=HOSTILE,
            failure=HOSTILE,
            model=HOSTILE,
        )
    )
    assert not set(drawn) & set("\x1b\x9b\u202e\r\x00")
    assert len(drawn.splitlines()) == drawn.count("\n") + 1 < 20


def test_ids_nested_without_end_are_drawn():
    assert "large" in draw_path(run(call("main" + ".rung1" * 3_000, 1.0, 0.5, "large")))
