"""Runs are told to OpenTelemetry: to the program's own provider, below its own spans, and by OTLP over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from cascadelang import Policy
from cascadelang.contracts.trace_sink import NoTrace
from cascadelang.telemetry import spans as module
from cascadelang.telemetry.spans import Spans

POLICY = """\
provider fake = scripted { replies: { small: "no", large: "{}" } }
model small = fake("small")
model large = fake("large")
policy main = cascade [small, shadow large with vote [small, large] on 100%] until json
policy fails = cascade [small] until json otherwise fail
"""
ASKED = "card 4111111111111111 of Ada"


@pytest.fixture
def exported(monkeypatch):
    """Spans of the program's own provider, which is set up as a program would."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


@pytest.fixture
def policy_file(tmp_path, monkeypatch):
    path = tmp_path / "p.cl"
    path.write_text(POLICY, encoding="utf-8")
    monkeypatch.setenv("CASCADELANG_TELEMETRY", "api")
    monkeypatch.setenv("CASCADELANG_TRACE_STORE", str(tmp_path / "t.sqlite"))
    return path


def below(spans, parent):
    return [span.name for span in spans if span.parent and span.parent.span_id == parent.context.span_id]


def named(spans, name):
    (found,) = [span for span in spans if span.name == name]
    return found


def test_a_run_is_a_child_of_the_span_around_it_and_its_calls_are_below(exported, policy_file):
    tracer = trace.get_tracer("a program")
    with Policy.load(policy_file) as policy:
        for _ in range(2):  # the loop of runs is kept between them, the caller's context isn't
            with tracer.start_as_current_span("request"):
                policy.run("hi", policy="fails")
        with tracer.start_as_current_span("request"):
            result = policy.run("hi")
    spans = exported.get_finished_spans()
    requests = [span for span in spans if span.name == "request"]
    assert [below(spans, request)[0] for request in requests] == ["invoke_workflow fails"] * 2 + [
        "invoke_workflow main"
    ]
    run = named(spans, "invoke_workflow main")
    assert run.attributes["cascadelang.trace_id"] == result.trace_id
    assert below(spans, run) == ["cascade main"]
    (cascade,) = [span for span in spans if span.parent and span.parent.span_id == run.context.span_id]
    assert sorted(below(spans, cascade)) == ["chat small", "shadow main.rung2"]
    assert run.kind is trace.SpanKind.INTERNAL
    calls = [span for span in spans if span.name.startswith("chat ")]
    assert {span.kind for span in calls} == {trace.SpanKind.CLIENT}
    for span in spans:
        if span.parent:
            (parent,) = [other for other in spans if other.context.span_id == span.parent.span_id]
            if parent.name != "request":
                assert parent.start_time <= span.start_time <= span.end_time <= parent.end_time


def test_the_run_of_a_shadow_is_linked_to_the_one_it_was_made_for(exported, policy_file):
    with Policy.load(policy_file) as policy:
        result = policy.run("hi")
    spans = exported.get_finished_spans()
    live, shadow = named(spans, "invoke_workflow main"), named(spans, "invoke_workflow main (shadow main.rung2)")
    (link,) = shadow.links
    assert link.context.span_id == live.context.span_id
    assert link.attributes["cascadelang.trace_id"] == result.trace_id
    assert sorted(below(spans, named(spans, "vote main.rung2.beside"))) == ["chat large", "chat small"]


def test_failures_have_a_status(exported, policy_file):
    with Policy.load(policy_file) as policy:
        policy.run("hi", policy="fails")
    run = named(exported.get_finished_spans(), "invoke_workflow fails")
    assert run.status.status_code is trace.StatusCode.ERROR
    assert run.attributes["error.type"] == "unmet"
    call = named(exported.get_finished_spans(), "chat small")
    assert call.status.status_code is trace.StatusCode.UNSET
    (verdict,) = call.events
    assert verdict.name == "gen_ai.evaluation.result"
    assert dict(verdict.attributes) == {
        "gen_ai.evaluation.name": "json",
        "gen_ai.evaluation.score.label": "failed",
    }


def shown(exported) -> str:
    return "\n".join(span.to_json() for span in exported.get_finished_spans())


def test_no_content_unless_it_is_asked_for(exported, policy_file):
    with Policy.load(policy_file) as policy:
        policy.run(ASKED, meta={"plan": "gold"})
    text = shown(exported)
    assert "invoke_workflow main" in text
    for said in ("Ada", "gold", "messages", "not valid JSON"):
        assert said not in text


