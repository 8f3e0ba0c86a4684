from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from cascadelang.contracts.failure import FAILURE_KINDS, CallFailed
from cascadelang.contracts.messages import Delta, Message, Reply, Request, TokenLogprob
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.providers import scripted
from cascadelang.providers.scripted import Scripted, ScriptedReply, pieces


class NoWait:
    """A clock that only writes down how long it was asked to wait."""

    def __init__(self):
        self.waited = []

    def now_s(self):
        return 0.0

    def wall_s(self):
        return 0.0

    async def sleep(self, seconds):
        self.waited.append(seconds)


def request(model="m", **fields):
    return Request(model=model, messages=(Message("user", "What is the capital of France?"),), **fields)


def ask(provider, *requests):
    async def run():
        return [await provider.send(each) for each in requests]

    return asyncio.run(run())


def streamed(provider, asked):
    async def run():
        return [part async for part in provider.stream(asked)]

    return asyncio.run(run())


def test_replies_come_in_order_and_the_last_repeats():
    provider = Scripted({"m": ["one", ScriptedReply("two")]})
    assert [reply.text for reply in ask(provider, *[request()] * 4)] == ["one", "two", "two", "two"]
    assert provider.calls("m") == 4


def test_each_purpose_has_its_own_queue():
    provider = Scripted(
        {
            "m": [
                ScriptedReply("an answer"),
                ScriptedReply(purpose="judge", score=0.9, reason="right"),
                ScriptedReply("billing", purpose="ask"),
            ]
        }
    )
    answer, judgement, choice = ask(
        provider, request(), request(purpose="judge", json_mode=True), request(purpose="ask")
    )
    assert (answer.text, choice.text) == ("an answer", "billing")
    assert json.loads(judgement.text) == {"score": 0.9, "reason": "right"}


@pytest.mark.parametrize(("purpose", "what"), [("answer", "answer"), ("judge", "judgement"), ("ask", "choice")])
def test_a_model_without_a_reply_is_an_error_and_never_a_call(purpose, what):
    provider = Scripted({"other": ["x"]}, names={"m": "haiku"})
    with pytest.raises(CallFailed) as caught:
        ask(provider, request(purpose=purpose))
    assert caught.value.kind == "policy"
    assert caught.value.message == f"no {what} of `haiku` is scripted, and nothing is called"


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_failures(kind):
    with pytest.raises(CallFailed) as caught:
        ask(Scripted({"m": [ScriptedReply(error=kind)]}), request())
    assert caught.value.kind == kind


def test_failure_then_answer():
    provider = Scripted({"m": [ScriptedReply(error="server"), "fine"]})
    with pytest.raises(CallFailed):
        ask(provider, request())
    assert ask(provider, request())[0].text == "fine"


def test_usage_is_estimated_deterministically_unless_stated():
    guessed, again = ask(Scripted({"m": ["Paris, of course"]}), request(), request())
    assert guessed.usage == again.usage
    assert guessed.usage.estimated
    assert guessed.usage.input_tokens > 0
    assert guessed.usage.output_tokens > 0
    (stated,) = ask(Scripted({"m": [ScriptedReply("x", input_tokens=7, output_tokens=400)]}), request())
    assert (stated.usage.input_tokens, stated.usage.output_tokens, stated.usage.estimated) == (7, 400, False)


def test_logprobs_come_only_when_they_are_asked_for():
    provider = Scripted({"m": [ScriptedReply("It is Paris", logprob=-0.5)]})
    plain, asked = ask(provider, request(), request(logprobs=0))
    assert plain.logprobs is None
    assert asked.logprobs == tuple(TokenLogprob(token, -0.5) for token in ("It ", "is ", "Paris"))
    (listed,) = ask(Scripted({"m": [ScriptedReply("It is", logprobs=(-0.1, -0.2, -3.0))]}), request(logprobs=1))
    assert [entry.logprob for entry in listed.logprobs] == [-0.1, -0.2, -3.0]
    (none,) = ask(Scripted({"m": ["It is"]}), request(logprobs=1))
    assert none.logprobs is None


def test_latency_is_waited_on_the_clock_and_can_time_out():
    clock = NoWait()
    provider = Scripted({"m": [ScriptedReply("slow", latency_s=3.0)]}, clock=clock)
    assert ask(provider, request())[0].text == "slow"
    with pytest.raises(CallFailed) as caught:
        ask(provider, request(timeout_s=2.0))
    assert caught.value.kind == "timeout"
    assert clock.waited == [3.0, 2.0]


@pytest.mark.parametrize("text", ["", "one", "two words", "  led by  spaces ", "lines\nare kept\n", "日本語 です"])
def test_streams_word_by_word(text):
    *deltas, reply = streamed(Scripted({"m": [text]}), request())
    assert all(isinstance(delta, Delta) and delta.text for delta in deltas)
    assert "".join(delta.text for delta in deltas) == text
    assert isinstance(reply, Reply)
    assert reply.text == text


def test_a_stream_can_fail_half_way():
    provider = Scripted({"m": [ScriptedReply("so far", error="connection")]})
    got = []

    async def run():
        async for part in provider.stream(request()):
            got.append(part.text)  # noqa: PERF401 - what came before the failure is the point

    with pytest.raises(CallFailed):
        asyncio.run(run())
    assert got == ["so ", "far"]


def test_made_from_a_policys_settings():
    config = ProviderConfig("fake", {"replies": {"a": "always", "b": ["first", "then"]}})
    provider = scripted.PROVIDER(config)
    replies = ask(provider, request("a"), request("b"), request("b"))
    assert [reply.text for reply in replies] == ["always", "first", "then"]
    asyncio.run(provider.close())


def test_a_policys_settings_script_judges_too():
    judgement = '{"score": 0.9, "reason": "polite"}'
    provider = scripted.PROVIDER(ProviderConfig("fake", {"replies": {"a": [judgement, "an answer"]}}))
    replies = ask(provider, replace(request("a"), purpose="judge"), request("a"))
    assert [reply.text for reply in replies] == [judgement, "an answer"]
    asyncio.run(provider.close())


def test_pieces_are_never_empty():
    assert pieces("") == []
    assert all(pieces(" a  b "))
