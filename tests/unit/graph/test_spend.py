"""What a policy costs on the average, against the formula people write down and against runs with dice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from statistics import fmean, stdev
from typing import Any

import pytest

from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Query, Reply, Request, Usage
from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.model import Graph
from cascadelang.graph.spend import Reckoning
from cascadelang.graph.spend_rates import Stated, UnknownPlace, settle
from cascadelang.graph.variants import answering, cascade_alone, one_model, router_alone
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.source import MemoryFiles
from cascadelang.workspace.load import load
from cascadelang.workspace.makers import make_check, make_signal

HEAD = """
provider x = openai { base_url: "http://127.0.0.1:9/v1" }
model a = x("a") { max_tokens: 400, price: $1 / $5 }
model b = x("b") { max_tokens: 400, price: $3 / $15 }
model c = x("c") { max_tokens: 400, price: $10 / $50 }
model j = x("j") { max_tokens: 100, price: $2 / $8 }
signal code = meta.kind == "code"
signal kind: {code, chat} = meta.kind else chat
check fine = contains("ok")
check judged = judge(j, "Is it right?") >= 0.5
"""


def graph_of(policy: str) -> Graph:
    return load("p.cl", MemoryFiles({"p.cl": HEAD + policy})).graph


def reckon(graph: Graph, **stated: Any) -> Reckoning:
    root = graph.policies["main"]
    return Reckoning(graph, root, settle(graph, root, Stated(**stated)))


A = (800 * 1 + 300 * 5) / 1e6
B = (800 * 3 + 300 * 15) / 1e6
C = (800 * 10 + 300 * 50) / 1e6


def test_the_formula_of_a_plain_cascade():
    """Cheapest + escalation x next + double escalation x top."""
    spent = reckon(graph_of("policy main = cascade [a, b, c] until fine"), passes={"a": 0.7, "b": 0.6}).spent
    assert spent.expected == pytest.approx(A + 0.3 * B + 0.3 * 0.4 * C)
    assert spent.best == pytest.approx(A)
    assert spent.worst == pytest.approx(A + B + C)
    assert spent.answered == pytest.approx(1)


def test_an_evaluator_at_every_level_but_the_last():
    reckoned = reckon(graph_of("policy main = cascade [a, b, c] until judged"), passes={"a": 0.7, "b": 0.6})
    judges = {item: spent for item, spent in reckoned.spent.items.items() if item[2] == "judges"}
    [(calls, usd)] = judges.values()
    assert calls == pytest.approx(1 + 0.3)  # the last rung's answer stands anyway
    one = usd / calls
    assert reckoned.spent.expected == pytest.approx(A + one + 0.3 * (B + one) + 0.12 * C)
    assert reckoned.spent.best == pytest.approx(A + one)


def test_rejected_answers_stand_apart():
    spent = reckon(graph_of("policy main = cascade [a, c] until fine"), passes={"a": 0.7}).spent
    parts = {(model, part): usd for (_, model, part), (_, usd) in spent.items.items()}
    assert parts["a", "rejected"] == pytest.approx(0.3 * A)
    assert parts["a", "answers"] == pytest.approx(0.7 * A)


def test_choices_by_their_shares():
    spent = reckon(graph_of("policy main = route code -> c else a"), mix={"code": 0.2}).spent
    assert spent.expected == pytest.approx(0.2 * C + 0.8 * A)
    spent = reckon(graph_of("policy main = split { 90% -> a, 10% -> c }")).spent
    assert spent.expected == pytest.approx(0.9 * A + 0.1 * C)
    spent = reckon(graph_of("policy main = shadow a with c on 10%")).spent
    assert spent.expected == pytest.approx(A + 0.1 * C)
    assert (spent.best, spent.worst) == (pytest.approx(A), pytest.approx(A + C))
    spent = reckon(graph_of("policy main = (cascade [a, c] until fine) cached 1d"), hits={"cached": 0.25}).spent
    assert spent.expected == pytest.approx(0.75 * (A + 0.5 * C))
    assert spent.best == 0
    spent = reckon(graph_of("policy main = hedge a after 2s with c"), slow={"hedge": 0.1}).spent
    assert spent.expected == pytest.approx(A + 0.1 * C)
    spent = reckon(graph_of("policy main = fallback [a, c]"), fails={"a": 0.02}).spent
    assert spent.expected == pytest.approx(A + 0.02 * C)


def test_what_is_not_stated_is_said():
    reckoned = reckon(graph_of("policy main = route code -> c else cascade [a, b] until fine"))
    assert any("50% of the answers of `a` pass" in words for words in reckoned.rates.assumed)
    assert any("`code`, `else` take 0.5" in words for words in reckoned.rates.assumed)
    assert any("800 tokens" in words for words in reckoned.rates.assumed)
    stated = {"mix": {"code": 0.1}, "passes": {"a": 0.9}, "tokens": {"": (10.0, 5.0)}, "fails": {"a": 0.0}}
    assert reckon(reckoned.graph, **stated).rates.assumed == ()


def test_names_that_fit_nothing():
    graph = graph_of("policy main = route code -> c else cascade [a, b] until fine")
    for stated in ({"mix": {"cod": 0.2}}, {"passes": {"z": 0.2}}, {"fails": {"z": 0.2}}, {"slow": {"hedge": 0.1}}):
        with pytest.raises(UnknownPlace):
            reckon(graph, **stated)
    with pytest.raises(UnknownPlace, match=r"add up to 90%"):
        reckon(graph, mix={"code": 0.5, "else": 0.4})


def test_a_price_that_is_not_known_is_never_zero():
    text = 'model u = x("unheard-of")\npolicy main = cascade [a, u] until fine'
    assert reckon(graph_of(text)).total() == (None, None, None)
    best, expected, worst = reckon(graph_of(text), passes={"a": 1.0}).total()
    assert (best, worst) == (None, None)
    assert expected == pytest.approx(A)


def test_a_limit_that_may_bind_is_told():
    reckoned = reckon(graph_of("policy main = (cascade [a, c] until fine) within $0.025"))
    assert list(reckoned.capped.values()) == [0.025]
    assert reckoned.spent.worst == 0.025
    assert not reckon(graph_of("policy main = (cascade [a, c] until fine) within $1")).capped


def test_variants():
    graph = graph_of("policy main = route code -> c else cascade [a, b, c] until fine")
    root = graph.policies["main"]
    rates = settle(graph, root, Stated(mix={"code": 0.2}, passes={"a": 0.5, "b": 0.5}))
    router, cascade = router_alone(graph, root), cascade_alone(graph, root)
    assert Reckoning(router, root, rates).spent.expected == pytest.approx(0.2 * C + 0.8 * A)
    assert Reckoning(cascade, root, rates).spent.expected == pytest.approx(A + 0.5 * B + 0.25 * C)
    assert answering(graph, root) == ["c", "a", "b"]
    assert Reckoning(one_model(graph, "b"), "all.b", rates).spent.expected == pytest.approx(B)


def test_a_start_is_a_router_too():
    graph = graph_of("signal at: {a, b} = meta.kind\npolicy main = cascade [a, b] until fine from at")
    root = graph.policies["main"]
    rates = settle(graph, root, Stated(mix={"a": 0.6}, passes={"a": 0.5}))
    assert Reckoning(graph, root, rates).spent.expected == pytest.approx(0.6 * (A + 0.5 * B) + 0.4 * B)
    assert Reckoning(router_alone(graph, root), root, rates).spent.expected == pytest.approx(0.6 * A + 0.4 * B)
    assert Reckoning(cascade_alone(graph, root), root, rates).spent.expected == pytest.approx(A + 0.5 * B)


# ---- Against runs with dice -------------------------------------------------------------------------------------


class Dice:
    """Answers with 800 and 300 tokens; ``ok`` by the model's share."""

    def __init__(self, passes: dict[str, float], fails: dict[str, float], dice: random.Random) -> None:
        self.passes, self.fails, self.dice = passes, fails, dice

    async def send(self, request: Request) -> Reply:
        if request.purpose == "judge":
            score = 0.9 if self.dice.random() < self.passes["judge"] else 0.1
            return Reply(f'{{"reason": "", "score": {score}}}', request.model, Usage(1500, 60))
        usage = Usage(800, 300)
        if self.dice.random() < self.fails.get(request.model, 0):
            raise CallFailed("server", "down", usage=usage)
        return Reply("ok" if self.dice.random() < self.passes[request.model] else "no", request.model, usage)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        yield await self.send(request)

    async def count_tokens(self, request: Request) -> int | None:
        return None

    async def close(self) -> None:
        pass


