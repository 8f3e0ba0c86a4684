from __future__ import annotations

import pytest

from cascadelang.diagnostics.suggest import did_you_mean, distance

NAMES = ["haiku", "sonnet", "opus", "max_tokens", "temperature", "gpt_4o", "a", "be"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("sonet", "sonnet"),
        ("Sonnet", "sonnet"),
        ("haikuu", "haiku"),
        ("hiaku", "haiku"),
        ("maxtokens", "max_tokens"),
        ("temprature", "temperature"),
        ("gpt-4o", "gpt_4o"),
        ("ops", "opus"),
        ("xyz", None),
        ("b", None),
        ("", None),
        ("completely_different", None),
    ],
)
def test_did_you_mean(word, meant):
    assert did_you_mean(word, NAMES) == meant


def test_the_word_itself_is_no_suggestion():
    assert did_you_mean("opus", ["opus"]) is None


def test_ties_go_by_the_alphabet():
    assert did_you_mean("cat1", ["cat3", "cat2"]) == "cat2"


@pytest.mark.parametrize(
    ("a", "b", "slips"), [("", "", 0), ("ab", "ba", 1), ("kitten", "sitting", 3), ("abc", "", 3), ("abcd", "acbd", 1)]
)
def test_distance(a, b, slips):
    assert distance(a, b) == slips == distance(b, a)


def test_distance_stops_at_its_limit():
    assert distance("aaaaaaaaaa", "bbbbbbbbbb", 2) == 3
