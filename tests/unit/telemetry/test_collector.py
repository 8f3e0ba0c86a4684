"""What a real collector understands of runs, and hands on."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from cascadelang import Policy
from cascadelang.telemetry import conventions as c
from cascadelang.version import __version__

KEY = "sk-a-KEY-of-the-models"
ASKED = "Who sent me PRIVATE bill 4111?"
KINDS = {Span.SPAN_KIND_INTERNAL: "internal", Span.SPAN_KIND_CLIENT: "client"}
STATES = {Status.STATUS_CODE_UNSET: "", Status.STATUS_CODE_ERROR: " error", Status.STATUS_CODE_OK: " ok"}

POLICY = """\
provider p = openai {{ base_url: "http://127.0.0.1:{port}/v1", key: env("MODELS_KEY") }}
model busy = p("busy") {{ price: $1 / $5, retry: 1 }}
model down = p("down") {{ price: $1 / $5 }}
model slow = p("slow") {{ price: $1 / $5 }}
model small = p("small") {{ price: $1 / $5, max_tokens: 200, temperature: 0 }}
model large = p("large") {{ price: $2 / $10 }}
model mini = p("judge") {{ price: $1 / $5 }}
model vectors = p("vectors") {{ price: $0.02 / $0 }}

signal topic = nearest("topics.yaml", by: vectors, least: 0.1)

policy main = route
  topic == billing -> cascade [busy, fallback [down, hedge slow after 50ms with large]]
    until judge(mini, "Is it right?") >= 0.7
    otherwise best
  else small

