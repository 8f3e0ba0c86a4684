"""What rules assume of typical calls, and what they make of it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from cascadelang.checks import judge
from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.price import Price
from cascadelang.graph.model import ModelSpec
from cascadelang.lint.rules.dear_judge import Stakes
from cascadelang.lint.typical import ASKING_TOKENS, INSTRUCTION_TOKENS, call_cost
from cascadelang.signals import ask


def model(price: Price | None, system: str = "", max_tokens: int = 1000) -> ModelSpec:
    return ModelSpec("m", "p", "m", max_tokens, 60.0, price=price, system=system)


def test_a_call_costs_its_tokens():
    price = Price(Decimal(1), Decimal(10))
    assert call_cost(model(price), 1_000, 400) == pytest.approx(0.001 + 0.004)
    assert call_cost(model(price, max_tokens=100), 1_000, 400) == pytest.approx(0.001 + 0.001)
    assert call_cost(model(price, system="Be brief."), 1_000, 400) > 0.005
    assert call_cost(model(None), 1_000, 400) is None


def test_instructions_are_about_as_long_as_they_are_taken_to_be():
    judged = estimate_tokens(judge._INSTRUCTIONS) + estimate_tokens(json.dumps(judge.VERDICT_SCHEMA))
    assert judged * 0.8 <= INSTRUCTION_TOKENS <= judged * 1.5
    asked = estimate_tokens(ask._INSTRUCTIONS)
    assert asked <= ASKING_TOKENS <= asked * 2


@pytest.mark.parametrize("turned_down", [0.0, 0.1, 0.3, 0.5, 0.9])
def test_the_break_even_rate_is_where_the_costs_are_equal(turned_down: float):
    stakes = Stakes(answer=0.002, judging=0.001, beyond=0.01, free=False)
    assert stakes.rate == pytest.approx(0.7)
    with_rung = stakes.answer + stakes.judging + turned_down * stakes.beyond
    assert (with_rung < stakes.beyond) == (turned_down < stakes.rate)


def test_free_checks_are_counted_at_their_best():
    alone = Stakes(answer=0.002, judging=0.009, beyond=0.01, free=False)
    beside = Stakes(answer=0.002, judging=0.009, beyond=0.01, free=True)
    assert alone.rate < 0 < beside.rate
    # all good answers are let through by what is free, so only the bad ones are judged
    bad = beside.rate
    assert beside.answer + bad * beside.judging + bad * beside.beyond == pytest.approx(beside.beyond)


def test_nothing_saves_over_what_is_free():
    assert Stakes(answer=0.0, judging=0.001, beyond=0.0, free=False).rate < 0


def test_a_carry_is_taken_out_where_that_is_certain(linted, tmp_path):
    linted("policy main = cascade [haiku]\n  carry reasons\n  until json\n", fix=True)
    assert (tmp_path / "policy.cl").read_text().endswith("policy main = cascade [haiku]\n  until json\n")
    unsure = "policy main = cascade [haiku] until json  # carry draft?\n  carry reasons\n"
    report = linted(unsure, fix=True)
    assert [d.name for d in report.diagnostics] == ["idle-carry"]
    assert (tmp_path / "policy.cl").read_text().endswith(unsure)
