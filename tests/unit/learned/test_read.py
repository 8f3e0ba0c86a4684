"""Learned files as they are, and every way in which they can be wrong."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.learned.model import Dense, Grams, Numbers
from cascadelang.learned.read import WrongLearned, read_learned

from .conftest import router

GONE = object()


def test_a_whole_file(a_router):
    learned = read_learned(json.loads(json.dumps(a_router)))
    words, chars, numbers = learned.features
    assert isinstance(words, Grams)
    assert (words.unit, words.of, words.n, words.bits, words.at) == ("words", "query", (1, 2), 10, (3, 700))
    assert words.weights == ((0.1, 0.2), (-0.1, 4.0))
    assert isinstance(chars, Grams)
    assert isinstance(numbers, Numbers)
    assert numbers.missing == (None, 0.0)
    assert learned.made.records == {"easy": 40, "hard": 30}
    assert (learned.temperature, learned.least) == (2.0, 0.6)


def test_what_may_be_left_out(a_router):
    for name in ("temperature", "least"):
        del a_router[name]
    for name in ("log", "missing"):
        del a_router["features"][2][name]
    for name in ("data", "models", "by"):
        del a_router["made"][name]
    learned = read_learned(a_router)
    assert (learned.temperature, learned.least) == (1.0, 0.0)
    assert learned.features[2].log == (False, False)
    assert learned.features[2].missing == (None, None)


def test_an_embedding_and_answers(a_router):
    a_router["features"] = [{"kind": "embedding", "embedder": "some 1", "weights": [[0.5] * 4, [0.25] * 4]}]
    (dense,) = read_learned(a_router).features
    assert isinstance(dense, Dense)
    numbers = {"kind": "numbers", "names": ["answer.words"], "mean": [0], "scale": [1], "weights": [[1], [2]]}
    grams = {"kind": "words", "of": "answer", "n": [1], "bits": 8, "at": [1], "weights": [[1], [2]]}
    for block in (numbers, grams):
        a_router["features"] = [block]
        assert read_learned(a_router, ["answer.words"]).features
        with pytest.raises(WrongLearned):
            read_learned(a_router)


WRONG = [
    ("cascadelang", "learned 2", "cascadelang", "this version reads `learned 1`, and the file is `learned 2`"),
    ("cascadelang", GONE, "", "it isn't a learned file"),
    ("gives", "labels", "gives", "one of `label`, `score`, `scores`"),
    ("gives", "score", "outputs", 'of a score it is `["score"]`'),
    ("gives", GONE, "", "`gives` is missing"),
    ("outputs", ["easy"], "outputs", "two labels or more"),
    ("outputs", ["easy", "easy"], "outputs[1]", "twice"),
    ("outputs", ["easy", "very hard"], "outputs[1]", "a word that a policy can name"),
    ("outputs", {"easy": 1}, "outputs", "must be a list"),
    ("outputs", [str(n) for n in range(300)], "outputs", "there can be 200"),
    ("bias", [1], "bias", "it has 1 number, and 2 are needed"),
    ("bias", [1, "2"], "bias[1]", "must be a number"),
    ("bias", [1, float("nan")], "bias[1]", "must be a number"),
    ("bias", [1, 10**400], "bias[1]", "must be a number"),
    ("bias", [1, True], "bias[1]", "must be a number"),
    ("temperature", 0, "temperature", "above 0"),
    ("least", 1, "least", "below 1"),
    ("leest", 0.5, "leest", "no such field"),
    ("features", {}, "features", "must be a list"),
    ("features.0", 7, "features[0]", "must be an object"),
    ("features.0.kind", "word", "features[0].kind", "one of `words`"),
    ("features.0.bits", 40, "features[0].bits", "from 8 to 22"),
    ("features.0.n", [], "features[0].n", "one at least"),
    ("features.0.n", [9], "features[0].n[0]", "from 1 to 8"),
    ("features.0.n", [1, 1], "features[0].n", "once"),
    ("features.0.at", [700, 3], "features[0].at[1]", "rising order"),
    ("features.0.at", [3, 1024], "features[0].at[1]", "below 1024"),
    ("features.0.at", [3], "features[0].weights[0]", "it has 2 numbers, and 1 are needed"),
    ("features.0.weights", [[1, 2]], "features[0].weights", "one for each of the 2 outputs"),
    ("features.0.of", "answer", "features[0].of", "no answer yet"),
    ("features.2.names", ["query.words", "query.wrods"], "features[2].names[1]", "`query.wrods`; there are"),
    ("features.2.names", ["query.words"] * 2, "features[2].names[1]", "twice"),
    ("features.2.scale", [1, 0], "features[2].scale[1]", "above 0"),
    ("features.2.log", [1, 0], "features[2].log[0]", "`true` or `false`"),
    ("features.2.missing", [None], "features[2].missing", "it has 1 item, and 2 are needed"),
    ("features.2.mean", GONE, "features[2]", "`mean` is missing"),
    ("features.2.means", [0, 0], "features[2].means", "no such field"),
    ("made", GONE, "", "`made` is missing"),
    ("made", [], "made", "must be an object"),
    ("made.on", "24.11.2026", "made.on", "it is a day"),
    ("made.on", "2026-13-45", "made.on", "it is a day"),
    ("made.records", [1], "made.records", "must be an object"),
    ("made.records.easy", -1, "made.records.easy", "whole number"),
    ("made.models", "small", "made.models", "must be a list"),
    ("made.data", 7, "made.data", "must be a text"),
]


@pytest.mark.parametrize(("path", "value", "place", "said"), WRONG)
def test_what_is_wrong_is_told_with_its_place(path, value, place, said, a_router):
    inner = a_router
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        inner = inner[part]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    with pytest.raises(WrongLearned) as caught:
        read_learned(a_router)
    assert caught.value.place == place
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, {"cascadelang": {}}, [[[]]]])
def test_anything_may_come(value):
    with pytest.raises(WrongLearned):
        read_learned(value)


def test_two_embeddings_are_one_too_many(a_router):
    a_router["features"] = [{"kind": "embedding", "embedder": "some 1", "weights": [[1], [2]]}] * 2
    with pytest.raises(WrongLearned, match="one `embedding`"):
        read_learned(a_router)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(data=st.data())
def test_one_field_that_is_anything_is_told_or_right(data):
    value = copy.deepcopy(router())
    inner = value
    while True:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(inner[key], (dict, list)) or not inner[key] or data.draw(st.booleans()):
            inner[key] = data.draw(JUNK)
            break
        inner = inner[key]
    try:
        learned = read_learned(value)
    except WrongLearned as wrong:
        learned = None
        told = str(wrong)
    assert (learned is not None) or told
