"""The whole road, with random policies over providers that do what they like: text, lint, compile, run.

What must hold for all of them: a run ends in one of the defined ways and raises nothing; what it called, cost and
took, as a whole and in every node, lies within the bounds that the graph proves; no ``within`` is overspent; the path
is what the events say; no arm is taken of which lint says that it never is; the same seed gives the same run, from
the graph's JSON form too.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from node_counters import Visit, check_bounds, count, counting
from random_policies import ACTS, Act, Clock, Wilful, files_of, policies, queries

from cascadelang.contracts.failure import FAILURE_KINDS
from cascadelang.contracts.messages import Query, Usage
from cascadelang.contracts.price import Price, PriceStep
from cascadelang.contracts.result import RunResult, result_json
from cascadelang.graph.bounds import Measure
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.cost import cost_of
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.model import Graph, WithinNode
from cascadelang.graph.reach.look import look
from cascadelang.graph.walk import children
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.workspace.load import prove
from cascadelang.workspace.makers import make_check, make_signal

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "300"))
"""How many roads are tried: some ten seconds' worth, or as many as you like to wait for."""

STATUSES = {"accepted", "unchecked", "unmet", "failed"}
EXPECTED = {
    "within-too-small",
    "unpriced-model",
    "constant-condition",
    "unreachable-arm",
    "unreachable-else",
    "unreachable-rung",
}
"""What a random policy may be told; everything else would be a mistake of this file, or of lint."""

# ---- What must hold ---------------------------------------------------------------------------------------------


def run(
    graph: Graph, query: Query, acts: list[Act], policy: str, *, streamed: bool = False
) -> tuple[RunResult, str, list[Usage | None], list[Visit]]:
    """One run, the text that was streamed, what the provider takes for each call, and what each node came to."""
    clock = Clock()
    wilful = Wilful(acts, clock)
    interpreter = Interpreter(
        graph,
        providers={"x": wilful},  # type: ignore[dict-item]
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
    )
    visits = count(interpreter)

    async def all_of_it() -> tuple[RunResult, str]:
        if not streamed:
            return await interpreter.run(query, policy, 5), ""
        text = ""
        async for part in interpreter.stream(query, policy, 5):
            if isinstance(part, RunResult):
                return part, text
            text += part.text
        raise AssertionError("a stream ends with a result")

    with counting():
        result, said = asyncio.run(all_of_it())
    return result, said, wilful.bills, visits


def check_ends_well(graph: Graph, result: RunResult) -> None:
    assert result.status in STATUSES
    assert (result.failure is None) == (result.status != "failed")
    if result.failure is None:
        assert result.model in graph.models
        assert result.path
        assert {"passed": "accepted", "failed": "unmet"}.get(result.verdict.outcome, "unchecked") == result.status
    else:
        assert result.failure.kind in FAILURE_KINDS
    assert [e.kind for e in result.events].count("end") == 1
    assert result.events[-1].kind == "end"
    assert all(one.at_s <= other.at_s for one, other in zip(result.events, result.events[1:], strict=False))
    json.dumps(result_json(result))


def check_sums(result: RunResult) -> None:
    """What the result says is what the events say."""
    calls = [e.data for e in result.events if e.kind == "call" or (e.kind == "call_failed" and "cost_usd" in e.data)]
    asked = [e.data for e in result.events if e.kind in ("call", "call_failed") and e.data["purpose"] == "answer"]
    assert list(result.path) == [data["model"] for data in asked if data["attempt"] == 1]
    assert result.usage.input_tokens == sum(data["input_tokens"] for data in calls)
    assert result.usage.output_tokens == sum(data["output_tokens"] for data in calls)
    costs = [data["cost_usd"] for data in calls]
    if None in costs:
        assert result.cost_usd is None
    else:
        assert result.cost_usd is not None
        assert abs(result.cost_usd - sum(costs)) < 1e-9


def check_counted(result: RunResult, visits: list[Visit]) -> None:
    """The counter of the root counts what the result says."""
    root = visits[0]
    assert root.calls == sum(e.kind in ("call", "call_failed") for e in result.events)
    assert (root.cost_usd is None) == (result.cost_usd is None)
    assert abs((root.cost_usd or 0.0) - (result.cost_usd or 0.0)) < 1e-9


def unreachable_arms(graph: Graph) -> set[tuple[str, str]]:
    """The arms, as events name them, of which it is said that no query is ever taken there."""
    found = set()
    for one in look(graph).unreachable:
        if one.kind in ("arm", "else"):
            behind = range(one.arm + 1, one.arm + 2 + one.also) if isinstance(one.arm, int) else [one.arm]
            found |= {(one.node, str(arm)) for arm in behind}
    return found


