from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from cascadelang.diagnostics.codes import all_codes
from cascadelang.graph.bounds import bounds
from cascadelang.graph.requirements import check_requirements
from cascadelang.graph.said_steps import MOST_STEPS, said_steps
from cascadelang.graph.steps import Step


def found(graph):
    return check_requirements(graph, bounds(graph))


def said(diagnostics) -> str:
    return "\n".join(
        f"{d.name}: {d.message}\n  help: {d.help}" + "".join(f"\n  note: {note}" for note in d.notes)
        for d in diagnostics
    )


LADDER = """
tier cheap = fallback [haiku, mini]
signal code = has_code
check good = json and judge(sonnet, "Is it right?") >= 0.8
policy main = route code -> opus retry 1 else cascade [cheap, sonnet, opus] until good carry draft otherwise fail
"""


def test_what_holds_is_proved(graph_of):
    graph = graph_of(LADDER + "require main for input <= 4k { cost <= $0.40, calls <= 7, latency <= 125s }")
    assert found(graph) == ()


def test_what_breaks_is_said_step_by_step(graph_of, snapshot: SnapshotAssertion):
    graph = graph_of(LADDER + "require main for input <= 4k { cost <= $0.10, calls <= 4, latency < 30s }")
    assert said(found(graph)) == snapshot


def test_the_steps_add_up_to_what_is_refused(graph_of):
    [refused] = found(graph_of(LADDER + "require main for input <= 4k { calls <= 1 }"))
    assert "can make 7 calls" in refused.message
    assert sum(note.endswith(": 1 call") for note in refused.notes) == 7
    assert refused.notes[-1] == "together 7 calls"


AMOUNT = re.compile(r": (?:at most )?\$?([0-9.,]+)(ms|s|m)?")
UNITS = {"ms": Decimal("0.001"), "m": Decimal(60)}


def amounts(notes) -> list[Decimal]:
    found = [AMOUNT.search(note.replace("together ", ": ")) for note in notes]
    return [Decimal(m[1].replace(",", "")) * UNITS.get(m[2], 1) for m in found if m is not None]


@pytest.mark.parametrize("bound", ["cost <= $0.01", "calls <= 1", "latency <= 1s"])
@pytest.mark.parametrize("size", [1, 777, 123_457])
def test_what_is_written_adds_up_to_the_last_line(graph_of, bound, size):
    [refused] = found(graph_of(f"{LADDER}require main for input <= {size} {{ {bound} }}"))
    *steps, total = amounts(refused.notes[1:])
    assert len(steps) == 7
    assert sum(steps) == total
    assert refused.notes[-1].startswith("together ")


@given(st.lists(st.floats(0, 1e3) | st.sampled_from([0.0, 1e-9, 0.1, 0.2, 1 / 3]), min_size=2, max_size=30))
def test_any_amounts_add_up_as_they_are_written(values):
    lines = said_steps("cost", iter([Step(f"`n{n}`", value) for n, value in enumerate(values)]), sum(values))
    *steps, total = amounts(lines)
    assert sum(steps) == total
    assert sum(values) - 1e-9 <= float(total) <= sum(values) + 0.01 + 1e-9


def test_a_limit_is_where_a_way_ends(graph_of):
    graph = graph_of("policy main = cascade [opus, opus] until json within $0.10\nrequire main { cost <= $0.05 }")
    [refused] = found(graph)
    assert refused.message == "`main` can cost $0.10, and `cost <= $0.05` is required"
    assert refused.notes[-1] == "1. `main.within` stops at `within $0.10`: at most $0.10"


def test_within_proves_a_bound_for_every_input(graph_of):
    assert found(graph_of("policy main = opus within $0.10\nrequire main { cost <= $0.10 }")) == ()


def test_a_cost_that_grows_cannot_be_bounded(graph_of):
    [refused] = found(graph_of("policy main = haiku\nrequire main { cost <= $100 }"))
    assert refused.message == "`cost <= $100` can't be proved: the cost grows with the input"
    assert "$0.005 + $1/M x input" in refused.help


