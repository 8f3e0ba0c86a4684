from __future__ import annotations

import pytest

from cascadelang.graph import model as g


@pytest.fixture
def score(answer_of):
    return lambda value, reason="", **fields: answer_of(purpose="judge", score=value, reason=reason, **fields)


def root_of(kit, gate=None, **fields):
    a, b = kit.model("a", "good first"), kit.model("b", "second")
    return kit.cascade([(a, gate or kit.judged("j")), (b, None)], **fields)


def test_a_judge_passes_an_answer_and_is_paid_for(kit, score, tell):
    kit.model("j", score(0.9, "it is right"))
    result = kit.run(root_of(kit))
    assert (result.status, result.model, result.path) == ("accepted", "a", ("a",))
    assert result.verdict.score == 0.9
    assert result.verdict.reason == "judge(j) is 0.9, >= 0.5 (it is right)"
    assert [(c["model"], c["purpose"]) for c in tell(result, "call")] == [("a", "answer"), ("j", "judge")]
    assert result.cost_usd == pytest.approx(2 * 110e-6)
    assert result.usage.output_tokens == 20


def test_a_judge_rejects(kit, score):
    kit.model("j", score(0.2, "wrong city"))
    result = kit.run(root_of(kit))
    assert (result.status, result.path) == ("unchecked", ("a", "b"))


def test_a_free_check_that_decides_saves_the_judge(kit, score):
    kit.model("j", score(0.9))
    gate = g.LogicValue("and", [kit.says("absent"), kit.judged("j")])
    kit.run(root_of(kit, gate))
    assert kit.scripted.calls("j", "judge") == 0


def test_an_unknown_free_check_saves_the_judge_only_where_it_settles(kit, score):
    kit.model("j", score(0.9))
    unknown = g.CompareValue(">=", kit.use("rate"), g.Const(0.5))
    kit.run(root_of(kit, g.LogicValue("and", [unknown, kit.judged("j")])))
    assert kit.scripted.calls("j", "judge") == 0
    lenient = kit.check("lenient", g.LogicValue("and", [unknown, kit.judged("j")]), else_pass=True)
    result = kit.run(root_of(kit, g.LogicValue("and", [lenient, kit.says()])))
    assert kit.scripted.calls("j", "judge") == 1
    assert result.status == "accepted"


@pytest.mark.parametrize("kind", ["timeout", "rate_limit", "server", "context_length", "content_filter"])
def test_a_judge_that_fails_leaves_it_unknown(kit, answer_of, kind, tell):
    kit.model("j", answer_of(error=kind, purpose="judge"))
    result = kit.run(root_of(kit))
    (check,) = tell(result, "check")
    assert (check["outcome"], check["unknown"]) == ("failed", True)
    assert result.path == ("a", "b")


@pytest.mark.parametrize("kind", ["auth", "bad_request", "policy"])
def test_a_judge_that_is_mistaken_ends_the_run(kit, answer_of, kind):
    kit.model("j", answer_of(error=kind, purpose="judge"))
    result = kit.run(root_of(kit))
    assert (result.status, result.failure.kind, result.path) == ("failed", kind, ("a",))


def test_a_judge_nobody_declared_ends_the_run(kit):
    kit.model("j")
    root = root_of(kit)
    del kit.models["j"]
    result = kit.run(root)
    assert (result.status, result.failure.kind) == ("failed", "policy")


def test_a_malformed_verdict_is_unknown_not_zero(kit, answer_of):
    kit.model("j", answer_of("certainly!", purpose="judge"))
    a = kit.model("a", "good")
    result = kit.run(kit.cascade([(a, kit.judged("j"))], otherwise="best"))
    assert (result.status, result.verdict.unknown, result.verdict.score) == ("unmet", True, None)


def test_the_last_rungs_paid_gate_isnt_made_when_nothing_depends_on_it(kit, score):
    kit.model("j", score(0.1))
    result = kit.run(kit.cascade([(kit.model("a", "x"), kit.judged("j"))]))
    assert (result.status, kit.scripted.calls("j", "judge")) == ("unchecked", 0)


@pytest.mark.parametrize(("ending", "status"), [("best", "unmet"), ("fail", "failed")])
def test_the_last_rungs_paid_gate_is_made_when_otherwise_depends_on_it(kit, score, ending, status):
    kit.model("j", score(0.1))
    result = kit.run(kit.cascade([(kit.model("a", "x"), kit.judged("j"))], otherwise=ending))
    assert (result.status, kit.scripted.calls("j", "judge")) == (status, 1)


def test_a_waived_gate_doesnt_hide_that_an_inner_one_failed(kit, score):
    kit.model("j", score(0.9))
    inner = kit.cascade([(kit.model("a", "bad"), kit.says())])
    assert kit.run(kit.cascade([(inner, kit.judged("j"))])).status == "unmet"
    inner = kit.cascade([(kit.model("a", "good"), kit.says())])
    assert kit.run(kit.cascade([(inner, kit.judged("j"))])).status == "unchecked"


def test_a_check_is_made_once_for_an_answer(kit, score):
    kit.model("j", score(0.4))
    use = kit.use("judge", model="j")
    gate = g.LogicValue("or", [g.CompareValue(">=", use, g.Const(0.9)), g.CompareValue(">=", use, g.Const(0.3))])
    result = kit.run(root_of(kit, gate))
    assert (result.status, kit.scripted.calls("j", "judge")) == ("accepted", 1)


def test_retry_holds_for_judges_and_with_does_not(kit, score, answer_of, tell):
    kit.model("j", answer_of(error="server", purpose="judge"), score(0.9), temperature=0.2)
    root = kit.add(g.RetryNode, kit.add(g.WithNode, root_of(kit), {"max_tokens": 3, "temperature": 1.0}), 1)
    result = kit.run(root)
    assert (result.status, len(tell(result, "retry"))) == ("accepted", 1)
    judging = [r for r in kit.requests if r.purpose == "judge"]
    assert {(r.max_tokens, r.temperature) for r in judging} == {(64, 0.2)}
