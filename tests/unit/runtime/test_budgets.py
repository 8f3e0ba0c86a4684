from __future__ import annotations

import asyncio

import pytest

from cascadelang.contracts.messages import Query
from cascadelang.graph import model as g
from cascadelang.runtime.budget import Budget

# the most a call of "hello" can cost: (16 + 0 + 16 + 5) input tokens at $1 and 100 output tokens at $10 a million
MOST = (37 * 1 + 100 * 10) * 1e-6
SPENT = 110e-6


def within(kit, child, usd=None, seconds=None):
    return kit.add(g.WithinNode, child, usd, seconds)


def test_a_call_that_fits_exactly_is_made(kit):
    assert kit.run(within(kit, kit.model("a", "x"), MOST)).status == "unchecked"


def test_a_call_that_doesnt_fit_isnt_made(kit, tell):
    result = kit.run(within(kit, kit.model("a", "x"), MOST - 1e-9))
    assert (result.status, result.failure.kind, result.path) == ("failed", "over_budget", ())
    assert kit.scripted.calls("a") == 0
    (skip,) = tell(result, "skip")
    assert skip["needed_usd"] == pytest.approx(MOST)
    assert skip["left_usd"] == pytest.approx(MOST - 1e-9)
    assert (skip["because"], skip["purpose"]) == ("over_budget", "answer")


def test_retries_are_counted_before(kit):
    assert kit.run(within(kit, kit.model("a", "x", retry=1), 2 * MOST - 1e-9)).failure.kind == "over_budget"
    assert kit.run(within(kit, kit.model("a", "x", retry=1), 2 * MOST)).status == "unchecked"


def test_what_wasnt_used_is_given_back(kit):
    a, b = kit.model("a", "bad"), kit.model("b", "good")
    root = within(kit, kit.cascade([(a, kit.says()), (b, kit.says())]), MOST + SPENT)
    assert kit.run(root).status == "accepted"


def test_a_spent_budget_ends_the_cascade_as_otherwise_says(kit, tell):
    for ending, status, kind in (("last", "unmet", None), ("best", "unmet", None), ("fail", "failed", "unmet")):
        a, b = kit.model("a", "bad"), kit.model("b", "good")
        c = kit.model("c", "good", price=None)
        root = within(kit, kit.cascade([(a, kit.says()), (b, kit.says()), (c, None)], otherwise=ending), MOST)
        result = kit.run(root)
        assert (result.status, result.path, result.failure and result.failure.kind) == (status, ("a",), kind)
        assert [s["model"] for s in tell(result, "skip")] == ["b"], "the cascade ended there"


def test_otherwise_a_strategy_is_counted_too(kit):
    a, b, free = kit.model("a", "bad"), kit.model("b", "x"), kit.model("z", "plain", max_tokens=1)
    cascade = kit.cascade([(a, kit.says()), (b, None)], otherwise="node", otherwise_node=free)
    assert kit.run(within(kit, cascade, MOST)).model == "z"
    assert kit.run(within(kit, cascade, 40e-6)).failure.kind == "over_budget"


def test_a_rungs_own_within_only_passes_the_rung_over(kit, tell):
    a, b = kit.model("a", "good"), kit.model("b", "good")
    root = within(kit, kit.cascade([(within(kit, a, 1e-9), kit.says()), (b, kit.says())]), 1.0)
    result = kit.run(root)
    assert (result.status, result.path) == ("accepted", ("b",))
    assert tell(result, "escalate")[0]["because"] == "over_budget"


def test_the_outermost_limit_that_refuses_decides(kit):
    a, b = kit.model("a", "good"), kit.model("b", "good")
    root = within(kit, kit.cascade([(within(kit, a, 1e-9), kit.says()), (b, None)]), 1e-9)
    result = kit.run(root)
    assert (result.failure.kind, result.path) == ("over_budget", ())


def test_a_fallback_tries_what_may_still_fit(kit):
    a, b = kit.model("a", "x"), kit.model("b", "y", max_tokens=10)
    assert kit.run(within(kit, kit.add(g.FallbackNode, [a, b]), MOST / 2)).model == "b"


def test_an_unknown_price_can_keep_no_limit(kit, tell):
    result = kit.run(within(kit, kit.model("a", "x", price=None), 100.0))
    assert result.failure.kind == "over_budget"
    assert "price isn't known" in result.failure.message
    assert tell(result, "skip")[0]["needed_usd"] is None
    assert kit.run(within(kit, kit.model("a", "x", price=None), None, 5.0)).status == "unchecked"


def test_an_unknown_price_makes_the_cost_unknown(kit):
    a, b = kit.model("a", "bad", price=None), kit.model("b", "good")
    assert kit.run(kit.cascade([(a, kit.says()), (b, None)])).cost_usd is None
    assert kit.run(b).cost_usd is not None