def test_nothing_is_proved_from_an_unknown_price(graph_of):
    graph = graph_of("cascade [haiku, odd] until json\nrequire main for input <= 1k { cost <= $100, calls <= 2 }")
    [refused] = found(graph)
    assert refused.message == "`cost <= $100` can't be proved: the price of `odd` isn't known"
    assert "price:" in refused.help


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        ("calls <= 3", True),
        ("calls < 3", False),
        ("calls < 4", True),
        ("calls >= 1", True),
        ("calls > 1", False),
        ("calls == 3", False),
        ("latency <= 60s", True),
        ("latency < 60s", False),
        ("latency >= 1s", False),
        ("cost >= $0", True),
        ("cost > $0", False),
    ],
)
def test_each_comparison(graph_of, bound, holds):
    graph = graph_of(f"cascade [haiku, sonnet, opus] until json\nrequire main for input <= 1k {{ {bound} }}")
    assert (found(graph) == ()) == holds


def test_equal_holds_only_for_a_single_value(graph_of):
    assert found(graph_of("policy main = haiku\nrequire main { calls == 1 }")) == ()


def test_a_policy_is_judged_as_it_stands_not_as_others_use_it(graph_of):
    graph = graph_of("policy small = haiku\npolicy main = small retry 3\nrequire small { calls <= 1 }")
    assert found(graph) == ()


def test_the_place_is_the_bound(graph_of):
    text = "policy main = haiku\nrequire main { calls <= 1, latency <= 1s }"
    [refused] = found(graph_of(text))
    source = f'use "models.cl"\n{text}'
    assert source[refused.span.start : refused.span.end] == "latency <= 1s"


def test_a_way_longer_than_anyone_reads_is_cut(graph_of):
    lines = ["policy p0 = cascade [haiku, sonnet] until json"]
    lines += [f"policy p{n} = cascade [p{n - 1}, p{n - 1}] until json" for n in range(1, 60)]
    [refused] = found(graph_of("\n".join(lines) + "\nrequire p59 { calls <= 5 }"))
    assert refused.notes[-2:] == (f"… and so on: {2**60 - MOST_STEPS:,} calls", f"together {2**60:,} calls")
    assert len(refused.notes) == MOST_STEPS + 3


# ---- Limits that let nothing through ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "small"),
    [
        ("haiku within $0.004", True),
        ("haiku within $0.005", False),
        ("haiku retry 1 within $0.009", True),
        ("haiku retry 1 within $0.010", False),
        ("haiku with { max_tokens: 100 } within $0.001", False),
        ("cascade [opus, mini] until json within $0.001", True),
        ("cascade [opus, haiku] until json otherwise mini within $0.001", False),
        ("fallback [opus, mini] within $0.001", False),
        ("route has_code -> opus else mini within $0.001", False),
        ("opus within 1ms", False),
    ],
)
def test_within_too_small(graph_of, policy, small):
    assert [d.name for d in found(graph_of(f"policy main = {policy}"))] == ["within-too-small"] * small


def test_too_small_says_what_would_do(graph_of):
    [told] = found(graph_of("policy main = fallback [opus retry 1, sonnet] within $0.01"))
    assert told.message == (
        "`within $0.01` lets no call through: even the cheapest first call, of `sonnet`, can cost $0.015"
    )


def test_each_name_is_registered(graph_of):
    graph = graph_of("policy main = haiku within $0.001\nrequire main { calls <= 0 }")
    assert {d.name for d in found(graph)} <= set(all_codes())
    assert len(found(graph)) == 2


def test_a_wait_is_said_once(graph_of):
    graph = graph_of("policy main = hedge haiku after 4s with sonnet\nrequire main { latency <= 20s }")
    assert [note for d in found(graph) for note in d.notes if "waits" in note] == [
        "1. `main` waits for `main.first`: at most 4s"
    ]
