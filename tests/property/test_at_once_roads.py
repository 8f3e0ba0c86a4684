"""The whole road again, with policies of all that the language has, over providers that do what they like.

What must hold for them as for all: a run ends in one of the defined ways, within the bounds that the graph proves; no
``within`` is overspent, by the events; sums are those of the events; the same seed gives the same run; nothing is
left running.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from node_counters import Visit, check_bounds, count, counting
from random_policies import ACTS, Act, Clock, Wilful, agreeing, files_of, keeping, policies, queries, size
from slow_check import installed
from whole_language import WHOLE

from cascadelang.contracts.failure import FAILURE_KINDS
from cascadelang.contracts.messages import Query
from cascadelang.contracts.result import RunResult, result_json
from cascadelang.graph.bounds import Measure, bounds
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.limits import MESSAGE_TOKENS
from cascadelang.graph.model import CascadeNode, Graph, WithinNode
from cascadelang.graph.walk import in_order
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.workspace.load import prove
from cascadelang.workspace.makers import make_check, make_signal

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "150"))


def run(graph: Graph, query: Query, acts: list[Act], policy: str, *, streamed: bool) -> tuple[RunResult, list[Visit]]:
    clock = Clock()
    interpreter = Interpreter(
        graph,
        providers={"x": Wilful(acts, clock)},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
    )
    visits = count(interpreter)

    async def ended() -> RunResult:
        if streamed:
            parts = [part async for part in interpreter.stream(query, policy, 5)]
            result = parts[-1]
            assert isinstance(result, RunResult)
            if result.failure is None:
                assert "".join(part.text for part in parts[:-1]) == result.answer  # type: ignore[union-attr]
        else:
            result = await interpreter.run(query, policy, 5)
        await interpreter.settle(1e6)
        assert len(asyncio.all_tasks()) == 1
        return result

    with counting():
        return asyncio.run(ended()), visits


def facts(result: RunResult) -> dict[str, Any]:
    return {key: value for key, value in result_json(result).items() if key != "trace_id"}


def check_run(graph: Graph, result: RunResult, root: str, tokens: int) -> None:
    proved = bounds(graph)[root]
    assert (result.failure is None) == (result.status != "failed")
    assert result.failure is None or result.failure.kind in FAILURE_KINDS
    assert [e.kind for e in result.events].count("end") == 1
    assert [e.at_s for e in result.events] == sorted(e.at_s for e in result.events)
    called = [e.data for e in result.events if e.kind in ("call", "call_failed")]
    assert sorted(result.path) == sorted(
        data["model"] for data in called if data["purpose"] == "answer" and data["attempt"] == 1
    )
    costs = [data["cost_usd"] for data in called if "cost_usd" in data]
    assert (result.cost_usd is None) == (None in costs)
    if result.cost_usd is not None:
        assert abs(result.cost_usd - sum(costs)) < 1e-9
    if proved.calls_most is not None:
        assert len(called) <= proved.calls_most
    if proved.latency_most_s is not None:
        assert result.latency_s <= proved.latency_most_s + 1e-6
    if proved.cost_most is not None and result.cost_usd is not None:
        assert result.cost_usd <= proved.cost_most.at(tokens) + 1e-9
    if result.failure is None:
        assert len(called) >= proved.calls_least
        if proved.cost_least is not None and result.cost_usd is not None:
            assert result.cost_usd >= proved.cost_least.at(tokens) - 1e-9
    top = graph.nodes[root]
    if isinstance(top, WithinNode) and top.cost_usd is not None:
        spent = sum((data.get("cost_usd") or 0.0) + (data.get("held_usd") or 0.0) for data in called)
        assert spent <= top.cost_usd + 1e-9


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(policies(breadth=WHOLE), st.booleans(), st.booleans(), queries(), st.lists(ACTS, min_size=1, max_size=6))
def test_every_road_of_several_at_once_ends_where_it_may(
    text: str, again: bool, kept: bool, query: Query, acts: list[Act]
):
    text = agreeing(text) if again else text
    with installed():
        check_road(keeping(text) if kept else text, query, acts)


def check_road(text: str, query: Query, acts: list[Act]) -> None:
    graph = prove("policy.cl", files_of(text), needs_graph=True).graph
    if graph is None:
        event("refused by lint")
        return
    same = from_json(to_json(graph))
    assert same == graph
    measure = Measure(graph)
    said = [message for message in query.messages if message.role != "system" or message.text]
    tokens = sum(MESSAGE_TOKENS + size(message.text) for message in said)
    for policy, root in graph.policies.items():
        below = [graph.nodes[id_] for id_ in in_order(graph, [root])]
        forms = {node.kind for node in below} & {"hedge", "vote", "shadow", "cached"}
        event(" ".join(sorted(forms | {"order" for node in below if isinstance(node, CascadeNode) and node.order})))
        result, visits = run(graph, query, acts, policy, streamed=False)
        streamed, streamed_visits = run(graph, query, acts, policy, streamed=True)
        for ended, counted in ((result, visits), (streamed, streamed_visits)):
            check_run(graph, ended, root, tokens)
            check_bounds(counted, measure)
        assert facts(run(same, query, acts, policy, streamed=False)[0]) == facts(result)
