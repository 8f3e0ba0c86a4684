"""What a provider sets up before a call is no part of the call."""

from __future__ import annotations

import asyncio

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Reply, Usage
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

    def count_tokens(self, request):
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
