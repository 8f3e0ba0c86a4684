"""Which types can be compared, and what counting with them gives."""

from __future__ import annotations

from typing import get_args

import pytest

from cascadelang.contracts.spec import ValueType
from cascadelang.semantics.types import ORDERED, RANGES, SAID, combined, comparable, range_said

ALL = get_args(ValueType)


def test_every_type_has_words_and_every_range_a_type():
    assert set(SAID) == set(ALL)
    assert set(RANGES) < set(ALL)
    assert {range_said(kind) for kind in RANGES} == {"between 0 and 1", "at most 0", "at least 1", "at least 0"}


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize("other", ALL)
def test_comparing_goes_both_ways(one: ValueType, other: ValueType):
    assert comparable(one, other) == comparable(other, one)
    assert comparable(one, one)
    assert comparable(one, "meta")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("score", "logprob"),
        ("score", "perplexity"),
        ("score", "count"),
        ("logprob", "share"),
        ("money", "number"),
        ("duration", "number"),
        ("money", "duration"),
        ("bool", "text"),
        ("bool", "number"),
        ("label", "language"),
        ("count", "text"),
    ],
)
def test_what_has_nothing_in_common(one: ValueType, other: ValueType):
    assert not comparable(one, other)


@pytest.mark.parametrize(
    ("left", "op", "right", "gives"),
    [
        ("count", "+", "count", "count"),
        ("count", "/", "count", "number"),
        ("count", "-", "count", "number"),
        ("score", "*", "number", "number"),
        ("share", "*", "count", "number"),
        ("money", "+", "money", "money"),
        ("money", "/", "money", "number"),
        ("money", "*", "money", None),
        ("money", "*", "count", "money"),
        ("number", "*", "duration", "duration"),
        ("number", "/", "duration", None),
        ("number", "+", "money", None),
        ("duration", "+", "money", None),
        ("duration", "/", "number", "duration"),
        ("meta", "+", "count", "count"),
        ("meta", "*", "meta", "number"),
        ("bool", "+", "count", None),
        ("text", "+", "text", None),
    ],
)
def test_counting(left: ValueType, op: str, right: ValueType, gives: ValueType | None):
    assert combined(op, left, right) == gives


def test_what_has_no_order():
    assert {"bool", "text", "label", "language"}.isdisjoint(ORDERED)
