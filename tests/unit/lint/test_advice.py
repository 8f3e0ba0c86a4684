"""Following what a rule advises makes its finding go away and gives no other."""

from __future__ import annotations

import re

import pytest

LADDERS = [
    "cascade [haiku, opus] until not refuses retry 2",
    "cascade [haiku retry 1, sonnet, opus] until json",
    "cascade [haiku retry 3, haiku with { max_tokens: 2k }] until json",
]


@pytest.mark.parametrize("strategy", LADDERS)
@pytest.mark.parametrize("which", [0, 1])
def test_a_limit_that_is_advised_can_be_kept(linted, strategy: str, which: int):
    (found,) = linted(f"policy main = {strategy}").diagnostics
    assert found.name == "unlimited-calls"
    within, proof = re.findall(r"`([^`]+)`", found.help)
    text = f"policy main = ({strategy}) {within}" if which == 0 else f"policy main = {strategy}\n{proof}"
    assert linted(text).diagnostics == ()


def test_a_policy_without_a_price_is_advised_a_limit_in_time(linted):
    text = (
        'provider own = openai { base_url: "http://localhost:8000/v1" }\nmodel a = own("a")\nmodel b = own("b")\n'
        "policy main = cascade [a retry 3, b] until json\npolicy other = haiku"
    )
    *prices, found = linted(text).diagnostics
    assert {d.name for d in prices} == {"unknown-price"}
    assert found.help == "set a limit behind it (`within 30s`, say), or prove one (`require main { latency <= 2m }`)"
    assert linted(f"{text}\nrequire main {{ latency <= 2m }}").diagnostics == tuple(prices)


def test_of_two_limits_only_the_idle_one_is_to_be_taken_out(linted):
    (found,) = linted("policy main = cascade [haiku, sonnet] until json within $0.20 and 10m").diagnostics
    assert found.help == "set it under 150s, or take `10m` out"


@pytest.mark.parametrize(
    ("rungs", "said"),
    [
        ("haiku, haiku, opus", ["this rung asks the same as the one below it"]),
        ("haiku, haiku, haiku, haiku, opus", ["3 rungs in a row ask the same as the one below them"]),
        ("haiku, haiku, opus, opus, opus", ["this rung asks the same", "2 rungs in a row ask the same"]),
        ("haiku, opus, haiku, opus", []),
    ],
)
def test_rungs_in_a_row_that_ask_the_same_are_told_once(linted, rungs: str, said: list[str]):
    text = f"policy main = cascade [{rungs}] until json within 30s"
    found = [d for d in linted(text).diagnostics if d.name == "repeated-rung"]
    assert len(found) == len(said)
    assert all(d.message.startswith(one) for d, one in zip(found, said, strict=True))


def test_tiers_of_a_thousand_tiers_are_linted(linted):
    chain = "".join(f"tier t{n + 1} = cascade [t{n}, t{n}] until json\n" for n in range(1_200))
    found = linted(f"tier t0 = haiku\n{chain}policy main = t1200").diagnostics
    assert sum(d.name == "repeated-rung" for d in found) == 1_200
    (calls,) = [d for d in found if d.name == "unlimited-calls"]
    assert "more than 1,000,000 calls" in calls.message