@pytest.mark.parametrize(
    "setting",
    [{"CASCADELANG_TELEMETRY_CONTENT": "yes"}, {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"}],
)
def test_content_that_is_asked_for_is_as_the_trace_store_keeps_it(exported, policy_file, monkeypatch, setting):
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CASCADELANG_TRACE_REDACT", "[0-9]{13,19}")
    with Policy.load(policy_file) as policy:
        policy.run(ASKED, meta={"plan": "gold"})
    run = named(exported.get_finished_spans(), "invoke_workflow main")
    assert "card [redacted] of Ada" in run.attributes["gen_ai.input.messages"]
    assert run.attributes["cascadelang.meta.plan"] == "gold"
    assert "4111" not in shown(exported)
    assert "not valid JSON" in shown(exported)
    exported.clear()
    monkeypatch.setenv("CASCADELANG_TRACE_KEEP", "hashes")
    with Policy.load(policy_file) as policy:
        policy.run(ASKED)
    assert "hmac:" in shown(exported)
    assert "Ada" not in shown(exported)


def test_runs_at_once_keep_to_their_callers(exported, policy_file):
    tracer = trace.get_tracer("a program")

    async def ask(policy, name):
        with tracer.start_as_current_span(name):
            return await policy.arun("hi")

    async def main():
        async with Policy.load(policy_file) as policy:
            return await asyncio.gather(*(ask(policy, f"request {n}") for n in range(5)))

    results = asyncio.run(main())
    spans = exported.get_finished_spans()
    for number, result in enumerate(results):
        request = named(spans, f"request {number}")
        (run,) = [span for span in spans if (span.attributes or {}).get("cascadelang.trace_id") == result.trace_id]
        assert run.parent.span_id == request.context.span_id


def test_a_streamed_run_is_a_child_too(exported, policy_file):
    async def main():
        async with Policy.load(policy_file) as policy:
            with trace.get_tracer("a program").start_as_current_span("request"):
                stream = policy.astream("hi", policy="fails")
                return [text async for text in stream]

    asyncio.run(main())
    spans = exported.get_finished_spans()
    assert below(spans, named(spans, "request")) == ["invoke_workflow fails"]


def test_a_run_that_is_not_sampled_makes_nothing(policy_file, monkeypatch):
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ALWAYS_OFF)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(module, "span_tree", lambda *_: pytest.fail("a tree was built for nobody"))
    with Policy.load(policy_file) as policy:
        assert policy.run("hi").status == "accepted"
    assert exporter.get_finished_spans() == ()


def test_whatever_goes_wrong_is_told_once_and_fails_no_run(policy_file, monkeypatch):
    class Broken:
        def get_tracer(self, *_, **__):
            return self

        def start_span(self, *_, **__):
            raise RuntimeError("boom")

    monkeypatch.setattr(trace, "_TRACER_PROVIDER", Broken())
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        assert policy.run("hi").status == "accepted"
        policy.run("hi")
    assert told == ["a run was not told to OpenTelemetry: RuntimeError"]


def test_without_the_packages_runs_go_on(policy_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        assert policy.run("hi").status == "accepted"
    assert told == ["no spans are made: OpenTelemetry is not installed; run: pip install 'cascadelang[otel]'"]


def test_nothing_is_imported_unless_it_is_asked_for(policy_file):
    code = (
        "import sys; from cascadelang import Policy\n"
        "with Policy.load(sys.argv[1]) as policy: policy.run('hi')\n"
        "print([name for name in sys.modules if 'opentelemetry' in name or 'telemetry' in name])"
    )
    for value, found in (("off", "[]\n"), ("", "[]\n")):
        done = subprocess.run(
            [sys.executable, "-c", code, str(policy_file)],
            capture_output=True,
            text=True,
            check=True,
            env={"CASCADELANG_TELEMETRY": value, "CASCADELANG_TRACE_STORE": "off", "PATH": ""},
        )
        assert done.stdout == found


def test_spans_go_to_a_collector(policy_file, backend, told_to, monkeypatch):
    told_to(backend.url)
    monkeypatch.setenv("CASCADELANG_TELEMETRY_CONTENT", "yes")
    with Policy.load(policy_file) as policy:
        result = policy.run("hi \ud800 \x00", meta={"big": 10**30})
    resources = backend.resources
    assert {(a.key, a.value.string_value) for r in resources for a in r.resource.attributes} >= {
        ("service.name", "cascadelang")
    }
    spans = backend.spans
    assert {scope.scope.name for resource in resources for scope in resource.scope_spans} == {"cascadelang"}
    run = next(span for span in spans if span.name == "invoke_workflow main")
    attributes = {attribute.key: attribute.value for attribute in run.attributes}
    assert attributes["cascadelang.trace_id"].string_value == result.trace_id
    assert attributes["cascadelang.run.output_tokens"].int_value == result.usage.output_tokens
    assert [value.string_value for value in attributes["cascadelang.path"].array_value.values] == ["small", "large"]
    assert '"hi ?' in attributes["gen_ai.input.messages"].string_value
    (cascade,) = [span for span in spans if span.parent_span_id == run.span_id]
    assert cascade.name == "cascade main"
    calls = [span for span in spans if span.name.startswith("chat ")]
    assert len(calls) == 4
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)


def test_a_sink_that_was_closed_may_be_closed_again(policy_file, exported):
    from cascadelang.workspace.load import load

    spans = Spans(NoTrace(), load(str(policy_file)).graph)
    spans.close()
    spans.close()


def test_runs_that_come_too_fast_are_left_out_with_a_word(policy_file, exported, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        policy.run("hi")
        policy.run("hi")
    assert told == ["runs come faster than OpenTelemetry can be told of them: some are left out"]
    assert exported.get_finished_spans() == ()


FORKING = """
import os, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from cascadelang.contracts.trace_sink import NoTrace, RunRecord
from cascadelang.telemetry.spans import Spans
from cascadelang.workspace.load import load

exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
spans = Spans(NoTrace(), load(sys.argv[1]).graph, provider=provider)
run = RunRecord("a", "main", "p.cl", "", 1.0, 1.0, "accepted", "", "small", ("small",), 0.0, 1, 1, "", "")
spans.record(run)
child = os.fork()
if child == 0:
    exporter.clear()
    spans.record(run)
    spans.close()
    os._exit(len([span for span in exporter.get_finished_spans() if span.name == "invoke_workflow main"]) - 1)
assert os.waitpid(child, 0)[1] == 0
spans.close()
assert [span.name for span in exporter.get_finished_spans()] == ["invoke_workflow main"]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_tells_of_its_own_runs(policy_file):
    subprocess.run([sys.executable, "-c", FORKING, str(policy_file)], check=True, timeout=300)
