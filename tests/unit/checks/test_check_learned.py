from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.catalog.models import find
from cascadelang.checks._answer_numbers import ANSWER_NUMBERS, answer_numbers
from cascadelang.checks.learned import CHECK
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply, TokenLogprob, Usage
from cascadelang.graph.compile import compile_policy
from cascadelang.semantics.check import check
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

ROOT = Path(__file__).parents[3]
SHIPPED = json.loads((ROOT / "examples" / "data" / "scorer.json").read_text(encoding="utf-8"))


def scorer(*names, missing=None, weights=None, bias=0.0):
    return {
        "cascadelang": "learned 1",
        "gives": "score",
        "outputs": ["score"],
        "bias": [bias],
        "features": [
            {
                "kind": "numbers",
                "names": list(names),
                "mean": [0.0] * len(names),
                "scale": [1.0] * len(names),
                "missing": missing or [None] * len(names),
                "weights": [weights or [1.0] * len(names)],
            }
        ],
        "made": {"on": "2026-11-24", "records": {"right": 10, "wrong": 10}},
    }


def given_file(file):
    return {"scorer": {"file": "s.json", "learned": file}}


def answer(text="x", logprobs=None, previous=None, query="q", **reply):
    tokens = None if logprobs is None else tuple(TokenLogprob("t", value) for value in logprobs)
    return Answer(Query.of(query), Reply(text, logprobs=tokens, **reply), "m", previous and Reply(previous))


def judge(file, *args, **given_):
    return CHECK(given_file(file)).judge(answer(*args, **given_))


def test_the_score_is_the_sigmoid_of_the_sum():
    found = judge(scorer("answer.words", "query.words", weights=[0.5, -0.25], bias=0.1), "two words", query="a b c")
    assert found.value == pytest.approx(1 / (1 + math.exp(-(0.1 + 0.5 * 2 - 0.25 * 3))))
    assert found.reason == f"the scorer gives {found.value:.2f}"


def test_what_is_missing_leaves_it_unknown_by_name():
    found = judge(scorer("answer.words", "answer.logprob_mean"), "yes")
    assert found.value is None
    assert "`answer.logprob_mean` isn't known" in found.reason


def test_what_is_missing_is_what_the_file_says_for_it():
    file = scorer("answer.agrees_previous", missing=[0.5])
    assert judge(file, "42").value == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert judge(file, "42", previous="The answer is 42.").value == pytest.approx(1 / (1 + math.exp(-1)))
    assert judge(file, "42", previous="41").value == 0.5


def test_words_of_the_answer_count_where_a_file_has_them():
    file = scorer("answer.words", weights=[0.0])
    file["features"].append({"kind": "words", "of": "answer", "n": [1], "bits": 8, "at": [], "weights": [[]]})
    (problem,) = CHECK.problems(given_file(file))
    assert "not empty" in problem
    file["features"][1] |= {"at": list(range(256)), "weights": [[2.0] * 256]}
    assert CHECK.problems(given_file(file)) == []
    assert judge(file, "some words").value > 0.7


NUMBERS = [
    ("answer.chars", {"text": "abc d"}, 5),
    ("answer.words", {"text": "abc d"}, 2),
    ("answer.lines", {"text": "a\nb"}, 2),
    ("answer.tokens", {"usage": Usage(3, 7)}, 7),
    ("answer.tokens", {"usage": Usage(3, 7, estimated=True)}, None),
    ("answer.digits", {"text": "a1b22"}, 3),
    ("answer.echo", {"text": "is it Blue", "query": "is the sky blue"}, 2 / 3),
    ("answer.echo", {"text": ""}, 0),
    ("answer.code", {"text": "```\nx\n```"}, 1),
    ("answer.json", {"text": '{"a": 1}'}, 1),
    ("answer.settled", {"text": "The answer is (B)."}, 1),
    ("answer.settled", {"text": "Hard to say in a word."}, 0),
    ("answer.hedges", {"text": "I'm not sure."}, 1),
    ("answer.refuses", {"text": "I cannot help with that."}, 1),
    ("answer.repeats", {"text": "the answer is yes " * 10}, 1),
    ("answer.truncated", {"text": "Well,"}, 1),
    ("answer.cut_off", {"finish_reason": "length"}, 1),
    ("answer.cut_off", {"finish_reason": "unknown"}, None),
    ("answer.logprob_mean", {"logprobs": [-1.0, -3.0]}, -2),
    ("answer.logprob_mean", {"logprobs": [-math.inf, 0.0]}, -10),
    ("answer.logprob_min", {"logprobs": [-1.0, -3.0]}, -3),
    ("answer.logprob_p10", {"logprobs": [-float(i) for i in range(20)]}, -18),
    ("answer.logprob_first", {"logprobs": [-1.0, -3.0]}, -1),
    ("answer.logprob_mean", {}, None),
    ("answer.margin", {"logprobs": [-1.0]}, None),
    ("answer.agrees_previous", {"text": "42", "previous": "42.0"}, 1),
    ("answer.agrees_previous", {"text": "42"}, None),
]