policy beside = shadow small with large on 100%
policy kept = small cached 1d
policy fails = cascade [down] until json otherwise fail
policy unmet = cascade [busy, small] until contains("nothing of it") otherwise last
"""
TOPICS = "billing: [my bill is wrong, a bill came twice]\nother: [it rains, the sun is out]\n"


@pytest.fixture
def policy_file(tmp_path, models, monkeypatch):
    monkeypatch.setenv("MODELS_KEY", KEY)
    (tmp_path / "topics.yaml").write_text(TOPICS, encoding="utf-8")
    path = tmp_path / "p.cl"
    path.write_text(POLICY.format(port=models.server_port), encoding="utf-8")
    return path


def value(any_value):
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        return [value(each) for each in any_value.array_value.values]
    return getattr(any_value, kind)


def attributes(of) -> dict:
    return {each.key: value(each.value) for each in of.attributes}


def parent(spans, span):
    return next((each for each in spans if each.span_id == span.parent_span_id), None)


def named(spans, name):
    (found,) = [span for span in spans if span.name == name]
    return found


CHANGING = {
    c.SERVER_PORT,
    *(f"cascadelang.{name}" for name in ("trace_id", "graph.sha256", "policy.path", "shadow.of")),
    "cascadelang.retry.wait_s",
}


def shown(of) -> str:
    known = attributes(of).items()
    return ", ".join(f"{name}={'…' if name in CHANGING else repr(each)}" for name, each in sorted(known))


def drawn(spans, span=None, depth=0) -> str:
    """The tree of spans as a collector has it."""
    lines = []
    for each in sorted(spans, key=lambda one: (one.start_time_unix_nano, -one.end_time_unix_nano)):
        if parent(spans, each) is not span:
            continue
        pad = "  " * depth
        message = f": {each.status.message}" if each.status.message else ""
        lines += [
            f"{pad}{each.name} ({KINDS[each.kind]}){STATES[each.status.code]}{message}",
            f"{pad}    {shown(each)}",
        ]
        lines += [f"{pad}    * {event.name} {shown(event)}" for event in each.events]
        lines += [drawn(spans, each, depth + 1)]
    return "\n".join(line for line in lines if line)


def assert_as_the_conventions_ask(spans):
    """What is required of each kind of span, and nothing that has neither their name nor ours."""
    for span in spans:
        known = attributes(span)
        assert all(name.startswith(("gen_ai.", "cascadelang.", "server.", "error.", "http.")) for name in known)
        assert (span.status.code == Status.STATUS_CODE_ERROR) == (c.ERROR_TYPE in known)
        assert (c.SERVER_ADDRESS in known) == (c.SERVER_PORT in known)
        for event in span.events:
            assert event.name == c.EVALUATION or event.name.startswith("cascadelang.")
            if event.name == c.EVALUATION:
                assert attributes(event)[c.EVALUATION_NAME]
                assert attributes(event)[c.EVALUATION_LABEL] in {"passed", "failed", "unknown"}
        operation = known.get(c.OPERATION)
        if span.kind == Span.SPAN_KIND_CLIENT:
            assert span.name == f"{operation} {known[c.REQUEST_MODEL]}"
            assert known[c.PROVIDER] == "openai"
            answered = span.status.code != Status.STATUS_CODE_ERROR
            assert not answered or known[c.RESPONSE_MODEL] == f"{known[c.REQUEST_MODEL]}-2026"
            assert not answered or known[c.USAGE_INPUT] > 0
            if operation == c.EMBEDDINGS:
                assert not {c.USAGE_OUTPUT, c.FINISH_REASONS, c.OUTPUT_MESSAGES} & known.keys()
            else:
                assert operation == c.CHAT
                assert known[c.FINISH_REASONS] == ["stop" if answered else "error"]
                assert not answered or known[c.USAGE_OUTPUT] == 4
        elif span.name.startswith(c.WORKFLOW):
            assert (span.name, operation) == (f"{c.WORKFLOW} {known[c.AGENT_NAME]}", c.WORKFLOW)
        else:
            assert operation is None


def test_the_spans_of_runs_by_the_library(collector, policy_file, models, snapshot, root):
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        result = policy.run(ASKED)
    assert (result.status, result.model, told) == ("accepted", "large", [])
    spans = collector.backend.wait_for(13)
    assert_as_the_conventions_ask(spans)
    assert drawn(spans) == snapshot
    (resource,) = {str(each.resource) for each in collector.backend.resources}
    assert '"cascadelang"' in resource
    scopes = {
        (scope.scope.name, scope.scope.version) for each in collector.backend.resources for scope in each.scope_spans
    }
    assert scopes == {("cascadelang", __version__)}
    run = named(spans, "invoke_workflow main")
    assert attributes(run)["cascadelang.trace_id"] == result.trace_id
    assert len({span.trace_id for span in spans}) == 1
    page = (root / "docs" / "telemetry.md").read_text(encoding="utf-8").partition("## Texts")[0]
    for span in spans:
        for name in attributes(span):
            assert f"`{name.removeprefix('cascadelang')}`" in page or f"`{name}`" in page, f"{name} is told nowhere"
        around = parent(spans, span)
        assert (around is None) == (span is run)
        if around is not None:
            assert around.start_time_unix_nano <= span.start_time_unix_nano
            assert span.start_time_unix_nano <= span.end_time_unix_nano <= around.end_time_unix_nano


def test_the_spans_of_a_run_by_the_command_line(collector, policy_file, models):
    code = "import sys; from cascadelang.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", str(policy_file), "--query", ASKED],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "PRIVATE large is right\n", "")
    spans = collector.backend.wait_for(13)
    assert attributes(named(spans, "invoke_workflow main"))["cascadelang.status"] == "accepted"
    sent = b"".join(collector.backend.bodies)
    assert b"PRIVATE" not in sent
    assert KEY.encode() not in sent


def test_shadows_kept_answers_and_failures(collector, policy_file):
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        live = policy.run("hi", policy="beside")
        for _ in range(2):
            policy.run("hi", policy="kept")
        failed = policy.run("hi", policy="fails")
        unmet = policy.run("hi", policy="unmet")
    assert (failed.status, unmet.status, told) == ("failed", "unmet", [])
    spans = collector.backend.wait_for(16)
    beside, shadow = (
        named(spans, "invoke_workflow beside"),
        named(spans, "invoke_workflow beside (shadow policy.beside)"),
    )
    assert beside.trace_id != shadow.trace_id
    (link,) = shadow.links
    assert (link.trace_id, link.span_id) == (beside.trace_id, beside.span_id)
    assert attributes(link) == {"cascadelang.trace_id": live.trace_id, "cascadelang.link": "shadow"}
    first, second = [span for span in spans if span.name == "invoke_workflow kept"]
    kept = [[span.name for span in spans if parent(spans, span) is run] for run in (first, second)]
    assert sorted(kept) == [[], ["chat small"]]
    again = first if kept[0] == [] else second
    assert [event.name for event in again.events] == ["cascadelang.cached"]
    run = named(spans, "invoke_workflow fails")
    assert (STATES[run.status.code], run.status.message, attributes(run)["error.type"]) == (
        " error",
        "server",
        "server",
    )
    run = named(spans, "invoke_workflow unmet")
    assert (STATES[run.status.code], attributes(run)["cascadelang.status"]) == ("", "unmet")
    call = next(span for span in spans if span.name == "chat busy")
    assert attributes(call)["cascadelang.attempts"] == 2


def test_what_is_said_is_told_when_it_is_asked_for_and_no_key_ever(collector, policy_file, monkeypatch):
    monkeypatch.setenv("CASCADELANG_TELEMETRY_CONTENT", "yes")
    monkeypatch.setenv("CASCADELANG_TRACE_REDACT", "4111")
    with Policy.load(policy_file) as policy:
        policy.run(ASKED, meta={"plan": "PRIVATE gold"})
    spans = collector.backend.wait_for(13)
    run = attributes(named(spans, "invoke_workflow main"))
    assert run["gen_ai.input.messages"] == (
        '[{"role": "user", "parts": [{"type": "text", "content": "Who sent me PRIVATE bill [redacted]?"}]}]'
    )
    assert "PRIVATE large is right" in run["gen_ai.output.messages"]
    assert run["cascadelang.meta.plan"] == "PRIVATE gold"
    down = named(spans, "chat down")
    assert down.status.message == "`p` answered 500: down, says PRIVATE"
    (verdict,) = [event for event in named(spans, "chat large").events if event.name == c.EVALUATION]
    assert "PRIVATE reason" in attributes(verdict)[c.EVALUATION_EXPLANATION]
    sent = b"".join(collector.backend.bodies)
    assert b"4111" not in sent
    assert KEY.encode() not in sent


def test_runs_go_on_when_the_collector_dies(collector, policy_file):
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        assert policy.run("hi", policy="kept").status == "unchecked"
        collector.backend.wait_for(2)
        collector.kill()
        for number in range(20):
            result = policy.run(f"hi {number}", policy="kept")
            assert (result.status, result.model) == ("unchecked", "small")
    host = collector.url.removeprefix("http://")
    assert told == [f"spans can't be sent to {host}: no connection"]
    assert len(collector.backend.spans) == 2
