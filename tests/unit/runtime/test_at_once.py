"""Several models at once: hedges, votes, shadows and samples, in simulated time."""

from __future__ import annotations

import asyncio

import pytest

from cascadelang.checks.agree import CHECK as AGREE
from cascadelang.checks.agrees import CHECK as AGREES
from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Query, Reply
from cascadelang.contracts.result import RunResult
from cascadelang.graph import model as g
from cascadelang.runtime.interpreter import Interpreter

MOST = (100 * 10) / 1e6
"""Dollars of 100 tokens of answer, the most of a call beside its input."""


@pytest.fixture(autouse=True)
def _time(kit, monkeypatch):
    kit.clock = VirtualClock(1000.0)
    init = Interpreter.__init__
    own = {"agree": AGREE, "agrees": AGREES}

    def made(self, graph, *, make_check, **fields):
        checks = lambda entry, args: own[entry](args) if entry in own else make_check(entry, args)  # noqa: E731
        init(self, graph, make_check=checks, **fields)

    monkeypatch.setattr(Interpreter, "__init__", made)


def hedge(kit, a, b, after_s=2.0):
    return kit.add(g.HedgeNode, a, b, after_s)


def kinds(result):
    return [(e.kind, e.data.get("model", "")) for e in result.events]


# ---- Hedges -----------------------------------------------------------------------------------------------------


def test_a_quick_first_answers_alone(kit, answer_of):
    root = hedge(kit, kit.model("a", answer_of("one", latency_s=1.9)), kit.model("b", "two"))
    result = kit.run(root)
    assert (result.answer, result.path, result.latency_s) == ("one", ("a",), pytest.approx(1.9))


def test_a_slow_first_is_overtaken_and_counts_at_its_most(kit, answer_of, tell):
    a = kit.model("a", answer_of("one", latency_s=9.0))
    root = kit.add(g.WithinNode, hedge(kit, a, kit.model("b", answer_of("two", latency_s=1.0))), 1.0)
    result = kit.run(root)
    assert (result.answer, result.path, result.latency_s) == ("two", ("a", "b"), pytest.approx(3.0))
    assert tell(result, "escalate") == [{"from": "a", "to": "b", "because": "slow"}]
    (dropped,) = tell(result, "call_failed")
    assert (dropped["model"], dropped["kind"]) == ("a", "cancelled")
    assert dropped["message"] == "another answer was there first while `a` was answering"
    assert dropped["held_usd"] >= MOST
    assert result.cost_usd == pytest.approx((10 + 10 * 10) / 1e6)  # only what a provider said was used


def test_the_first_may_still_win(kit, answer_of):
    a = kit.model("a", answer_of("one", latency_s=3.0))
    result = kit.run(hedge(kit, a, kit.model("b", answer_of("two", latency_s=1.5))))
    assert (result.answer, result.path, result.latency_s) == ("one", ("a", "b"), pytest.approx(3.0))


def test_of_two_at_the_same_moment_the_first_wins(kit, answer_of):
    a = kit.model("a", answer_of("one", latency_s=3.0))
    assert kit.run(hedge(kit, a, kit.model("b", answer_of("two", latency_s=1.0)))).answer == "one"


def test_a_first_that_failed_lets_the_second_begin_at_once(kit, answer_of, tell):
    a = kit.model("a", answer_of(error="server", latency_s=0.5))
    result = kit.run(hedge(kit, a, kit.model("b", answer_of("two", latency_s=1.0))))
    assert (result.answer, result.latency_s) == ("two", pytest.approx(1.5))
    assert tell(result, "escalate")[0]["because"] == "server"


def test_both_may_fail(kit, answer_of):
    a = kit.model("a", answer_of(error="server", latency_s=5.0))
    result = kit.run(hedge(kit, a, kit.model("b", answer_of(error="rate_limit", latency_s=1.0))))
    assert (result.failure.kind, result.latency_s) == ("rate_limit", pytest.approx(5.0))


