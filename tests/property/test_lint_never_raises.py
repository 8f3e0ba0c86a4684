"""All of lint and fmt on texts with mistakes: no exception, spans in the text, every form can be written."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_check_never_raises import BESIDE, LINES, SAMPLES, WORDS

from cascadelang.format.format import format_source
from cascadelang.source import MemoryFiles, SourceFile
from cascadelang.workspace.lint import LintReport, render
from cascadelang.workspace.lint_file import Findings, from_data, to_data
from cascadelang.workspace.lint_output import lint_output
from cascadelang.workspace.load import prove
from cascadelang.workspace.mistake import Mistake

ODD = [
    "\u202e",
    "\u200b",
    "\u2028",
    "\r",
    "\0",
    "é",
    "漢",
    "а",
    "]]>",
    "%0A::error::x",
    "\x1b[2J",
    "💥",
    '"""',
    "1e400",
]


def linted(text: str) -> None:
    try:
        proved = prove("policy.cl", MemoryFiles({"policy.cl": text, **BESIDE}))
    except Mistake:  # beyond what a graph can be: one sentence
        return
    sources = proved.sources
    for found in proved.diagnostics:
        spans = [found.span, *(label.span for label in found.related), *([found.fix.span] if found.fix else [])]
        for span in spans:
            assert 0 <= span.start <= span.end <= len(sources[span.path].text)
    report = LintReport(("policy.cl",), proved.diagnostics, sources)
    assert bool(render(report.diagnostics, sources)) == bool(report.diagnostics)
    assert len(json.loads(lint_output(report, "sarif"))["runs"][0]["results"]) == len(report.diagnostics)
    assert len(lint_output(report, "github").split("\n")) == max(1, len(report.diagnostics))
    ET.fromstring(lint_output(report, "junit"))  # noqa: S314 - our own document
    findings = Findings(proved.diagnostics, (), dict(sources) if proved.diagnostics else {})
    assert from_data(json.loads(json.dumps(to_data(findings)))) == findings


def formatted(text: str) -> None:
    once = format_source(SourceFile("policy.cl", text))
    assert not once.unsafe
    if once.text is not None:
        assert format_source(SourceFile("policy.cl", once.text)).text == once.text


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*LINES, *ODD]), max_size=25).map("\n".join))
def test_lines_shuffled(text: str):
    linted(text)
    formatted(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_words_changed(sample: str, data: st.DataObject):
    words = sample.split(" ")
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(st.one_of(st.sampled_from(WORDS), st.sampled_from(ODD), st.just("")))
    linted(" ".join(words))
    formatted(" ".join(words))


HONEST = [
    "größe, naïve café — “Zitat” … 20 €",
    "漢字、日本語「こんにちは」！",
    "مرحبا\u200f! كيف الحال؟",
    "می\u200cخواهم",
    "שלום\u200f (hello)",
    "👩\u200d👩\u200d👧 ✈️",
    "Привет, мир",
    "soft\u00adhyphen",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_texts_are_let_be(text: str):
    policy = f'# {text}\nuse "std/anthropic"\nroute contains("{text}") -> opus else haiku  # {text}\n'
    assert prove("policy.cl", MemoryFiles({"policy.cl": policy})).diagnostics == ()


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u2028", "\u0085", "\r"])
@pytest.mark.parametrize("place", ['# {}\nuse "std/anthropic"\n', 'use "std/anthropic" # x {} y\n'])
def test_what_deceives_a_reader_is_told_also_in_comments(hidden: str, place: str):
    policy = f"{place.format(f'x{hidden}y')}policy main = haiku\n"
    found = prove("policy.cl", MemoryFiles({"policy.cl": policy})).diagnostics
    assert [d.name for d in found] == ["confusable-text"]


@pytest.mark.parametrize("name", ["mаin", "ｍain", "ma\u200bin", "ma\u200fin", "main\u2060", "Маin", "ոain", "𝐦ain"])
def test_names_that_only_look_right_are_told(name: str):
    policy = f'use "std/anthropic"\npolicy {name} = haiku\n'
    found = prove("policy.cl", MemoryFiles({"policy.cl": policy})).diagnostics
    assert len(found) == 1
    assert found[0].name in ("confusable-text", "unexpected-character")
