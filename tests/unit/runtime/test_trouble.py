from __future__ import annotations

import asyncio
import time

import pytest

import cascadelang.runtime.calls as calls_module
import cascadelang.runtime.guard as guard_module
from cascadelang.cli.draw_trace import draw_trace
from cascadelang.contracts.clock import SystemClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Query, Reply, Usage
from cascadelang.graph import model as g


class Hangs:
    """Never answers, whatever the timeout says."""

    def __init__(self, *, swallows: bool = False) -> None:
        self.begun = []
        self.ended = []
        self.swallows = swallows

    async def send(self, request):
        self.begun.append(request.model)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ended.append(request.model)
            if self.swallows:
                return Reply("all the same", request.model, Usage(1, 1))
            raise

    async def count_tokens(self, request):
        return None


def test_a_provider_that_ignores_its_timeout_is_cut(kit, monkeypatch):
    monkeypatch.setattr(guard_module, "GRACE_S", 0.01)
    kit.clock = SystemClock()
    kit.providers = {"fake": Hangs()}
    a, b = kit.model("a", timeout_s=0.02), kit.model("b", timeout_s=0.03)
    begun = time.monotonic()
    result = kit.run(kit.add(g.FallbackNode, [a, b]))
    assert (result.status, result.failure.kind) == ("failed", "timeout")
    assert result.failure.message == "`b` gave no answer within 0.03 s"
    assert kit.providers["fake"].ended == ["a", "b"]
    assert time.monotonic() - begun < 30


def test_a_provider_that_swallows_being_cut_has_answered(kit, monkeypatch):
    monkeypatch.setattr(guard_module, "GRACE_S", 0.01)
    kit.providers = {"fake": Hangs(swallows=True)}
    result = kit.run(kit.model("a", timeout_s=0.02))
    assert (result.status, result.answer) == ("unchecked", "all the same")


def test_a_within_in_time_cuts_a_provider_that_hangs(kit, monkeypatch):
    monkeypatch.setattr(guard_module, "GRACE_S", 0.0)
    kit.clock = SystemClock()
    kit.providers = {"fake": Hangs()}
    result = kit.run(kit.add(g.WithinNode, kit.model("a", timeout_s=60.0), None, 0.5))
    assert (result.status, result.failure.kind) == ("failed", "over_budget")
    assert "`within 500ms` ended while `a` was answering" in result.failure.message


def test_cancelling_leaves_nothing_running_and_is_recorded(kit, until_beside):
    kit.clock = SystemClock()
    kit.providers = {"fake": Hangs()}
    interpreter = kit.start(kit.cascade([(kit.model("a", timeout_s=60.0), kit.says())]))

    async def cancelled():
        task = asyncio.ensure_future(interpreter.run(Query.of("hello")))
        await until_beside(lambda: kit.providers["fake"].begun)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not [h for h in asyncio.get_running_loop()._scheduled if not h.cancelled()]

    asyncio.run(cancelled())
    assert kit.providers["fake"].ended == ["a"]
    (record,) = kit.sink.runs
    assert (record.status, record.failure, record.answer) == ("cancelled", "", "")
    assert [e.kind for e in record.events] == ["call_failed", "end"]
    told = record.events[0].data
    assert (told["model"], told["kind"], told["attempt"], record.path) == ("a", "cancelled", 1, ("a",))
    assert told["message"] == "the run was cancelled while `a` was answering"
    assert told["held_usd"] > 0
    assert "cancelled while `a` was answering" in draw_trace(record)


def test_cancelling_while_waiting_to_retry(kit, answer_of, until_beside):
    waits = []

    class Waits(SystemClock):
        async def sleep(self, seconds):
            waits.append(seconds)
            await asyncio.Event().wait()

    kit.clock = Waits()
    interpreter = kit.start(kit.model("a", answer_of(error="server"), "x", retry=1))

    async def cancelled():
        task = asyncio.ensure_future(interpreter.run(Query.of("hello")))
        await until_beside(lambda: waits)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert [e.kind for e in kit.sink.runs[0].events] == ["call_failed", "retry", "end"]
    assert kit.sink.runs[0].path == ("a",)


@pytest.mark.parametrize(("time_s", "said"), [(2.99975, "3 s"), (0.03, "0.03 s"), (0.0004, "0.0004 s"), (90, "90 s")])
def test_a_timeout_is_said_in_round_figures(time_s, said):
    assert calls_module._seconds(time_s) == said


