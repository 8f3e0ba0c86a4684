"""An answer that can't pass is cut on the wire: the server sees its caller go, long before it was at its end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from adapters import drive, every_adapter, every_transport, request
from servers import Plan, Server

from cascadelang.catalog.models import find
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import RunResult
from cascadelang.graph.compile import compile_policy
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.makers import make_check, make_signal

WORDS = 600
POLICY = """
provider acme = openai { base_url: "http://127.0.0.1:9/v1" }
model m = acme("some-model") { max_tokens: 2000, price: $1 / $5 }
policy main = cascade [m] until words <= 9 otherwise fail
"""


def ran(wire: str, transport: str, plan: Plan) -> tuple[RunResult, int]:
    """The run, and how many events the server had sent when it saw that the caller was gone."""
    graph = compile_policy(check("p.cl", MemoryFiles({"p.cl": POLICY}), InstalledCatalog(), find))

    async def use(provider: Any, server: Server) -> tuple[RunResult, int]:
        made = Interpreter(graph, providers={"acme": provider}, make_check=make_check, make_signal=make_signal)
        result = await made.run(Query.of("hello"))
        if plan.mode == "slow":
            await asyncio.wait_for(server.cut.wait(), 60)
        return result, server.sent

    return drive(wire, transport, plan, use)


@every_adapter
@every_transport
def test_the_connection_is_cut(wire, transport):
    result, sent = ran(wire, transport, Plan(mode="slow", pieces=("wörd ",) * WORDS))
    assert sent < WORDS / 2
    call = result.events[0].data
    assert call["stopped"]["by"] == "words"
    assert call["finish_reason"] == "stopped"
    assert call["estimated"] is True
    assert 0 < call["output_tokens"] < WORDS
    assert result.failure is not None
    assert result.failure.kind == "unmet"


@every_adapter
def test_a_server_that_sends_the_whole_answer_all_the_same_is_taken_at_its_word(wire):
    result, _ = ran(wire, "httpx", Plan(mode="whole", pieces=("wörd ",) * 20, usage=(120, 30, 20)))
    call = result.events[0].data
    assert (call["input_tokens"], call["output_tokens"]) == (120, 30)


@pytest.mark.parametrize("mode", ["break", "stop", "error_midway"])
@every_adapter
def test_a_stream_that_fails_before_anything_is_settled_fails_the_call(wire, mode):
    result, _ = ran(wire, "httpx", Plan(mode=mode, pieces=("wörd ",) * 8))
    assert [event.kind for event in result.events] == ["call_failed", "end"]


@every_adapter
def test_an_answer_that_passes_comes_whole(wire):
    result, _ = ran(wire, "httpx", Plan())
    assert result.status == "accepted"
    assert result.answer == "Hello, wörld 👋"
    assert result.usage.output_tokens == 30
    assert not result.usage.estimated


@every_adapter
def test_logprobs_that_may_not_come_with_the_pieces_are_waited_for(wire):
    async def use(provider: Any, _: Server) -> bool:
        return bool(provider.can_stop(request(logprobs=0)))

    assert drive(wire, "httpx", Plan(), use) == (wire == "anthropic")
