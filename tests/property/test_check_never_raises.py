"""Checking never raises, whatever a policy says, and its diagnostics point into its files."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cascadelang.catalog.models import find
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.source import MemoryFiles
from cascadelang.workspace.catalog import InstalledCatalog

ROOT = Path(__file__).parents[2]
SAMPLES = [
    file.read_text(encoding="utf-8")
    for folder in ("examples", "tests/corpus/check", "tests/corpus/parse")
    for file in sorted((ROOT / folder).glob("*.cl"))
]
LINES = sorted({line for sample in SAMPLES for line in sample.split("\n") if line.strip()})
WORDS = sorted({word for line in LINES for word in line.split()})
BESIDE = {"answer.schema.json": "{}", "rubric.md": "Be polite.", "used/models.cl": 'model small = local("x")'}


def checked(text: str) -> CheckedPolicy:
    return check("policy.cl", MemoryFiles({"policy.cl": text, **BESIDE}), InstalledCatalog(), find)


def holds_together(policy: CheckedPolicy) -> None:
    assert "policy.cl" in policy.modules
    for told in policy.diagnostics:
        text = policy.modules[told.span.path].source.text
        assert 0 <= told.span.start <= told.span.end <= len(text)
        for related in told.related:
            assert related.span.path in policy.modules


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_lines_shuffled(lines: list[str]):
    holds_together(checked("\n".join(lines)))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_words_changed(sample: str, data: st.DataObject):
    words = sample.split(" ")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(st.one_of(st.sampled_from(WORDS), st.just(""), st.text(max_size=5)))
    holds_together(checked(" ".join(words)))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_piece_cut_out(sample: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(sample)))
    end = data.draw(st.integers(start, min(len(sample), start + 200)))
    holds_together(checked(sample[:start] + sample[end:]))
