from __future__ import annotations

import pytest

from cascadelang.contracts.check import UNCHECKED
from cascadelang.contracts.failure import ENDING, FAILURE_KINDS
from cascadelang.contracts.messages import Message, Query
from cascadelang.graph import model as g


def ladder(kit, *texts, **fields):
    gate = kit.check("ok", kit.says())
    names = [
        kit.model("abc"[at], *(texts[at] if isinstance(texts[at], list) else [texts[at]])) for at in range(len(texts))
    ]
    return kit.cascade([(name, gate) for name in names], **fields)


def test_a_plain_call_is_unchecked(kit):
    result = kit.run(kit.model("a", "hi"))
    assert (result.answer, result.status, result.model, result.path) == ("hi", "unchecked", "a", ("a",))
    assert result.verdict == UNCHECKED
    assert result.cost_usd == pytest.approx(10 * 1e-6 + 10 * 10e-6)
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.estimated) == (10, 10, False)


def test_the_first_answer_that_passes_ends_the_cascade(kit, tell):
    result = kit.run(ladder(kit, "bad", "good", "good"))
    assert (result.status, result.model, result.path) == ("accepted", "b", ("a", "b"))
    assert result.data == {"ok": {"word": "good"}}
    assert [c["outcome"] for c in tell(result, "check")] == ["failed", "passed"]
    assert tell(result, "escalate") == [{"from": "a", "to": "b", "because": "unmet"}]
    assert tell(result, "check")[0]["reason"] == "it lacks `good`"


@pytest.mark.parametrize(
    ("ending", "status", "model", "failure"),
    [("last", "unmet", "c", None), ("best", "unmet", "b", None), ("fail", "failed", "", "unmet")],
)
def test_when_no_rung_passes(kit, ending, status, model, failure):
    gate = g.CompareValue(">=", kit.use("rate"), g.Const(0.9))
    rungs = [(kit.model("a", "x 0.1"), gate), (kit.model("b", "y 0.8"), gate), (kit.model("c", "z 0.5"), gate)]
    result = kit.run(kit.cascade(rungs, otherwise=ending))
    assert (result.status, result.model) == (status, model)
    assert (result.failure.kind if result.failure else None) == failure
    assert result.path == ("a", "b", "c")
    if ending == "best":
        assert result.verdict.score == 0.8
        assert result.verdict.reason == "rate is 0.8, not >= 0.9"
    if failure:
        assert result.answer == ""
        assert "rate is 0.5, not >= 0.9" in result.failure.message


def test_best_takes_the_later_of_equals_and_scores_before_none(kit):
    gate = g.CompareValue(">=", kit.use("rate"), g.Const(0.9))
    rungs = [(kit.model("a", "0.4"), gate), (kit.model("b", "0.4"), gate), (kit.model("c", "none"), gate)]
    assert kit.run(kit.cascade(rungs, otherwise="best")).model == "b"


def test_otherwise_a_strategy_has_its_own_end(kit):
    last = kit.model("z", "anything")
    rung = kit.model("a", "bad")
    result = kit.run(kit.cascade([(rung, kit.says())], otherwise="node", otherwise_node=last))
    assert (result.status, result.model, result.path) == ("unchecked", "z", ("a", "z"))


