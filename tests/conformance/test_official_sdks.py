"""The official `openai` and `anthropic` SDKs, pointed at the same servers, read and send what the adapters do.

There is no Google SDK among the test dependencies: `test_gemini_fields.py` holds that wire to its documentation.
"""

from __future__ import annotations

import asyncio
import gc

import anthropic
import openai
import pytest
from adapters import KEY, request, send, sent, stream
from servers import WIRES, Plan, Server
from test_replies import LOGPROBS

from cascadelang.contracts.messages import Image, Message, Tool

SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "number"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["total", "tags"],
    "additionalProperties": False,
}
PNG = "iVBORw0KGgo="
TALK = (
    Message("user", "What is this?", (Image(data=PNG, media_type="image/png"), Image(url="https://x.test/a.png"))),
    Message("assistant", "A picture."),
    Message("user", "Of what?"),
)
WEATHER = Tool("weather", "Tells the weather", {"type": "object", "properties": {"city": {"type": "string"}}})
FULL = Plan(logprobs=LOGPROBS, finish="tool_calls", tool_calls=(("c1", "weather", '{"city": "Rome"}'),))


def at(wire, plan, use):
    async def run():
        async with Server(WIRES[wire], plan) as server:
            if wire == "openai":
                client = openai.AsyncOpenAI(api_key=KEY, base_url=server.base_url, max_retries=0)
            else:
                client = anthropic.AsyncAnthropic(api_key=KEY, base_url=server.base_url, max_retries=0)
            async with client:
                found = await use(client)
            return found, (server.requests[0] if server.requests else None)

    try:
        return asyncio.run(run())
    finally:
        gc.collect()


def openai_call(**fields):
    async def use(client):
        return await client.chat.completions.create(model="some-model", **fields)

    return use


def anthropic_call(**fields):
    async def use(client):
        return await client.messages.create(model="some-model", **fields)

    return use


HELLO = [{"role": "user", "content": "Say hello"}]


def test_openai_sdk_reads_the_same_answer():
    theirs, _ = at("openai", FULL, openai_call(messages=HELLO, logprobs=True))
    ours = send("openai", "httpx", FULL, request(logprobs=0))
    choice = theirs.choices[0]
    assert ours.text == choice.message.content
    assert ours.model == theirs.model
    assert ours.finish_reason == choice.finish_reason
    assert ours.usage.input_tokens == theirs.usage.prompt_tokens
    assert ours.usage.output_tokens == theirs.usage.completion_tokens
    assert ours.usage.cached_tokens == theirs.usage.prompt_tokens_details.cached_tokens
    assert [(t.token, t.logprob) for t in ours.logprobs] == [(t.token, t.logprob) for t in choice.logprobs.content]
    assert [t.top for t in ours.logprobs] == [
        tuple((top.token, top.logprob) for top in t.top_logprobs) for t in choice.logprobs.content
    ]
    assert [(c.id, c.name, c.arguments) for c in ours.tool_calls] == [
        (c.id, c.function.name, c.function.arguments) for c in choice.message.tool_calls
    ]


def test_openai_sdk_reads_the_same_stream():
    async def use(client):
        chunks = await client.chat.completions.create(
            model="some-model", messages=HELLO, stream=True, stream_options={"include_usage": True}, logprobs=True
        )
        return [chunk async for chunk in chunks]

    theirs, _ = at("openai", FULL, use)
    texts, ours = stream("openai", "httpx", FULL, request(logprobs=0))
    choices = [choice for chunk in theirs for choice in chunk.choices]
    assert texts == [choice.delta.content for choice in choices if choice.delta.content]
    assert ours.finish_reason == next(choice.finish_reason for choice in choices if choice.finish_reason)
    assert ours.usage.output_tokens == theirs[-1].usage.completion_tokens
    found = [token for choice in choices if choice.logprobs for token in choice.logprobs.content]
    assert [(t.token, t.logprob) for t in ours.logprobs] == [(t.token, t.logprob) for t in found]
    parts = [call.function.arguments or "" for choice in choices for call in choice.delta.tool_calls or ()]
    assert [call.arguments for call in ours.tool_calls] == ["".join(parts)]


def test_openai_sdk_sends_the_same_request():
    fields = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
                    {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
                ],
            },
            {"role": "assistant", "content": "A picture."},
            {"role": "user", "content": "Of what?"},
        ],
        "max_tokens": 77,
        "temperature": 0.2,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
        "logprobs": True,
        "top_logprobs": 3,
        "tools": [
            {
                "type": "function",
                "function": {"name": "weather", "description": "Tells the weather", "parameters": WEATHER.parameters},
            }
        ],
    }
    asked = request(
        messages=TALK,
        system="Be brief.",
        max_tokens=77,
        temperature=0.2,
        top_p=0.9,
        seed=7,
        stop=("END",),
        effort="low",
        json_schema=SCHEMA,
        logprobs=3,
        tools=(WEATHER,),
    )
    _, theirs = at("openai", Plan(), openai_call(**fields))
    ours = sent("openai", "httpx", asked)
    assert ours.body == theirs.body
    assert ours.path == theirs.path
    for name in ("authorization", "content-type"):
        assert ours.headers[name] == theirs.headers[name]


