"""Answers that can't pass any more are stopped; those that somebody could still want are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cascadelang.catalog.models import find
from cascadelang.contracts.check import Finding, Outlook
from cascadelang.contracts.messages import Delta, Query, Reply, Request, TokenLogprob, Usage
from cascadelang.contracts.result import RunResult
from cascadelang.contracts.spec import Spec
from cascadelang.graph.compile import compile_policy
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.makers import make_check, make_signal

REFUSAL = "I'm sorry, but I can't help with that. " + "It would be against the rules that I was given. " * 4
WORDS = len(REFUSAL.split())
HEAD = """
provider x = openai { base_url: "http://127.0.0.1:9/v1" }
model a = x("a") { max_tokens: 100, price: $1 / $10, can: [logprobs, json] }
model b = x("b") { max_tokens: 100, price: $1 / $10, can: [logprobs, json] }
model c = x("c") { max_tokens: 100, price: $1 / $10, can: [logprobs, json] }
model free = x("a") { max_tokens: 100, price: $0 / $0, can: [logprobs, json] }
"""


class Speaker:
    """Says what it is told, word by word, each word a token; knows how much of it was taken, and what was closed."""

    def __init__(self, said: dict[str, str], *, logprob: float = -0.1) -> None:
        self.said = said
        self.logprob = logprob
        self.generated: dict[str, int] = {}
        self.closed: list[str] = []
        self.sent: list[str] = []
        self.states_usage = False

    def can_stop(self, request: Request) -> bool:
        return True

    def _reply(self, request: Request) -> Reply:
        text = self.said[request.model]
        tokens = tuple(TokenLogprob(word, self.logprob) for word in text.split())
        return Reply(
            text, request.model, Usage(20, len(tokens)), "stop", None if request.logprobs is None else tokens
        )

    async def send(self, request: Request) -> Reply:
        self.sent.append(request.model)
        return self._reply(request)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        reply = self._reply(request)
        self.generated[request.model] = 0
        try:
            for at, word in enumerate(reply.text.split()):
                self.generated[request.model] += 1
                logprobs = (reply.logprobs or ())[at : at + 1]
                yield Delta(f"{word} ", logprobs, Usage(20, at + 1) if self.states_usage else None)
            yield reply
        finally:
            self.closed.append(request.model)

    async def count_tokens(self, request: Request) -> int | None:
        return 20

    async def close(self) -> None:
        pass


def run(policy: str, speaker: Any, files: dict[str, str] | None = None, **fields: Any) -> RunResult:
    text = f"{HEAD}\npolicy main = {policy}\n"
    checked = check("p.cl", MemoryFiles({**(files or {}), "p.cl": text}), InstalledCatalog(), find)
    assert checked.ok, [found.message for found in checked.diagnostics]
    made = Interpreter(
        compile_policy(checked),
        providers={"x": speaker},
        make_check=fields.pop("make_check", make_check),
        make_signal=make_signal,
        **fields,
    )
    return asyncio.run(made.run(Query.of("hello")))


def stopped(result: RunResult) -> list[str]:
    return [e.data["model"] for e in result.events if e.kind == "call" and "stopped" in e.data]


def test_a_refusal_is_stopped_its_stream_closed_and_the_trace_says_so():
    speaker = Speaker({"a": REFUSAL, "b": "Paris"})
    result = run("cascade [a, b] until not refuses otherwise fail", speaker)
    assert result.status == "accepted"
    assert result.path == ("a", "b")
    assert 0 < speaker.generated["a"] < WORDS
    assert speaker.closed == ["a", "b"]
    call, verdict = result.events[0].data, result.events[1].data
    assert call["finish_reason"] == "stopped"
    assert call["estimated"] is True
    assert call["stopped"]["by"] == "refuses"
    assert "the answer refuses" in call["stopped"]["because"]
    assert call["stopped"]["after_tokens"] == call["output_tokens"]
    assert 0 < call["cost_usd"] < call["held_usd"]
    assert verdict["stopped"] is True
    assert verdict["outcome"] == "failed"


@pytest.mark.parametrize(
    ("policy", "models"),
    [
        ("cascade [a, b] until not refuses", []),
        ("cascade [a, b] until not refuses otherwise best", []),
        ("cascade [a, b] until not refuses otherwise c", ["a"]),
        ("cascade [a, b] until not refuses otherwise fail carry draft", []),
        ("cascade [a, b] until not refuses otherwise fail carry reasons", []),
        ("cascade [a until not refuses, b until agrees(previous)] otherwise fail", []),
        ("(cascade [a, b] until not refuses otherwise fail) with { stop_early: false }", []),
        ("cascade [a with { stop_early: false }, b] until not refuses otherwise fail", []),
        ("(cascade [a, b] until not refuses) with { stop_early: true }", ["a"]),
        ("(cascade [b, a] until not refuses and not empty) with { stop_early: true }", []),
        ("(cascade [a, b] until not refuses otherwise best) with { stop_early: true }", []),
        ("cascade [a, b] until not refuses otherwise fail within $1", []),
        ("cascade [a, b] until not refuses otherwise fail within 50s", ["a"]),
        ("cascade [free, b] until not refuses otherwise fail within $1", ["free"]),
        ("(cascade [a, b] until not refuses otherwise fail) with { stop_early: true } within $1", ["a"]),
        ("cascade [a, b] until refuses or words > 900 otherwise c", []),
        ("cascade [(hedge a after 9s with b), b] until not refuses otherwise fail", []),
        ("cascade [(vote [a, a, b]), b] until not refuses otherwise fail", []),
        ("cascade [(fallback [a, b]), b] until not refuses otherwise fail", ["a"]),
        ("cascade [(a within 9s retry 1), b] until not refuses otherwise fail", ["a"]),
        ("cascade [(cascade [b until words > 900, a]), b] until not refuses otherwise fail", ["a"]),
        ("cascade [(cascade [a until not refuses, c]), b] until words == 1 otherwise fail", []),
        ("cascade [(cascade [a until words > 900, c]), b] until not refuses otherwise fail", []),
        ("cascade [(route has_code -> c else a), b] until not refuses otherwise fail", ["a"]),
        ('cascade [a, b] until not refuses and judge(c, "Is it good?") >= 0.5 otherwise fail', ["a"]),
        ('cascade [a, b] until not refuses or judge(c, "Is it good?") >= 0.5 otherwise fail', []),
        ("cascade [a, b] until words <= 9 otherwise fail", ["a"]),
        ("cascade [a, b] until not (words > 9) otherwise fail", ["a"]),
        ("cascade [a, b] until words > 9 otherwise c", []),
        ("cascade [a, b] until words <= query.words * 9 otherwise fail", ["a"]),
        ("cascade [a, b] until logprob(mean) >= -0.01 otherwise fail", ["a"]),
    ],
)
def test_where_an_answer_is_stopped(policy: str, models: list[str]):
    judged = '{"score": 0.9, "reason": "fine"}'
    speaker = Speaker({"a": REFUSAL, "b": "Paris", "c": judged if "judge" in policy else "Rome"})
    result = run(policy, speaker)
    assert stopped(result) == models
    whole = run(policy, Speaker(speaker.said), stop_early=False)
    assert stopped(whole) == []
    assert (result.path, result.status, result.answer) == (whole.path, whole.status, whole.answer)


def test_a_policy_whose_checks_settle_nothing_early_is_not_streamed():
    speaker = Speaker({"a": "x", "b": "y", "c": "z"})
    run("cascade [a, b] until words > 900 otherwise c", speaker)
    assert speaker.sent == ["a", "b", "c"]
    assert speaker.generated == {}


def test_a_provider_that_does_not_say_that_it_stops_is_asked_in_full():
    class Plain(Speaker):
        can_stop: Any = None

    speaker = Plain({"a": REFUSAL, "b": "Paris"})
    result = run("cascade [a, b] until not refuses otherwise fail", speaker)
    assert stopped(result) == []
    assert speaker.sent == ["a", "b"]


def test_the_exact_bound_of_a_mean_is_met_and_not_passed():
    # at -0.1 a token, a mean of -0.05 over 100 tokens is out of reach from the 51st token on
    speaker = Speaker({"a": "word " * 90, "b": "Paris"})
    result = run("cascade [a, b until not empty] until logprob(mean) >= -0.05 otherwise fail", speaker)
    assert stopped(result) == ["a"]
    assert speaker.generated["a"] in {50, 51}
    assert result.events[0].data["output_tokens"] == speaker.generated["a"]


def test_under_a_limit_it_counts_at_its_most_and_its_cost_is_told_as_an_estimate():
    policy = "(cascade [a, b, c] until not refuses otherwise fail) with { stop_early: true } within $0.0023"
    result = run(policy, Speaker({"a": REFUSAL, "b": REFUSAL, "c": "Paris"}))
    skips = [e.data for e in result.events if e.kind == "skip"]
    held = [e.data["held_usd"] for e in result.events if e.kind == "call"]
    assert sum(held) <= 0.0023
    assert skips, "the third call can't fit beside what two stopped ones may cost"
    assert skips[0]["left_usd"] == pytest.approx(0.0023 - sum(held))


def test_usage_that_the_provider_states_on_the_way_is_taken():
    speaker = Speaker({"a": REFUSAL, "b": "Paris"})
    speaker.states_usage = True
    result = run("cascade [a, b] until not refuses otherwise fail", speaker)
    data = result.events[0].data
    assert (data["input_tokens"], data["output_tokens"]) == (20, speaker.generated["a"])


class Odd:
    """A check whose watcher does what it likes."""

    spec = Spec("empty", "check", "", early=frozenset({"true", "false"}))

    def __init__(self, args: Any, feed: Any) -> None:
        self._feed = feed

    def judge(self, answer: Any) -> Finding:
        return Finding(value=False)

    def watch(self, most_tokens: int) -> Any:
        watcher = type("Watcher", (), {})()
        watcher.feed = self._feed
        return watcher


@pytest.mark.parametrize(("broken", "models"), [(True, []), (False, ["a"])])
def test_a_watcher_that_breaks_stops_nothing(broken: bool, models: list[str]):
    def feed(delta: Delta) -> Outlook:
        if broken:
            raise RuntimeError("a watcher must not do this")
        return Outlook(value=True)

    result = run(
        "cascade [a, b] until not empty otherwise fail",
        Speaker({"a": REFUSAL, "b": ""}),
        make_check=lambda entry, args: Odd(args, feed),
    )
    assert stopped(result) == models


def test_a_declared_check_is_told_of_as_if_it_had_been_made():
    heard: list[tuple[str, Any]] = []
    run(
        "cascade [a, b] until plain otherwise fail\ncheck plain = not refuses",
        Speaker({"a": REFUSAL, "b": "Paris"}),
        on_check=lambda name, value: heard.append((name, value)),
    )
    assert heard == [("plain", False), ("plain", True)]