@pytest.mark.parametrize("kind", ["auth", "bad_request", "policy"])
def test_a_mistake_of_the_second_ends_the_run(kit, answer_of, tell, kind):
    a = kit.model("a", answer_of("one", latency_s=9.0))
    result = kit.run(hedge(kit, a, kit.model("b", answer_of(error=kind, latency_s=1.0))))
    assert (result.failure.kind, result.latency_s) == (kind, pytest.approx(3.0))
    assert [e["kind"] for e in tell(result, "call_failed")] == ["cancelled", kind]


def test_a_hedge_never_streams_but_a_second_that_is_alone(kit, answer_of):
    root = hedge(kit, kit.model("a", answer_of("one two")), kit.model("b"))
    pieces = kit.stream(root)[:-1]
    assert [piece.text for piece in pieces] == ["one two"]
    root = hedge(kit, kit.model("c", answer_of(error="server")), kit.model("d", "three four"))
    assert [piece.text for piece in kit.stream(root)[:-1]] == ["three ", "four"]


def test_reservations_of_both_are_kept(kit, answer_of, tell):
    a, b = kit.model("a", answer_of("one", latency_s=5.0)), kit.model("b", answer_of("two", latency_s=1.0))
    root = kit.add(g.WithinNode, hedge(kit, a, b), 1.5 * MOST)
    result = kit.run(root)
    assert (result.answer, result.path) == ("one", ("a",))  # the second doesn't fit beside the first
    assert tell(result, "skip")[0]["because"] == "over_budget"


def test_cancelling_leaves_nothing_running(kit, answer_of):
    a = kit.model("a", answer_of("one", latency_s=9.0))
    root = hedge(kit, a, kit.add(g.VoteNode, [kit.model("b", answer_of("two", latency_s=9.0)), kit.call("a")]))
    interpreter = kit.start(root)

    async def cancelled() -> int:
        task = asyncio.create_task(interpreter.run(Query.of("x")))
        while kit.clock.now_s() < 1002.0:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(asyncio.all_tasks()) - 1

    assert asyncio.run(cancelled()) == 0
    (record,) = kit.sink.runs
    assert record.status == "cancelled"
    assert sorted(record.path) == ["a", "a", "b"]
    assert [e.data["kind"] for e in record.events if e.kind == "call_failed"] == ["cancelled"] * 3


def test_what_a_loser_may_be_billed_is_spent(kit, answer_of, tell):
    a = kit.model("a", answer_of("one", latency_s=9.0))
    b = kit.model("b", answer_of("two", latency_s=1.0, output_tokens=100))
    root = kit.cascade([(hedge(kit, a, b), kit.says("never")), (kit.model("c", "three"), None)])
    assert kit.run(kit.add(g.WithinNode, root, 3.5 * MOST)).answer == "three"
    result = kit.run(kit.add(g.WithinNode, root, 2.9 * MOST))  # room for two at once, and for no third
    assert (result.answer, [e["model"] for e in tell(result, "skip")]) == ("two", ["c"])


class Deaf:
    """A provider that doesn't hear that it is cancelled: it answers, or fails, all the same."""

    def __init__(self, clock, *, fails):
        self.clock, self.fails, self.asked = clock, fails, []

    async def send(self, request):
        self.asked.append(request.model)
        try:
            await self.clock.sleep(1.0 if request.model == "b" else 9.0)
        except asyncio.CancelledError:
            if self.fails:
                raise CallFailed("connection", "the call was cancelled") from None
        return Reply("said", request.model)

    async def count_tokens(self, request):
        return 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_loser_whose_provider_hears_of_nothing_calls_no_more(kit, fails):
    kit.providers = {"fake": Deaf(kit.clock, fails=fails)}
    loser = kit.cascade([(kit.model("a", retry=2), kit.says("never")), (kit.model("c"), None)])
    result = kit.run(hedge(kit, loser, kit.model("b")))
    assert (result.model, result.answer) == ("b", "said")
    assert kit.providers["fake"].asked == ["a", "b"]


