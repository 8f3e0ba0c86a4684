"""Checks that call no model and take time: made after instant ones, within their limits, never left running."""

from __future__ import annotations

import asyncio
import time

import pytest

from cascadelang.contracts.clock import SystemClock, VirtualClock
from cascadelang.contracts.messages import Query
from cascadelang.graph import model as g


def both(*parts):
    return g.LogicValue("and", list(parts))


def rungs(kit, gate, **fields):
    a, b = kit.model("a", "good first"), kit.model("b", "second")
    return kit.cascade([(a, gate), (b, None)], **fields)


def test_it_passes_an_answer_and_the_trace_has_its_time(kit, tell):
    result = kit.run(rungs(kit, kit.slow()))
    assert (result.status, result.path) == ("accepted", ("a",))
    (check,) = tell(result, "check")
    assert check["outcome"] == "passed"
    assert check["took_s"] == 0.0  # on the clock of a test


def test_its_real_time_is_told(kit, tell):
    kit.clock = SystemClock()
    result = kit.run(rungs(kit, kit.slow(takes_s=0.05)))
    (check,) = tell(result, "check")
    assert check["took_s"] >= 0.05
    assert result.latency_s >= 0.05


def test_it_turns_an_answer_down(kit, tell):
    result = kit.run(rungs(kit, kit.slow("missing")))
    (check,) = tell(result, "check")
    assert (result.path, check["reason"]) == (("a", "b"), "it lacks `missing`")


def test_an_instant_check_that_decides_saves_it(kit, slow_ends, tell):
    result = kit.run(rungs(kit, both(kit.says("absent"), kit.slow())))
    assert slow_ends == []
    assert "took_s" not in tell(result, "check")[0]


def test_a_judge_is_saved_by_it(kit, answer_of):
    kit.model("j", answer_of(purpose="judge", score=0.9))
    kit.run(rungs(kit, both(kit.slow("missing"), kit.judged("j"))))
    assert kit.scripted.calls("j", "judge") == 0


def test_it_is_made_behind_the_last_rung(kit):
    a, b = kit.model("a", "no"), kit.model("b", "good")
    gate = kit.slow()
    assert kit.run(kit.cascade([(a, gate), (b, gate)])).status == "accepted"
    assert kit.run(kit.cascade([(a, gate), (a, gate)])).status == "unmet"


def test_two_uses_of_it_are_one(kit, slow_ends):
    slow = kit.slow()
    kit.run(rungs(kit, both(slow, g.LogicValue("or", [kit.says("absent"), slow]))))
    assert slow_ends == ["done"]


def test_what_is_late_is_unknown_and_ended(kit, slow_ends, tell):
    result = kit.run(rungs(kit, kit.slow(takes_s=600, limit_s=0.02)))
    (check,) = tell(result, "check")
    assert (check["outcome"], check["unknown"]) == ("failed", True)
    assert check["reason"].endswith("it took longer than 20ms")
    assert slow_ends == ["cancelled"]
    assert result.path == ("a", "b")


def test_what_breaks_is_unknown(kit, tell):
    result = kit.run(rungs(kit, kit.slow(word="")))
    (check,) = tell(result, "check")
    assert check["unknown"]
    assert check["reason"].endswith("it broke while judging the answer, which is a mistake in the check")


def test_a_within_that_ends_meanwhile_leaves_the_answer_unjudged(kit, slow_ends, tell):
    kit.clock = SystemClock()
    inside = rungs(kit, kit.slow(takes_s=600, limit_s=600))
    began_s = time.perf_counter()
    result = kit.run(kit.add(g.WithinNode, inside, time_s=0.5))
    assert time.perf_counter() - began_s < 60
    (check,) = tell(result, "check")
    assert check["reason"] == "not judged: `within 500ms` ended while `slow` was being made"
    assert (result.status, result.answer, result.path) == ("unmet", "good first", ("a",))
    assert slow_ends == ["cancelled"]


def test_a_within_that_is_over_doesnt_begin_it(kit, answer_of, slow_ends, tell):
    a = kit.model("a", answer_of("good", latency_s=2.0))
    b = kit.model("b", "second")
    inside = kit.cascade([(a, kit.slow()), (b, None)])
    result = kit.run(kit.add(g.WithinNode, inside, time_s=2.0))
    assert slow_ends == []
    (check,) = tell(result, "check")
    assert check["reason"] == "not judged: `within 2s` was over before `slow` could be made"
    assert result.path == ("a",)


def test_a_cancelled_run_leaves_nothing_running(kit, slow_begins, slow_ends, until_beside):
    kit.clock = SystemClock()
    interpreter = kit.start(rungs(kit, kit.slow(takes_s=600, limit_s=600)))

    async def cancelled():
        task = asyncio.ensure_future(interpreter.run(Query.of("hello")))
        await until_beside(lambda: slow_begins)
        assert kit.requests
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(asyncio.all_tasks())

    assert asyncio.run(cancelled()) == 1
    assert slow_ends == ["cancelled"]


def test_it_takes_none_of_a_tests_time(kit, answer_of):
    """The hedge's timer, which is one of the test's clock, doesn't go off while the check is really made."""
    kit.clock = VirtualClock()
    a = kit.model("a", answer_of("good", latency_s=1.0))
    b = kit.model("b", "second")
    first = kit.cascade([(a, kit.slow(takes_s=0.05)), (b, None)])
    result = kit.run(kit.add(g.HedgeNode, first, kit.call("b"), 1.5))
    assert (result.path, result.latency_s) == (("a",), 1.0)


def test_a_vote_is_scored_by_it(kit):
    a, b = kit.model("a", "first"), kit.model("b", "second, good")
    score = g.ScoreValue([g.Weighted(kit.slow(), 1.0)])
    result = kit.run(kit.add(g.VoteNode, [a, b], score))
    assert result.answer == "second, good"


def test_a_shadows_answer_is_judged_by_it(kit, slow_ends):
    a, b = kit.model("a", "good"), kit.model("b", "also good")
    inside = kit.add(g.ShadowNode, a, b)
    interpreter = kit.start(kit.cascade([(inside, kit.slow())]))

    async def run():
        await interpreter.run(Query.of("hello"))
        await interpreter.settle()

    asyncio.run(run())
    assert [run.status for run in kit.sink.runs] == ["accepted", "accepted"]
    assert slow_ends == ["done", "done"]
