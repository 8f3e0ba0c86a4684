"""A collector that is away, slow or refuses what it is sent costs a run nothing, and is told of once."""

from __future__ import annotations

import logging
import threading
import time

import pytest

pytest.importorskip("opentelemetry.sdk")

from cascadelang import Policy
from cascadelang.telemetry import otlp

POLICY = """\
provider fake = scripted { replies: { small: "yes" } }
model small = fake("small")
policy main = small
"""


@pytest.fixture
def policy_file(tmp_path):
    path = tmp_path / "p.cl"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture
def runs(policy_file, backend, told_to, monkeypatch, caplog):
    """Runs a policy that is told to the backend; gives what it warned of."""
    told_to(backend.url)
    monkeypatch.setattr(otlp, "AWAY_S", 0.2)
    monkeypatch.setattr(otlp, "SLOW_S", 30.0)

    def run(times: int = 3) -> list[str]:
        told: list[str] = []
        with Policy.load(policy_file, warn=told.append) as policy:
            for _ in range(times):
                assert policy.run("hi").answer == "yes"
        assert [record.name for record in caplog.records if record.name.startswith("opentelemetry")] == []
        return told

    return run


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 500, 503])
def test_a_collector_that_refuses(runs, backend, status):
    backend.status = status
    assert runs() == [f"spans can't be sent to 127.0.0.1:{backend.server_port}: it answers {status}"]


def test_a_collector_that_is_not_there(runs, backend, monkeypatch):
    backend.stop()
    address = f"http://ada:SECRET@127.0.0.1:{backend.server_port}/SECRET?key=SECRET"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address)
    assert runs() == [f"spans can't be sent to 127.0.0.1:{backend.server_port}: no connection"]


def test_a_collector_that_never_answers_is_not_waited_for(runs, backend, monkeypatch):
    monkeypatch.setattr(otlp, "SLOW_S", 0.4)
    backend.lag = threading.Event()
    began_s = time.monotonic()
    assert runs() == [f"spans can't be sent to 127.0.0.1:{backend.server_port}: it hasn't answered yet"]
    assert time.monotonic() - began_s < 8, "OpenTelemetry's own ten seconds were waited"


def test_a_collector_that_is_too_slow_while_runs_go_on(runs, backend, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.05")
    backend.lag = threading.Event()
    assert runs() == [f"spans can't be sent to 127.0.0.1:{backend.server_port}: no answer in time"]


def test_a_collector_that_comes_back_is_told_of_later_runs(policy_file, backend, told_to):
    told_to(backend.url)
    told: list[str] = []
    backend.status = 400
    warned = threading.Event()

    def warn(message: str) -> None:
        told.append(message)
        warned.set()

    with Policy.load(policy_file, warn=warn) as policy:
        policy.run("hi")
        assert warned.wait(20)
        backend.status = 200
        again = policy.run("hi")
        spans = backend.wait_for(2)
        backend.status = 400
        policy.run("hi")
    (run,) = [span for span in spans if span.name == "invoke_workflow main"]
    assert again.trace_id in str(run.attributes)
    assert told == [f"spans can't be sent to 127.0.0.1:{backend.server_port}: it answers 400"]


def test_a_collector_that_goes_away_in_the_middle_of_its_answer(runs, backend):
    backend.cuts = True
    assert runs() == [f"spans can't be sent to 127.0.0.1:{backend.server_port}: no connection"]


def test_a_collector_that_is_slow_gets_its_spans_and_nothing_is_said(runs, backend):
    backend.lag = threading.Event()
    timer = threading.Timer(0.5, backend.lag.set)
    timer.start()
    assert runs() == []
    timer.join()
    assert [span.name for span in backend.wait_for(6)].count("invoke_workflow main") == 3


def test_all_of_many_spans_get_to_a_collector_that_is_slow(runs, backend, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
    backend.pause_s = 0.01
    assert runs(40) == []
    backend.wait_for(80)


def test_spans_that_a_collector_does_not_take_are_left_out(policy_file, backend, told_to, monkeypatch):
    told_to(backend.url)
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "4")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
    monkeypatch.setattr(otlp, "AWAY_S", 0.2)
    backend.status = 503
    told: list[str] = []
    with Policy.load(policy_file, warn=told.append) as policy:
        for _ in range(200):
            assert policy.run("hi").answer == "yes"
    assert len(told) == 1
    assert str(backend.server_port) in told[0]


def test_what_other_exporters_of_the_program_log_stays(runs, backend, caplog):
    backend.status = 400
    runs()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    OTLPSpanExporter().export([])
    assert ["code: 400" in record.getMessage() for record in caplog.records] == [True]
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"])
def test_who_asks_for_grpc_is_told(runs, backend, monkeypatch, name):
    monkeypatch.setenv(name, "grpc")
    (said,) = runs()
    assert said.startswith(f"no spans are made: `{name}` is `grpc`")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")
    assert runs() == []
    backend.wait_for(6)


def test_a_setting_that_makes_no_sense_is_told(runs, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    assert runs() == ["no spans are made: OTLP can't be set up: ValueError"]
