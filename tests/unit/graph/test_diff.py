from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from cascadelang.graph.bounds import PLAIN, Measure
from cascadelang.graph.diff.align import aligned, out_of_order
from cascadelang.graph.diff.compare import compare
from cascadelang.graph.diff.graft import grafted
from cascadelang.graph.diff.model import Difference
from cascadelang.graph.diff.words import diff_json, diff_text
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.model import Graph

OLD = """
tune strict = 0.8 in 0.5 .. 0.99
signal code = has_code
signal size = band(tokens, short: 200, long)
check sound = json and judge(sonnet, "Is it right?") >= strict
tier cheap = fallback [haiku, mini]
policy main = route code -> opus,
                    meta.plan == "gold" -> (cascade [cheap, sonnet, opus] until sound otherwise best)
              else  cascade [haiku, sonnet] until json within $0.5
policy sized = route by size short -> haiku else opus
policy dealt = split { 90% -> haiku, 10% -> sonnet } by meta.user
policy quick = hedge haiku after 2s with (cascade [mini, sonnet] until json)
policy voted = vote [haiku, mini, sonnet] by judge(opus, "Is it good?")
policy shown = shadow haiku with sonnet on 5%
require main for input <= 4k { cost <= $0.9, calls <= 12 }
"""


def texts(difference: Difference) -> list[str]:
    return [*(a.words for a in difference.amounts), *(f"{c.where}: {c.words}" for c in difference.changes)]


@pytest.fixture(name="diff")
def _diff(graph_of):
    def run(old: str, new: str, **more: int) -> Difference:
        return compare(graph_of(old), graph_of(new), **more)

    return run


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(OLD, id="itself"),
        pytest.param(OLD.replace("\n", "  # a comment\n").replace(", ", " ,\n  "), id="formatting"),
        pytest.param("\n".join(reversed(OLD.split("\n\n"))), id="order"),
        pytest.param(OLD.replace("route code", "route has_code"), id="a_name_for_what_it_stands_for"),
        pytest.param(OLD.replace("cheap", "low"), id="the_name_of_a_tier"),
        pytest.param(OLD.replace("[cheap,", "[(fallback [haiku, mini]),"), id="a_tier_written_out"),
        pytest.param(OLD + '\nsignal idle = has_code\nmodel none = openai("x")\n', id="what_nothing_uses"),
        pytest.param(OLD.replace("$0.5", "$0.50").replace("4k", "4000"), id="spelling"),
    ],
)
def test_what_means_the_same(diff, new: str):
    assert texts(diff(OLD, new)) == []
    assert texts(diff(new, OLD)) == []
    assert diff_text(diff(OLD, new)) == "means the same\n"


