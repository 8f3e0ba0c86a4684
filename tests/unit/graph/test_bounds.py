from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.estimate import most_tokens
from cascadelang.contracts.messages import Usage
from cascadelang.contracts.price import FREE, Price, PriceStep
from cascadelang.graph import limits
from cascadelang.graph.bounds import bounds
from cascadelang.graph.cost import cost_of, most_call_cost
from cascadelang.graph.curve import MOST_PIECES, Curve, Line

STEPPED = Price(
    Decimal("1.25"),
    Decimal(10),
    Decimal("0.125"),
    (PriceStep(200_000, Decimal("2.5"), Decimal(15), Decimal("0.25")),),
)


def of(graph, policy="main"):
    return bounds(graph)[graph.policies[policy]]


def test_one_call(graph_of):
    found = of(graph_of("policy main = haiku"))
    assert (found.calls_least, found.calls_most, found.latency_most_s) == (1, 1, 10.0)
    assert found.cost_most.line() == Line(pytest.approx(0.005), pytest.approx(1e-6))
    assert found.cost_least == Line(0.0, pytest.approx(1e-6))
    assert found.answer_tokens == 1000


def test_retries_are_billed_but_share_the_timeout(graph_of):
    found = of(graph_of("policy main = haiku retry 2"))
    assert (found.calls_most, found.latency_most_s) == (3, 10.0)
    assert found.cost_most.at(1000) == pytest.approx(3 * (0.005 + 0.001))


def test_waits_leave_no_time_for_more_attempts(graph_of):
    # half of 0.5, 1, 2 and 4 seconds is waited at least: the fifth attempt would begin after 3.75 s
    found = of(graph_of("policy main = haiku retry 9 with { timeout: 3500ms }"))
    assert found.calls_most == 4
    assert found.cost_most.at(0) == pytest.approx(4 * 0.005)
    assert [limits.most_attempts(3, s) for s in (0.2, 0.3, 0.8, 1.8, 100)] == [1, 2, 3, 4, 4]


def test_an_inner_retry_wins(graph_of):
    assert of(graph_of("policy main = fallback [haiku retry 1, opus] retry 4")).calls_most == 2 + 5


def test_with_sets_what_is_inside_also_in_shared_tiers(graph_of):
    graph = graph_of("""
tier t = fallback [haiku, opus]
policy main = fallback [t with { max_tokens: 10, timeout: 1s }, t]
""")
    found = of(graph)
    assert found.latency_most_s == 2 * 1 + 10 + 30
    assert found.cost_most.at(0) == pytest.approx(10 * 30e-6 + 1000 * 5e-6 + 2000 * 25e-6)
    assert bounds(graph)["tier.t"].latency_most_s == 40  # the most of any way it is reached


def test_a_system_prompt_is_input(graph_of):
    plain, told = (
        of(graph_of("policy main = haiku")),
        of(graph_of('policy main = haiku with { system: "Be brief." }')),
    )
    added = most_tokens("Be brief.") + limits.MESSAGE_TOKENS
    assert told.cost_most.at(0) == pytest.approx(plain.cost_most.at(added))


def test_a_route_costs_its_dearest_arm(graph_of):
    found = of(graph_of("route has_code -> opus else haiku"))
    assert (found.calls_least, found.calls_most, found.latency_most_s) == (1, 1, 30.0)
    assert found.cost_most.at(100) == pytest.approx(2000 * 25e-6 + 100 * 5e-6)
    assert found.cost_least.per_token == pytest.approx(1e-6)


def test_a_paid_signal_is_counted_once(graph_of):
    found = of(
        graph_of("""
signal kind: {a, b, c} = ask(mini, "Which?", [a, b, c])
route kind == a -> haiku, kind == b -> haiku else haiku
""")
    )
    assert (found.calls_least, found.calls_most, found.latency_most_s) == (1, 2, 15.0)


def test_a_cascade_may_need_all_its_rungs(graph_of):
    found = of(graph_of("cascade [haiku, sonnet, opus] until json"))
    assert (found.calls_least, found.calls_most, found.latency_most_s) == (1, 3, 60.0)
    assert found.cost_most.at(1000) == pytest.approx(0.005 + 0.015 + 0.05 + 1000 * 9e-6)