@pytest.mark.parametrize(("name", "given_", "value"), NUMBERS)
def test_numbers(name, given_, value):
    assert answer_numbers(answer(**given_), [name]) == {name: None if value is None else pytest.approx(value)}


def test_every_number_is_tested_and_told():
    assert {name for name, *_ in NUMBERS} == set(ANSWER_NUMBERS)
    assert all(f"| `{name}` |" in CHECK.spec.doc for name in ANSWER_NUMBERS)


def changed(**fields):
    return copy.deepcopy(SHIPPED) | fields


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({}, "isn't a learned file"),
        ([], "isn't a learned file"),
        (None, "isn't a learned file"),
        (changed(cascadelang="learned 9"), "this version reads"),
        (changed(gives="label", outputs=["a", "b"]), "2 outputs"),
        (scorer("answer.beauty"), "answer.beauty"),
        (scorer("answer.words", weights=[math.nan]), "weights"),
        (scorer("answer.words", weights=["1"]), "weights"),
    ],
)
def test_files_that_can_not_be_used(file, said):
    (problem,) = CHECK.problems(given_file(file))
    assert said in problem


def test_a_file_that_gives_something_else_is_no_scorer():
    file = scorer("answer.words")
    for block in file["features"]:
        block["weights"] = [[1.0], [2.0]]
    (problem,) = CHECK.problems(given_file(file | {"gives": "label", "outputs": ["a", "b"], "bias": [0.0, 0.0]}))
    assert problem == "it gives `label`, and a check needs a file that gives `score`"


def test_an_embedding_is_refused():
    file = scorer("answer.words")
    file["features"].append({"kind": "embedding", "embedder": "e", "weights": [[1.0, 2.0]]})
    (problem,) = CHECK.problems(given_file(file))
    assert "`embedding`" in problem


@pytest.mark.parametrize(
    ("names", "needs"),
    [
        (["answer.words"], set()),
        (["answer.words", "answer.logprob_min"], {"logprobs"}),
        (["answer.margin"], {"logprobs", "top_logprobs"}),
    ],
)
def test_what_a_model_has_to_give(names, needs):
    assert CHECK.needs(given_file(scorer(*names))) == needs


def test_the_shipped_scorer_prefers_what_is_sure_and_short():
    assert CHECK.problems(given_file(SHIPPED)) == []
    sure, unsure, long = (
        judge(SHIPPED, text, logprobs).value
        for text, logprobs in (("Paris", [-0.01]), ("Paris", [-1.5]), ("Paris is so " * 3 + "old", [-0.01]))
    )
    assert sure > unsure
    assert sure > long


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=200), st.lists(st.floats(), max_size=5), st.text(max_size=20))
def test_no_answer_breaks_it(text, logprobs, query):
    found = judge(SHIPPED, text, logprobs or None, query=query)
    assert found.value is None or 0 <= found.value <= 1
    assert found.reason


def checked(file, gate='learned("s.json") >= 0.5'):
    text = (
        'use "std/anthropic"\nuse "std/openai"\n'
        f"check good = {gate}\npolicy main = cascade [haiku until good, gpt_mini until good, opus]\n"
    )
    return check("p.cl", MemoryFiles({"p.cl": text, "s.json": json.dumps(file)}), InstalledCatalog(), find)


def test_a_scorer_that_reads_logprobs_needs_a_model_that_gives_them():
    (told,) = checked(scorer("answer.logprob_min")).diagnostics
    assert told.name == "model-cannot"
    assert "`haiku` gives no log probabilities" in told.message
    assert checked(scorer("answer.words")).diagnostics == ()


def test_the_rung_asks_for_what_the_scorer_reads():
    def asked(file):
        graph = compile_policy(checked(file, 'learned("s.json") >= 0.5 or contains("sure")'))
        (cascade,) = [node for node in graph.nodes.values() if hasattr(node, "rungs")]
        return [(rung.logprobs, rung.top_logprobs) for rung in cascade.rungs][1]

    assert asked(scorer("answer.words")) == (False, False)
    assert asked(scorer("answer.logprob_min")) == (True, False)
    assert asked(scorer("answer.margin")) == (True, True)


def test_a_file_that_is_wrong_is_told_at_its_place():
    (told,) = checked(scorer("answer.beauty")).diagnostics
    assert "features[0].names[0]" in told.message