# ---- Votes ------------------------------------------------------------------------------------------------------


def test_most_votes_win_and_time_is_that_of_the_slowest(kit, answer_of, tell):
    a = kit.model("a", answer_of("5", latency_s=1.0))
    b = kit.model("b", answer_of("The answer is 4.", latency_s=3.0))
    c = kit.model("c", answer_of("2 + 2 = 4", latency_s=2.0))
    result = kit.run(kit.add(g.VoteNode, [a, b, c]))
    assert (result.answer, result.model, result.latency_s) == ("The answer is 4.", "b", pytest.approx(3.0))
    assert result.path == ("a", "b", "c")
    assert tell(result, "vote") == [{"model": "b", "votes": 2, "of": 3, "members": 3, "groups": [["a"], ["b", "c"]]}]
    assert [e.at_s for e in result.events] == sorted(e.at_s for e in result.events)


def test_of_equal_groups_the_first_in_the_list_wins(kit, answer_of):
    a = kit.model("a", answer_of("no", latency_s=5.0))
    assert kit.run(kit.add(g.VoteNode, [a, kit.model("b", "yes")])).answer == "no"


def test_who_failed_has_no_vote(kit, answer_of):
    a = kit.model("a", answer_of(error="server"))
    assert kit.run(kit.add(g.VoteNode, [a, kit.model("b", "yes")])).answer == "yes"
    result = kit.run(kit.add(g.VoteNode, [a, kit.model("c", answer_of(error="timeout"))]))
    assert result.failure.kind == "timeout"
    result = kit.run(kit.add(g.VoteNode, [a, kit.model("d", answer_of(error="auth")), kit.call("b")]))
    assert result.failure.kind == "auth"


def test_a_judge_chooses_between_groups(kit, answer_of, tell):
    a, b = kit.model("a", "4"), kit.model("b", "5")
    kit.model("j", answer_of(score=0.2, purpose="judge"), answer_of(score=0.9, purpose="judge"))
    by = kit.use("judge", model="j")
    result = kit.run(kit.add(g.VoteNode, [a, kit.call("a"), b], by, paid=True))
    assert result.answer == "5"
    assert tell(result, "vote")[0]["scores"] == [0.2, 0.9]
    assert [call["purpose"] for call in tell(result, "call")].count("judge") == 2
    same = kit.run(kit.add(g.VoteNode, [a, kit.call("a")], by, paid=True))
    assert [call["purpose"] for call in tell(same, "call")] == ["answer", "answer"]  # nothing to choose


def test_a_judge_that_can_not_be_asked_leaves_it_to_the_votes(kit, answer_of):
    a, b = kit.model("a", "4"), kit.model("b", "5")
    kit.model("j", answer_of(error="server", purpose="judge"))
    result = kit.run(kit.add(g.VoteNode, [b, a, kit.call("a")], kit.use("judge", model="j"), paid=True))
    assert result.answer == "4"


def test_scores_that_need_logprobs_ask_for_them(kit):
    members = [kit.model("a", "x"), kit.model("b", "y")]
    kit.run(kit.add(g.VoteNode, members, kit.says(), logprobs=True, top_logprobs=True))
    kit.run(kit.add(g.VoteNode, members, kit.says()))
    assert [r.logprobs for r in kit.requests] == [2, 2, None, None]


def test_votes_at_once_never_overspend(kit, answer_of, tell):
    members = [kit.model(name, answer_of("x", latency_s=1.0)) for name in "abc"]
    result = kit.run(kit.add(g.WithinNode, kit.add(g.VoteNode, members), 2.5 * MOST))
    assert result.path == ("a", "b")
    assert [skip["model"] for skip in tell(result, "skip")] == ["c"]


# ---- Shadows ----------------------------------------------------------------------------------------------------


