from __future__ import annotations

import itertools
import math

import pytest

from cascadelang.contracts.messages import Query
from cascadelang.graph import model as g
from cascadelang.graph.arithmetic import calculate, compare, equal, number

AND = {
    (True, True): True,
    (True, False): False,
    (False, False): False,
    (True, None): None,
    (False, None): False,
    (None, None): None,
}
OR = {
    (True, True): True,
    (True, False): True,
    (False, False): False,
    (True, None): True,
    (False, None): None,
    (None, None): None,
}


def arm(kit, condition, meta):
    """Which arm a route with this one condition takes."""
    root = kit.add(g.RouteNode, [g.GraphArm(condition, kit.model("yes", "1"))], kit.model("no", "2"))
    return kit.run(root, meta=meta)


@pytest.mark.parametrize(("op", "table"), [("and", AND), ("or", OR)])
@pytest.mark.parametrize("pair", list(itertools.product([True, False, None], repeat=2)))
def test_logic_in_three_values(kit, op, table, pair):
    expected = table.get(pair, table.get(pair[::-1]))
    logic = g.LogicValue(op, [kit.signal("p"), kit.signal("q")])
    result = arm(kit, logic, dict(zip("pq", pair, strict=True)))
    assert (result.model == "yes") is (expected is True)
    negated = arm(kit, g.NotValue(logic), dict(zip("pq", pair, strict=True)))
    assert (negated.model == "yes") is (expected is False)


def test_an_unknown_arm_isnt_taken_and_the_trace_says_why(kit, tell):
    result = arm(kit, g.LogicValue("and", [g.MetaValue("plan"), kit.signal("p")]), {"p": True})
    (route,) = tell(result, "route")
    assert route == {
        "arm": "else",
        "to": "no",
        "because": {"meta.plan": None, "p": True},
        "unknown": ["meta.plan: the caller gave no `meta.plan`"],
    }


def test_only_what_decided_is_told(kit, tell):
    result = arm(kit, g.LogicValue("or", [kit.signal("p"), kit.signal("q")]), {"p": False, "q": True})
    assert tell(result, "route")[0]["because"] == {"q": True}


def test_else_of_a_signal_settles_it(kit, tell):
    result = arm(kit, kit.signal("p", default=True), {})
    assert result.model == "yes"
    assert tell(result, "route")[0]["unknown"] == []
    assert arm(kit, g.NotValue(kit.signal("p", default=False)), {}).model == "yes"


def test_a_signal_is_read_once_a_run(kit, fact_reads):
    signal = kit.signal("p")
    arm(kit, g.LogicValue("or", [signal, g.NotValue(signal), signal]), {"p": False})
    assert fact_reads() == 1


def test_a_signal_that_breaks_is_unknown(kit, tell):
    result = arm(kit, kit.signal("p"), {"p": "boom"})
    assert result.model == "no"
    assert tell(result, "route")[0]["unknown"] == [
        "p: it broke while reading the query, which is a mistake in the signal"
    ]


@pytest.mark.parametrize(
    ("meta", "taken"), [({}, "yes"), ({"plan": None}, "yes"), ({"plan": ""}, "no"), ({"plan": False}, "no")]
)
def test_missing(kit, meta, taken):
    assert arm(kit, g.MetaMissing("plan"), meta).model == taken
    assert arm(kit, g.MetaMissing("plan", negated=True), meta).model != taken


@pytest.mark.parametrize("value", [["a"], {"a": 1}, math.nan, math.inf, b"x"])
def test_facts_of_other_types_are_unknown(kit, value):
    assert arm(kit, g.CompareValue("==", g.MetaValue("m"), g.Const("x")), {"m": value}).model == "no"
    assert arm(kit, g.CompareValue("!=", g.MetaValue("m"), g.Const("x")), {"m": value}).model == "no"


@pytest.mark.parametrize(
    ("op", "left", "right", "value"),
    [
        ("==", "5", 5, False),
        ("!=", "5", 5, True),
        ("==", 1, True, False),
        ("==", True, True, True),
        ("==", 1, 1.0, True),
        ("<", "5", 6, None),
        ("<", "a", "b", True),
        (">=", 3, 2.5, True),
        ("<", True, 2, None),
        ("==", None, 1, None),
        ("<=", 10**400, 1, None),
    ],
)
def test_comparing(op, left, right, value):
    assert compare(op, left, right) is value


@pytest.mark.parametrize(
    ("op", "left", "right", "value"),
    [
        ("+", 1, 2, 3),
        ("/", 1, 0, None),
        ("/", 1, 4, 0.25),
        ("*", 1e200, 1e200, None),
        ("-", "a", 1, None),
        ("+", None, 1, None),
        ("+", True, 1, None),
    ],
)
def test_calculating(op, left, right, value):
    assert calculate(op, left, right) == value


