"""What a learned file tells: recomputed by hand, on odd facts, and the same everywhere."""

from __future__ import annotations

import math
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.messages import Image, Message, Query, Tool
from cascadelang.embedding.built_in import built_in
from cascadelang.learned.grams import READ_FIRST, READ_LAST, grams
from cascadelang.learned.numbers import QUERY_NUMBERS, query_numbers
from cascadelang.learned.read import read_learned
from cascadelang.learned.serve import Facts, Predictor


def test_buckets_are_what_they_are_on_every_machine():
    """Figures that were computed once: a change of these breaks every file that was ever trained."""
    assert grams("Hello, hello WORLD", "words", [1], 16) == {
        crc32(b"hello", crc32(b"words")) & 0xFFFF: pytest.approx((1 + math.log(2)) / math.hypot(1 + math.log(2), 1)),
        crc32(b"world", crc32(b"words")) & 0xFFFF: pytest.approx(1 / math.hypot(1 + math.log(2), 1)),
    }
    assert sorted(grams("I've been charged twice", "words", [1, 2], 12)) == BUCKETS_OF_WORDS
    assert sorted(grams("Größe 漢字", "chars", [3], 12)) == BUCKETS_OF_CHARS


BUCKETS_OF_WORDS = [513, 1124, 1335, 1895, 2465, 2720, 2826, 2874, 3734]
BUCKETS_OF_CHARS = [257, 637, 656, 757, 890, 946, 2748, 2803, 3604]


def test_there_is_nothing_in_a_text_without_words():
    for text in ("", " ", "...!?", "\n"):
        assert grams(text, "words", [1, 2], 10) == {}
        assert grams(text, "chars", [3], 10) == {}


def test_ways_to_write_a_thing_are_alike():
    assert grams("Cafe\u0301  ’s\n", "chars", [2, 3], 14) == grams("CAFÉ 's", "chars", [2, 3], 14)


def test_of_a_long_text_the_beginning_and_the_end_are_read():
    middle = "x " * 100_000
    first, last = "a" * READ_FIRST, "b" * READ_LAST
    assert grams(first + middle + last, "words", [1], 20) == grams(f"{first} {last}", "words", [1], 20)


@given(st.text(st.characters(), max_size=300), st.sampled_from(["words", "chars"]))
def test_any_text_has_buckets_of_length_one(text, unit):
    found = grams(text, unit, [1, 3], 12)
    assert all(0 <= bucket < 4096 for bucket in found)
    assert not found or math.fsum(much * much for much in found.values()) == pytest.approx(1)


def test_a_label_by_hand(a_router):
    a_router["features"] = a_router["features"][2:]
    predictor = Predictor(read_learned(a_router))
    assert predictor.wants == {"query.words", "query.has_code"}
    found = predictor.predict(Facts("x", numbers={"query.words": 9.0, "query.has_code": 1.0}))
    even = [math.log1p(9) - 2.0, (1 - 0.1) / 0.5]
    sums = [(0.5 - even[0] + 0.5 * even[1]) / 2, (-0.5 + even[0] + 0.25 * even[1]) / 2]
    share = math.exp(sums[0]) / (math.exp(sums[0]) + math.exp(sums[1]))
    assert found.values == {"easy": pytest.approx(share), "hard": pytest.approx(1 - share)}
    assert found.best == "easy"


def test_what_is_missing_is_imputed_or_leaves_it_unknown(a_router):
    predictor = Predictor(read_learned(a_router))
    assert predictor.predict(Facts("x", numbers={"query.words": 1.0})).values
    for unknown in (None, math.nan, math.inf):
        found = predictor.predict(Facts("x", numbers={"query.words": unknown, "query.has_code": 1.0}))
        assert (found.values, found.reason, found.best) == ({}, "`query.words` isn't known", "")


def test_scores(a_router):
    a_router |= {"gives": "scores", "outputs": ["haiku-1", "opus/2"]}
    del a_router["least"]
    found = Predictor(read_learned(a_router)).predict(Facts("x", numbers={"query.words": 1.0}))
    assert list(found.values) == ["haiku-1", "opus/2"]
    assert all(0 < share < 1 for share in found.values.values())


def test_a_score_of_an_answers_text():
    at = sorted(grams("perhaps", "words", [1], 10))
    block = {"kind": "words", "of": "answer", "n": [1], "bits": 10, "at": at, "weights": [[-3]]}
    file = {"cascadelang": "learned 1", "gives": "score", "outputs": ["score"], "bias": [1], "features": [block]}
    file["made"] = {"on": "2026-11-24", "records": {"right": 9, "wrong": 9}}
    predictor = Predictor(read_learned(file, ["answer.words"]))
    assert predictor.predict(Facts("perhaps", "sure")).values["score"] == pytest.approx(1 / (1 + math.exp(-1)))
    assert predictor.predict(Facts("", "Perhaps")).values["score"] == pytest.approx(1 / (1 + math.exp(2)))


def test_large_sums_are_probabilities(a_router):
    a_router |= {"bias": [9e8, -9e8], "temperature": 1e-6}
    found = Predictor(read_learned(a_router)).predict(Facts("x", numbers={"query.words": 1.0}))
    assert found.values == {"easy": 1.0, "hard": 0.0}
    a_router |= {"gives": "scores"}
    del a_router["least"]
    found = Predictor(read_learned(a_router)).predict(Facts("x", numbers={"query.words": 1.0}))
    assert found.values == {"easy": 1.0, "hard": 0.0}


def test_an_embedding(a_router):
    embedder = built_in()
    (row,) = embedder.embed(["where is my invoice"])
    a_router["features"] = [
        {"kind": "embedding", "embedder": embedder.name, "weights": [[float(x) for x in row], [0.0] * 512]}
    ]
    a_router |= {"bias": [0, 0], "temperature": 1}
    predictor = Predictor(read_learned(a_router))
    assert predictor.embeds
    assert predictor.missing() == ""
    same = predictor.predict(Facts("where is my invoice")).values["easy"]
    assert same == pytest.approx(math.e / (math.e + 1), abs=1e-4)
    assert predictor.predict(Facts("a recipe for soup")).values["easy"] < 0.6


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"embedder": "another 9"}, "made with the embedder `another 9`"),
        ({"weights": [[1.0], [2.0]]}, "for 1 numbers"),
    ],
)
def test_an_embedding_of_another_embedder_is_no_embedding(fields, said, a_router):
    block = {"kind": "embedding", "embedder": built_in().name, "weights": [[0.0] * 512] * 2, **fields}
    a_router["features"] = [block]
    found = Predictor(read_learned(a_router)).predict(Facts("x"))
    assert not found.values
    assert said in found.reason


def test_the_numbers_are_those_of_the_signals():
    import importlib

    image, tool = Image("https://a.example/x.png"), Tool("f", "", {})
    queries = [
        Query.of("How much is 12 * 7?\nReply as JSON. See https://a.example"),
        Query((Message("user", "x"), Message("user", "look", (image,))), tools=(tool,), wants_json=True),
        Query.of("def f(x): return x"),
        Query(()),
        Query.of(""),
    ]
    for query in queries:
        found = query_numbers(query)
        assert set(found) == QUERY_NUMBERS
        for name in QUERY_NUMBERS - {"query.digits", "query.questions"}:
            word = name.removeprefix("query.")
            signal = importlib.import_module(f"cascadelang.signals.{word}").SIGNAL({"scope": "query"})
            assert found[name] == float(signal.read(query).value), name
    assert query_numbers(queries[0], ["query.digits", "answer.words"]) == {"query.digits": 3.0}
    assert query_numbers(queries[0])["query.questions"] == 1.0
