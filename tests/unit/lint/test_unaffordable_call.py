"""What the rule on calls that a limit in money has no room for says beyond its examples, and that runs agree."""

from __future__ import annotations

import pytest

from cascadelang.source import MemoryFiles
from cascadelang.workspace.load import prove

MODELS = """
model s = openai("s") { price: $1 / $2, max_tokens: 100 }
model m = openai("m") { price: $1 / $2, max_tokens: 1000, retry: 2 }
model l = openai("l") { price: $10 / $20, max_tokens: 1000 }
"""


def told(text: str) -> list[tuple[str, str, list[str]]]:
    """Message, text underlined, and the calls pointed at, of each finding of the rule."""
    text = MODELS + text
    found = prove("p.cl", MemoryFiles({"p.cl": text})).diagnostics
    return [
        (d.message, text[d.span.start : d.span.end], [text[r.span.start : r.span.end] for r in d.related])
        for d in found
        if d.name == "unaffordable-call"
    ]


def test_calls_are_told_together_in_the_order_they_stand_in():
    assert told("policy main = cascade [s, m, l] until json within $0.005") == [
        ("`within $0.005` never has room for `m` and `l`", "within $0.005", ["m", "l"])
    ]


def test_of_limits_around_each_other_the_tightest_is_told():
    assert [at for _, at, _ in told("policy main = (cascade [s, l] until json within $0.01) within $0.001")] == [
        "within $0.001"
    ]


def test_a_limit_that_lets_nothing_through_is_told_as_that_alone():
    found = prove("p.cl", MemoryFiles({"p.cl": f"{MODELS}policy main = cascade [l, m] until json within $0.001"}))
    names = {d.name for d in found.diagnostics}
    assert "within-too-small" in names
    assert "unaffordable-call" not in names


@pytest.mark.parametrize(
    "text",
    [
        "policy main = cascade [s, l] until json within $0.02",  # just fits an empty query
        "policy main = cascade [s, l with { max_tokens: 200 }] until json within $0.005",
        "policy main = cascade [s within $0.001, l] until json",
        "policy main = cascade [s, l] until json within 30s",
        'model u = openai("u")\npolicy main = cascade [s, u] until json within 30s',
    ],
)
def test_what_may_fit_is_not_told(text: str):
    assert told(text) == []