def test_judges_count_and_the_last_idle_one_does_not(graph_of):
    policy = 'cascade [haiku, opus] until judge(sonnet, "Is it right?") >= 0.8'
    assert of(graph_of(policy)).calls_most == 3
    assert of(graph_of(f"{policy} otherwise fail")).calls_most == 4
    assert of(graph_of(f"{policy} otherwise best")).calls_most == 4
    found = of(graph_of(policy))
    texts = most_tokens("sonnet") + most_tokens("Is it right?")
    judged = limits.QUOTING * (1000 + texts + 500) + limits.PAID_CHECK_TOKENS
    judge_usd = judged * 3e-6 + limits.PAID_CHECK_ANSWER_TOKENS * 15e-6
    assert found.cost_most.at(500) == pytest.approx(0.005 + 0.05 + 500 * 6e-6 + judge_usd)
    assert found.latency_most_s == 60.0


def test_a_judge_in_two_places_of_a_gate_is_asked_once(graph_of):
    gate = '(judge(sonnet, "x") >= 0.8 or (json and judge(sonnet, "x") >= 0.5))'
    assert of(graph_of(f"cascade [haiku, opus] until {gate}")).calls_most == 3


def test_carry_enlarges_the_next_rungs_input(graph_of):
    plain, draft, reasons = (
        of(graph_of(f"cascade [haiku, opus] until json{carry}")) for carry in ("", " carry draft", " carry reasons")
    )
    for found, what in ((draft, "draft"), (reasons, "reasons")):
        added = limits.carried_tokens(1000, what) * 5e-6
        assert found.cost_most.at(0) == pytest.approx(plain.cost_most.at(0) + added)


def test_only_what_was_rejected_is_carried_and_only_to_a_rung(graph_of):
    ungated = "cascade [haiku, sonnet until json, opus] carry draft"
    plain = of(graph_of("cascade [haiku, sonnet until json, opus]"))
    found = of(graph_of(ungated))
    added = limits.carried_tokens(1000, "draft") * 5e-6  # of sonnet, to opus alone: haiku's answer is never rejected
    assert found.cost_most.at(0) == pytest.approx(plain.cost_most.at(0) + added)
    anew = "cascade [haiku] until json otherwise opus"
    assert of(graph_of(f"{anew} carry draft")).cost_most == of(graph_of(anew)).cost_most


def test_otherwise_may_ask_more(graph_of):
    found = of(graph_of("cascade [haiku] until json otherwise opus"))
    assert (found.calls_least, found.calls_most, found.answer_tokens) == (1, 2, 2000)


def test_within_caps(graph_of):
    found = of(graph_of("cascade [haiku, opus] until json within $0.01 and 7s"))
    assert (found.calls_most, found.latency_most_s) == (2, 7.0)
    assert found.cost_most.at(0) == found.cost_most.at(10**9) == 0.01
    below = of(graph_of("policy main = haiku within $1"))
    assert below.cost_most.at(0) == pytest.approx(0.005)


def test_unknown_prices_are_never_zero(graph_of):
    found = of(graph_of("cascade [haiku, odd] until json"))
    assert (found.cost_most, found.cost_least) == (None, None)
    assert found.unknown == ("the price of `odd` isn't known",)
    assert found.calls_most == 2


def test_what_isnt_known_to_be_called_is_unbounded(graph_of):
    found = of(graph_of("cascade [haiku, opus] until command >= 0.6 otherwise fail"))
    assert (found.calls_least, found.calls_most, found.latency_most_s, found.cost_most) == (1, None, None, None)


def test_every_node_has_bounds(graph_of):
    graph = graph_of("tier t = fallback [haiku, mini]\nroute has_code -> t else (cascade [t, opus] until json)")
    assert list(bounds(graph)) == list(graph.nodes)


def test_a_doubling_chain_is_counted_quickly(graph_of):
    lines = ["policy p0 = route has_code -> haiku else opus"]
    lines += [
        f"policy p{n} = cascade [p{n - 1}, p{n - 1} with {{ max_tokens: {n} }}] until json carry draft"
        for n in range(1, 60)
    ]
    found = of(graph_of("\n".join(lines)), "p59")
    assert found.calls_most == 2**59


# ---- One call ---------------------------------------------------------------------------------------------------


def test_price_steps_hold_for_the_whole_call():
    assert cost_of(STEPPED, Usage(200_000, 1000)) == pytest.approx(0.25 + 0.01)
    assert cost_of(STEPPED, Usage(200_001, 1000)) == pytest.approx(200_001 * 2.5e-6 + 0.015)
    assert cost_of(STEPPED, Usage(1000, 0, cached_tokens=400)) == pytest.approx(600 * 1.25e-6 + 400 * 0.125e-6)
    assert cost_of(FREE, Usage(10**6, 10**6)) == 0


