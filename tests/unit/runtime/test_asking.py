"""A model as the router: asked when something needs to know, once a run, within the limits around."""

from __future__ import annotations

import asyncio

import pytest

from cascadelang.contracts.messages import Query
from cascadelang.graph import model as g
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.signals.ask import SIGNAL as ASK

TOPICS = ["billing", "chat"]


@pytest.fixture(autouse=True)
def _real_ask(monkeypatch, kit):
    """The kit's signals, and the real `ask` beside them."""
    init = Interpreter.__init__

    def made(self, graph, *, make_signal, **fields):
        init(
            self,
            graph,
            make_signal=lambda entry, args: ASK(args) if entry == "ask" else make_signal(entry, args),
            **fields,
        )

    monkeypatch.setattr(Interpreter, "__init__", made)


def asked(kit, model="asker", labels=TOPICS, default=None):
    args = {"model": model, "question": "which?", "labels": labels, "sure": None}
    use = g.CatalogUse("query.ask", "ask", "signal", args, gives="label", model_args=["model"], calls=1)
    kit.uses["query.ask"] = use
    return kit.signal("topic", g.UseValue("query.ask"), type="label", labels=labels, default=default)


def says(answer_of, label, **fields):
    return answer_of(label, purpose="ask", **fields)


def routed(kit, default=None):
    label = asked(kit, default=default)
    a, b, z = kit.model("a", "1"), kit.model("b", "2"), kit.model("z", "3")
    return kit.add(g.RouteByNode, label, {"billing": a, "chat": b}, z)


def test_the_label_it_gives_chooses_the_arm(kit, answer_of, tell):
    kit.model("asker", says(answer_of, '{"label": "chat"}'))
    result = kit.run(routed(kit))
    assert result.path == ("b",)
    calls = tell(result, "call")
    assert [(call["model"], call["purpose"]) for call in calls] == [("asker", "ask"), ("b", "answer")]
    assert result.cost_usd == pytest.approx(2 * (10 * 1 + 10 * 10) / 1e6)
    assert tell(result, "route")[0]["because"] == {"topic": "chat"}


@pytest.mark.parametrize("default", [None, "billing"])
@pytest.mark.parametrize("fault", ["error", "nonsense"])
def test_one_that_can_not_be_known_is_unknown_with_its_reason(kit, answer_of, tell, default, fault):
    kit.model("asker", says(answer_of, "", error="server") if fault == "error" else says(answer_of, "dunno"))
    result = kit.run(routed(kit, default))
    assert result.path == (("a",) if default else ("z",))
    told = tell(result, "route")[0]
    if default is None:
        assert any(("scripted failure" if fault == "error" else "none of the labels") in w for w in told["unknown"])


@pytest.mark.parametrize("kind", ["auth", "bad_request", "policy"])
def test_a_mistake_ends_the_run(kit, answer_of, kind):
    kit.model("asker", says(answer_of, "", error=kind))
    result = kit.run(kit.add(g.FallbackNode, [routed(kit), kit.call("z")]))
    assert (result.status, result.failure.kind) == ("failed", kind)
    assert result.path == ()


def test_it_is_asked_once_a_run_and_only_when_needed(kit, answer_of, tell):
    kit.model("asker", says(answer_of, "chat"))
    label = asked(kit)
    a = kit.model("a", "1")
    chat = g.CompareValue("==", label, g.Const("chat"))
    inner = kit.add(g.RouteNode, [g.GraphArm(g.NotValue(chat), a)], kit.add(g.RouteByNode, label, {"chat": a}, a))
    free = kit.add(g.RouteNode, [g.GraphArm(kit.signal("gold"), a)], inner)
    assert [c["purpose"] for c in tell(kit.run(free, meta={"gold": True}), "call")] == ["answer"]
    assert [c["purpose"] for c in tell(kit.run(free, meta={"gold": False}), "call")] == ["ask", "answer"]


def test_and_stops_before_it_where_a_free_part_decides(kit, answer_of, tell):
    kit.model("asker", says(answer_of, "chat"))
    both = g.LogicValue("and", [kit.signal("gold"), g.CompareValue("==", asked(kit), g.Const("chat"))])
    root = kit.add(g.RouteNode, [g.GraphArm(both, kit.model("a", "1"))], kit.model("b", "2"))
    result = kit.run(root, meta={"gold": False})
    assert [c["model"] for c in tell(result, "call")] == ["b"]


