"""Every diagnostic there is, through the whole road that `cascadelang lint` takes.

Read the snapshots: a file, then what is said about it. The documentation's pages are made from the same examples.
"""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

import cascadelang
from cascadelang.catalog.models import find
from cascadelang.diagnostics import codes_files, codes_names, codes_types
from cascadelang.diagnostics.codes import Code, all_codes, code, docs_path
from cascadelang.semantics.check import check
from cascadelang.source import DiskFiles
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.lint import LintReport, lint, render

PACKAGE = Path(cascadelang.__file__).parent
CODES = [pytest.param(entry, id=name) for name, entry in all_codes().items()]

WRITTEN_OUT = {
    "file-too-large": b"#" * 1_000_001,
    "not-text": 'use "std/anthropic"\n# Größe\npolicy main = haiku\n'.encode("latin-1"),
}
"""The bad examples that a page can only describe."""

BESIDE = {
    "answer.schema.json": '{"type": "object"}',
    "wrong.schema.json": '{"type": "objekt"}',
    "cut.json": '{"type":',
}
"""The files that examples name."""

ALONG = {
    "too-many-errors": {"unexpected-character"},  # it comes after many others
}
"""The bad examples that must be wrong in a second way."""

OF_CHECKING = {entry.name for area in (codes_files, codes_names, codes_types) for entry in area.CODES}
"""Those told of a file that can be parsed: what is right instead is a policy that can be asked."""

NOT_DIAGNOSTICS = {"api-key", "proxy-authorization", "x-api-key", "x-goog-api-key", "graphviz-pure"}
"""Hyphenated words in the passes that are headers and packages."""


@pytest.fixture(name="linted")
def _linted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name, text in BESIDE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(source: bytes) -> LintReport:
        (tmp_path / "policy.cl").write_bytes(source)
        return lint(["policy.cl"])

    return run


@pytest.mark.parametrize("entry", CODES)
def test_the_bad_example_gives_it_and_nothing_else(entry: Code, linted, snapshot: SnapshotAssertion):
    report = linted(WRITTEN_OUT.get(entry.name, entry.bad.encode()))
    said = [d for d in report.diagnostics if d.name == entry.name]
    assert said
    assert {d.severity for d in said} == {entry.severity}
    assert {d.name for d in report.diagnostics} - {entry.name} == ALONG.get(entry.name, set())
    shown = said if entry.name == "too-many-errors" else report.diagnostics
    assert f"{entry.bad}\n{render(shown, report.sources)}\n" == snapshot


@pytest.mark.parametrize("entry", CODES)
def test_the_good_example_gives_nothing(entry: Code, linted):
    assert [d.message for d in linted(entry.good.encode()).diagnostics] == []
    if entry.name in OF_CHECKING:
        known = check("policy.cl", DiskFiles(), InstalledCatalog(), find)
        assert known.policies == ("main",)


@pytest.mark.parametrize("entry", CODES)
def test_it_is_documented_in_whole_sentences(entry: Code):
    assert all(getattr(entry, field.name).strip() for field in fields(entry))
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.name)
    assert entry.severity in ("error", "warning")
    assert "\n" not in entry.summary
    assert not entry.summary.endswith(".")
    for text in (entry.meaning, entry.why):
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "`"
    for example in (entry.bad, entry.good):
        assert example.endswith("\n")


def test_every_name_that_is_told_is_registered():
    assert told_by_calls() <= set(all_codes())
    assert {word for word in words_of_passes() if "-" in word} - NOT_DIAGNOSTICS <= set(all_codes())


def test_every_registered_name_is_told():
    assert set(all_codes()) <= words_of_passes()


def test_looking_up():
    assert code("mixed-and-or").name == "mixed-and-or"
    assert code("nonsense") is None
    assert docs_path("mixed-and-or") == "docs/rules/mixed-and-or.md"


def nodes_of_passes():
    """The syntax of every module of the passes that tell diagnostics."""
    for layer in ("syntax", "semantics", "graph"):
        for path in (PACKAGE / layer).rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def words_of_passes() -> set[str]:
    """The texts in the passes that could be a diagnostic's name."""
    texts = {
        node.value for node in nodes_of_passes() if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}


def told_by_calls() -> set[str]:
    """The names given to whatever makes a diagnostic."""
    told = set()
    for node in nodes_of_passes():
        if not isinstance(node, ast.Call) or not node.args:
            continue
        maker = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if maker in ("Diagnostic", "Wrong", "error", "tell") and isinstance(first, ast.Constant):
            told.add(first.value)
    return told