@pytest.mark.parametrize(
    ("was", "is_"),
    [
        pytest.param("[cheap, sonnet, opus]", "[cheap, sonnet, haiku]", id="another_model"),
        pytest.param("[cheap, sonnet, opus]", "[cheap, opus]", id="a_rung_less"),
        pytest.param("[cheap, sonnet, opus]", "[cheap, sonnet, mini, opus]", id="a_rung_more"),
        pytest.param("[cheap, sonnet, opus]", "[sonnet, cheap, opus]", id="rungs_moved"),
        pytest.param("[cheap, sonnet, opus]", "[cheap, sonnet until json, opus]", id="a_gate"),
        pytest.param("until sound otherwise best", "until json otherwise fail", id="gates_and_ends"),
        pytest.param("otherwise best", "otherwise (fallback [opus, sonnet])", id="otherwise_a_strategy"),
        pytest.param("until sound otherwise", "until sound carry draft otherwise", id="carry"),
        pytest.param("within $0.5", "within $0.2 and 20s", id="within"),
        pytest.param(" within $0.5", "", id="within_gone"),
        pytest.param("within $0.5", "with { max_tokens: 300 } within $0.5", id="settings"),
        pytest.param("until json within $0.5", "until json retry 2 within $0.5", id="retry"),
        pytest.param("route code -> opus,", "route", id="an_arm_less"),
        pytest.param("route code -> opus,", "route tokens > 99 -> opus,", id="an_arms_condition"),
        pytest.param("route code -> opus,", "route code -> opus, tokens > 99 -> mini,", id="an_arm_more"),
        pytest.param("code = has_code", "code = has_code or tokens > 100", id="a_signal"),
        pytest.param("code = has_code", "code = has_code else true", id="a_signals_else"),
        pytest.param("code ", "program ", id="a_signals_name"),
        pytest.param("sound = json and", "sound = json and not hedges and", id="a_check"),
        pytest.param(">= strict", ">= strict else pass", id="a_checks_else"),
        pytest.param("Is it right?", "Is it quite right?", id="a_rubric"),
        pytest.param("0.8 in 0.5", "0.85 in 0.6", id="a_tune"),
        pytest.param("fallback [haiku, mini]", "fallback [mini, haiku]", id="members_moved"),
        pytest.param("fallback [haiku, mini]", "fallback [haiku, mini] when rate_limit", id="when"),
        pytest.param("tier cheap = fallback [haiku, mini]", "tier cheap = haiku", id="another_kind"),
        pytest.param("by size short -> haiku", "by size short -> mini, long -> sonnet", id="labels"),
        pytest.param("90% -> haiku, 10%", "80% -> haiku, 20%", id="shares"),
        pytest.param("by meta.user", "by meta.team", id="a_key"),
        pytest.param("policy dealt = split", "policy dealt = route has_code -> opus else split", id="dealt_anew"),
        pytest.param("after 2s", "after 3s", id="a_hedges_time"),
        pytest.param("hedge haiku", "hedge opus", id="a_hedges_first"),
        pytest.param("with (cascade [mini, sonnet] until json)", "with mini", id="a_hedges_second"),
        pytest.param(
            "hedge haiku after 2s with (cascade [mini, sonnet] until json)",
            "hedge (cascade [mini, sonnet] until json) after 2s with haiku",
            id="a_hedge_turned_round",
        ),
        pytest.param("hedge haiku after 2s with (", "(", id="a_hedge_less"),
        pytest.param(
            "route by size short -> haiku else opus",
            "hedge (route by size short -> haiku else opus) after 1s with mini",
            id="a_hedge_more",
        ),
        pytest.param("Is it good?", "Is it best?", id="what_a_vote_chooses_by"),
        pytest.param(' by judge(opus, "Is it good?")', "", id="a_vote_by_numbers"),
        pytest.param("vote [haiku, mini, sonnet]", "vote [haiku, sonnet]", id="a_member_less"),
        pytest.param("sonnet on 5%", "sonnet on 6%", id="a_shadows_share"),
        pytest.param("sonnet on 5%", "opus on 5%", id="another_shadow"),
        pytest.param("policy dealt", "policy canary", id="a_policys_name"),
        pytest.param("policy sized = route by size short -> haiku else opus\n", "", id="a_policy_less"),
        pytest.param("$0.9, calls <= 12", "$0.8, latency <= 300s", id="requirements"),
        pytest.param("4k {", "8k {", id="a_requirements_input"),
    ],
)
def test_what_changes(diff, was: str, is_: str, snapshot: SnapshotAssertion):
    new = OLD.replace(was, is_)
    assert new != OLD
    there, back = diff(OLD, new), diff(new, OLD)
    assert not there.same
    assert not back.same
    assert f"- {was}\n+ {is_}\n----\n{diff_text(there)}" == snapshot


LONG = "some very long text that goes on and on, beyond all that is shown of it, to its end: "
LONG_POLICY = f"""
model small = anthropic("tiny") {{ price: $1 / $2, system: "{LONG}A" }}
policy main = route contains(["{LONG}", "B"]) -> haiku
              else  cascade [small, haiku] until contains(["{LONG}", "C"]) with {{ system: "{LONG}D" }}
"""


@pytest.mark.parametrize(
    ("was", "words"),
    [
        ("A", "has `system` `some very long text that goes on and on…` as it was, but for what isn't shown of it"),
        ("B", "with other arguments"),
        ("C", "with other arguments"),
        (
            "D",
            "has `with system: some very long text that goes on and on…` as it was, but for what isn't shown of it",
        ),
    ],
)
def test_what_changes_beyond_what_is_shown(diff, was: str, words: str):
    """Words are cut; they must neither hide a change nor say that something was what it is."""
    (change,) = diff(LONG_POLICY, LONG_POLICY.replace(f'{was}"', f'{was}x"')).changes
    assert change.words.endswith(words)
    assert ", it was" not in change.words


@pytest.mark.parametrize(
    ("was", "is_", "words"),
    [
        ("haiku", "haiku cached 1d", "main: has `cached 1d`, which is new"),
        ("haiku cached 1d", "haiku cached 12h", "main: has `cached 12h`, it was `cached 1d`"),
        ("haiku cached 12h", "haiku", "main: has no `cached 12h` any more"),
    ],
)
def test_what_is_cached(diff, was: str, is_: str, words: str):
    assert words in texts(diff(f"policy main = {was}", f"policy main = {is_}"))


def test_a_models_fields(graph_of, snapshot: SnapshotAssertion):
    graph = graph_of(OLD)
    haiku = replace(graph.models["haiku"], id="small-2", max_tokens=3000, timeout_s=15.0, temperature=0.2, retry=1)
    found = compare(graph, replace(graph, models={**graph.models, "haiku": haiku}))
    assert diff_text(found) == snapshot
    assert {c.where for c in found.changes} == {"model haiku"}


