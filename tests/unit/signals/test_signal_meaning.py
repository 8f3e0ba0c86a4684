"""Signals by meaning, with the real encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascadelang.contracts.messages import Message, Query
from cascadelang.semantics.example_files import topics_in
from cascadelang.signals.nearest import LEAST
from cascadelang.signals.nearest import SIGNAL as NEAREST
from cascadelang.signals.similar import SIGNAL as SIMILAR

ROOT = Path(__file__).parents[3]
TOPICS = ROOT / "examples" / "support_topics.yaml"
GREETINGS = {"file": "g.txt", "texts": ["hello there", "good morning", "hi, how are you?"]}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path))


def nearest(**fields):
    topics = topics_in("t.yaml", TOPICS.read_text(encoding="utf-8"))
    return NEAREST({"topics": {"file": "t.yaml", "topics": topics}, "least": LEAST, **fields})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I was billed two times", "billing"),
        ("the program crashes all the time", "technical"),
        ("Ich habe mein Passwort vergessen", "account"),
        ("my package hasn't arrived", "delivery"),
        ("is there a reduced price for universities", "sales"),
    ],
)
def test_the_label_of_the_nearest_example(text: str, label: str):
    found = nearest().read(Query.of(text))
    assert found.value == label
    assert " to `" in found.reason


def test_what_is_near_to_nothing_is_unknown():
    found = nearest().read(Query.of("Write a haiku about autumn"))
    assert found.value is None
    assert "below 0.4" in found.reason
    assert nearest(least=0.0).read(Query.of("Write a haiku about autumn")).value is not None


def test_an_example_itself_is_at_one():
    found = SIMILAR({"examples": GREETINGS}).read(Query.of("good  morning\n"))
    assert found.value == pytest.approx(1, abs=1e-3)
    assert found.reason == "1.00 to `good morning`"
    assert 0 <= SIMILAR({"examples": GREETINGS}).read(Query.of("the price of tin in 1911")).value < 0.4


@pytest.mark.parametrize("text", ["", " \n", "\t"])
def test_no_text(text: str):
    for signal in (nearest(), SIMILAR({"examples": GREETINGS})):
        found = signal.read(Query.of(text))
        assert (found.value, found.reason) == (None, "the query has no text")


def test_odd_texts_have_a_value():
    signal = SIMILAR({"examples": GREETINGS})
    for text in ("\ud800", "\0", "x" * 2_000_000, "日" * 200_000, "🦜"):
        assert 0 <= signal.read(Query.of(text)).value <= 1


def test_the_conversation_is_read_where_it_is_asked_for():
    query = Query(
        (Message("user", "my package hasn't arrived"), Message("assistant", "When?"), Message("user", "ok"))
    )
    assert nearest().read(query).value is None
    assert nearest(scope="conversation").read(query).value == "delivery"


def test_it_is_ready_once_it_is_prepared():
    signal = nearest()
    assert not signal.ready
    signal.prepare()
    assert signal.ready


@pytest.mark.parametrize(("least", "wrong"), [(0, False), (1, False), (-0.1, True), (1.5, True)])
def test_least_is_a_cosine(least: float, wrong: bool):
    assert bool(NEAREST.problems({"least": least, "topics": {"file": "t", "topics": {}}, "by": None})) is wrong