def test_what_isnt_priced_has_no_most():
    assert most_call_cost(None, 1, 1) is None
    assert most_call_cost(STEPPED, 1000, 100, 3) == pytest.approx(3 * (1000 * 1.25e-6 + 100 * 10e-6))


def rates():
    return st.decimals(0, 100, places=3)


def prices():
    steps = st.lists(st.builds(PriceStep, st.integers(1, 10**6), rates(), rates(), st.none() | rates()), max_size=3)
    return st.builds(
        lambda base, steps: Price(base[0], base[1], base[2], tuple(sorted(steps, key=lambda s: s.above))),
        st.tuples(rates(), rates(), st.none() | rates()),
        steps,
    )


@given(prices(), st.integers(0, 2 * 10**6), st.integers(0, 10**5), st.data())
def test_no_call_costs_more_than_its_most(price, most_in, most_out, data):
    used = Usage(data.draw(st.integers(0, most_in)), data.draw(st.integers(0, most_out)))
    cached = data.draw(st.integers(0, used.input_tokens))
    cost = cost_of(price, Usage(used.input_tokens, used.output_tokens, cached))
    assert cost <= most_call_cost(price, most_in, most_out) * (1 + 1e-9) + 1e-12


# ---- Curves -----------------------------------------------------------------------------------------------------


def lines():
    return st.builds(Line, st.floats(0, 10), st.floats(0, 1e-3))


def curves():
    """Curves as they come about: of lines, joined and capped."""

    def build(parts, cap):
        curve = Curve(((0.0, parts[0]),))
        for number, part in enumerate(parts[1:]):
            other = Curve(((0.0, part),))
            curve = curve.or_more(other) if number % 2 else curve.plus(other.moved(number * 10))
        return curve if cap is None else curve.capped(cap)

    return st.builds(build, st.lists(lines(), min_size=1, max_size=6), st.none() | st.floats(0, 20))


SIZES = st.integers(0, 10**7)


@given(curves(), curves(), SIZES)
def test_curves_say_what_their_parts_say(one, other, size):
    close = {"rel": 1e-6, "abs": 1e-9}
    assert one.plus(other).at(size) == pytest.approx(one.at(size) + other.at(size), **close)
    assert one.or_more(other).at(size) == pytest.approx(max(one.at(size), other.at(size)), **close)
    assert one.capped(3.0).at(size) == pytest.approx(min(one.at(size), 3.0), **close)
    assert one.moved(500).at(size) == pytest.approx(one.at(size + 500), **close)
    assert one.stretched(2).at(size) == pytest.approx(one.at(2 * size), **close)
    assert one.times(3).at(size) == pytest.approx(3 * one.at(size), **close)


@given(curves(), SIZES)
def test_the_line_of_a_curve_is_nowhere_below_it(curve, size):
    assert curve.line().at(size) >= curve.at(size) * (1 - 1e-9) - 1e-9


