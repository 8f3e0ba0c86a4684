"""What every provider promises, whatever stands behind it; the HTTP adapters through both transports."""

from __future__ import annotations

import asyncio
import gc
import json
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from adapters import provider_at, request
from servers import WIRES, Plan, Server

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Message, Reply
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.providers import replay, scripted

PROVIDERS = [
    *(f"{wire}, {transport}" for wire in WIRES for transport in ("httpx", "aiohttp")),
    "scripted",
    "replay",
]
TEXT = Plan().text


def run(name, folder, use):
    async def main():
        async with AsyncExitStack() as stack:
            if name == "scripted":
                provider = scripted.PROVIDER(ProviderConfig("acme", {"replies": {"some-model": TEXT}}))
            elif name == "replay":
                record = {"query": "Say hello", "answers": {"some-model": {"text": TEXT}}}
                (folder / "records.jsonl").write_text(json.dumps(record))
                provider = replay.PROVIDER(ProviderConfig("acme", {"records": "records.jsonl"}, folder=str(folder)))
            else:
                wire, transport = name.split(", ")
                server = await stack.enter_async_context(Server(WIRES[wire], Plan()))
                provider = provider_at(server, transport)
            try:
                return await use(provider)
            finally:
                await provider.close()
                await provider.close()

    try:
        return asyncio.run(main())
    finally:
        gc.collect()


@pytest.mark.parametrize("name", PROVIDERS)
def test_send_and_stream_agree(name, tmp_path):
    async def use(provider):
        whole = await provider.send(request())
        *deltas, last = [part async for part in provider.stream(request())]
        assert isinstance(whole, Reply)
        assert isinstance(last, Reply)
        assert deltas
        assert all(isinstance(delta, Delta) and delta.text for delta in deltas)
        assert "".join(delta.text for delta in deltas) == whole.text == last.text == TEXT
        assert (whole.model, whole.finish_reason, whole.usage) == (last.model, last.finish_reason, last.usage)
        assert await provider.count_tokens(request()) is None

    run(name, tmp_path, use)


@pytest.mark.parametrize("name", PROVIDERS)
def test_calls_at_once_do_not_mix(name, tmp_path):
    async def use(provider):
        async def streamed():
            return [part async for part in provider.stream(request())][-1]

        replies = await asyncio.gather(*(provider.send(request()) for _ in range(8)), *(streamed() for _ in range(8)))
        assert {reply.text for reply in replies} == {TEXT}

    run(name, tmp_path, use)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_says_what_it_is(name, tmp_path):
    async def use(provider):
        assert provider.spec.name == name.partition(",")[0]
        assert provider.spec.kind == "provider"
        assert provider.spec.summary
        assert provider.spec.doc
        assert all(param.doc for param in provider.spec.params)
        assert isinstance(provider.capabilities, frozenset)

    run(name, tmp_path, use)


@pytest.mark.parametrize("name", ["scripted", "replay"])
def test_what_was_not_given_is_never_made_up(name, tmp_path):
    async def use(provider):
        unknown = request(messages=(Message("user", "Something else"),), purpose="judge")
        # a script answers whatever is asked of a model it names; records answer only what was recorded
        asked = [replace(unknown, model="nobody")] + ([unknown] if name == "replay" else [])
        for one in asked:
            with pytest.raises(CallFailed) as caught:
                await provider.send(one)
            assert caught.value.kind == "policy"

    run(name, tmp_path, use)


@pytest.mark.parametrize("name", PROVIDERS[:6])
@pytest.mark.parametrize("timeout_s", [0.0, -1.0])
def test_no_time_left_is_a_timeout(name, tmp_path, timeout_s):
    async def use(provider):
        with pytest.raises(CallFailed) as caught:
            await provider.send(request(timeout_s=timeout_s))
        assert caught.value.kind == "timeout"

    run(name, tmp_path, use)


@pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
def test_the_environments_proxy_is_used(transport, monkeypatch):
    async def main():
        async with Server(WIRES["openai"], Plan()) as proxy:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
            for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.delenv(name, raising=False)
            provider = provider_at(proxy, transport, base_url=f"http://models-over-{transport}.test/v1")
            reply = await provider.send(request())
            await provider.close()
            return reply.text, proxy.requests[0].path

    assert asyncio.run(main()) == (TEXT, f"http://models-over-{transport}.test/v1/chat/completions")
    gc.collect()


def test_a_socks_proxy_is_a_clear_error(monkeypatch):
    async def main():
        async with Server(WIRES["openai"], Plan()) as server:
            provider = provider_at(server, "httpx", base_url="http://models.test/v1")
            await provider.send(request())

    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(CallFailed) as caught:
        asyncio.run(main())
    assert caught.value.kind == "policy"