def test_it_starts_a_cascade_and_keys_a_split(kit, answer_of):
    kit.model("asker", says(answer_of, "chat"))
    label = asked(kit)
    a, b = kit.model("a", "1"), kit.model("b", "2")
    root = kit.cascade([(a, None), (b, None)], start=label, start_at={"billing": 0, "chat": 1})
    assert kit.run(root).path == ("b",)
    split = kit.add(g.SplitNode, [g.GraphShare(0.5, a), g.GraphShare(0.5, b)], label)
    paths = set()
    for seed in range(6):
        kit.seed = seed
        paths.add(kit.run(split).path)
    assert len(paths) == 1


def test_a_gate_may_ask_and_asks_once(kit, answer_of, tell):
    kit.model("asker", says(answer_of, "chat"))
    gate = g.CompareValue("==", asked(kit), g.Const("billing"))
    a, b, c = kit.model("a", "1"), kit.model("b", "2"), kit.model("c", "3")
    rungs = [g.GraphRung(a, gate, paid=True), g.GraphRung(b, gate, paid=True), g.GraphRung(c)]
    result = kit.run(kit.add(g.CascadeNode, rungs))
    assert result.path == ("a", "b", "c")
    assert [call["purpose"] for call in tell(result, "call")] == ["answer", "ask", "answer", "answer"]


def test_a_call_that_does_not_fit_leaves_it_unknown(kit, answer_of, tell):
    kit.model("asker", says(answer_of, "chat"), max_tokens=10_000)
    root = kit.add(g.WithinNode, routed(kit), 0.02)
    result = kit.run(root)
    assert result.path == ("z",)
    skip = tell(result, "skip")[0]
    assert (skip["model"], skip["purpose"]) == ("asker", "ask")
    assert any("asker" in words and "left" in words for words in tell(result, "route")[0]["unknown"])


def test_what_it_costs_counts_against_the_limit(kit, answer_of, tell):
    spent = (400 * 1 + 100 * 10) / 1e6
    kit.model("asker", says(answer_of, "chat", input_tokens=400, output_tokens=100))
    root = kit.add(g.WithinNode, routed(kit), 0.0023)
    interpreter = kit.start(root)
    result = asyncio.run(interpreter.run(Query.of("hello")))
    assert result.path == ()
    left = [skip["left_usd"] for skip in tell(result, "skip")]
    assert left == [pytest.approx(0.0023 - spent)]


def test_retry_around_holds_for_it(kit, answer_of, tell):
    kit.model("asker", says(answer_of, "", error="server"), says(answer_of, "chat"))
    result = kit.run(kit.add(g.RetryNode, routed(kit), 1))
    assert result.path == ("b",)
    assert [event.kind for event in result.events][:3] == ["call_failed", "retry", "call"]


def test_a_dry_run_calls_nothing_and_says_what_it_needs(kit, answer_of):
    kit.model("asker", says(answer_of, "chat"))
    found = kit.start(routed(kit)).decide(Query.of("hello"))
    assert [(d.taken, d.to) for d in found] == [("", "")]
    assert "needs a call" in found[0].reason
    assert kit.requests == []


def test_a_signal_that_breaks_is_unknown(kit, answer_of, monkeypatch):
    async def read_paid(self, query, call):
        raise ZeroDivisionError

    monkeypatch.setattr(ASK, "read_paid", read_paid)
    kit.model("asker", says(answer_of, "chat"))
    assert kit.run(routed(kit)).path == ("z",)


def test_logprobs_are_asked_for_where_the_model_is_known_to_give_them(kit, answer_of):
    kit.model("asker", says(answer_of, "chat"), can=["logprobs"])
    root = routed(kit)
    kit.run(root)
    assert [r.logprobs for r in kit.requests] == [0, None]
    kit.models["asker"] = g.ModelSpec("asker", "fake", "asker", 100, 10.0)
    kit.requests.clear()
    kit.run(root)
    assert [r.logprobs for r in kit.requests] == [None, None]
