"""Every diagnostic is documented, and its example gives it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cascadelang.syntax
from cascadelang.diagnostics.codes import all_codes, code, docs_path
from cascadelang.diagnostics.codes_syntax import CODES
from cascadelang.diagnostics.render_text import render_all
from cascadelang.source import SourceFile
from cascadelang.syntax.parse import parse

WRITTEN_OUT = {"file-too-large": "#" * 1_000_001}


def told(text):
    source = SourceFile("policy.cl", text)
    return source, parse(source).diagnostics


@pytest.mark.parametrize("entry", CODES, ids=lambda entry: entry.name)
def test_the_bad_example_gives_it_and_the_good_one_nothing(entry):
    names = {d.name for d in told(WRITTEN_OUT.get(entry.name, entry.bad))[1]}
    if entry.name == "too-many-errors":
        assert entry.name in names
    else:
        assert names == {entry.name}
    assert told(entry.good)[1] == ()


@pytest.mark.parametrize(
    "entry",
    [e for e in CODES if e.name not in ("too-many-errors", "too-deep", "file-too-large", "not-text")],
    ids=lambda e: e.name,
)
def test_it_reads_as_a_person_would_say_it(entry, snapshot):
    source, diagnostics = told(entry.bad)
    assert f"{entry.bad}\n{render_all(diagnostics, {source.path: source})}\n" == snapshot


def test_every_name_told_by_the_syntax_is_registered():
    folder = Path(cascadelang.syntax.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    names = set(re.findall(r'(?:error|tell|Diagnostic)\(\s*"([a-z-]+)",', text))
    assert len(names) > 20
    assert names <= set(all_codes()) | {"missing-file"}


def test_codes_are_said_in_whole_sentences():
    for entry in all_codes().values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.name)
        assert entry.meaning.endswith(".")
        assert entry.why.endswith(".")
        assert not entry.summary.endswith(".")


def test_looking_up():
    assert code("mixed-and-or").name == "mixed-and-or"
    assert code("nonsense") is None
    assert docs_path("mixed-and-or") == "docs/rules/mixed-and-or.md"