def test_openai_sdk_sends_the_same_stream_request():
    async def use(client):
        chunks = await client.chat.completions.create(
            model="some-model",
            messages=HELLO,
            max_completion_tokens=1024,
            response_format={"type": "json_object"},
            stream=True,
            stream_options={"include_usage": True},
        )
        return [chunk async for chunk in chunks]

    _, theirs = at("openai", Plan(), use)
    asked = request(json_mode=True)
    ours = sent("openai", "aiohttp", asked, streamed=True, max_tokens_field="max_completion_tokens")
    assert ours.body == theirs.body


@pytest.mark.parametrize(
    ("status", "error", "theirs"),
    [
        (401, {"message": "no", "code": "invalid_api_key"}, openai.AuthenticationError),
        (404, {"message": "no", "code": "model_not_found"}, openai.NotFoundError),
        (429, {"message": "no", "code": "rate_limit_exceeded"}, openai.RateLimitError),
        (500, {"message": "no", "type": "server_error"}, openai.InternalServerError),
    ],
)
def test_openai_sdk_sees_the_same_errors(status, error, theirs):
    with pytest.raises(theirs) as caught:
        at("openai", Plan("error", status=status, error={"error": error}), openai_call(messages=HELLO))
    assert caught.value.status_code == status
    assert caught.value.code == error.get("code")


def test_anthropic_sdk_reads_the_same_answer():
    theirs, _ = at("anthropic", FULL, anthropic_call(messages=HELLO, max_tokens=1024))
    ours = send("anthropic", "httpx", FULL)
    assert ours.text == "".join(block.text for block in theirs.content if block.type == "text")
    assert ours.model == theirs.model
    assert (ours.finish_reason, theirs.stop_reason) == ("tool_calls", "tool_use")
    usage = theirs.usage
    assert ours.usage.input_tokens == (
        usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens
    )
    assert ours.usage.output_tokens == usage.output_tokens
    assert ours.usage.cached_tokens == usage.cache_read_input_tokens
    calls = [block for block in theirs.content if block.type == "tool_use"]
    assert [(c.id, c.name) for c in ours.tool_calls] == [(c.id, c.name) for c in calls]


def test_anthropic_sdk_reads_the_same_stream():
    async def use(client):
        async with client.messages.stream(model="some-model", messages=HELLO, max_tokens=1024) as parts:
            texts = [text async for text in parts.text_stream]
            return texts, await parts.get_final_message()

    (texts, theirs), _ = at("anthropic", FULL, use)
    our_texts, ours = stream("anthropic", "httpx", FULL)
    assert our_texts == texts
    assert ours.text == "".join(block.text for block in theirs.content if block.type == "text")
    assert theirs.stop_reason == "tool_use"
    assert ours.usage.output_tokens == theirs.usage.output_tokens
    assert [call.name for call in ours.tool_calls] == [b.name for b in theirs.content if b.type == "tool_use"]


def test_anthropic_sdk_sends_the_same_request():
    fields = {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                    {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
                ],
            },
            {"role": "assistant", "content": "A picture."},
            {"role": "user", "content": "Of what?"},
        ],
        "system": "Be brief.",
        "max_tokens": 77,
        "stop_sequences": ["END"],
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        "tools": [{"name": "weather", "description": "Tells the weather", "input_schema": WEATHER.parameters}],
    }
    asked = request(
        messages=TALK,
        system="Be brief.",
        max_tokens=77,
        stop=("END",),
        effort="low",
        json_schema=SCHEMA,
        tools=(WEATHER,),
    )
    _, theirs = at("anthropic", Plan(), anthropic_call(**fields))
    ours = sent("anthropic", "httpx", asked)
    assert ours.body == theirs.body
    assert ours.path == theirs.path
    assert ours.headers["anthropic-version"] == theirs.headers["anthropic-version"]
    assert ours.headers["x-api-key"] == theirs.headers["authorization"].removeprefix("Bearer ")


def test_anthropic_sampling_goes_to_the_version_that_has_it():
    ours = sent("anthropic", "httpx", request(temperature=0.0, seed=7, logprobs=3))
    assert ours.headers["anthropic-version"] == "2023-06-01"
    assert ours.body["temperature"] == 0.0
    assert not {"seed", "logprobs"} & set(ours.body)
    fixed = sent("anthropic", "httpx", request(temperature=0.0), version="2026-10-21")
    assert fixed.headers["anthropic-version"] == "2026-10-21"


@pytest.mark.parametrize(
    ("status", "label", "theirs"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.AuthenticationError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (529, "overloaded_error", anthropic.InternalServerError),
    ],
)
def test_anthropic_sdk_sees_the_same_errors(status, label, theirs):
    error = {"type": "error", "error": {"type": label, "message": "no"}}
    with pytest.raises(theirs) as caught:
        at("anthropic", Plan("error", status=status, error=error), anthropic_call(messages=HELLO, max_tokens=9))
    assert caught.value.type == label
