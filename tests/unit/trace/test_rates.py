"""Rates read off recorded runs, on both stores: what a policy cost is what it would be said to cost by them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Query, Reply, Request, Usage
from cascadelang.graph.spend import Reckoning
from cascadelang.graph.spend_rates import settle
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.source import MemoryFiles
from cascadelang.trace.rates import recorded_rates
from cascadelang.trace.store import TraceStore
from cascadelang.workspace.cost_rates import came_to_rungs, counted_rates
from cascadelang.workspace.load import load
from cascadelang.workspace.makers import make_check, make_signal

HEAD = """
provider x = openai { base_url: "http://127.0.0.1:9/v1" }
model a = x("a") { max_tokens: 400, price: $1 / $5, system: "Be kind." }
model b = x("b") { max_tokens: 400, price: $3 / $15 }
model c = x("c") { max_tokens: 400, price: $10 / $50 }
model j = x("j") { max_tokens: 100, price: $2 / $8 }
signal code = meta.kind == "code"
signal topic: {law, tax} = ask(j, "Which?", [law, tax]) else law
check fine = contains("ok")
check judged = judge(j, "Is it right?") >= 0.5
"""
TWICE = """
tier low = fallback [a, b]
policy main = route code -> (cascade [low, c] until fine) else cascade [low, c] until not empty otherwise fail
"""
POLICIES = (
    "policy main = cascade [a, b, c] until fine",
    "policy main = route code -> cascade [b, c] until fine else cascade [a, c] until fine otherwise fail",
    "policy main = cascade [a, c] until judged",
    "policy main = route topic == tax -> c, code -> b else (route topic == law -> a else c)",
    "policy main = fallback [a, c]",
    "policy main = cascade [a, b] until fine carry draft otherwise c",
    "policy main = (cascade [a, b] until fine) cached 1d",
    "policy main = split { 30% -> a, 70% -> b }",
    # one tier in two cascades, and one model on two rungs: each place has its own rate
    TWICE,
    "tier low = fallback [a, b] policy main = cascade [low, b, c] until fine",
    "policy main = cascade [fallback [a, b], b, c] until fine",
    "policy main = cascade [(fallback [a, c]) within 30s, b, c] until fine",
)


class Dice:
    def __init__(self) -> None:
        self.dice = random.Random(5)  # noqa: S311 - a simulation

    async def send(self, request: Request) -> Reply:
        at = self.dice.random()
        if request.purpose == "judge":
            return Reply(f'{{"reason": "", "score": {0.9 if at < 0.6 else 0.1}}}', request.model, Usage(1500, 60))
        if request.purpose == "ask":
            return Reply(f'{{"label": "{"tax" if at < 0.3 else "law"}"}}', request.model, Usage(200, 5))
        if request.model == "a" and at > 0.9:
            raise CallFailed("server", "down", usage=Usage(700, 90))
        return Reply("ok" if at < 0.5 else "no", request.model, Usage(700, 90))

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        yield await self.send(request)

    async def count_tokens(self, request: Request) -> int | None:
        return None

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("policy", POLICIES)
def test_recorded_runs_cost_what_their_rates_say(anywhere, policy: str):
    graph = load("p.cl", MemoryFiles({"p.cl": HEAD + policy})).graph
    sink = TraceStore(anywhere, warn=pytest.fail)
    interpreter = Interpreter(
        graph,
        providers={"x": Dice()},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=VirtualClock(),
        sink=sink,
    )
    dice = random.Random(1)  # noqa: S311 - a simulation

    async def runs() -> list[float]:
        found = []
        for n in range(80):
            query = Query.of(f"hello {dice.randrange(60)}", {"kind": dice.choice(["code", "chat", "chat"])})
            events = (await interpreter.run(query, seed=n)).events
            found.append(sum(e.data.get("cost_usd") or 0.0 for e in events if e.kind in {"call", "call_failed"}))
        return found

    spent = asyncio.run(runs())
    sink.close()
    recorded = recorded_rates(anywhere, "main", lambda path: path == "p.cl")
    assert recorded is not None
    assert recorded.runs == 80
    assert recorded_rates(anywhere, "other", lambda _: True) is None
    assert recorded_rates(anywhere, "main", lambda path: path == "q.cl") is None
    root = graph.policies["main"]
    stated = counted_rates(graph, root, recorded, came_to_rungs(anywhere, "main", lambda path: path == "p.cl"))
    reckoned = Reckoning(graph, root, settle(graph, root, stated))
    drawn_by_chance = "split" in policy  # its shares are those of the policy, not of the draw
    assert reckoned.spent.expected == pytest.approx(sum(spent) / 80, rel=0.2 if drawn_by_chance else 1e-6)


def test_a_sampled_store_gives_the_same_shares(anywhere):
    graph = load("p.cl", MemoryFiles({"p.cl": HEAD + POLICIES[1]})).graph
    sink = TraceStore(anywhere, warn=pytest.fail, sample=0.3)
    interpreter = Interpreter(
        graph,
        providers={"x": Dice()},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=VirtualClock(),
        sink=sink,
    )

    async def runs() -> None:
        for n in range(400):
            await interpreter.run(Query.of("hello", {"kind": "code" if n % 4 == 0 else "chat"}), seed=n)

    asyncio.run(runs())
    sink.close()
    recorded = recorded_rates(anywhere, "main", lambda _: True)
    assert recorded is not None
    assert recorded.sampled < 400  # failures and unmet ones are all kept
    assert recorded.runs == pytest.approx(400, rel=0.2)
    mix = counted_rates(graph, graph.policies["main"], recorded).mix
    assert mix["main:code"] == pytest.approx(0.25, abs=0.08)
