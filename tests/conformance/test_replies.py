"""Good answers, whole and streamed, read alike through every adapter and transport."""

from __future__ import annotations

import asyncio

import pytest
from adapters import ADAPTERS, drive, every_adapter, every_transport, provider_at, request, send, stream
from servers import WIRES, Plan, Server

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import TokenLogprob, ToolCall, Usage

LOGPROBS = (
    ("Hel", -0.25, (("Hel", -0.25), ("Goo", -2.5))),
    ("lo, ", 0.0, (("lo, ", 0.0), ("p", -9.0))),
    ("wörld 👋", -1.5, (("world", -0.5), ("wörld 👋", -1.5))),
)


@every_adapter
@every_transport
def test_whole_answer(wire, transport):
    reply = send(wire, transport, Plan())
    assert reply.text == "Hello, wörld 👋"
    assert reply.model == "model-as-served"
    assert reply.finish_reason == "stop"
    assert reply.usage == Usage(120, 30, 20)
    assert reply.logprobs is None
    assert reply.tool_calls == ()


@every_adapter
@every_transport
def test_streamed_answer(wire, transport):
    texts, reply = stream(wire, transport, Plan())
    assert texts == ["Hel", "lo, ", "wörld 👋"]
    assert reply.text == "Hello, wörld 👋"
    assert reply.model == "model-as-served"
    assert reply.finish_reason == "stop"
    assert reply.usage == Usage(120, 30, 20)


@every_adapter
@every_transport
@pytest.mark.parametrize("how", [send, stream])
@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
def test_finish_reasons(wire, transport, how, finish):
    result = how(wire, transport, Plan(finish=finish))
    reply = result if how is send else result[1]
    assert reply.finish_reason == finish
    assert reply.text == "Hello, wörld 👋"


@every_adapter
@every_transport
@pytest.mark.parametrize("how", [send, stream])
def test_unknown_finish_reason(wire, transport, how):
    result = how(wire, transport, Plan(finish="something_new"))
    assert (result if how is send else result[1]).finish_reason == "unknown"


@every_adapter
@every_transport
@pytest.mark.parametrize("how", [send, stream])
def test_withheld_answer_is_a_failure(wire, transport, how):
    with pytest.raises(CallFailed) as caught:
        how(wire, transport, Plan(pieces=(), finish="content_filter"))
    assert caught.value.kind == "content_filter"


@every_adapter
@every_transport
@pytest.mark.parametrize("how", [send, stream])
def test_empty_text_is_an_answer(wire, transport, how):
    result = how(wire, transport, Plan(pieces=()))
    reply = result if how is send else result[1]
    assert (reply.text, reply.finish_reason) == ("", "stop")


@every_adapter
@every_transport
@pytest.mark.parametrize("how", [send, stream])
def test_tool_calls(wire, transport, how):
    plan = Plan(
        pieces=("I'll look. ",),
        finish="tool_calls",
        tool_calls=(("c1", "weather", '{"city": "Rome"}'), ("c2", "clock", "{}")),
    )
    result = how(wire, transport, plan)
    reply = result if how is send else result[1]
    assert reply.text == "I'll look. "
    assert reply.finish_reason == "tool_calls"
    assert reply.tool_calls == (ToolCall("c1", "weather", '{"city": "Rome"}'), ToolCall("c2", "clock", "{}"))


@pytest.mark.parametrize("wire", ["openai", "gemini"])
@every_transport
@pytest.mark.parametrize("how", [send, stream])
def test_logprobs(wire, transport, how):
    result = how(wire, transport, Plan(logprobs=LOGPROBS), request(logprobs=2))
    reply = result if how is send else result[1]
    assert reply.logprobs == tuple(TokenLogprob(*entry) for entry in LOGPROBS)


@every_adapter
@every_transport
@pytest.mark.parametrize("how", [send, stream])
def test_unreported_usage_is_estimated_and_says_so(wire, transport, how):
    result = how(wire, transport, Plan(usage=None))
    usage = (result if how is send else result[1]).usage
    assert usage.estimated
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


@every_adapter
@every_transport
def test_server_that_does_not_stream(wire, transport):
    texts, reply = stream(wire, transport, Plan(mode="whole"))
    assert texts == ["Hello, wörld 👋"]
    assert reply.usage == Usage(120, 30, 20)


@every_adapter
@every_transport
def test_connections_are_used_again(wire, transport):
    async def use(provider, server):
        for _ in range(3):
            await provider.send(request())
            async for _ in provider.stream(request()):
                pass
        return server.connections

    assert drive(wire, transport, Plan(), use) == 1


@every_adapter
@every_transport
def test_many_calls_at_once(wire, transport):
    async def use(provider, _):
        return await asyncio.gather(*(provider.send(request()) for _ in range(150)))

    assert {reply.text for reply in drive(wire, transport, Plan(), use)} == {"Hello, wörld 👋"}


@every_adapter
@every_transport
def test_a_loop_that_ends_closes_its_own_connections(wire, transport):
    """No `close` here: what stays open would warn, and a warning fails the test."""

    async def run(provider, server):
        async with server:
            provider = provider or provider_at(server, transport)
            assert (await provider.send(request())).text
            async for _ in provider.stream(request()):
                break  # and a stream that is dropped half way
        return provider

    asyncio.run(run(None, Server(WIRES[wire], Plan())))


@every_adapter
@every_transport
def test_one_provider_serves_several_loops(wire, transport):
    """Each `asyncio.run` is a new loop; the provider goes on."""
    server_port = {}

    async def run(provider):
        async with Server(WIRES[wire], Plan()) as server:
            if provider is None:
                provider = provider_at(server, transport)
            server_port.setdefault("first", server.port)
            if server.port == server_port["first"]:
                assert (await provider.send(request())).text
            else:
                with pytest.raises(CallFailed, match="connect"):
                    await provider.send(request())
        return provider

    provider = asyncio.run(run(None))
    provider = asyncio.run(run(provider))
    asyncio.run(provider.close())
    asyncio.run(provider.close())


@every_adapter
@every_transport
def test_leaving_a_stream_early_frees_it(wire, transport):
    async def use(provider, _):
        parts = provider.stream(request())
        first = await anext(parts)
        await parts.aclose()
        again = await provider.send(request())
        return first.text, again.text

    assert drive(wire, transport, Plan(), use) == ("Hel", "Hello, wörld 👋")


@every_adapter
@every_transport
def test_cancelling_leaves_nothing_running(wire, transport, until_beside):
    async def use(provider, server):
        task = asyncio.create_task(provider.send(request()))
        await until_beside(lambda: server.requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    drive(wire, transport, Plan(mode="hang"), use)


@every_adapter
def test_adapters_say_what_they_are(wire):
    adapter = ADAPTERS[wire]
    assert adapter.spec.name == wire
    assert adapter.spec.kind == "provider"
    assert adapter.key_env.endswith("_API_KEY")
    assert {"base_url", "key", "headers", "transport"} <= {param.name for param in adapter.spec.params}
    assert ("logprobs" in adapter.capabilities) == (wire != "anthropic")