def test_cancelling_at_the_moment_the_guard_strikes_is_still_cancelling(kit, monkeypatch):
    monkeypatch.setattr(guard_module, "GRACE_S", 0.0)
    kit.providers = {"fake": Hangs()}
    interpreter = kit.start(kit.model("a", timeout_s=0.02))

    async def both():
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(interpreter.run(Query.of("hello")))
        await asyncio.sleep(0)
        due = next(h.when() for h in loop._scheduled if not h.cancelled())
        loop.call_at(due, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(both())
    assert kit.sink.runs[0].status == "cancelled"


def test_an_adapters_own_exception_ends_the_run_in_words(kit):
    class Broken:
        async def send(self, request):
            raise KeyError("choices: sk-secret-key")

    kit.providers = {"fake": Broken()}
    a = kit.model("a")
    result = kit.run(kit.add(g.FallbackNode, [a, a]))
    assert (result.status, result.failure.kind, result.path) == ("failed", "policy", ("a",))
    assert result.failure.message == "the provider `fake` broke, a mistake in its adapter"
    assert isinstance(result.failure.cause, KeyError)
    assert "sk-secret" not in repr(result)


class Lazy(dict):
    def __missing__(self, name):
        if name == "fake":
            raise CallFailed("auth", "no key for `fake`: set FAKE_API_KEY", status=None)
        raise ZeroDivisionError(name)


def test_a_provider_without_a_key_ends_the_run(kit, tell):
    kit.providers = Lazy()
    result = kit.run(kit.add(g.FallbackNode, [kit.model("a", "x"), kit.model("b", "y")]))
    assert (result.failure.kind, result.failure.message) == ("auth", "no key for `fake`: set FAKE_API_KEY")
    assert tell(result, "call_failed")[0]["kind"] == "auth"


def test_a_provider_that_cannot_be_made_or_isnt_there(kit):
    kit.providers = {}
    assert kit.run(kit.model("a", "x")).failure.message == "there is no provider `fake`"
    kit.providers = Lazy()
    kit.models["a"] = g.ModelSpec("a", "other", "a", 10, 1.0)
    result = kit.run(kit.call("a"))
    assert (result.failure.kind, result.failure.message) == ("policy", "the provider `other` could not be set up")


def test_what_is_recorded(kit):
    a, b = kit.model("a", "bad"), kit.model("b", "good")
    root = kit.cascade([(a, kit.says()), (b, kit.says())])
    result = kit.run(root, meta={"plan": "gold"})
    (record,) = kit.sink.runs
    assert (record.trace_id, record.policy, record.policy_path) == (result.trace_id, "main", "kit.cl")
    assert (record.status, record.model, record.path) == ("accepted", "b", ("a", "b"))
    assert (record.query, record.answer, record.meta) == ("hello", "good", {"plan": "gold"})
    assert (record.cost_usd, record.input_tokens, record.output_tokens) == (result.cost_usd, 20, 20)
    assert record.events is result.events
    assert len(result.trace_id) == 20


def test_without_texts(kit):
    interpreter = kit.start(kit.model("a", "a private answer"), keep_text=False)
    result = asyncio.run(interpreter.run(Query.of("a private question")))
    assert result.answer == "a private answer"
    assert "private" not in repr(kit.sink.runs)


def test_runs_at_once_share_nothing(kit, answer_of):
    a, b = kit.model("a", answer_of("bad", latency_s=0.001)), kit.model("b", "good")
    interpreter = kit.start(kit.cascade([(a, kit.says()), (b, kit.says())]))

    async def many():
        return await asyncio.gather(*(interpreter.run(Query.of(f"q{n}")) for n in range(64)))

    results = asyncio.run(many())
    assert {r.path for r in results} == {("a", "b")}
    assert len({r.trace_id for r in results}) == 64
    assert {len(r.events) for r in results} == {6}


class Counts:
    """Counts a token a letter, or says that it can't; answers everything."""

    def __init__(self, *, knows: bool) -> None:
        self.knows = knows
        self.asked = []

    async def count_tokens(self, request):
        return sum(len(message.text) for message in request.messages) if self.knows else None

    async def send(self, request):
        self.asked.append(request.model)
        return Reply("good", "stop", Usage(1, 1))


@pytest.mark.parametrize(
    ("knows", "letters", "path"), [(True, 500, ("small", "large")), (True, 400, ("small",)), (False, 500, ("small",))]
)
def test_a_prompt_surely_over_the_context_moves_on(kit, tell, knows, letters, path):
    provider = Counts(knows=knows)
    kit.providers = {"fake": provider}
    root = kit.add(g.FallbackNode, [kit.model("small", context=400), kit.model("large", context=10_000)])
    result = kit.run(root, "x" * letters)
    assert (result.status, result.path, provider.asked) == ("unchecked", path, [path[-1]])
    if len(path) == 2:
        (told,) = tell(result, "call_failed")
        assert (told["kind"], told["message"]) == (
            "context_length",
            "the prompt has 500 tokens, and `small` holds 400",
        )
        assert "held_usd" not in told