def test_a_judge_has_to_fit_before_the_answer_is_asked_for(kit, answer_of):
    kit.model("j", answer_of(purpose="judge", score=0.9))
    a, b = kit.model("a", "good"), kit.model("b", "x")
    cascade = kit.cascade([(a, kit.judged("j")), (b, None)])
    most_judging = (16 + 16 + len("Judge: hello / ") + 100 + 64 * 10) * 1e-6
    assert kit.run(within(kit, cascade, MOST + most_judging - 1e-9)).failure.kind == "over_budget"
    assert kit.run(within(kit, cascade, MOST + most_judging)).status == "accepted"


def test_an_answer_whose_judge_no_longer_fits_is_unjudged(kit, answer_of, tell):
    kit.model("j", answer_of(purpose="judge", score=0.9))
    a = kit.model("a", answer_of("good", output_tokens=150))  # more than it was allowed
    b = kit.model("b", "x")
    most_judging = (16 + 16 + len("Judge: hello / ") + 100 + 64 * 10) * 1e-6
    result = kit.run(within(kit, kit.cascade([(a, kit.judged("j")), (b, None)]), MOST + most_judging))
    assert (result.status, result.path, result.verdict.unknown) == ("unmet", ("a",), True)
    assert result.verdict.reason.startswith("not judged:")
    assert tell(result, "skip")[0]["purpose"] == "judge"


def test_time_that_is_over_makes_no_call(kit, answer_of, tell):
    a, b = kit.model("a", answer_of("bad", latency_s=5.0)), kit.model("b", "good")
    result = kit.run(within(kit, kit.cascade([(a, kit.says()), (b, kit.says())]), None, 5.0))
    assert (result.status, result.path, result.answer) == ("unmet", ("a",), "bad")
    assert tell(result, "skip")[0]["left_s"] == 0.0


def test_a_call_gets_the_time_that_is_left(kit, answer_of):
    a, b = kit.model("a", answer_of("bad", latency_s=3.0)), kit.model("b", "good")
    kit.run(within(kit, kit.cascade([(a, kit.says()), (b, kit.says())]), None, 5.0))
    assert [r.timeout_s for r in kit.requests] == [5.0, 2.0]


def test_a_call_cut_by_the_limit_is_over_budget(kit, answer_of):
    a, b = kit.model("a", answer_of("slow", latency_s=8.0)), kit.model("b", "good")
    inner = kit.add(g.FallbackNode, [a, b])
    result = kit.run(within(kit, kit.cascade([(inner, kit.says()), (b, None)]), None, 5.0))
    assert (result.status, result.failure.kind, result.latency_s) == ("failed", "over_budget", 5.0)
    assert result.path == ("a",)


def test_a_call_cut_by_its_own_timeout_is_a_timeout(kit, answer_of):
    a = kit.model("a", answer_of("slow", latency_s=8.0), timeout_s=4.0)
    result = kit.run(within(kit, a, None, 5.0))
    assert (result.failure.kind, result.latency_s) == ("timeout", 4.0)


def test_a_timeout_counts_at_its_most_and_costs_nothing_known(kit, answer_of, tell):
    a, b = kit.model("a", answer_of("slow", latency_s=20.0)), kit.model("b", "good")
    root = within(kit, kit.cascade([(a, kit.says()), (b, None)]), 2 * MOST - 1e-9)
    result = kit.run(root)
    assert tell(result, "call_failed")[0]["held_usd"] == pytest.approx(MOST)
    assert [s["model"] for s in tell(result, "skip")] == ["b"]
    assert result.cost_usd == 0.0


def test_other_failures_count_nothing(kit, answer_of):
    a, b = kit.model("a", answer_of(error="rate_limit")), kit.model("b", "good")
    assert kit.run(within(kit, kit.cascade([(a, kit.says()), (b, None)]), MOST)).model == "b"


def test_nested_limits_all_hold(kit):
    a = kit.model("a", "x")
    assert kit.run(within(kit, within(kit, a, 1.0, 9.0), MOST / 2, 3.0)).failure.kind == "over_budget"
    kit.run(within(kit, within(kit, a, 1.0, 9.0), 1.0, 3.0))
    assert kit.requests[-1].timeout_s == 3.0


def test_each_run_has_its_own_budget(kit):
    root = within(kit, kit.model("a", "x"), MOST)
    interpreter = kit.start(root)

    async def many():
        return await asyncio.gather(*(interpreter.run(Query.of("hello")) for _ in range(5)))

    assert {r.status for r in asyncio.run(many())} == {"unchecked"}


def test_reservations_that_overlap_cannot_overspend():
    budget = Budget("w", 1.0, None)
    assert budget.refuses(0.6) is None
    budget.reserve(0.6)
    assert budget.refuses(0.6) is budget
    budget.settle(0.6, 0.1)
    assert budget.left_usd == pytest.approx(0.9)
    inner = Budget("v", 5.0, 10.0, parent=budget)
    assert inner.refuses(0.95) is budget
    assert inner.refuses(None) is budget
    inner.reserve(0.5)
    assert budget.left_usd == pytest.approx(0.4)
    assert inner.soonest() is inner
    assert Budget("u", None, 11.0, parent=inner).soonest() is inner
