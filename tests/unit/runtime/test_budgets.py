from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Query, Usage
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
    assert "(37 tokens in at most, texts counted as bytes where no tokenizer is at hand)" in result.failure.message
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
    most_judging = (16 + 16 + len("Judge: hello / ") + 2 * 100 + 64 * 10) * 1e-6
    assert kit.run(within(kit, cascade, MOST + most_judging - 1e-9)).failure.kind == "over_budget"
    assert kit.run(within(kit, cascade, MOST + most_judging)).status == "accepted"


def test_a_judge_outside_a_limit_needs_no_room_in_it(kit, answer_of):
    kit.model("j", answer_of(purpose="judge", score=0.9), price=None)
    rung = within(kit, kit.model("a", "x"), MOST)
    result = kit.run(kit.cascade([(rung, kit.judged("j"))], otherwise="fail"))
    assert (result.status, kit.scripted.calls("j", "judge")) == ("accepted", 1)
    result = kit.run(within(kit, kit.cascade([(rung, kit.judged("j"))], otherwise="fail"), 1.0))
    assert result.failure.kind == "over_budget", "the outer limit has the judge in it"


def test_no_more_attempts_are_set_aside_than_there_is_time_for(kit):
    hasty = kit.model("a", "x", retry=5, timeout_s=0.7)  # 0.25 s at least, then 0.5 s: two attempts
    assert kit.run(within(kit, hasty, 2 * MOST)).status == "unchecked"
    assert kit.run(within(kit, hasty, 2 * MOST - 1e-9)).failure.kind == "over_budget"


def test_an_answer_whose_judge_no_longer_fits_is_unjudged(kit, answer_of, tell):
    kit.model("j", answer_of(purpose="judge", score=0.9))
    a = kit.model("a", answer_of("good", output_tokens=150))  # more than it was allowed
    b = kit.model("b", "x")
    most_judging = (16 + 16 + len("Judge: hello / ") + 2 * 100 + 64 * 10) * 1e-6
    result = kit.run(within(kit, kit.cascade([(a, kit.judged("j")), (b, None)]), MOST + most_judging))
    assert (result.status, result.path, result.verdict.unknown) == ("unmet", ("a",), True)
    assert result.verdict.reason.startswith("not judged:")
    assert tell(result, "skip")[0]["purpose"] == "judge"


@pytest.mark.parametrize("answer", ["good " * 80, 'good "\n' * 60, "good 数" * 40])
def test_an_answer_that_was_paid_for_can_be_judged(kit, answer_of, answer):
    """A hundred tokens may be many more bytes; what fitted before the answer was asked for fits when it is there."""
    kit.model("j", answer_of(purpose="judge", score=0.9))
    a = kit.model("a", answer_of(answer, output_tokens=100))
    most_judging = (16 + 16 + len("Judge: hello / ") + 2 * 100 + 64 * 10) * 1e-6
    cascade = kit.cascade([(a, kit.judged("j"))], otherwise="fail")
    assert kit.run(within(kit, cascade, MOST + most_judging)).status == "accepted"


def test_what_a_judge_asks_beside_what_it_announced_is_counted_in_bytes(kit, answer_of, tell, monkeypatch):
    kit.model("j", answer_of(purpose="judge", score=0.9))

    async def judge_paid(self, answer, call):
        asked = self.requests(answer)[self.model]
        await call(self.model, replace(asked, system="s" * 5_000))

    cascade = kit.cascade([(kit.model("a", "good"), kit.judged("j"))], otherwise="fail")
    monkeypatch.setattr(type(kit).judge, "judge_paid", judge_paid)
    result = kit.run(within(kit, cascade, 0.004))
    assert [s["purpose"] for s in tell(result, "skip")] == ["judge"]
    assert tell(result, "skip")[0]["needed_usd"] > 0.005


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


class Refuses:
    """Fails as given, whoever is asked, and counts the calls."""

    def __init__(self, failure):
        self.failure = failure
        self.calls = 0

    async def send(self, request):
        self.calls += 1
        raise self.failure

    async def stream(self, request):
        self.calls += 1
        raise self.failure
        yield

    async def count_tokens(self, request):
        return None

    async def close(self):
        pass