def test_a_price(graph_of):
    graph = graph_of("policy main = haiku\n")
    dear = replace(graph.models["haiku"], price=graph_of("policy main = sonnet\n").models["sonnet"].price)
    assert texts(compare(graph, replace(graph, models={"haiku": dear}))) == [
        "the worst cost of a 4k input rises from $0.009 to $0.027, because `haiku` costs $3 / $15 per M",
        "model haiku: costs $3 / $15 per M, it was $1 / $5 per M",
    ]
    unknown = replace(graph, models={"haiku": replace(dear, price=None)})
    assert texts(compare(graph, unknown))[0] == (
        "the worst cost of a 4k input can't be bounded any more, it was $0.009, because `haiku` costs price unknown"
    )
    assert texts(compare(unknown, graph))[0].startswith(
        "the worst cost of a 4k input is bounded by $0.009, it wasn't"
    )


def test_a_models_name(diff):
    models = 'model one = openai("x") { price: $1 / $2 }\n'
    old = models + "policy main = fallback [one, haiku]\n"
    assert texts(diff(old, old.replace("one", "two"))) == ["model two: was called `one`"]


def test_the_reason_is_the_change_and_not_what_stands_beside_it(diff):
    old = "policy main = cascade [haiku, sonnet] until json\n"
    new = "policy main = cascade [haiku, sonnet, opus] until json and not hedges\n"
    found = diff(old, new)
    assert [a.words for a in found.amounts] == [
        "the worst cost of a 4k input rises from $0.036 to $0.106, because rung 3, `opus`, is new",
        "the most calls rise from 2 to 3, because rung 3, `opus`, is new",
        "the longest time rises from 30s to 60s, because rung 3, `opus`, is new",
    ]


def test_the_input_can_be_chosen(diff):
    old, new = "policy main = haiku\n", "policy main = sonnet\n"
    assert diff(old, new).amounts[0].input_tokens == 4000
    assert diff(old, new, input_tokens=50_000).amounts[0].words.startswith("the worst cost of a 50k input")
    limited = new + "require main for input <= 9k { cost <= $1 }\n"
    assert diff(old, limited).amounts[0].input_tokens == 9000


def test_ranges_of_tunes_are_compared_where_they_are_known(graph_of):
    graph = graph_of(OLD)
    found = compare(graph, graph, old_ranges={"strict": (0.5, 0.9)}, new_ranges={"strict": (0.6, 0.9)})
    assert texts(found) == ["tune strict: may move in 0.6 .. 0.9, it was 0.5 .. 0.9"]


def test_a_graph_that_was_compiled_is_compared_like_its_source(graph_of):
    graph = graph_of(OLD)
    assert compare(from_json(to_json(graph)), graph).same
    other = graph_of(OLD.replace("[cheap, sonnet, opus]", "[cheap, opus]"))
    assert texts(compare(from_json(to_json(graph)), other)) == texts(compare(graph, other))


def test_a_shared_tier_is_told_once(diff):
    new = OLD.replace("fallback [haiku, mini]", "fallback [haiku, sonnet]") + "policy more = cheap\n"
    found = diff(OLD + "policy more = cheap\n", new)
    assert [f"{c.where}: {c.words}" for c in found.changes] == [
        "tier cheap, member 2: is now `sonnet`, it was `mini`"
    ]


def test_as_json(diff):
    found = diff(OLD, OLD.replace("[cheap, sonnet, opus]", "[cheap, sonnet, haiku]"))
    value = json.loads(json.dumps(diff_json(found, "a.cl", "b.cl")))
    assert list(value) == ["version", "old", "new", "same", "bounds", "changes"]
    assert value["version"] == 1
    assert value["same"] is False
    assert value["changes"] == [
        {
            "area": "strategy",
            "what": "changed",
            "where": "main, arm `meta.plan == gold`, rung 3",
            "old": "`opus`",
            "new": "`haiku`",
            "words": "is now `haiku`, it was `opus`",
        }
    ]
    assert {tuple(b["because"]) for b in value["bounds"]} == {(0,)}
    assert [b["what"] for b in value["bounds"]] == ["cost", "latency"]


def test_grafting_changes_nothing_of_the_new_graph(graph_of):
    old, new = graph_of(OLD), graph_of(OLD.replace("[cheap, sonnet, opus]", "[opus]"))
    assert points(grafted(old, new)) == points(new)


def points(graph: Graph) -> dict[str, object]:
    measure = Measure(graph)
    return {name: measure.points[root, PLAIN] for name, root in graph.policies.items()}


NUMBERS = st.lists(st.integers(0, 4), max_size=7)


@given(NUMBERS, NUMBERS)
def test_alignments_use_each_position_once(old: list[int], new: list[int]):
    pairs = aligned(old, new)
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    assert all(a < len(old) and b < len(new) for a, b in pairs)
    assert [b for _, b in pairs] == sorted(b for _, b in pairs)
    if old == new:
        assert pairs == [(n, n) for n in range(len(old))]


@given(st.lists(st.integers(0, 20), unique=True, max_size=9))
def test_what_is_out_of_order_is_as_little_as_can_be(numbers: list[int]):
    out = out_of_order(numbers)
    kept = [n for n in numbers if n not in out]
    assert kept == sorted(kept)
    assert len(out) < max(1, len(numbers))
    if numbers == sorted(numbers):
        assert not out
