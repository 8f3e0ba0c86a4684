from __future__ import annotations

from typing import Any

import pytest

from cascadelang.catalog.models import find
from cascadelang.graph import model as g
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.reach.look import Reach, Unreachable, look
from cascadelang.graph.reach.paths import Choice
from cascadelang.graph.reach.truth import Owner
from cascadelang.graph.wording import wording
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

HEAD = 'use "std/anthropic"\n'


def compiled(text: str) -> g.Graph:
    checked = check("p.cl", MemoryFiles({"p.cl": HEAD + text}), InstalledCatalog(), find)
    assert checked.ok, checked.diagnostics
    return compile_policy(checked)


def reached(text: str) -> tuple[Reach, g.Graph]:
    graph = compiled(text)
    return look(graph), graph


def arms(text: str) -> list[tuple[str, Any, list[tuple[str, Any]]]]:
    """What can't be taken: the node, the arm, and the arms that are named as the reason."""
    found, _ = reached(text)
    assert not found.undecided
    assert not found.constants
    return [(one.node, one.arm, [(choice.node, choice.arm) for choice in one.because]) for one in found.unreachable]


def constants(text: str) -> list[tuple[str, str]]:
    found, graph = reached(text)
    return [(wording(constant.expr, graph), constant.outcome) for constant in found.constants]


# ---- Arms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "because"),
    [
        ("words > 100 -> haiku, words > 300 -> opus", [0]),
        ("words > 3 -> haiku, words >= 4 -> opus", [0]),  # a count is whole
        ("words * 2 + 1 > 7 -> haiku, words >= 4 -> opus", [0]),
        ("has_code or has_math -> haiku, has_math -> opus", [0]),
        ("has_code -> haiku, has_code and words > 3 -> opus", [0]),
        ('contains(["refund", "invoice"]) -> haiku, contains("Invoice") -> opus', [0]),
        ('meta.plan in ["a", "b"] -> haiku, meta.plan == "b" -> opus', [0]),
        ("meta.n > 2 -> haiku, meta.n >= 2.5 -> opus", [0]),
        ("meta.n is not missing -> haiku, meta.n > 3 -> opus", [0]),
        ("words > lines -> haiku, lines < words -> opus", [0]),
        ("words + lines > 3 -> haiku, words + lines > 4 -> opus", [0]),
        ("words > 9 -> haiku, words < 5 -> sonnet, not (words >= 5 and words <= 9) -> opus", [0, 1]),
        ("has_code and has_math -> haiku, not has_math -> opus, has_code -> sonnet", [0, 1]),
    ],
)
def test_an_arm_whose_queries_are_taken_before(conditions, because):
    at = conditions.count("->") - 1
    found = arms(f"policy main = route {conditions} else haiku")
    assert found == [("main", at, [("main", arm) for arm in because])]


@pytest.mark.parametrize(
    "conditions",
    [
        "words > 300 -> haiku, words > 100 -> opus",
        "words > 3 -> haiku, words >= 3 -> opus",
        'meta.plan == "a" -> haiku, meta.plan != "b" -> opus',
        "meta.n > 2 -> haiku, meta.n <= 2 -> opus, meta.n is not missing -> sonnet",  # it may be no number
        'language == "de" -> haiku, language != "de" -> opus',
        'contains("invoice") -> haiku, contains("invoices") -> opus',
        'contains("a") -> haiku, conversation.contains("a") -> opus',
        "words > lines -> haiku, words >= lines -> opus",
    ],
)
def test_an_arm_that_has_queries_of_its_own(conditions):
    assert arms(f"policy main = route {conditions} else haiku") == []


def test_a_fact_of_another_type_is_no_number():
    """`meta.n` may be a text: then neither `> 2` nor `<= 2` is known, and nor is `not (… <= 2)`."""
    text = "policy main = route meta.n > 2 -> haiku, not (meta.n <= 2) -> opus else haiku"
    assert arms(text) == [("main", 1, [("main", 0)])]
    assert arms("policy main = route meta.n > 2 -> haiku, meta.n <= 2 -> opus else sonnet") == []


def test_an_example_of_the_queries_that_are_taken_before():
    found, _ = reached("policy main = route words > 100 -> haiku, words > 300 and has_code -> opus else haiku")
    expected = Unreachable(
        "arm", "main", 1, 0, (Choice("main", 0, taken=False),), (("words", 301), ("has_code", True))
    )
    assert found.unreachable == (expected,)


def test_nothing_is_left_for_many_arms_and_that_is_told_once():
    text = (
        "policy main = route has_code -> haiku, not has_code -> opus, has_math -> haiku, words > 3 -> opus else opus"
    )
    found, _ = reached(text)
    (one,) = found.unreachable
    assert (one.kind, one.arm, one.also) == ("arm", 2, 2)
    assert [choice.arm for choice in one.because] == [0, 1]


