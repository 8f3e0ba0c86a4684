"""Which spans a run comes to: one for it, one for each strategy, one for each call."""

from __future__ import annotations

import pytest

from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.telemetry.span_tree import Policies, SpanDraft, server_of, span_tree
from cascadelang.workspace.load import load

POLICY = """\
provider fake = scripted { replies: { small: "no", large: "yes", mini: "0.9" } }
provider far = openai { base_url: "https://models.example:8443/v1" }
model small = fake("small-1")
model large = far("large-1")
model mini = fake("mini-1")
policy main = route
  has_code -> small
  else cascade [small retry 1, hedge small after 1s with large, shadow large with small on 100%]
    until judge(mini, "Is it right?") >= 0.7
"""


@pytest.fixture
def policies(tmp_path):
    path = tmp_path / "p.cl"
    path.write_text(POLICY, encoding="utf-8")
    return Policies(load(str(path)).graph)


def call(node: str, at_s: float, latency_s: float, model: str = "small", **more):
    data = {"model": model, "purpose": "answer", "attempt": 1, "finish_reason": "stop", "latency_s": latency_s}
    return Event("call", node, at_s, {**data, "input_tokens": 12, "output_tokens": 3, "cost_usd": 0.001, **more})


def failed(node: str, at_s: float, latency_s: float, kind: str, **more):
    data = {"model": "small", "purpose": "answer", "attempt": 1, "latency_s": latency_s, "kind": kind, "message": "m"}
    return Event("call_failed", node, at_s, {**data, **more})


def run(*events: Event, **fields) -> RunRecord:
    known = {
        "trace_id": "c0ffee",
        "policy": "main",
        "policy_path": "p.cl",
        "graph_sha256": "ab" * 32,
        "started_wall_s": 1_000.0,
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
    end = Event("end", "", 3.0, {"status": "accepted", "kind": "", "message": ""})
    return RunRecord(**{**known, **fields}, events=(*events, end))


def drawn(span: SpanDraft, depth: int = 0) -> str:
    pad = "  " * depth
    lines = [f"{pad}{span.name}  [{span.start_s:.2f} .. {span.end_s:.2f}]{' client' if span.calls else ''}"]
    if span.error:
        lines.append(f"{pad}  ! {span.error}: {span.message}")
    lines += [f"{pad}  {name} = {value!r}" for name, value in sorted(span.attributes.items())]
    for name, at_s, attributes in span.events:
        said = ", ".join(f"{key} = {value!r}" for key, value in attributes.items())
        lines.append(f"{pad}  * {at_s:.2f} {name}  {said}")
    return "\n".join([*lines, *(drawn(part, depth + 1) for part in span.parts)])


JUDGED = {"check": "judge(mini) >= 0.7", "model": "small"}
EVENTS = (
    Event("route", "main", 0.01, {"arm": "else", "to": "main.else", "because": {"has_code": None}, "unknown": ["?"]}),
    failed("main.else.rung1", 0.4, 0.35, "rate_limit", status=429, cost_usd=0.0005, input_tokens=4, output_tokens=0),
    Event("retry", "main.else.rung1", 0.4, {"model": "small", "attempt": 2, "wait_s": 0.1, "because": "rate_limit"}),
    call("main.else.rung1", 0.9, 0.4, attempt=2, text="no", cached_tokens=5, id="small-1-2026"),
    call("main.else", 1.0, 0.1, "mini", purpose="judge", estimated=True, text="0.2"),
    Event("check", "main.else", 1.0, {**JUDGED, "outcome": "failed", "reason": "too short", "score": 0.2}),
    Event("escalate", "main.else", 1.0, {"from": "small", "to": "main.else.rung2", "because": "unmet"}),
    Event("escalate", "main.else.rung2", 2.0, {"from": "small", "to": "large", "because": "slow"}),
    Event("stream", "main.else.rung2.second", 2.2, {"model": "large"}),
    call("main.else.rung2.second", 2.5, 0.5, "large", text="yes", id="no such\x1bname"),
    failed("main.else.rung2.first", 2.5, 1.5, "cancelled"),
    Event("check", "main.else", 2.6, {**JUDGED, "model": "large", "outcome": "passed", "reason": ""}),
    Event("skip", "main.else.rung3.live", 2.7, {"model": "large", "purpose": "answer", "because": "over_budget"}),
)


def test_the_spans_of_a_run(policies, snapshot):
    told = run(*EVENTS, query="Is it?", answer="yes", meta={"plan": "gold", "odd": [1]})
    assert drawn(span_tree(told, policies)) == snapshot


def test_a_run_that_failed(policies, snapshot):
    told = run(failed("main.arm1", 1.0, 0.9, "auth"), status="failed", failure="auth", model="", cost_usd=None)
    assert drawn(span_tree(told, policies)) == snapshot


def test_the_run_of_a_shadow_holds_only_what_is_its_own(policies, snapshot):
    told = run(
        Event("shadow", "main.else.rung3", 0.0, {"of": "beef"}),
        call("main.else.rung3.beside", 0.5, 0.4),
        policy="main (shadow main.else.rung3)",
    )
    assert drawn(span_tree(told, policies)) == snapshot


def test_no_key_of_an_address_is_in_a_span(policies):
    assert policies.facts_of("large")["server.address"] == "models.example"
    assert policies.facts_of("large")["server.port"] == 8443
    assert policies.facts_of("small") == {"gen_ai.provider.name": "scripted", "gen_ai.request.model": "small-1"}
    assert server_of("https://user:secret@host/v1?key=hidden") == ("host", 443)
    assert server_of("http://[::1/") is server_of("host") is server_of("x://h:99999999") is None


def test_calls_of_one_kind_at_once_are_not_mixed_up(policies):
    sample = {"purpose": "sample", "model": "small"}
    told = run(
        failed("main.else", 0.2, 0.2, "timeout", **sample),
        failed("main.else", 0.3, 0.3, "timeout", **sample),
        Event("retry", "main.else", 0.3, {"model": "small", "attempt": 2, "wait_s": 0.1, "because": "timeout"}),
        call("main.else", 0.6, 0.1, attempt=2, **sample),
        call("main.else", 0.7, 0.1, **sample),
        call("main.else", 0.8, 0.1, attempt=2, **sample),
    )
    spans = span_tree(told, policies).parts[0].parts[0].parts
    assert [span.attributes["cascadelang.attempts"] for span in spans] == [2, 2, 1]
    assert [span.error for span in spans] == ["", "", ""]


ODD = ("", "x" * 300_000, "\ud800\x00", None, True, -1, 1e400, float("nan"), 10**30, [1], {"a": {"b": 1}}, object())


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_whatever_a_record_holds_makes_spans(policies, odd):
    names = ("model", "purpose", "attempt", "latency_s", "kind", "message", "id", "text", "stopped", "because", "of")
    kinds = ("call", "call_failed", "check", "route", "retry", "skip", "cached", "stream", "escalate", "new")
    events = [Event(kind, node, 0.5, dict.fromkeys(names, odd)) for kind in kinds for node in ("main.else", "gone")]
    span = span_tree(run(*events, query="x" * 300_000, meta={"m": odd}), policies)
    waiting = [span]
    while waiting:
        span = waiting.pop()
        waiting += span.parts
        assert span.start_s <= span.end_s
        for value in (*span.attributes.values(), *(v for _, _, more in span.events for v in more.values())):
            assert isinstance(value, str | bool | int | float | tuple)
            if isinstance(value, str):
                assert len(value.encode()) <= 400_000
