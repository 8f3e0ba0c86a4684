"""The adapters under test, each pointed at a server of its own wire."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from servers import WIRES, Plan, Server

from cascadelang.contracts.messages import Delta, Message, Reply, Request
from cascadelang.contracts.provider import Provider, ProviderConfig, Secret
from cascadelang.providers.anthropic import Anthropic
from cascadelang.providers.gemini import Gemini
from cascadelang.providers.openai import OpenAI

KEY = "sk-test-0123456789abcdef-SECRET"
ADAPTERS = {"openai": OpenAI, "anthropic": Anthropic, "gemini": Gemini}

every_adapter = pytest.mark.parametrize("wire", list(ADAPTERS))
every_transport = pytest.mark.parametrize("transport", ["httpx", "aiohttp"])

T = TypeVar("T")


def request(**fields: Any) -> Request:
    fields.setdefault("messages", (Message("user", "Say hello"),))
    fields.setdefault("timeout_s", 20.0)
    return Request(model="some-model", **fields)


def provider_at(server: Server, transport: str, key: str | None = KEY, **settings: Any) -> Provider:
    config = ProviderConfig(
        name="acme",
        settings={"base_url": server.base_url, "transport": transport} | settings,
        key=None if key is None else Secret(key),
    )
    return ADAPTERS[server.wire.name](config)


def drive(
    wire: str, transport: str, plan: Plan, use: Callable[[Provider, Server], Awaitable[T]], **settings: Any
) -> T:
    """Run ``use`` against a server with that plan, and leave nothing open."""

    async def run() -> T:
        async with Server(WIRES[wire], plan) as server:
            provider = provider_at(server, transport, **settings)
            try:
                return await use(provider, server)
            finally:
                await provider.close()

    try:
        return asyncio.run(run())
    finally:
        gc.collect()  # what was left open warns here, and a warning fails the test


def send(wire: str, transport: str, plan: Plan, asked: Request | None = None, **settings: Any) -> Reply:
    async def use(provider: Provider, _: Server) -> Reply:
        return await provider.send(asked or request())

    return drive(wire, transport, plan, use, **settings)


def stream(
    wire: str, transport: str, plan: Plan, asked: Request | None = None, **settings: Any
) -> tuple[list[str], Reply]:
    """The deltas' texts and the final reply."""

    async def use(provider: Provider, _: Server) -> tuple[list[str], Reply]:
        texts: list[str] = []
        replies: list[Reply] = []
        async for part in provider.stream(asked or request()):
            if isinstance(part, Delta):
                assert not replies, "no delta may come after the reply"
                assert part.text
                texts.append(part.text)
            else:
                replies.append(part)
        assert len(replies) == 1
        return texts, replies[0]

    return drive(wire, transport, plan, use, **settings)


def sent(wire: str, transport: str, asked: Request, *, streamed: bool = False, **settings: Any) -> Any:
    """What the adapter sends for a request."""

    async def use(provider: Provider, server: Server) -> Any:
        if streamed:
            async for _ in provider.stream(asked):
                pass
        else:
            await provider.send(asked)
        return server.requests[0]

    return drive(wire, transport, Plan(), use, **settings)
