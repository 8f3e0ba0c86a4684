"""Every diagnostic there is, through the whole road that `cascadelang lint` takes.

Read the snapshots: a file, then what is said about it. The documentation's pages are made from the same examples.
"""

from __future__ import annotations

import ast
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

import cascadelang
from cascadelang.catalog.models import find
from cascadelang.diagnostics import codes, codes_files, codes_names, codes_types
from cascadelang.diagnostics.codes import Code, docs_path
from cascadelang.lint.registry import all_codes, code, is_rule
from cascadelang.lint.table import rule, table
from cascadelang.semantics.check import check
from cascadelang.source import DiskFiles
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.lint import LintReport, lint, render

PACKAGE = Path(cascadelang.__file__).parent
CODES = [pytest.param(entry, id=name) for name, entry in all_codes().items()]
MORE_BAD = [
    pytest.param(entry, text, id=f"{name}-{number}")
    for name, entry in all_codes().items()
    for number, text in enumerate(entry.more_bad, 2)
]
GOOD = [
    pytest.param(entry, text, id=name if number == 1 else f"{name}-{number}")
    for name, entry in all_codes().items()
    for number, text in enumerate((entry.good, *entry.more_good), 1)
]

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

LOCKED = "version: 1\nlocked: 2026-11-01\nprices:\n  models:\n"
LOCKED += "    small: {provider: openai, id: small, input: 1, output: 4}\n"
CURRENT = LOCKED + "    large: {provider: openai, id: large, input: 4, output: 16}\n"
CHEAPER = LOCKED + "    large: {provider: openai, id: large, input: 2, output: 8}\n"

LOCKS = {
    "invalid-lock": ("vresion: 1\nlocked: 2026-11-01\n", CURRENT),
    "missing-lock": (None, CURRENT),
    "outdated-lock": (CHEAPER, CURRENT),
    "locked-out-of-range": (CURRENT + "tune: {long: 1200}\n", CURRENT + "tune: {long: 340}\n"),
    "price-breaks-requirement": (CHEAPER, CURRENT),
    "old-calibration": (
        CURRENT + "tune: {long: {value: 300, calibrated: 2026-01-07}}\n",
        CURRENT + f"tune: {{long: {{value: 300, calibrated: {datetime.now(UTC).date()}}}}}\n",
    ),
    "calibrated-for-others": (
        "version: 1\nlocked: 2026-11-01\ntune: {sure: {value: 0.9, models: [small-1, large]}}\n",
        "version: 1\nlocked: 2026-11-01\ntune: {sure: {value: 0.9, models: [small-2, large]}}\n",
    ),
    "undeclared-locked-tune": (CURRENT + "tune: {lnog: 300}\n", CURRENT + "tune: {long: 300}\n"),
}
"""The lock files beside the bad example and the good one; with them the examples of errors are linted `--locked`."""

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

    spec_of = InstalledCatalog.spec

    def with_later(self, kind, name):
        """A signal of another package, which this version can't run."""
        if (kind, name) != ("signal", "mood"):
            return spec_of(self, kind, name)
        return replace(spec_of(self, "signal", "words"), name="mood", supported="`words` does something like it")

    monkeypatch.setattr(InstalledCatalog, "spec", with_later)

    def run(source: bytes, entry: Code, *, good: bool = False) -> LintReport:
        lock = LOCKS.get(entry.name, (None, None))[good]
        locks = {} if lock is None else {"policy.lock.yaml": lock}
        for name, text in {**BESIDE, **entry.files, **locks}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "policy.cl").write_bytes(source)
        # the errors of the language are told of whatever rules may say besides: their examples are as short as can be
        return lint(
            ["policy.cl"],
            ignore=() if is_rule(entry.name) else tuple(table()),
            locked=entry.name in LOCKS and not is_rule(entry.name),
        )

    return run


def told_of(entry: Code, report: LintReport):
    """What is said under the diagnostic's name; nothing else may be said but what its example needs."""
    said = [d for d in report.diagnostics if d.name == entry.name]
    assert said
    assert {d.severity for d in said} == {entry.severity}
    others = {d.name for d in report.diagnostics} - {entry.name}
    assert others == ALONG.get(entry.name, set()) | set(entry.along)
    return said


@pytest.mark.parametrize("entry", CODES)
def test_the_bad_example_gives_it_and_nothing_else(entry: Code, linted, snapshot: SnapshotAssertion):
    report = linted(WRITTEN_OUT.get(entry.name, entry.bad.encode()), entry)
    said = told_of(entry, report)
    shown = said if entry.name == "too-many-errors" else report.diagnostics
    assert f"{entry.bad}\n{render(shown, report.sources)}\n" == snapshot


@pytest.mark.parametrize(("entry", "text"), MORE_BAD)
def test_so_do_the_further_ones(entry: Code, text: str, linted, snapshot: SnapshotAssertion):
    report = linted(text.encode(), entry)
    told_of(entry, report)
    assert f"{text}\n{render(report.diagnostics, report.sources)}\n" == snapshot


@pytest.mark.parametrize(("entry", "text"), GOOD)
def test_the_good_example_gives_nothing(entry: Code, text: str, linted):
    assert [d.message for d in linted(text.encode(), entry, good=True).diagnostics] == []
    if entry.name in OF_CHECKING:
        known = check("policy.cl", DiskFiles(), InstalledCatalog(), find)
        assert known.policies == ("main",)


@pytest.mark.parametrize("entry", CODES)
def test_it_is_documented_in_whole_sentences(entry: Code):
    texts = [getattr(entry, field.name) for field in fields(entry)]
    assert all(text.strip() for text in texts if isinstance(text, str))
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.name)
    assert entry.severity in ("error", "warning")
    assert "\n" not in entry.summary
    assert not entry.summary.endswith(".")
    for text in (entry.meaning, entry.why):
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "`"
    for example in (entry.bad, entry.good, *entry.more_bad, *entry.more_good):
        assert example.endswith("\n")


def test_every_name_that_is_told_is_registered():
    assert told_by_calls() <= set(all_codes())
    assert {word for word in words_of_passes() if "-" in word} - NOT_DIAGNOSTICS <= set(all_codes())


def test_every_registered_name_is_told():
    assert set(all_codes()) <= words_of_passes()


def test_each_rule_is_a_file_of_its_name():
    files = {file.stem.replace("_", "-") for file in (PACKAGE / "lint" / "rules").glob("*.py")} - {"--init--"}
    assert files == set(table())
    for name, entry in table().items():
        assert rule(entry).code.name == name
        assert rule(entry).words == entry.words
        assert codes.code(name) is None


def test_looking_up():
    assert code("mixed-and-or").name == "mixed-and-or"
    assert code("many-rungs").name == "many-rungs"
    assert code("nonsense") is None
    assert docs_path("mixed-and-or") == "docs/rules/mixed-and-or.md"


def nodes_of_passes():
    """The syntax of every module of the passes that tell diagnostics."""
    for layer in ("lock", "syntax", "semantics", "graph", "lint"):
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