FULL = Usage(37, 100)
"""What a provider bills at the most for a call of "hello"."""


@pytest.mark.parametrize(
    "failure",
    [
        CallFailed("content_filter", "withheld", usage=FULL),
        CallFailed("server", "misshapen", status=200, usage=FULL),
        CallFailed("content_filter", "withheld"),
        CallFailed("server", "misshapen", status=200),
        CallFailed("server", "a gateway gave up", status=504),
        CallFailed("rate_limit", "an error inside an answer", status=200),
        CallFailed("connection", "half an answer"),
        CallFailed("timeout", "too slow", status=408),
    ],
    ids=lambda failed: f"{failed.kind} {failed.message} {'said' if failed.usage else ''}",
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_failure_that_is_billed_counts(kit, tell, failure, streamed):
    kit.providers = {"fake": Refuses(failure)}
    root = within(kit, kit.add(g.FallbackNode, [kit.model("a"), kit.model("b"), kit.model("c")]), 2.5 * MOST)
    result = kit.stream(root)[-1] if streamed else kit.run(root)
    assert kit.providers["fake"].calls == 2, "the third didn't fit"
    assert [s["model"] for s in tell(result, "skip")] == ["c"]
    failed = tell(result, "call_failed")
    if failure.usage is None:
        assert [data["held_usd"] for data in failed] == pytest.approx([MOST, MOST])
        assert (result.cost_usd, result.usage.output_tokens) == (0.0, 0)
    else:
        assert [data["cost_usd"] for data in failed] == pytest.approx([MOST, MOST])
        assert [(d["input_tokens"], d["output_tokens"], "held_usd" in d) for d in failed] == [(37, 100, False)] * 2
        assert result.cost_usd == pytest.approx(2 * MOST)
        assert (result.usage.input_tokens, result.usage.output_tokens) == (74, 200)


@pytest.mark.parametrize(
    "failure",
    [
        CallFailed("server", "down", status=503),
        CallFailed("rate_limit", "busy", status=429),
        CallFailed("content_filter", "the prompt is refused", status=400),
        CallFailed("connection", "nobody there", maybe_billed=False),
        CallFailed("context_length", "too long"),
    ],
    ids=lambda failed: failed.message,
)
def test_a_call_that_was_refused_counts_nothing(kit, tell, failure):
    kit.providers = {"fake": Refuses(failure)}
    root = within(kit, kit.add(g.FallbackNode, [kit.model("a"), kit.model("b"), kit.model("c")]), MOST)
    result = kit.run(root)
    assert (kit.providers["fake"].calls, result.failure.kind) == (3, failure.kind)
    assert not any("held_usd" in data or "cost_usd" in data for data in tell(result, "call_failed"))


def test_a_billed_failure_of_an_unpriced_model_makes_the_cost_unknown(kit):
    kit.providers = {"fake": Refuses(CallFailed("content_filter", "withheld", usage=FULL))}
    assert kit.run(kit.model("a", price=None)).cost_usd is None


def test_every_billed_attempt_counts(kit):
    kit.providers = {"fake": Refuses(CallFailed("server", "misshapen", status=200, usage=FULL))}
    result = kit.run(within(kit, kit.model("a", retry=2), 3 * MOST))
    assert (kit.providers["fake"].calls, result.cost_usd) == (3, pytest.approx(3 * MOST))


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
    assert budget.refuses(0.6) == (budget, 0.6)
    budget.settle(0.6, 0.1)
    assert budget.left_usd == pytest.approx(0.9)
    inner = Budget("v", 5.0, 10.0, parent=budget)
    assert inner.refuses(0.95) == (budget, 0.95)
    assert inner.refuses(None) == (budget, None)
    inner.reserve(0.5)
    assert budget.left_usd == pytest.approx(0.4)
    assert inner.soonest() is inner
    assert Budget("u", None, 11.0, parent=inner).soonest() is inner