def test_a_rung_without_a_gate_passes_anything(kit):
    a, b = kit.model("a", "whatever"), kit.model("b", "good")
    result = kit.run(kit.cascade([(a, None), (b, None)]))
    assert (result.status, result.model, result.path) == ("unchecked", "a", ("a",))


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize("shape", ["cascade", "fallback"])
def test_which_failures_move_on(kit, answer_of, tell, kind, shape):
    a, b = kit.model("a", answer_of(error=kind)), kit.model("b", "good")
    root = kit.cascade([(a, kit.says()), (b, kit.says())]) if shape == "cascade" else kit.add(g.FallbackNode, [a, b])
    result = kit.run(root)
    if kind in ENDING:
        assert (result.status, result.failure.kind, result.path) == ("failed", kind, ("a",))
    else:
        assert (result.model, result.path) == ("b", ("a", "b"))
        assert tell(result, "escalate") == [{"from": "a", "to": "b", "because": kind}]
    assert tell(result, "call_failed")[0]["kind"] == kind


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_a_fallback_may_say_which_failures_move_on(kit, answer_of, tell, kind):
    a, b = kit.model("a", answer_of(error=kind)), kit.model("b", "good")
    result = kit.run(kit.add(g.FallbackNode, [a, b], ["rate_limit", "server"]))
    if kind in {"rate_limit", "server"}:
        assert (result.status, result.model, result.path) == ("unchecked", "b", ("a", "b"))
    else:
        assert (result.status, result.failure.kind, result.path) == ("failed", kind, ("a",))
        assert tell(result, "escalate") == []


def test_a_cascade_goes_on_when_a_fallback_in_it_does_not(kit, answer_of):
    a, b, c = kit.model("a", answer_of(error="timeout")), kit.model("b", "x"), kit.model("c", "good")
    inner = kit.add(g.FallbackNode, [a, b], ["server"])
    result = kit.run(kit.cascade([(inner, kit.says()), (c, kit.says())]))
    assert (result.status, result.path) == ("accepted", ("a", "c"))


def test_when_every_rung_failed_the_last_failure_stands(kit, answer_of):
    a, b = kit.model("a", answer_of(error="rate_limit")), kit.model("b", answer_of(error="server"))
    for root in (kit.cascade([(a, kit.says()), (b, None)]), kit.add(g.FallbackNode, [a, b])):
        result = kit.run(root)
        assert (result.status, result.failure.kind, result.answer, result.model) == ("failed", "server", "", "")


def test_a_rejected_answer_stands_when_later_rungs_fail(kit, answer_of):
    a, b = kit.model("a", "bad"), kit.model("b", answer_of(error="server"))
    result = kit.run(kit.cascade([(a, kit.says()), (b, kit.says())]))
    assert (result.status, result.answer, result.model, result.path) == ("unmet", "bad", "a", ("a", "b"))


def test_fallback_keeps_a_poor_answer(kit):
    inner = ladder(kit, "bad")
    result = kit.run(kit.add(g.FallbackNode, [inner, kit.model("z", "good")]))
    assert (result.status, result.model) == ("unmet", "a")


def test_fallback_moves_on_from_an_unmet_failure(kit):
    inner = ladder(kit, "bad", otherwise="fail")
    result = kit.run(kit.add(g.FallbackNode, [inner, kit.model("z", "other")]))
    assert (result.status, result.model) == ("unchecked", "z")


def test_the_outer_gate_judges_what_an_inner_cascade_found_wanting(kit):
    inner = kit.cascade([(kit.model("a", "good bad"), kit.says("better"))])
    result = kit.run(kit.cascade([(inner, kit.says("good")), (kit.model("b", "good"), None)]))
    assert (result.status, result.model) == ("accepted", "a")


def test_an_inner_verdict_stands_where_the_outer_rung_has_no_gate(kit):
    inner = kit.cascade([(kit.model("a", "bad"), kit.says())])
    result = kit.run(kit.cascade([(inner, None), (kit.model("b", "good"), None)]))
    assert (result.status, result.path) == ("unmet", ("a",))


@pytest.mark.parametrize(
    ("given", "path"), [("hard", ("c",)), ("middle", ("b", "c")), (None, ("a", "b", "c")), ("?", ("a", "b", "c"))]
)
def test_from_starts_at_the_rung_of_the_label(kit, tell, given, path):
    start = kit.signal("difficulty", type="label")
    root = ladder(kit, "bad", "bad", "bad", start=start, start_at={"easy": 0, "middle": 1, "hard": 2})
    result = kit.run(root, meta={"difficulty": given})
    assert result.path == path
    (choice,) = tell(result, "route")
    assert choice["to"] == path[0]
    assert choice["arm"] == (given if given in {"hard", "middle"} else "else")
    assert choice["unknown"] == ([] if given else ["difficulty: no `difficulty` is given"])