POLICIES = (
    "policy main = cascade [a, b, c] until fine",
    "policy main = route code -> cascade [b, c] until fine else cascade [a, c] until fine otherwise fail",
    "policy main = fallback [cascade [a, b] until fine otherwise fail, c]",
    "policy main = cascade [fallback [a, b], c] until judged",
    "policy main = vote [a, b, cascade [a, c] until fine]",
    "policy main = split { 30% -> a, 70% -> cascade [a, b] until fine otherwise c }",
    "policy main = route by kind code -> c, chat -> (shadow (cascade [a, b] until fine) with c on 20%)",
)


@pytest.mark.parametrize("policy", POLICIES)
def test_expected_is_what_runs_come_to(policy: str):
    graph = graph_of(policy)
    passes = {"a": 0.6, "b": 0.75, "c": 0.9, "judge": 0.55}
    fails = {"a": 0.15, "b": 0.05}
    dice = random.Random(4)  # noqa: S311 - a simulation
    interpreter = Interpreter(
        graph,
        providers={"x": Dice(passes, fails, dice)},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=VirtualClock(),
    )
    kinds = ["code" if dice.random() < 0.25 else "chat" for _ in range(1500)]
    share = kinds.count("code") / len(kinds)

    async def runs() -> list[float]:
        return [
            sum(
                event.data.get("cost_usd") or 0.0
                for event in (await interpreter.run(Query.of("hi", {"kind": kind}), seed=n)).events
                if event.kind in {"call", "call_failed"}
            )
            for n, kind in enumerate(kinds)
        ]

    seen = asyncio.run(runs())
    if "judged" in policy:
        rungs = {"main.rung1": passes["judge"]}
    else:
        rungs = {name: passes[name] for name in ("a", "b", "c") if f"{name}," in policy or f"{name}]" in policy}
    stated: dict[str, Any] = {"tokens": {"": (800.0, 300.0)}, "asking": {"j": (1500.0, 60.0)}, "fails": {}}
    models = answering(graph, graph.policies["main"])
    stated["fails"] = {name: rate for name, rate in fails.items() if name in models}
    stated["passes"] = {name: rate for name, rate in rungs.items() if _is_rung(graph, name)}
    if "route" in policy:
        stated["mix"] = {"code": share}
    reckoned = reckon(graph, **stated)
    beside = sum(usd for (_, _, part), (_, usd) in reckoned.spent.items.items() if part == "shadows")
    error = stdev(seen) / len(seen) ** 0.5
    assert abs(fmean(seen) - (reckoned.spent.expected - beside)) < 4 * error + 1e-9
    assert reckoned.spent.best <= min(seen) + 1e-12
    assert max(seen) <= reckoned.spent.worst + 1e-12


def _is_rung(graph: Graph, name: str) -> bool:
    from cascadelang.graph.spend_rates import rung_names

    return any(
        name in rung_names(graph, node, number)
        for node in graph.nodes.values()
        if node.kind == "cascade"
        for number in range(len(node.rungs))
    )


def test_within_the_proved_bounds_at_those_tokens():
    for policy in POLICIES:
        graph = graph_of(policy)
        root = graph.policies["main"]
        reckoned = reckon(graph, tokens={"": (800.0, 400.0)})
        bounds = Measure(graph).points[root, PLAIN]
        assert bounds.cost_most is not None
        assert bounds.cost_least is not None
        best, worst = reckoned.spent.best, reckoned.spent.worst
        assert bounds.cost_least.at(800) <= best <= reckoned.spent.expected <= worst <= bounds.cost_most.at(800)
