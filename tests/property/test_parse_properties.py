"""Whatever the text: no exception, spans inside it, every name registered, every diagnostic rendered."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import lark
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark

from cascadelang.diagnostics.codes import all_codes
from cascadelang.diagnostics.render_text import render
from cascadelang.source import SourceFile
from cascadelang.syntax.parse import parse
from cascadelang.syntax.tables import LARK_OPTIONS, grammar_path
from cascadelang.syntax.tokens import tokenize
from cascadelang.syntax.visit import walk

SAMPLE = (Path(__file__).parents[1] / "corpus" / "parse" / "all_forms.cl").read_text(encoding="utf-8")
TERMINALS = ("LEFT_", "RIGHT_", "$END", "BIND", "NAME", "__")
PIECES = ["(", ")", "[", "]", "{", "}", ",", "->", "=", "==", ":", '"', '"""', "/", "#", "\n", "5", "$", "-4o", "\\"]
PIECES += ["signal", "route", "else", "until", "test", "use", "x", "not", "with", "é", "\u202e", "\0", "\ufeff", "'"]


def check(text):
    source = SourceFile("x.cl", text)
    result = parse(source)
    for found in result.diagnostics:
        for span in [found.span, *(label.span for label in found.related), *([found.fix.span] if found.fix else [])]:
            assert 0 <= span.start <= span.end <= len(text)
        assert found.name in all_codes()
        assert render(found, {"x.cl": source})
        words = [found.message, found.label, found.help]
        assert not any(kind in " ".join(words) for kind in TERMINALS if kind not in text)
    for decl in result.file.decls:
        for node in walk(decl):
            assert 0 <= node.span.start <= node.span.end <= len(text)
    return result


@given(st.text())
def test_any_text(text):
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_any_pieces(text):
    check(text)


@cache
def grammar():
    return lark.Lark(grammar_path().read_text(encoding="utf-8"), **LARK_OPTIONS)


@settings(suppress_health_check=list(HealthCheck), max_examples=60, deadline=None)
@given(st.data())
def test_texts_made_from_the_grammar(data):
    check(data.draw(from_lark(grammar())))


@cache
def tokens():
    found = tokenize(SourceFile("x.cl", SAMPLE))
    return list(zip(found.starts, found.ends, strict=True))[:-1]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_policy_with_mistakes(data):
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        start, end = data.draw(st.sampled_from(tokens()))
        piece = data.draw(st.sampled_from(PIECES))
        kind = data.draw(st.sampled_from(["delete", "insert", "replace", "cut"]))
        if kind == "delete":
            text = text[:start] + text[end:]
        elif kind == "insert":
            text = f"{text[:start]}{piece} {text[start:]}"
        elif kind == "replace":
            text = text[:start] + piece + text[end:]
        else:
            text = text[:end]
    check(text)


def test_one_mistake_is_one_error():
    """Deleting any one token of the sample gives at most one error in at least 95 of 100 cases."""
    mutants = [SAMPLE[:start] + SAMPLE[end:] for start, end in tokens()]
    several = sum(len(parse(SourceFile("x.cl", text)).diagnostics) > 1 for text in mutants)
    assert several <= 0.05 * len(mutants)