def shadowed(kit, root) -> RunResult:
    interpreter = kit.start(root)

    async def both() -> RunResult:
        result = await interpreter.run(Query.of("hello"), seed=kit.seed)
        await interpreter.settle()
        assert len(asyncio.all_tasks()) == 1
        return result

    return asyncio.run(both())


def test_a_shadow_runs_after_the_answer_and_is_recorded(kit, answer_of):
    a = kit.model("a", answer_of("good", latency_s=1.0))
    b = kit.model("b", answer_of("bad", latency_s=9.0))
    inner = kit.add(g.ShadowNode, a, b)
    result = shadowed(kit, kit.cascade([(inner, kit.says()), (kit.model("z", "good"), None)]))
    assert (result.answer, result.path, result.latency_s) == ("good", ("a",), pytest.approx(1.0))
    live, beside = kit.sink.runs
    assert (live.policy, live.status) == ("main", "accepted")
    assert (beside.policy, beside.model, beside.status) == (f"main (shadow {inner})", "b", "unmet")
    assert (beside.events[0].kind, beside.events[0].data) == ("shadow", {"of": live.trace_id})
    assert beside.latency_s == pytest.approx(9.0)
    assert beside.cost_usd == pytest.approx(110 / 1e6)
    assert result.cost_usd == pytest.approx(110 / 1e6)


@pytest.mark.parametrize("kind", ["server", "auth", "policy"])
def test_a_shadow_never_fails_the_caller(kit, answer_of, kind):
    result = shadowed(kit, kit.add(g.ShadowNode, kit.model("a", "yes"), kit.model("b", answer_of(error=kind))))
    assert (result.answer, result.status) == ("yes", "unchecked")
    assert kit.sink.runs[1].failure == kind


def test_a_shadow_takes_only_the_dollars_that_are_left(kit, answer_of):
    shadow = kit.add(g.ShadowNode, kit.model("a", answer_of("x", output_tokens=100)), kit.model("b", "y"))
    result = shadowed(kit, kit.add(g.WithinNode, shadow, 1.5 * MOST, 2.0))
    assert result.answer == "x"
    assert kit.sink.runs[1].failure == "over_budget"
    slow = kit.add(g.ShadowNode, kit.call("a"), kit.model("c", answer_of("y", latency_s=5.0)))
    kit.sink.runs.clear()
    shadowed(kit, kit.add(g.WithinNode, slow, 9 * MOST, 2.0))
    assert kit.sink.runs[1].status == "unchecked"  # the deadline was the caller's


def test_a_share_is_shadowed(kit, answer_of):
    root = kit.add(g.ShadowNode, kit.model("a", "x"), kit.model("b", "y"), 0.25)
    count = 0
    for seed in range(200):
        kit.seed = seed
        kit.sink.runs.clear()
        shadowed(kit, root)
        count += len(kit.sink.runs) - 1
    assert abs(count / 200 - 0.25) < 4 * (0.25 * 0.75 / 200) ** 0.5


def test_a_cancelled_run_has_no_shadow_and_settling_has_an_end(kit, answer_of):
    shadow = kit.add(g.ShadowNode, kit.model("a", "x"), kit.model("b", answer_of("y", latency_s=5.0)))
    interpreter = kit.start(shadow)
    forever = asyncio.Event()

    async def wait(seconds: float) -> None:
        await forever.wait()

    kit.clock.sleep = wait

    async def ended() -> None:
        await interpreter.run(Query.of("x"))
        await interpreter.settle(0.01)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(ended())
    assert [run.status for run in kit.sink.runs] == ["unchecked", "cancelled"]


# ---- Samples ----------------------------------------------------------------------------------------------------


def agreed(kit, samples, least):
    use = g.CatalogUse(f"agree{samples}", "agree", "check", {"samples": samples}, calls=samples - 1, own=True)
    kit.uses[use.id] = use
    return g.CompareValue(">=", g.UseValue(use.id), g.Const(least))