def test_an_else_that_is_left_nothing():
    text = "policy main = route has_code -> haiku, not has_code -> opus else sonnet"
    assert arms(text) == [("main", "else", [("main", 0), ("main", 1)])]


def test_conditions_further_out_count():
    text = "policy main = route words > 300 -> (route words < 100 -> haiku, has_code -> opus else haiku) else sonnet"
    assert arms(text) == [("main.arm1", 0, [("main", 0)])]
    text = "policy main = route has_code -> haiku else (route has_math -> opus, has_code -> sonnet else haiku)"
    assert arms(text) == [("main.else", 1, [("main", 0)])]


def test_conditions_count_through_suffixes_lists_and_names_that_one_way_leads_to():
    text = "tier low = route words < 9 -> haiku else opus\npolicy main = route words > 9 -> {} else sonnet"
    for strategy in ("low", "low within $1", "(fallback [low, opus])", "(cascade [opus, low] until json)"):
        assert arms(text.format(strategy)) == [("tier.low", 0, [("main", 0)])]
    assert arms(text.format("low") + "\npolicy other = low") == []


def test_a_node_that_several_ways_lead_to_is_judged_by_all():
    text = "tier low = route {} -> haiku else opus\npolicy main = route words > 9 -> low, words > 5 -> low else haiku"
    assert arms(text.format("words < 8")) == []
    assert [(node, arm) for node, arm, _ in arms(text.format("words < 4"))] == [("tier.low", 0)]


def test_labels():
    head = "signal size = band(words, none: 0, short: 10, long)\n"
    text = "policy main = route by size none -> haiku, short -> sonnet, long -> opus"
    assert arms(head + text) == [("main", "none", [])]
    head = "signal plan: {free, gold} = meta.plan else free\n"
    text = "policy main = route by plan free -> haiku, gold -> sonnet else opus"
    assert arms(head + text) == [("main", "else", [("main", "free"), ("main", "gold")])]
    assert arms(head.replace(" else free", "") + text) == []
    outer = "policy main = route plan == free -> (route by plan gold -> haiku else opus) else sonnet"
    assert arms(head + outer) == [("main.arm1", "gold", [("main", 0)])]


def test_labels_of_a_signal_without_a_name():
    asked = 'ask(haiku, "Which kind?", [code, prose, sums])'
    by = f"(route by {asked} code -> opus, prose -> haiku else sonnet)"
    assert arms(f"policy main = {by}") == []
    assert arms(f"policy main = route {asked} == code -> haiku else {by}") == [("main.else", "code", [("main", 0)])]
    assert arms('policy main = cascade [haiku, opus] from ask(haiku, "Who?", [haiku, opus]) until json') == []


def test_a_score_of_conditions_is_added_up():
    head = "signal hard = band(score(has_code: 0.4, has_math: 0.3), low: 0.35, mid: 0.5, high: 0.9, top)\n"
    text = "policy main = route by hard low -> haiku, mid -> sonnet, high -> opus, top -> opus"
    assert arms(head + text) == [("main", "top", [])]
    text = "policy main = route has_code -> haiku, hard == mid -> sonnet else opus"
    assert arms(head + text) == [("main", 1, [("main", 0)])]


# ---- Rungs and gates --------------------------------------------------------------------------------------------


def test_rungs_that_every_start_skips():
    head = "signal start: {sonnet, opus} = band(words, sonnet: 90, opus)\n"
    found, _ = reached(head + "policy main = cascade [haiku, sonnet, opus] from start until json")
    assert found.unreachable == (Unreachable("rung", "main", 0),)
    unknown = "signal start: {sonnet, opus} = meta.start\n"
    assert arms(unknown + "policy main = cascade [haiku, sonnet, opus] from start until json") == []


def test_a_rung_behind_one_that_always_passes_is_reached_when_that_one_fails():
    assert arms("policy main = cascade [haiku, sonnet, opus until json]") == []


def test_a_gate_that_is_settled_by_where_it_stands():
    text = "policy main = route has_code -> cascade [haiku, opus] until json and not query.has_code else haiku"
    found, _ = reached(text)
    assert [(one.kind, one.node, one.outcome) for one in found.unreachable] == [("gate", "main.arm1", "never true")]
    text = "policy main = route has_code -> cascade [haiku, opus] until json or query.has_code else haiku"
    found, _ = reached(text)
    assert [(one.kind, one.outcome) for one in found.unreachable] == [("gate", "true")]


def test_what_every_query_carries_that_gets_to_a_call():
    text = "policy main = route has_image and words > 3 -> haiku, has_tools -> (route has_code -> opus else sonnet)"
    found, graph = reached(f"{text}, not conversation.has_image -> haiku else opus")
    always = {graph.nodes[id_].id: shapes for id_, shapes in found.always.items()}
    assert always == {
        "main.arm1": {"has_image"},
        "main.arm2.arm1": {"has_tools"},
        "main.arm2.else": {"has_tools"},
        "main.else": {"has_image"},
    }


