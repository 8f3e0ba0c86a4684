from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.checks.cites import CHECK
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply


def judge(sources, text, least=None):
    return CHECK({"sources": sources, "least": least}).judge(Answer(Query.of("q"), Reply(text)))


CITED = [
    ("[1]", "As shown [1]."),
    ("[1]", "As shown[1], and so on"),
    ("[2]", "Both say so [1, 2]."),
    ("[2]", "Both say so [1; 2]."),
    ("[2]", "All say so [1-3]."),
    ("[2]", "All say so [1\u20133]."),
    ("[12]", "See [3, 10-14, 20]."),
    ("[1]", "A footnote.[^1]"),
    ("[^1]", "A footnote [1]"),
    ("[1]", "See [1](https://acme.com)."),
    ("[4]", "So it says\u30104\u3011"),
    ("[4]", "So it says \u30104\u2020handbook.pdf\u3011."),
    ("[1]", "One.\n\nSources\n[1] The handbook"),
    ("handbook", "See the Handbook, page 3."),
    ("Employee Handbook", "See the *employee  handbook*."),
    ("Employee Handbook", "See the Employee\nHandbook"),
    ("Smith 2020", "It was shown (Smith, 2020)."),
    ("Smith 2020", "Smith (2020) showed it."),
    ("Smith et al. (2020)", "shown by Smith et al., 2020"),
    ("handbook.pdf", "as docs/handbook.pdf says"),
    ("\u00a7 12", "Nach \u00a7 12 ist das so."),
    ("Bo\u00eblle", "so Boe\u0308lle"),
    ("\u624b\u518c", "\u6839\u636e\u5458\u5de5\u624b\u518c\u7b2c\u4e09\u7ae0"),
    ("Employee Handbook", "`Employee Handbook` says so"),
    ("https://acme.com/handbook", "See https://acme.com/handbook."),
    ("https://acme.com/handbook", "(www.acme.com/handbook)"),
    ("https://acme.com/handbook/", "[here](http://ACME.com/Handbook#leave)"),
    ("acme.com/handbook", "https://www.acme.com/handbook/leave?page=2"),
    ("https://acme.com", "says acme.com"),
    ("www.acme.com", "https://acme.com/any/page"),
    ("https://acme.com/a_(b)", "see https://acme.com/a_(b)"),
]

NOT_CITED = [
    ("[1]", "As shown [11]."),
    ("[1]", "As shown (1)."),
    ("[1]", "1"),
    ("[4]", "All say so [1-3]."),
    ("[1]", "The first one is `a[1]`."),
    ("[1]", "```python\na[1]\n```"),
    ("[1]", ""),
    ("handbook", "the handbooks"),
    ("handbook", "```\nhandbook\n```"),
    ("Employee Handbook", "the handbook for each employee"),
    ("Smith 2020", "Smith and others (2020)"),
    ("https://acme.com/handbook", "https://acme.com/handbooks"),
    ("https://acme.com/handbook", "https://acme.com"),
    ("https://acme.com", "https://acme.com.evil.org"),
    ("https://acme.com", "https://docs.acme.com"),
    ("https://acme.com", "https://notacme.com"),
    ("https://acme.com", "write to info@acme.com"),
    ("https://acme.com", "https://evil.org/acme.com"),
    ("https://acme.com", "https://acme.com:8080/"),
]


@pytest.mark.parametrize(("source", "text"), CITED)
def test_what_is_cited(source, text):
    found = judge([source], text)
    assert found.value is True
    assert f"`{source}`" in found.reason


@pytest.mark.parametrize(("source", "text"), NOT_CITED)
def test_what_is_not(source, text):
    assert judge([source], text).value is False
    assert judge([source], text).reason == "cites none of the sources"


def test_every_one_or_so_many():
    sources = ["[1]", "handbook", "acme.com/terms"]
    text = "See the handbook [1]."
    assert judge(sources, text).value is False
    assert judge(sources, text).reason == "cites `[1]`, `handbook`, not `acme.com/terms`"
    assert judge(sources, text, least=2).value is True
    assert judge(sources, text, least=3).value is False
    assert judge(sources, text + " acme.com/terms").reason == "cites `[1]`, `handbook`, `acme.com/terms`"
    assert judge("handbook", text).value is True
    assert judge(["handbook", "handbook"], text, least=1).value is True


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"sources": []}, "at least one"),
        ({"sources": ["a", ""]}, "empty"),
        ({"sources": ["[]"]}, "`[]` names no source"),
        ({"sources": ["a", "b"], "least": 3}, "`least` is 3, but the list has 2"),
        ({"sources": ["a", "a"], "least": 2}, "but the list has 1"),
        ({"sources": ["a"], "least": 0}, "1 or more"),
    ],
)
def test_arguments_that_make_no_sense(args, said):
    (problem,) = CHECK.problems(args)
    assert said in problem


def test_arguments_that_do():
    assert CHECK.problems({"sources": ["a", "[1]"], "least": 2}) == []
    assert CHECK.problems({"sources": "a", "least": None}) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4), st.text(st.characters(), max_size=200))
def test_nothing_breaks_it(sources, text):
    assert judge(sources, text).value in {True, False}
    assert judge(sources, text).reason


@pytest.mark.parametrize(
    "piece",
    ["[", "[1", "[1, ", "[1,1,1,1] ", "`", "`[1]", "\u3010", "\u30101\u2020 ", "acme.com/ ", "www.", "a ", "1-"],
)
def test_long_texts_take_no_time(piece):
    text = piece * (1_000_000 // len(piece))
    begun_s = time.process_time()
    judge(["[2]", "https://acme.com/x", "a b"], text)
    assert time.process_time() - begun_s < 10.0  # a hang, not a benchmark