def sampled(kit, rung, gate):
    return kit.add(g.CascadeNode, [g.GraphRung(rung, gate, paid=True), g.GraphRung(kit.model("z", "top"))])


def test_samples_are_asked_at_once_with_seeds_of_their_own(kit, answer_of, tell):
    a = kit.model("a", "4", answer_of("four? 4", latency_s=3.0), answer_of("it is 4", latency_s=1.0), temperature=0.0)
    kit.model("z", "top")
    root = kit.add(g.CascadeNode, [g.GraphRung(a, agreed(kit, 3, 0.6), paid=True), g.GraphRung(kit.call("z"))])
    kit.seed = 7
    result = kit.run(root)
    assert (result.model, result.status, result.latency_s) == ("a", "accepted", pytest.approx(3.0))
    assert result.verdict.score == pytest.approx(2 / 3)
    assert [call["purpose"] for call in tell(result, "call")] == ["answer", "sample", "sample"]
    assert [(r.seed, r.temperature) for r in kit.requests] == [(7, 0.0), (8, 0.7), (9, 0.7)]
    assert result.path == ("a",)


def test_samples_that_disagree_escalate(kit, answer_of):
    result = kit.run(sampled(kit, kit.model("a", "4", "5", "6"), agreed(kit, 3, 0.6)))
    assert result.path == ("a", "z")


def test_a_sample_that_fails_leaves_it_unknown(kit, answer_of, tell):
    result = kit.run(sampled(kit, kit.model("a", "4", answer_of(error="server")), agreed(kit, 2, 0.5)))
    assert result.path == ("a", "z")
    check = tell(result, "check")[0]
    assert check["unknown"]
    assert "a sample could not be had" in check["reason"]
    result = kit.run(sampled(kit, kit.model("b", "4", answer_of(error="auth")), agreed(kit, 2, 0.5)))
    assert result.failure.kind == "auth"


def test_an_answer_isn_t_asked_for_when_its_samples_do_not_fit(kit, tell):
    root = kit.add(g.WithinNode, sampled(kit, kit.model("a", "4"), agreed(kit, 4, 0.5)), 3.5 * MOST)
    result = kit.run(root)
    assert result.path == ()
    assert tell(result, "skip")[0]["model"] == "a"
    root = kit.add(g.WithinNode, sampled(kit, kit.call("a"), agreed(kit, 4, 0.5)), 4.5 * MOST)
    assert kit.run(root).model == "a"


def test_agreeing_with_the_rung_before_is_free(kit, tell):
    gate = kit.use("agrees", model="previous")
    kit.uses[gate.use] = g.CatalogUse(gate.use, "agrees", "check", {"model": "previous"})
    a, b, c = kit.model("a", "4"), kit.model("b", "the answer is 4"), kit.model("c", "9")
    result = kit.run(kit.cascade([(a, gate), (b, gate), (c, None)]))
    assert (result.model, result.status) == ("b", "accepted")
    first = tell(result, "check")[0]
    assert first["unknown"]
    assert "no earlier rung has answered" in first["reason"]
    assert [call["purpose"] for call in tell(result, "call")] == ["answer", "answer"]


def test_agreeing_with_another_model_asks_it_the_same(kit, tell):
    gate = kit.use("agrees", model="b")
    a, b = kit.model("a", "4", system="Be brief."), kit.model("b", "= 4", system="Think.")
    root = kit.add(g.CascadeNode, [g.GraphRung(a, gate, paid=True), g.GraphRung(kit.model("z", "9"))])
    result = kit.run(root)
    assert (result.model, result.status) == ("a", "accepted")
    assert [call["purpose"] for call in tell(result, "call")] == ["answer", "sample"]
    own, other = kit.requests
    assert (own.system, other.system) == ("Be brief.", "Think.")
    assert own.messages == other.messages
    assert b