def test_an_empty_answer_is_an_answer(kit, answer_of):
    result = kit.run(kit.model("a", answer_of("")))
    assert (result.status, result.answer, result.failure) == ("unchecked", "", None)


def test_carry_draft_hands_on_the_draft_and_why(kit):
    root = ladder(kit, "bad\nanswer", "worse", "good", carry="draft")
    kit.run(root)
    first, second, third = (request.messages for request in kit.requests)
    assert first == (Message("user", "hello"),)
    assert second[:2] == (Message("user", "hello"), Message("assistant", "bad\nanswer"))
    assert "> ok: it lacks" not in second[2].text
    assert "> it lacks `good`" in second[2].text
    assert [m.role for m in third] == ["user", "assistant", "user"], "only the last draft is carried"
    assert third[1].text == "worse"


def test_carry_reasons_leaves_the_draft_out(kit):
    kit.run(ladder(kit, "secret draft", "good", carry="reasons"))
    words = " ".join(m.text for m in kit.requests[1].messages)
    assert "secret draft" not in words
    assert "it lacks `good`" in words


def test_nothing_is_carried_from_a_rung_that_failed(kit, answer_of):
    kit.run(ladder(kit, [answer_of(error="server")], "good", carry="draft"))
    assert kit.requests[1].messages == (Message("user", "hello"),)


def test_an_inner_cascade_carries_on_top_of_the_outer(kit):
    inner = kit.cascade([(kit.model("b", "poor"), kit.says()), (kit.model("c", "good"), kit.says())], carry="draft")
    kit.run(kit.cascade([(kit.model("a", "bad"), kit.says()), (inner, None)], carry="draft"))
    assert [m.text for m in kit.requests[2].messages if m.role == "assistant"] == ["bad", "poor"]


def test_settings_inner_over_outer_over_model(kit):
    a = kit.model("a", "x", temperature=0.9, stop=["END"], system="be kind", seed=3)
    inner = kit.add(g.WithNode, a, {"temperature": 0.1, "max_tokens": 5})
    kit.run(kit.add(g.WithNode, inner, {"temperature": 0.5, "timeout_s": 3.0, "effort": "low"}))
    (request,) = kit.requests
    assert (request.temperature, request.max_tokens, request.timeout_s) == (0.1, 5, 3.0)
    assert (request.stop, request.system, request.seed, request.effort) == (("END",), "be kind", 3, "low")


def test_a_shared_node_is_built_for_each_of_its_settings(kit):
    a = kit.model("a", "bad", "good")
    warm = kit.add(g.WithNode, a, {"temperature": 1.0})
    kit.run(kit.cascade([(a, kit.says()), (warm, kit.says())]))
    assert [r.temperature for r in kit.requests] == [None, 1.0]


def test_gates_that_need_logprobs_ask_for_them(kit):
    a, b, c = kit.model("a", "bad"), kit.model("b", "bad"), kit.model("c", "good")
    gate = kit.says()
    rungs = [g.GraphRung(a, gate, logprobs=True), g.GraphRung(b, gate, top_logprobs=True), g.GraphRung(c, gate)]
    kit.run(kit.add(g.CascadeNode, rungs))
    assert [r.logprobs for r in kit.requests] == [0, 2, None]


def test_system_messages_of_the_caller_join_the_models_own(kit):
    messages = (Message("system", "one"), Message("user", "hi"), Message("system", "two"))
    kit.run(kit.model("a", "x", system="mine"), Query(messages, wants_json=True))
    (request,) = kit.requests
    assert request.system == "mine\n\none\n\ntwo"
    assert request.messages == (Message("user", "hi"),)
    assert request.json_mode


def test_json_mode_is_left_out_where_a_model_cannot(kit):
    kit.run(kit.model("a", "x", can=["logprobs"]), Query((Message("user", "hi"),), wants_json=True))
    assert not kit.requests[0].json_mode
