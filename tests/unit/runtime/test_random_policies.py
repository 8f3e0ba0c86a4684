"""Any policy, any behaviour of its models: a run ends as the language says, and no limit is ever passed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascadelang.contracts.failure import FAILURE_KINDS
from cascadelang.contracts.messages import Delta, Query
from cascadelang.contracts.result import RunResult, result_json
from cascadelang.graph import model as g
from cascadelang.runtime import nodes
from cascadelang.runtime.budget import Budget

MODELS = "abcd"
STATUSES = {"accepted", "unchecked", "unmet", "failed"}
KINDS = {"route", "call", "call_failed", "retry", "check", "escalate", "skip", "stream", "end"}

texts = st.sampled_from(["good", "bad", "good 0.9", "bad 0.2", "what?", "boom", ""])
latencies = st.sampled_from([0.0, 0.0, 0.0, 0.5, 3.0, 30.0])
kinds = st.sampled_from([*FAILURE_KINDS, "server", "rate_limit", "timeout"])
labels = st.sampled_from(["x", "y", None])


@st.composite
def replies(draw, answer_of):
    found = []
    for purpose in ("answer", "judge"):
        for _ in range(draw(st.integers(1, 3))):
            fields = {"purpose": purpose, "latency_s": draw(latencies)}
            if draw(st.integers(0, 3)) == 0:
                found.append(answer_of(draw(st.sampled_from(["", "half "])), error=draw(kinds), **fields))
            elif purpose == "judge" and draw(st.booleans()):
                found.append(answer_of(score=draw(st.sampled_from([0.1, 0.9])), **fields))
            else:
                found.append(answer_of(draw(texts), **fields))
    return found


def gate(draw, kit):
    which = draw(st.sampled_from(["none", "says", "rate", "judge", "and", "or", "not", "else"]))
    if which == "none":
        return None
    rate = g.CompareValue(">=", kit.use("rate"), g.Const(0.5))
    says = kit.check(f"says{len(kit.checks)}", kit.says())
    judge = kit.judged(draw(st.sampled_from(MODELS)))
    lenient = g.LogicValue("and", [rate, judge])
    return {
        "says": says,
        "rate": rate,
        "judge": judge,
        "and": g.LogicValue("and", [says, rate, judge]),
        "or": g.LogicValue("or", [rate, says, judge]),
        "not": g.NotValue(judge),
        "else": kit.check(f"lenient{len(kit.checks)}", lenient, else_pass=True),
    }[which]


def node(draw, kit, depth):  # noqa: PLR0911 - one case a kind
    inner = (
        ["call"]
        if depth == 0
        else ["call", "cascade", "cascade", "cascade", "fallback", "within", "within", "retry", "with", "route", "by"]
    )
    which = draw(st.sampled_from(inner))
    if which == "call":
        return kit.call(draw(st.sampled_from(MODELS)))
    some = [node(draw, kit, depth - 1) for _ in range(draw(st.integers(1, 3)))]
    if which == "cascade":
        ending = draw(st.sampled_from(["last", "best", "fail", "node"]))
        other = node(draw, kit, 0) if ending == "node" else None
        start = g.MetaValue("label") if draw(st.booleans()) else None
        carry = draw(st.sampled_from([None, "draft", "reasons"]))
        rungs = [(one, gate(draw, kit)) for one in some]
        at = {"x": 0, "y": len(some) - 1} if start else {}
        return kit.cascade(rungs, otherwise=ending, otherwise_node=other, start=start, start_at=at, carry=carry)
    if which == "fallback":
        return kit.add(g.FallbackNode, some, draw(st.sampled_from([None, ["server"], ["timeout", "over_budget"]])))
    if which == "within":
        usd = draw(st.sampled_from([None, 1e-9, 0.0012, 0.003, 0.01, 1.0]))
        seconds = draw(st.sampled_from([None, 0.1, 4.0, 60.0]))
        return kit.add(g.WithinNode, some[0], usd, seconds)
    if which == "retry":
        return kit.add(g.RetryNode, some[0], draw(st.integers(0, 2)))
    if which == "with":
        return kit.add(g.WithNode, some[0], {"timeout_s": draw(st.sampled_from([1.0, 20.0]))})
    if which == "route":
        condition = g.CompareValue("==", g.MetaValue("label"), g.Const("x"))
        return kit.add(g.RouteNode, [g.GraphArm(condition, some[0])], some[-1])
    return kit.add(
        g.RouteByNode, g.MetaValue("label"), {"x": some[0], "y": some[-1]}, draw(st.sampled_from([None, some[0]]))
    )


def spent_within(kit, result: RunResult) -> Iterator[tuple[g.WithinNode, float]]:
    """For each `within` that is the root: what the run's events say was spent in it, held amounts included."""
    root = kit.nodes[kit.root]
    if isinstance(root, g.WithinNode):
        usd = 0.0
        for event in result.events:
            usd += (event.data.get("cost_usd") or 0.0) + event.data.get("held_usd", 0.0)
        yield root, usd