def test_numbers_and_equality():
    assert number(True) is None  # noqa: FBT003
    assert number(10**400) is None
    assert not equal(0, False)  # noqa: FBT003


@pytest.mark.parametrize(
    ("weights", "meta", "score"),
    [
        ({"p": 0.4, "q": 0.3, "n": 0.2}, {"p": True, "q": False, "n": 0.5}, 0.5),
        ({"p": 0.8, "q": 0.8}, {"p": True, "q": True}, 1.0),
        ({"p": -0.8}, {"p": True}, 0.0),
    ],
)
def test_a_score_is_the_sum_of_what_is_true_cut_to_0_and_1(kit, weights, meta, score):
    named = {"p": kit.signal("p"), "q": kit.signal("q"), "n": g.MetaValue("n")}
    value = g.ScoreValue([g.Weighted(named[name], weight) for name, weight in weights.items()])
    for edge, above in ((score - 0.001, "yes"), (score + 0.001, "no")):
        assert arm(kit, g.CompareValue(">", value, g.Const(edge)), meta).model == above


@pytest.mark.parametrize(
    ("value", "label"), [(0.1, "easy"), (0.3, "medium"), (0.69, "medium"), (0.7, "hard"), (5, "hard")]
)
def test_a_number_on_a_limit_belongs_to_the_next_label(kit, value, label):
    band = g.BandValue(g.MetaValue("n"), [g.BandStep("easy", 0.3), g.BandStep("medium", 0.7)], "hard")
    assert arm(kit, g.CompareValue("==", band, g.Const(label)), {"n": value}).model == "yes"
    assert arm(kit, g.InValue(band, ["easy", "medium", "hard"]), {"n": math.nan}).model == "no"


def test_score_band_in_and_arithmetic(kit):
    score = g.ScoreValue([g.Weighted(kit.signal("p"), 0.4), g.Weighted(g.MetaValue("n"), 0.5)])
    band = g.BandValue(score, [g.BandStep("easy", 0.3), g.BandStep("middle", 0.7)], "hard")
    for meta, label in (
        ({"p": False, "n": 0.1}, "easy"),
        ({"p": True, "n": 0.2}, "middle"),
        ({"p": True, "n": 9}, "hard"),
    ):
        assert arm(kit, g.CompareValue("==", band, g.Const(label)), meta).model == "yes"
    assert arm(kit, g.InValue(band, ["easy", "middle", "hard"]), {"p": True}).model == "no"
    assert arm(kit, g.InValue(band, ["easy", "middle", "hard"]), {"p": True, "n": "one"}).model == "no"
    assert arm(kit, g.InValue(g.MetaValue("n"), [1, 2]), {"n": 2}).model == "yes"
    assert arm(kit, g.InValue(g.MetaValue("n"), [1, 2], negated=True), {"n": 2}).model == "no"
    half = g.CompareValue(">", g.ArithValue("/", g.MetaValue("n"), g.TuneValue("t", 2.0)), g.Const(1))
    assert arm(kit, half, {"n": 3}).model == "yes"
    assert arm(kit, half, {"n": "3"}).model == "no"


def test_route_by_a_label(kit):
    label = kit.signal("topic", type="label")
    a, b, z = kit.model("a", "1"), kit.model("b", "2"), kit.model("z", "3")
    root = kit.add(g.RouteByNode, label, {"billing": a, "chat": b}, z)
    for given, model in (("billing", "a"), ("chat", "b"), ("other", "z"), (None, "z"), (7, "z")):
        assert kit.run(root, meta={"topic": given}).model == model


def test_route_by_without_an_else_fails_on_an_unknown_label(kit):
    root = kit.add(g.RouteByNode, kit.signal("topic", type="label"), {"billing": kit.model("a", "1")})
    result = kit.run(root)
    assert (result.status, result.failure.kind, result.path) == ("failed", "policy", ())
    assert "no `topic` is given" in result.failure.message


@pytest.mark.parametrize(("default", "arm_taken"), [("free", "free"), (None, "else")])
@pytest.mark.parametrize("of", [g.MetaValue("plan"), None])
def test_a_value_outside_a_signals_labels_is_unknown(kit, tell, of, default, arm_taken):
    plan = kit.signal("plan", of, type="label", labels=["free", "gold"], default=default)
    a, b, z = kit.model("a", "1"), kit.model("b", "2"), kit.model("z", "3")
    root = kit.add(g.RouteByNode, plan, {"free": a, "gold": b}, z)
    assert kit.run(root, meta={"plan": "gold"}).model == "b"
    for given in ("bronze", 7, True):
        (route,) = tell(kit.run(root, meta={"plan": given}), "route")
        assert route["arm"] == arm_taken
        assert route["because"] == {"plan": default}
        said = f"plan: `{'true' if given is True else given}` is none of free, gold"
        assert route["unknown"] == ([] if default else [said])


