from __future__ import annotations

import asyncio

import pytest

from cascadelang.contracts.messages import Delta, Query
from cascadelang.contracts.result import RunResult
from cascadelang.graph import model as g
from cascadelang.runtime.interpreter import UnknownPolicy


def parts(found):
    *deltas, result = found
    assert all(isinstance(d, Delta) and d.text for d in deltas)
    assert isinstance(result, RunResult)
    return [d.text for d in deltas], result


def test_a_single_model_streams(kit, tell):
    texts, result = parts(kit.stream(kit.model("a", "one two three")))
    assert texts == ["one ", "two ", "three"]
    assert (result.answer, result.status) == ("one two three", "unchecked")
    assert [e.kind for e in result.events] == ["stream", "call", "end"]
    assert tell(result, "stream") == [{"model": "a"}]


def test_an_answer_behind_a_gate_comes_in_one_piece(kit):
    a, b = kit.model("a", "bad first try"), kit.model("b", "good second try")
    texts, result = parts(kit.stream(kit.cascade([(a, kit.says()), (b, kit.says())], otherwise="fail")))
    assert texts == ["good second try"]
    assert result.status == "accepted"


@pytest.mark.parametrize("gated", [False, True])
def test_the_last_rung_streams_when_nothing_takes_it_back(kit, gated):
    a, b = kit.model("a", "bad first try"), kit.model("b", "bad second try")
    texts, result = parts(kit.stream(kit.cascade([(a, kit.says()), (b, kit.says() if gated else None)])))
    assert texts == ["bad ", "second ", "try"]
    assert result.status == ("unmet" if gated else "unchecked")
    assert result.model == "b"


@pytest.mark.parametrize("ending", ["best", "fail", "node"])
def test_the_last_rung_is_buffered_when_otherwise_depends_on_it(kit, ending):
    other = kit.model("z", "from the other") if ending == "node" else None
    a = kit.model("a", "bad one here")
    texts, result = parts(kit.stream(kit.cascade([(a, kit.says())], otherwise=ending, otherwise_node=other)))
    expected = {"best": ["bad one here"], "fail": [], "node": ["from ", "the ", "other"]}[ending]
    assert texts == expected
    assert result.answer == "".join(expected)


def test_routes_fallbacks_and_suffixes_pass_a_stream_through(kit, answer_of):
    a, b = kit.model("a", answer_of(error="server")), kit.model("b", "one two")
    root = kit.add(g.WithinNode, kit.add(g.FallbackNode, [a, b]), 1.0, 30.0)
    root = kit.add(g.RouteNode, [], kit.add(g.RetryNode, root, 0))
    texts, result = parts(kit.stream(root))
    assert (texts, result.path) == (["one ", "two"], ("a", "b"))


def test_a_cascade_inside_a_gated_rung_is_buffered(kit):
    inner = kit.cascade([(kit.model("a", "good one"), None)])
    texts, _ = parts(kit.stream(kit.cascade([(inner, kit.says()), (kit.model("b", "x"), None)])))
    assert texts == ["good one"]


@pytest.mark.parametrize("shape", ["cascade", "fallback"])
def test_once_bytes_went_out_no_other_takes_over(kit, answer_of, shape):
    a = kit.model("a", answer_of("half an answer", error="connection"), "again", retry=3)
    b = kit.model("b", "good")
    first = kit.model("first", "bad")
    root = kit.add(g.FallbackNode, [a, b]) if shape == "fallback" else kit.cascade([(first, kit.says()), (a, None)])
    texts, result = parts(kit.stream(root))
    assert texts == ["half ", "an ", "answer"]
    assert (result.status, result.failure.kind, result.answer) == ("failed", "connection", "")
    assert kit.scripted.calls("a") == 1
    assert kit.scripted.calls("b") == 0


def test_before_the_first_bytes_it_is_tried_again(kit, answer_of):
    texts, result = parts(kit.stream(kit.model("a", answer_of(error="server"), "fine now", retry=1)))
    assert (texts, result.status) == (["fine ", "now"], "unchecked")


def test_an_empty_answer_gives_no_piece(kit, answer_of):
    texts, result = parts(kit.stream(kit.model("a", answer_of(""))))
    assert (texts, result.status) == ([], "unchecked")


def test_a_stream_that_never_ends_properly_failed(kit):
    class Stops:
        async def stream(self, request):
            yield Delta("half")

    kit.providers = {"fake": Stops()}
    texts, result = parts(kit.stream(kit.model("a")))
    assert (texts, result.status, result.failure.kind) == (["half"], "failed", "connection")


def test_closing_the_iterator_cancels_the_run(kit):
    closed = []

    class Endless:
        async def stream(self, request):
            try:
                while True:
                    yield Delta("more ")
                    await asyncio.sleep(0)
            finally:
                closed.append(True)

    kit.providers = {"fake": Endless()}
    interpreter = kit.start(kit.model("a"))

    async def some() -> int:
        pieces = interpreter.stream(Query.of("hello"))
        seen = 0
        async for _ in pieces:
            seen += 1
            if seen == 3:
                break
        await pieces.aclose()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others
        return seen

    assert asyncio.run(some()) == 3
    assert closed == [True]
    (record,) = kit.sink.runs
    assert record.status == "cancelled"
    assert record.events[-1].data["status"] == "cancelled"


def test_an_unknown_policy_is_told_before_anything_runs(kit):
    interpreter = kit.start(kit.model("a", "x"))
    with pytest.raises(UnknownPolicy, match="no policy `other`"):
        asyncio.run(interpreter.run(Query.of("x"), "other"))
    with pytest.raises(UnknownPolicy):
        interpreter.decide(Query.of("x"), "other")

    async def stream():
        async for _ in interpreter.stream(Query.of("x"), "other"):
            pass

    with pytest.raises(UnknownPolicy):
        asyncio.run(stream())
