"""The interpreter and the naive evaluator give the same answer, path, verdict, cost, failure and time.

``DIFFERENTIAL_EXAMPLES`` sets how many random policies are tried.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from behaviours import Play, Player, Turn, plays
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from naive import Naive, Told
from random_policies import MODELS, agreeing, files_of, policies, queries
from slow_check import installed, running

from cascadelang.catalog.models import find
from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import RunResult
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.model import Graph
from cascadelang.runtime.choices import key_text, place_of
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.syntax import ast
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.makers import make_check, make_signal

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "300"))
SEED = 5
Plays = dict[str, list[Turn]]


def interpreted(
    graph: Graph, query: Query, policy: str, play: Play, *, streams: bool
) -> tuple[RunResult, Interpreter]:
    clock = VirtualClock()
    interpreter = Interpreter(
        graph,
        providers={"x": Player(play, clock)},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
    )

    async def run() -> RunResult:
        if not streams:
            return await interpreter.run(query, policy, SEED)
        async for part in interpreter.stream(query, policy, SEED):
            if isinstance(part, RunResult):
                return part
        raise AssertionError("a stream ends with a result")

    return asyncio.run(run()), interpreter


def told_of(graph: Graph, result: RunResult) -> Told:
    """A result in the naive evaluator's terms."""
    ids = {name: model.id for name, model in graph.models.items()}
    usage, verdict = result.usage, result.verdict
    return Told(
        result.status,
        result.failure.kind if result.failure else "",
        result.answer,
        ids.get(result.model, ""),
        (verdict.outcome, verdict.score, verdict.unknown),
        [ids[name] for name in result.path],
        [e.data["arm"] for e in result.events if e.kind == "route"],
        result.cost_usd,
        [usage.input_tokens, usage.output_tokens, usage.cached_tokens],
        result.latency_s,
    )


def dealer(graph: Graph, path: str) -> Any:
    """Which share of a split a key falls to: by the id that the split has in the graph."""
    nodes = {(n.place.path, n.place.start): n for n in graph.nodes.values() if n.kind == "split" and n.place}

    def dealt(split: ast.Split, key: Any) -> int:
        node = nodes[split.span.path, split.span.start]
        place = place_of(node.id, f"seed {SEED}" if key is None else key_text(key))
        total = 0.0
        for number, share in enumerate(split.shares):
            total += float(share.share.value)
            if place < total:
                return number
        return max(n for n, share in enumerate(split.shares) if share.share.value)

    return dealt


def near(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) < 1e-9


def compare(checked: CheckedPolicy, query: Query, turns: Plays) -> None:
    graph = compile_policy(checked)
    for policy in graph.policies:
        for streams in (False, True):
            theirs, ours = Play(turns), Play(turns)
            result, interpreter = interpreted(graph, query, policy, theirs, streams=streams)
            said = told_of(graph, result)
            told = Naive(checked, query, ours, SEED, dealer(graph, checked.path)).run(policy, streams=streams)
            assert ours.asked == theirs.asked
            assert near(said.cost_usd, told.cost_usd), (said.cost_usd, told.cost_usd)
            assert near(said.at_s, told.at_s)
            assert near(said.verdict[1], told.verdict[1])
            said.cost_usd, said.at_s = told.cost_usd, told.at_s
            said.verdict = (said.verdict[0], told.verdict[1], said.verdict[2])
            assert said == told
            event(f"{told.status} {told.kind}")
            check_decided(interpreter, query, policy, result)


def check_decided(interpreter: Interpreter, query: Query, policy: str, result: RunResult) -> None:
    """What would be chosen without a call is what was chosen."""
    decided = {decision.node: decision for decision in interpreter.decide(query, policy)}
    for told in result.events:
        decision = decided.get(told.node)
        if told.kind == "route" and decision is not None and decision.taken:  # none: it takes a call, or a draw
            assert decision.taken == told.data["arm"]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(policies(at_once=("hedge",)), st.booleans(), queries(), plays([name.removeprefix("lib.") for name in MODELS]))
def test_the_interpreter_and_the_naive_evaluator_agree(text: str, again: bool, query: Query, turns: Plays):
    if again:
        text = agreeing(text).replace("agree(3)", "agree(2)")
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    if not checked.ok:  # a limit in dollars over a model without a price
        event("refused")
        assert {found.name for found in checked.diagnostics if found.severity == "error"} <= {"unpriced-model"}
        return
    compare(checked, query, turns)


@settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(policies(at_once=("hedge",)).map(running), queries(), plays([name.removeprefix("lib.") for name in MODELS]))
def test_they_agree_on_checks_that_take_time(text: str, query: Query, turns: Plays):
    with installed():
        checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
        if checked.ok:
            compare(checked, query, turns)


HEDGED = """
use "base.cl"
model a = x("a") { max_tokens: 40, timeout: 9s, retry: 2, price: $1 / $5 }
model b = x("b") { max_tokens: 40, timeout: 9s, price: $4 / $2 }
policy plain = hedge a after 2s with b
policy dear = cascade [(hedge a after 500ms with b), b, e] until words > 9 otherwise last within $0.0007
policy main = fallback [(hedge (cascade [a, b] until words > 1) after 2s with (hedge b after 500ms with a)), e]
              within $0.0007 and 12s
"""


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plays(["a", "b", "e"]))
def test_they_agree_on_hedges_in_hedges(turns: Plays):
    checked = check("policy.cl", files_of(HEDGED), InstalledCatalog(), find)
    compare(checked, Query.of("x"), turns)