def test_route_by_without_an_else_says_which_label_is_none(kit, tell):
    plan = kit.signal("plan", type="label", labels=["free"])
    root = kit.add(g.RouteByNode, plan, {"free": kit.model("a", "1")})
    result = kit.run(root, meta={"plan": "bronze"})
    assert result.failure.message.endswith("has no `else`: plan: `bronze` is none of free")
    root = kit.add(g.RouteByNode, g.MetaValue("plan"), {"free": kit.call("a")})
    result = kit.run(root, meta={"plan": "bronze"})
    assert result.failure.message.endswith("and no `else`: `meta.plan` is `bronze`")
    assert tell(result, "route")[0]["to"] == ""


N = g.MetaValue("n")


@pytest.mark.parametrize(
    ("condition", "given", "words"),
    [
        (g.NotValue(g.CompareValue(">", N, g.Const(3))), "foo", "`meta.n` is `foo`, not a number"),
        (g.CompareValue(">", g.Const(3), N), "foo", "`meta.n` is `foo`, not a number"),
        (g.CompareValue(">", N, g.Const("a")), 3, "`a` is `a`, not a number"),
        (g.CompareValue("<", N, g.Const(3)), True, "`meta.n` is `true`, not a number"),
        (g.CompareValue("<", N, g.Const(3)), 10**400, "`meta.n` is too large to calculate with"),
        (g.NotValue(N), "foo", "`meta.n` is `foo`, neither true nor false"),
        (g.LogicValue("and", [N, N]), "foo", "`meta.n` is `foo`, neither true nor false"),
        (N, 7, "the condition of arm 1 is `7`, neither true nor false"),
        (
            g.CompareValue(">", g.ScoreValue([g.Weighted(N, 0.5)]), g.Const(0.1)),
            "foo",
            "`meta.n` is `foo`, not a number",
        ),
        (
            g.CompareValue("==", g.BandValue(N, [g.BandStep("low", 2.0)], "high"), g.Const("low")),
            "foo",
            "`meta.n` is `foo`, not a number",
        ),
    ],
)
def test_a_condition_unknown_by_a_values_type_says_so(kit, tell, condition, given, words):
    result = arm(kit, condition, {"n": given})
    assert result.model == "no"
    assert tell(result, "route")[0]["unknown"] == [words]


def verdict(kit, gate, text):
    result = kit.run(kit.cascade([(kit.model("a", text), gate)]))
    return result.verdict


def test_a_check_that_isnt_known_has_failed(kit):
    found = verdict(kit, kit.check("ok", kit.says()), "good?")
    assert (found.outcome, found.unknown, found.reason) == ("failed", True, "it can't be read")


def test_else_pass_of_a_check_settles_it(kit):
    found = verdict(kit, kit.check("ok", kit.says(), else_pass=True), "good?")
    assert (found.outcome, found.unknown) == ("passed", False)
    assert "else pass" in found.reason


def test_not_of_an_unknown_check_passes_nothing(kit):
    found = verdict(kit, g.NotValue(kit.check("hedges", kit.says("maybe"))), "what?")
    assert (found.outcome, found.unknown) == ("failed", True)


def test_a_check_that_breaks_is_unknown(kit):
    found = verdict(kit, kit.check("ok", kit.says()), "boom")
    assert (found.outcome, found.unknown) == ("failed", True)
    assert "a mistake in the check" in found.reason
    assert "RuntimeError" not in found.reason


def test_the_reason_is_that_of_what_decided(kit):
    gate = g.LogicValue("and", [kit.check("one", kit.says("x")), kit.check("two", kit.says("y"))])
    assert verdict(kit, gate, "x").reason == "two: it lacks `y`"
    either = g.LogicValue("or", [kit.check("three", kit.says("v")), kit.check("four", kit.says("w"))])
    assert verdict(kit, either, "x").reason == "three: it lacks `v`; four: it lacks `w`"


def test_checks_may_look_at_the_query(kit):
    gate = g.LogicValue("or", [kit.signal("trusted"), kit.says()])
    root = kit.cascade([(kit.model("a", "bad"), gate)])
    assert kit.run(root, Query.of("x", {"trusted": True})).status == "accepted"
    assert kit.run(root, Query.of("x", {"trusted": False})).status == "unmet"


def test_a_signal_inside_a_check_is_said_with_its_prefix(kit, tell):
    long = g.CompareValue(">", kit.use("fact", "signal", name="long"), g.Const(5))
    for gate in (long, kit.check("fits", long)):
        result = kit.run(kit.cascade([(kit.model("a", "1"), gate)]), meta={"long": 3})
        (told,) = tell(result, "check")
        assert told["reason"].removeprefix("fits: ") == "query.fact(long) is 3, not > 5"
        assert told["check"] in ("query.fact(long) > 5", "fits")
    assert arm(kit, long, {"long": 9}).model == "yes"
    result = arm(kit, long, {})
    assert tell(result, "route")[0]["because"] == {"fact(long)": None}
