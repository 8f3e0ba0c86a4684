"""What a provider sets up before a call is no part of the call."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Reply, Usage
from cascadelang.contracts.price import Price
from cascadelang.graph import model as g
from cascadelang.runtime.guard import GRACE_S


class SetsUp:
    """Takes its time before the first call, or can't be set up."""

    def __init__(self, seconds: float = 0.0, error: Exception | None = None):
        self.seconds = seconds
        self.error = error
        self.prepared = []

    async def prepare(self, model):
        self.prepared.append(model)
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error

    async def send(self, request):
        return Reply("fine", request.model, Usage(1, 1))

    async def count_tokens(self, request):
        return 7


def test_it_may_take_longer_than_the_call(kit, tell):
    provider = SetsUp(seconds=GRACE_S + 0.3)
    kit.providers = {"fake": provider}
    result = kit.run(kit.model("a", timeout_s=0.05))
    assert (result.status, provider.prepared) == ("unchecked", ["a"])
    assert [event.kind for event in result.events] == ["call", "end"]


def test_when_it_cannot_be_the_next_one_answers(kit, tell):
    class OnlyB(SetsUp):
        async def prepare(self, model):
            if model == "a":
                raise CallFailed("connection", "its weights can't be fetched")

    kit.providers = {"fake": OnlyB()}
    result = kit.run(kit.add(g.FallbackNode, [kit.model("a"), kit.model("b")]))
    assert (result.status, result.model) == ("unchecked", "b")
    assert [(data["kind"], data["message"]) for data in tell(result, "call_failed")] == [
        ("connection", "its weights can't be fetched")
    ]


def test_what_it_raises_of_its_own_ends_the_run_in_words(kit):
    kit.providers = {"fake": SetsUp(error=ZeroDivisionError("oh"))}
    result = kit.run(kit.model("a"))
    assert result.failure.kind == "policy"
    assert isinstance(result.failure.cause, ZeroDivisionError)


def test_it_takes_no_time_from_a_limit_around(kit):
    provider = SetsUp(seconds=0.3)
    kit.providers = {"fake": provider}
    limited = kit.add(g.WithinNode, kit.model("a"), time_s=0.2)
    assert kit.run(limited).status == "unchecked"


class Judged(SetsUp):
    """Answers, judges, and tells in which order it was asked for what; counts only for what is set up."""

    def __init__(self, clock, kinds=("j",)):
        super().__init__()
        self.clock = clock
        self.kinds = kinds
        self.steps = []

    async def prepare(self, model):
        if model in self.kinds and model not in self.prepared:
            self.prepared.append(model)
            self.steps.append(f"prepare {model}")
            if self.error is not None:
                raise self.error
            await self.clock.sleep(100.0)

    async def count_tokens(self, request):
        self.steps.append(f"count {request.model}")
        return 7 if request.model in self.prepared else None

    async def send(self, request):
        self.steps.append(f"send {request.model}")
        text = '{"score": 0.9}' if request.purpose == "judge" else "good"
        return Reply(text, request.model, Usage(1, 1))


def judged_in(kit, provider, **judge):
    kit.providers = {"fake": provider}
    kit.model("j", **judge)
    cascade = kit.cascade([(kit.model("a"), kit.judged("j"))], otherwise="fail")
    return kit.run(kit.add(g.WithinNode, cascade, 1.0, 20.0))


def test_a_judge_is_set_up_before_it_is_counted_and_takes_no_time_from_a_limit(kit):
    provider = Judged(kit.clock)
    result = judged_in(kit, provider)
    assert result.status == "accepted"
    assert provider.steps == ["count a", "prepare j", "count j", "send a", "count j", "count j", "send j"]


def test_a_judge_that_costs_nothing_is_set_up_only_when_it_is_called(kit):
    provider = Judged(kit.clock)
    result = judged_in(kit, provider, price=Price(Decimal(0), Decimal(0)))
    assert result.status == "accepted"
    assert provider.steps[:3] == ["count a", "send a", "prepare j"]


def test_a_judge_that_cannot_be_set_up_leaves_the_answer_unjudged(kit):
    provider = Judged(kit.clock)
    provider.error = CallFailed("connection", "its weights can't be fetched")
    provider.prepare = lambda model, prepare=provider.prepare: (provider.prepared.clear(), prepare(model))[1]
    result = judged_in(kit, provider)
    assert (result.failure.kind, "its weights can't be fetched" in result.failure.message) == ("unmet", True)
    assert provider.steps == ["count a", "prepare j", "count j", "send a", "count j", "prepare j"]


def test_a_tokenizer_that_takes_its_time_leaves_the_call_less(kit):
    timeouts = []

    class Slow(SetsUp):
        async def count_tokens(self, request):
            await kit.clock.sleep(3.0)
            return 7

        async def send(self, request):
            timeouts.append(request.timeout_s)
            return await super().send(request)

    kit.providers = {"fake": Slow()}
    assert kit.run(kit.add(g.WithinNode, kit.model("a", timeout_s=60.0), 1.0, 5.0)).status == "unchecked"
    assert timeouts == [2.0]
    assert kit.run(kit.add(g.WithinNode, kit.model("b", timeout_s=60.0), 1.0, 2.0)).failure.kind == "over_budget"