def holds(kit, result: RunResult, *, streamed: bool) -> None:
    assert result.status in STATUSES
    assert (result.failure is not None) == (result.status == "failed")
    assert (result.model == "") == (result.status == "failed")
    expected = {"passed": "accepted", "failed": "unmet", "unchecked": "unchecked"}
    if result.failure is None:
        assert result.status == expected[result.verdict.outcome]
    else:
        assert result.failure.kind in FAILURE_KINDS
        assert result.failure.message
        assert "RuntimeError" not in result.failure.message

    events = result.events
    assert {e.kind for e in events} <= KINDS
    assert [e.kind for e in events].count("end") == 1
    assert events[-1].kind == "end"
    assert [e.at_s for e in events] == sorted(e.at_s for e in events)
    assert all(e.node in kit.nodes for e in events[:-1])
    firsts = [
        e.data["model"]
        for e in events
        if e.kind in {"call", "call_failed"} and e.data["purpose"] == "answer" and e.data["attempt"] == 1
    ]
    assert result.path == tuple(firsts)
    if result.model:
        answering = [e for e in events if e.kind == "call" and e.data["purpose"] == "answer"]
        assert any(e.data["model"] == result.model and e.data["text"] == result.answer for e in answering)
    known = sum(e.data["cost_usd"] or 0.0 for e in events if e.kind == "call")
    assert abs((result.cost_usd or 0.0) - known) < 1e-12
    for within, usd in spent_within(kit, result):
        if within.cost_usd is not None:
            assert usd <= within.cost_usd + 1e-9
        if within.time_s is not None:
            assert result.latency_s <= within.time_s + 1e-6
    if not streamed:
        assert not any(e.kind == "stream" for e in events)
    result_json(result)


@pytest.fixture(autouse=True)
def _budgets(monkeypatch):
    monkeypatch.setattr(nodes, "Budget", Budget)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_run_ends_as_the_language_says(kit, answer_of, data):
    kit.__init__()
    draw = data.draw
    budgets: list[Budget] = []

    class Watched(Budget):
        __slots__ = ()

        def __init__(self, *args):
            super().__init__(*args)
            budgets.append(self)

    nodes.Budget = Watched  # put back by `_budgets`
    for name in MODELS:
        kit.model(
            name,
            *draw(replies(answer_of)),
            retry=draw(st.integers(0, 1)),
            max_tokens=draw(st.sampled_from([10, 100])),
        )
    kit.root = node(draw, kit, 3)
    query = Query.of("hello", {"label": draw(labels)})

    result = asyncio.run(kit.start(kit.root).run(query))
    holds(kit, result, streamed=False)
    assert [r.status for r in kit.sink.runs] == [result.status]

    async def streamed():
        return [part async for part in kit.start(kit.root).stream(query)]

    *pieces, again = asyncio.run(streamed())
    holds(kit, again, streamed=True)
    assert all(isinstance(piece, Delta) for piece in pieces)
    if again.failure is None:
        assert "".join(piece.text for piece in pieces) == again.answer
    else:
        assert not pieces or any(e.kind == "stream" for e in again.events)
    for budget in budgets:
        assert budget.taken_usd > -1e-12
        assert budget.limit_usd is None or budget.taken_usd <= budget.limit_usd + 1e-9
