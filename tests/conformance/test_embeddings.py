"""Vectors of texts over OpenAI's `/embeddings`, as the adapter and the official SDK read them."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from adapters import KEY, every_transport, provider_at, request, send, sent
from servers import WIRES, OpenAIWire, Plan, Server

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Message, Usage

ASKED = request(messages=(Message("user", "one"), Message("user", "three")), embed=True)


@every_transport
def test_vectors_in_the_order_of_the_texts(transport):
    reply = send("openai", transport, Plan(), ASKED)
    assert reply.embedded.rows == ((3.0, 1.0, -0.5), (5.0, 1.0, -0.5))
    assert reply.embedded.by.endswith("/v1/embeddings some-model")
    assert (reply.text, reply.model, reply.usage) == ("", "model-as-served", Usage(7, 0, 0))


@every_transport
def test_what_is_sent(transport):
    captured = sent("openai", transport, ASKED)
    assert captured.path == "/v1/embeddings"
    assert captured.headers["authorization"] == f"Bearer {KEY}"
    assert captured.body == {"model": "some-model", "input": ["one", "three"], "encoding_format": "float"}


def test_the_official_sdk_sends_and_reads_the_same():
    async def run():
        async with Server(WIRES["openai"], Plan()) as server:
            async with openai.AsyncOpenAI(api_key=KEY, base_url=server.base_url, max_retries=0) as client:
                read = await client.embeddings.create(
                    model="some-model", input=["one", "three"], encoding_format="float"
                )
            provider = provider_at(server, "httpx")
            try:
                reply = await provider.send(ASKED)
            finally:
                await provider.close()
            return read, reply, server.requests

    read, reply, (theirs, ours) = asyncio.run(run())
    assert tuple(tuple(one.embedding) for one in sorted(read.data, key=lambda one: one.index)) == reply.embedded.rows
    assert (theirs.path, theirs.body) == (ours.path, ours.body)


GOOD = [{"index": 0, "embedding": [1.0, 2.0]}, {"index": 1, "embedding": [0.5, 1.0]}]
BAD = {
    "nothing": {},
    "no list": {"data": {"index": 0}},
    "one too few": {"data": GOOD[:1]},
    "one twice": {"data": [GOOD[0], GOOD[0]]},
    "no index": {"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]},
    "words": {"data": [{**GOOD[0], "embedding": ["x"]}, GOOD[1]]},
    "base64": {"data": [{**GOOD[0], "embedding": "AACAPw=="}, GOOD[1]]},
    "not a number": {"data": [{**GOOD[0], "embedding": [1.0, float("nan")]}, GOOD[1]]},
    "empty": {"data": [{**GOOD[0], "embedding": []}, {**GOOD[1], "embedding": []}]},
    "of two lengths": {"data": [{**GOOD[0], "embedding": [1.0]}, GOOD[1]]},
    "texts in a list": {"data": ["x", "y"]},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_answer_is_a_failure(body, monkeypatch):
    monkeypatch.setattr(OpenAIWire, "vectors", lambda self, captured, plan: body)
    with pytest.raises(CallFailed) as caught:
        send("openai", "httpx", Plan(), ASKED)
    assert caught.value.kind == "server"


def test_failures_are_those_of_any_call():
    error = {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}
    with pytest.raises(CallFailed) as caught:
        send("openai", "httpx", Plan(mode="error", status=429, error=json.loads(json.dumps(error))), ASKED)
    assert caught.value.kind == "rate_limit"
