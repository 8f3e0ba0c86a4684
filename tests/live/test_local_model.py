"""The smallest local model, for real: structure is asserted, never wording. Its 98 MB are pulled when absent."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Message, Reply, Request
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.providers import weights
from cascadelang.providers._llama_chat import Generation
from cascadelang.providers.local import PROVIDER, LocalProvider

pytestmark = pytest.mark.live

MODEL = "smollm2-135m"
REQUEST = Request(
    MODEL,
    (Message("user", "Name three colours, and say for each what it reminds you of."),),
    max_tokens=24,
    logprobs=2,
    timeout_s=120,
)
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def _weights() -> None:
    pytest.importorskip("xllamacpp")
    weights.pull(MODEL)


@pytest.fixture(scope="module")
def keeper(_weights: None) -> Iterator[LocalProvider]:
    """Holds the model, so that the tests of this file share one."""
    provider = PROVIDER(ProviderConfig("local", {"context": 512, "threads": 1}))
    asyncio.run(provider.prepare(REQUEST.model))
    yield provider
    asyncio.run(provider.close())


@pytest.fixture
def run(keeper: LocalProvider) -> Callable[[Callable[[LocalProvider], Awaitable[Any]]], Any]:
    """Runs an asynchronous test body with a provider of its own, on the shared model."""

    def runner(test: Callable[[LocalProvider], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            provider = PROVIDER(ProviderConfig("local", {"context": 512, "threads": 1}))
            try:
                return await test(provider)
            finally:
                await provider.close()

        return asyncio.run(main())

    return runner


Run = Callable[[Callable[[LocalProvider], Awaitable[Any]]], Any]


def test_an_answer_has_text_exact_usage_and_logprobs(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        reply = await provider.send(REQUEST)
        assert reply.text.strip()
        assert reply.model == MODEL
        assert reply.finish_reason in {"stop", "length"}
        assert reply.usage.input_tokens == await provider.count_tokens(REQUEST)
        assert 0 < reply.usage.output_tokens <= REQUEST.max_tokens
        assert reply.logprobs is not None
        assert reply.usage.output_tokens - len(reply.logprobs) in {0, 1}  # the end token has no text
        assert "".join(entry.token for entry in reply.logprobs) == reply.text
        for entry in reply.logprobs:
            values = [entry.logprob, *(logprob for _, logprob in entry.top)]
            assert all(math.isfinite(value) and value <= 0 for value in values)
            assert len(entry.top) == 2
            assert entry.top[0][0] == entry.token  # greedy: the best one was taken

    run(test)


def test_a_greedy_answer_repeats_and_streams_to_the_same_text(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        reply = await provider.send(REQUEST)
        parts = [part async for part in provider.stream(REQUEST)]
        last = parts.pop()
        assert last == reply
        assert "".join(part.text for part in parts if isinstance(part, Delta)) == reply.text
        assert len(parts) > 1

    run(test)


def test_a_seed_repeats_a_sampled_answer(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        sampled = replace(REQUEST, temperature=1.0, seed=7, max_tokens=12, logprobs=None)
        first, second = await provider.send(sampled), await provider.send(sampled)
        assert first == second
        others = [await provider.send(replace(sampled, seed=seed)) for seed in (8, 9, 10)]
        assert {other.text for other in others} != {first.text}

    run(test)


def test_json_output_parses_and_validates(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        asked = replace(REQUEST, messages=(Message("user", "Invent a person."),), max_tokens=64, logprobs=0)
        reply = await provider.send(replace(asked, json_schema=SCHEMA))
        assert reply.finish_reason == "stop"
        jsonschema.validate(json.loads(reply.text), SCHEMA)
        assert reply.logprobs is not None
        assert all(math.isfinite(entry.logprob) and entry.logprob <= 0 for entry in reply.logprobs)
        free = await provider.send(replace(asked, json_mode=True, max_tokens=32))
        assert free.text.startswith("{")
        with pytest.raises(CallFailed, match="JSON Schema") as failed:
            await provider.send(replace(asked, json_schema={"type": "no such type"}))
        assert failed.value.kind == "bad_request"

    run(test)


def test_turns_system_and_stop_strings_are_honoured(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        plain = await provider.send(REQUEST)
        stop = plain.text[len(plain.text) // 2 :][:3]
        cut = await provider.send(replace(REQUEST, stop=(stop,)))
        assert cut.finish_reason == "stop"
        assert cut.text == plain.text[: plain.text.index(stop)]
        assert cut.usage.input_tokens == plain.usage.input_tokens
        assert cut.usage.output_tokens < plain.usage.output_tokens
        turns = (*REQUEST.messages, Message("assistant", "Red."), Message("user", "And the others?"))
        longer = replace(REQUEST, messages=turns, system="Answer in one word.", max_tokens=4)
        reply = await provider.send(longer)
        assert reply.usage.input_tokens == await provider.count_tokens(longer)
        assert reply.usage.input_tokens > plain.usage.input_tokens
        assert (reply.finish_reason, reply.usage.output_tokens) == ("length", 4)

    run(test)


def test_a_prompt_over_the_context_is_its_own_kind_of_failure(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        long = replace(REQUEST, messages=(Message("user", "word " * 600),))
        with pytest.raises(CallFailed, match="the model's context holds 512") as failed:
            await provider.send(long)
        assert failed.value.kind == "context_length"
        assert (await provider.count_tokens(long) or 0) > 600

    run(test)


def test_cancelling_returns_and_the_next_request_works(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        before = await provider.send(REQUEST)
        parts = provider.stream(replace(REQUEST, max_tokens=400))
        assert isinstance(await anext(parts), Delta)
        await parts.aclose()  # type: ignore[attr-defined]
        task = asyncio.create_task(provider.send(replace(REQUEST, max_tokens=400)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(CallFailed, match="did not finish") as failed:
            await provider.send(replace(REQUEST, max_tokens=400, timeout_s=0.05))
        assert failed.value.kind == "timeout"
        assert await provider.send(REQUEST) == before

    run(test)


def test_the_event_loop_goes_on_while_a_model_generates(run: Run) -> None:
    async def test(provider: LocalProvider) -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        replies = await asyncio.gather(*(provider.send(replace(REQUEST, max_tokens=6)) for _ in range(3)))
        ticking.cancel()
        assert len({reply.text for reply in replies if isinstance(reply, Reply)}) == 1
        assert ticks > 3

    run(test)


def test_closing_a_stream_ends_the_generation(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(provider: LocalProvider) -> None:
        generated: list[int] = []
        take = Generation._take

        def counted(self: Generation, chunk: Any) -> bool:
            generated.append(chunk.get("timings", {}).get("predicted_n", 0))
            return take(self, chunk)

        monkeypatch.setattr(Generation, "_take", counted)
        asked = replace(REQUEST, max_tokens=200)
        assert provider.can_stop(asked)
        parts = provider.stream(asked)
        taken = [part async for part in _first(parts, 5)]
        await parts.aclose()  # type: ignore[attr-defined]
        after = await provider.send(replace(REQUEST, max_tokens=1))  # answered once the first has ended
        assert after.usage.output_tokens == 1
        assert taken[-1].usage is not None
        assert taken[-1].usage.output_tokens <= max(generated) < 30, "of 200 tokens only those were generated"
        assert [token.token for part in taken for token in part.logprobs]

    run(test)


async def _first(parts: Any, count: int) -> Any:
    for _ in range(count):
        yield await anext(parts)