# ---- Constants --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("words >= 0", "true"),
        ("tokens < 0", "false"),
        ("words > 3 and words < 4", "false"),
        ("has_code or not has_code", "true"),
        ('language == "de" and language == "en"', "never true"),
        ('meta.a == "x" and meta.a == "y"', "never true"),
        ("words == 2.5", "false"),
        ("words - 10 >= -10", "true"),
        ("words > words", "false"),
        ("score(has_code: 0.4, has_math: 0.3) > 0.7", "false"),
        ("true", "true"),
        ('meta.a is missing and meta.a == "x"', "never true"),
    ],
)
def test_a_condition_that_decides_nothing(condition, outcome):
    found, graph = reached(f"policy main = route {condition} -> haiku else opus")
    (constant,) = found.constants
    assert constant.outcome == outcome
    assert constant.whole
    assert constant.owner == Owner("arm", "main", 0)
    assert constant.expr == graph.nodes["main"].arms[0].condition  # type: ignore[union-attr]
    assert not found.unreachable


def test_a_part_that_decides_nothing():
    assert constants("policy main = route has_code and words >= 0 -> haiku else opus") == [("words >= 0", "true")]
    assert constants("policy main = route has_code or words >= 0 -> haiku else opus") == [("words >= 0", "true")]


def test_a_constant_is_told_where_it_is_declared_and_once():
    text = "signal long = words >= 0\npolicy main = route long -> haiku, long and has_code -> opus else sonnet"
    found, _ = reached(text)
    assert [constant.owner for constant in found.constants] == [Owner("signal", "long")]
    assert [one.arm for one in found.unreachable] == [1]  # an arm behind its own condition is a mistake of its own


def test_constant_gates_and_checks():
    text = "check fine = words >= 0\npolicy main = cascade [haiku until fine, sonnet until chars < 0, opus]"
    found, graph = reached(text)
    assert [(c.owner.kind, wording(c.expr, graph)) for c in found.constants] == [
        ("check", "words >= 0"),
        ("gate", "chars < 0"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "signal beta = false\npolicy main = route beta -> haiku, has_code and not beta -> opus else sonnet",
        "check anything = true\npolicy main = cascade [haiku, opus] until anything",
        "tune t = 0 in 0 .. 1\npolicy main = route score(has_code: 0.5) >= t -> haiku else sonnet",
        "signal told = meta.n > 3 else true\npolicy main = route told -> haiku else opus",
        "policy main = route meta.n > 3 or meta.n <= 3 -> haiku else opus",  # it may be no number
        'policy main = route language == "de" or language != "de" -> haiku else opus',
    ],
)
def test_what_is_meant_to_be_set_or_may_be_unknown_is_no_constant(text):
    found, _ = reached(text)
    assert not found.constants
    assert not found.unreachable


# ---- Bounds in time ---------------------------------------------------------------------------------------------


def route(conditions: list[str]) -> str:
    listed = ", ".join(f"{condition} -> {'haiku' if at % 2 else 'opus'}" for at, condition in enumerate(conditions))
    return f"signal plan: {{a, b, c, d}} = meta.plan else a\npolicy main = route {listed} else haiku"


HARD = {
    "overlapping labels and numbers": [
        f"plan == {'abcd'[at % 4]} and words > {(at * 37) % 200} and tokens < {(at * 91) % 500 + 1}"
        for at in range(200)
    ],
    "words": [f'contains("w{at}") and words > {at % 17}' for at in range(200)],
    "pairs of words": [f'contains("w{at}") and contains("w{(at * 7 + 3) % 200}")' for at in range(200)],
    "pigeons": [
        *(
            f'contains("p{hole}a{one}") and contains("p{hole}a{two}")'
            for hole in range(8)
            for one in range(9)
            for two in range(one)
        ),
        *(" and ".join(f'not contains("p{hole}a{one}")' for hole in range(8)) for one in range(9)),
    ],
    "parities": [
        " and ".join(f'{"" if (at >> bit) & 1 else "not "}contains("b{bit + 3 * (at % 5)}")' for bit in range(8))
        for at in range(160)
    ],
}


@pytest.mark.parametrize("name", HARD)
def test_many_arms_are_decided_or_given_up_within_the_steps(name):
    found = look(compiled(route(HARD[name])))
    if name in ("overlapping labels and numbers", "words", "pairs of words"):
        assert not found.undecided
    if name == "pigeons":  # which no resolution proof of moderate length decides (Haken 1985)
        assert found.undecided


def test_what_isnt_decided_isnt_told():
    found = look(compiled(route(HARD["pairs of words"])), steps=500)
    assert found.undecided
    assert found.unreachable == ()


def test_signals_of_signals_without_end():
    lines = ["signal s0 = has_code"]
    for at in range(1, 900):
        op = "and" if at % 2 else "or"
        lines.append(f'signal s{at} = s{at - 1} {op} contains("w{at}")')
    found, _ = reached("\n".join(lines) + "\npolicy main = route s899 -> haiku else opus")
    assert not found.constants
