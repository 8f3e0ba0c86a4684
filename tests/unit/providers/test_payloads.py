"""What the adapters make of requests, where no server is needed to see it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import MappingProxyType

import pytest

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Image, Message, Request
from cascadelang.contracts.provider import HttpResponse, ProviderConfig, Secret
from cascadelang.providers._http import encode
from cascadelang.providers.anthropic import JSON_OF_SCHEMA, JSON_ONLY, Anthropic
from cascadelang.providers.gemini import Gemini
from cascadelang.providers.openai import OpenAI


def request(**fields):
    fields.setdefault("messages", (Message("user", "hi"),))
    return Request(model=fields.pop("model", "m"), **fields)


def config(**settings):
    return ProviderConfig("acme", settings, Secret("sk-0123456789"))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "max_completion_tokens"),
        ({"base_url": "https://eu.api.openai.com/v1/"}, "max_completion_tokens"),
        ({"base_url": "https://acme.openai.azure.com/openai/v1"}, "max_completion_tokens"),
        ({"base_url": "http://127.0.0.1:11434/v1"}, "max_tokens"),
        ({"base_url": "https://openrouter.ai/api/v1"}, "max_tokens"),
        ({"base_url": "https://notapi.openai.com.evil.test/v1"}, "max_tokens"),
        ({"base_url": "http://x/v1", "max_tokens_field": "max_completion_tokens"}, "max_completion_tokens"),
        ({"max_tokens_field": "max_tokens"}, "max_tokens"),
    ],
)
def test_openai_limit_on_tokens(settings, field):
    payload = OpenAI(config(**settings)).payload(request(max_tokens=5))
    assert {name: payload[name] for name in payload if name.startswith("max")} == {field: 5}


def test_openai_schema_is_strict_only_when_it_keeps_the_rules():
    loose = {"type": "object", "properties": {"a": {"type": "string"}}}
    form = OpenAI(config()).payload(request(json_schema=loose))["response_format"]
    assert form == {"type": "json_schema", "json_schema": {"name": "answer", "schema": loose, "strict": False}}


def test_openai_top_logprobs_stop_at_its_limit():
    payload = OpenAI(config()).payload(request(logprobs=50))
    assert (payload["logprobs"], payload["top_logprobs"]) == (True, 20)
    assert "top_logprobs" not in OpenAI(config()).payload(request(logprobs=0))


def test_anthropic_asks_in_words_for_what_it_cannot_force():
    anthropic = Anthropic(config())
    assert anthropic.payload(request(json_mode=True))["system"] == JSON_ONLY
    loose = anthropic.payload(request(system="Be brief.", json_schema={"type": "object"}))
    assert loose["system"] == f'Be brief.\n\n{JSON_OF_SCHEMA}\n{{"type":"object"}}'
    assert "output_config" not in loose


@pytest.mark.parametrize(
    ("effort", "sent"),
    [
        ("none", {"thinking": {"type": "disabled"}}),
        ("minimal", {"output_config": {"effort": "low"}}),
        ("high", {"output_config": {"effort": "high"}}),
        ("max", {"output_config": {"effort": "max"}}),
    ],
)
def test_anthropic_effort(effort, sent):
    payload = Anthropic(config()).payload(request(effort=effort))
    assert {name: payload[name] for name in ("thinking", "output_config") if name in payload} == sent


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "medium", {"thinkingBudget": 8192}),
        ("models/gemini-2.5-pro", "max", {"thinkingBudget": 24576}),
        ("gemini-3-flash", "minimal", {"thinkingLevel": "minimal"}),
        ("gemini-3-pro", "max", {"thinkingLevel": "high"}),
    ],
)
def test_gemini_effort(model, effort, sent):
    payload = Gemini(config()).payload(request(model=model, effort=effort))
    assert payload["generationConfig"]["thinkingConfig"] == sent


def test_gemini_effort_nobody_knows():
    with pytest.raises(CallFailed, match="effort `wild`"):
        Gemini(config()).payload(request(model="gemini-2.5-pro", effort="wild"))


DATA_URL = "data:image/jpeg;base64,/9j/4A=="


def test_data_urls_become_inline_data_where_the_wire_wants_it():
    messages = (Message("user", "", (Image(url=DATA_URL),)),)
    openai = OpenAI(config()).payload(request(messages=messages))["messages"]
    assert openai[0]["content"] == [{"type": "image_url", "image_url": {"url": DATA_URL}}]
    anthropic = Anthropic(config()).payload(request(messages=messages))["messages"]
    source = {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4A=="}
    assert anthropic[0]["content"] == [{"type": "image", "source": source}]
    gemini = Gemini(config()).payload(request(messages=messages))["contents"]
    assert gemini[0]["parts"] == [{"inlineData": {"mimeType": "image/jpeg", "data": "/9j/4A=="}}]


def test_system_messages_go_where_the_wire_keeps_them():
    asked = request(system="One.", messages=(Message("system", "Two."), Message("user", "hi")))
    assert Anthropic(config()).payload(asked)["system"] == "One.\n\nTwo."
    assert [m["role"] for m in Anthropic(config()).payload(asked)["messages"]] == ["user"]
    gemini = Gemini(config()).payload(asked)
    assert gemini["systemInstruction"] == {"parts": [{"text": "One.\n\nTwo."}]}
    assert len(gemini["contents"]) == 1
    assert [m["role"] for m in OpenAI(config()).payload(asked)["messages"]] == ["system", "system", "user"]


def test_encoding_takes_read_only_mappings_and_half_characters():
    assert encode(MappingProxyType({"a": MappingProxyType({"b": (1, 2)})})) == b'{"a":{"b":[1,2]}}'
    assert encode({"a": "ü"}) == '{"a":"ü"}'.encode()
    assert encode({"a": "\ud83d"}) == b'{"a":"\\ud83d"}'


class Canned:
    """A transport of one answer."""

    def __init__(self):
        self.urls = []

    async def send(self, url, headers, body, timeout_s):
        self.urls.append(url)
        return HttpResponse(200, {}, b'{"choices": [{"message": {"content": [{"type": "text", "text": "hi"}]}}]}')

    async def close(self):
        self.urls.append("closed")


def test_a_transport_can_be_given():
    transport = Canned()
    provider = OpenAI(config(base_url="http://user:pw@x/v1/"), transport)
    reply = asyncio.run(provider.send(request()))
    assert (reply.text, reply.model, reply.finish_reason, reply.usage.estimated) == ("hi", "m", "unknown", True)
    asyncio.run(provider.close())
    assert transport.urls == ["http://user:pw@x/v1/chat/completions", "closed"]


def test_missing_library_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "cascadelang.providers._transport_aiohttp", None)
    with pytest.raises(CallFailed, match="add the extra `server`") as caught:
        asyncio.run(OpenAI(config(transport="aiohttp")).send(request()))
    assert caught.value.kind == "policy"


def test_specs_cost_no_heavy_import():
    """Lint reads these modules for their specs."""
    names = ["openai", "anthropic", "gemini", "scripted", "replay"]
    heavy = ["httpx", "httpx_sse", "aiohttp", "asyncio", "pydantic", "ssl", "gzip"]
    code = (
        "import sys, importlib\n"
        f"for name in {names}: importlib.import_module('cascadelang.providers.' + name).PROVIDER.spec\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