def test_a_curve_of_many_pieces_is_simplified_upwards():
    curve = Curve(((0.0, Line(0.0)),))
    for number in range(1, 200):
        curve = curve.plus(Curve(((0.0, Line(0.0)), (number * 10.0, Line(1.0)))))
    assert len(curve.pieces) <= MOST_PIECES
    for size in range(0, 2500, 7):
        assert curve.at(size) >= min(199, size // 10) - 1e-6


def test_further_samples_are_counted_as_the_answer_is(graph_of):
    graph = graph_of("cascade [haiku retry 1 until agree(4) >= 0.5, opus]")
    found = of(graph)
    assert found.calls_most == 2 + 3 * 2 + 1
    assert found.latency_most_s == 10 + 10 + 30  # the samples are asked at once
    assert found.cost_most.at(0) == pytest.approx(8 * (1000 * 5 / 1e6) + 2000 * 25 / 1e6)


def test_another_model_is_asked_the_query_and_no_more(graph_of):
    graph = graph_of("cascade [haiku until agrees(sonnet), opus]")
    found = of(graph)
    assert (found.calls_most, found.latency_most_s) == (3, 60)
    assert found.cost_most.at(700) == pytest.approx((1000 * 5 + 1000 * 15 + 2000 * 25 + 700 * (1 + 3 + 5)) / 1e6)
    free = of(graph_of("cascade [haiku, sonnet, opus] until agrees(previous) otherwise fail"))
    assert (free.calls_least, free.calls_most) == (1, 3)


def test_several_at_once_cost_all_and_take_as_long_as_the_slowest(graph_of):
    hedge = of(graph_of("hedge haiku after 4s with sonnet"))
    assert (hedge.calls_least, hedge.calls_most, hedge.latency_most_s) == (1, 2, 24)
    assert of(graph_of("hedge opus after 4s with haiku")).latency_most_s == 30
    assert of(graph_of("hedge haiku after 60s with sonnet")).latency_most_s == 30  # begun when the first has failed
    vote = of(graph_of("vote [haiku, sonnet, opus]"))
    assert (vote.calls_least, vote.calls_most, vote.latency_most_s) == (1, 3, 30)
    assert vote.cost_most.at(0) == pytest.approx((1000 * 5 + 1000 * 15 + 2000 * 25) / 1e6)
    judged = of(graph_of('vote [haiku, sonnet] by judge(opus, "right?")'))
    assert (judged.calls_most, judged.latency_most_s) == (4, 20 + 2 * 30)
    shadow = of(graph_of("shadow haiku with opus on 5%"))
    assert (shadow.calls_least, shadow.calls_most, shadow.latency_most_s) == (1, 2, 10)
    assert shadow.cost_most.at(0) == pytest.approx((1000 * 5 + 2000 * 25) / 1e6)


# ---- Checks that take time --------------------------------------------------------------------------------------


def test_a_check_that_takes_time_costs_nothing_and_counts_in_time(graph_of):
    graph = graph_of("policy main = cascade [haiku, opus] until json and runs")
    without = of(graph_of("policy main = cascade [haiku, opus] until json"))
    found = of(graph)
    assert found.latency_most_s == without.latency_most_s + 2 * 10  # behind the last rung, too: it is free
    assert (found.calls_most, found.cost_most, found.calls_least) == (
        without.calls_most,
        without.cost_most,
        without.calls_least,
    )


def test_its_limit_is_what_the_policy_says(graph_of):
    found = of(graph_of("policy main = cascade [haiku until runs(limit: 250ms), opus]"))
    assert found.latency_most_s == 10.25 + of(graph_of("policy main = opus")).latency_most_s


def test_beside_a_paid_check_it_isnt_made_behind_a_last_rung_that_stands_anyway(graph_of):
    found = of(graph_of('policy main = cascade [haiku, opus] until runs and judge(sonnet, "?") >= 0.8'))
    judge_s = of(graph_of("policy main = sonnet")).latency_most_s
    opus_s = of(graph_of("policy main = opus")).latency_most_s
    assert found.latency_most_s == 10 + 10 + judge_s + opus_s


def test_a_within_caps_its_time(graph_of):
    found = of(graph_of("policy main = cascade [haiku until runs(limit: 9m), opus] within 30s"))
    assert found.latency_most_s == 30


def test_every_answer_of_a_vote_may_have_to_be_scored_by_it(graph_of):
    found = of(graph_of("policy main = vote [haiku, haiku] by rates"))
    assert found.latency_most_s == 10 + 2 * 10


def test_what_is_cached_may_cost_nothing_and_costs_no_more(graph_of):
    plain = of(graph_of("policy main = cascade [haiku, opus retry 1] until json"))
    cached = of(graph_of("policy main = cascade [haiku, opus retry 1] until json cached 1d"))
    assert (cached.calls_least, cached.cost_least) == (0, Line(0.0))
    assert replace(cached, calls_least=plain.calls_least, cost_least=plain.cost_least) == plain


def test_in_any_order_each_may_be_judged_and_handed_what_others_said(graph_of):
    text = 'policy main = cascade [haiku, opus] until judge(sonnet, "?") >= 0.8 carry draft'
    file = {
        "cascadelang": "learned 1",
        "gives": "scores",
        "outputs": ["haiku", "opus"],
        "bias": [0, 0],
        "features": [],
        "made": {"on": "2026-11-24", "records": {}},
    }
    plain = of(graph_of(text))
    found = of(graph_of(f'{text} order by learned("q.json")', q__json=json.dumps(file)))
    assert (found.calls_least, found.calls_most) == (1, 4)
    assert plain.calls_most == 3
    assert found.cost_least == plain.cost_least
    assert found.cost_most.at(100) > plain.cost_most.at(100)