def repriced(graph: Graph) -> Graph:
    """The graph with prices that hang on the input's size and on what was cached, as only the catalogue has them."""
    models = {}
    for name, model in graph.models.items():
        price = model.price
        if price is not None:
            dear = PriceStep(3000, price.input * 2, price.output * 3, price.input / 2)
            cheap = PriceStep(9000, price.input / 2, price.output, None)
            price = Price(price.input, price.output, price.input / 10, (dear, cheap))
        models[name] = replace(model, price=price)
    return replace(graph, models=models)


def check_limits(graph: Graph, result: RunResult, policy: str, bills: list[Usage | None]) -> None:
    """What was spent in each ``within`` that is come by in one way only, by the events and by the bills."""
    called = [e for e in result.events if e.kind in ("call", "call_failed")]
    taken = [bill_of(graph, e.data["model"], bill) for e, bill in zip(called, bills, strict=True)]
    root = graph.policies[policy]
    ways = dict.fromkeys(graph.nodes, 0)
    count_ways(graph, root, ways)
    for id_, node in graph.nodes.items():
        if not isinstance(node, WithinNode) or node.cost_usd is None or ways[id_] != 1:
            continue
        outside = dict.fromkeys(graph.nodes, 0)
        count_ways(graph, root, outside, without=id_)
        spent = sum(
            (e.data.get("cost_usd") or 0.0) + (e.data.get("held_usd") or 0.0)
            for e in called
            if ways[e.node] and not outside[e.node]
        )
        assert spent <= node.cost_usd + 1e-9, id_
        billed = sum(usd for e, usd in zip(called, taken, strict=True) if ways[e.node] and not outside[e.node])
        assert billed <= node.cost_usd + 1e-9, id_


def bill_of(graph: Graph, model: str, bill: Usage | None) -> float:
    price = graph.models[model].price
    return 0.0 if bill is None or price is None else cost_of(price, bill)


def count_ways(graph: Graph, id_: str, ways: dict[str, int], without: str = "") -> None:
    if id_ == without:
        return
    ways[id_] += 1
    for child in children(graph.nodes[id_]):
        count_ways(graph, child, ways, without)


def facts(result: RunResult) -> dict[str, Any]:
    return {key: value for key, value in result_json(result).items() if key != "trace_id"}


def graph_of(text: str) -> Graph | None:
    """The graph of a policy, though lint may find things in it that can't happen; ``None`` if it can't run."""
    proved = prove("policy.cl", files_of(text), needs_graph=True)
    errors = [found for found in proved.diagnostics if found.severity == "error"]
    assert {found.name for found in errors} <= EXPECTED, [found.message for found in errors]
    assert (proved.graph is None) == bool(errors)
    return compile_policy(proved.checked) if proved.checked.ok else None


def check_road(text: str, query: Query, acts: list[Act], *, stepped: bool) -> None:
    graph = graph_of(text)
    if graph is None:
        event("refused by lint")
        return
    graph = repriced(graph) if stepped else graph
    again = from_json(to_json(graph))
    assert again == graph
    measure, never = Measure(graph), unreachable_arms(graph)
    for policy in graph.policies:
        result, _, bills, visits = run(graph, query, acts, policy)
        event(f"{result.status} {result.failure.kind if result.failure else ''}")
        streamed, said, streamed_bills, streamed_visits = run(graph, query, acts, policy, streamed=True)
        if streamed.failure is None:
            assert said == streamed.answer
        for ended, taken, counted in ((result, bills, visits), (streamed, streamed_bills, streamed_visits)):
            check_ends_well(graph, ended)
            check_sums(ended)
            check_counted(ended, counted)
            assert not never & {(e.node, e.data["arm"]) for e in ended.events if e.kind == "route"}
            check_bounds(counted, measure)
            check_limits(graph, ended, policy, taken)
        assert facts(run(graph, query, acts, policy)[0]) == facts(result)
        assert facts(run(again, query, acts, policy)[0]) == facts(result)


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(policies(), queries(), st.lists(ACTS, min_size=1, max_size=6), st.booleans())
def test_every_road_ends_where_it_may(text: str, query: Query, acts: list[Act], stepped: bool):
    check_road(text, query, acts, stepped=stepped)


DEAREST = [Act('"\n' * 2000, thinks=True)]
"""The longest answer, which passes few gates and doubles when it is quoted, billed with all that may be billed."""


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(policies(), queries(), st.booleans())
def test_the_dearest_roads_stay_within_the_bounds(text: str, query: Query, stepped: bool):
    graph = graph_of(text)
    if graph is None:
        return
    graph = repriced(graph) if stepped else graph
    measure = Measure(graph)
    for policy in graph.policies:
        result, _, bills, visits = run(graph, query, DEAREST, policy)
        check_bounds(visits, measure)
        check_limits(graph, result, policy, bills)
