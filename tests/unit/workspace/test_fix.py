"""`lint --fix`: what is repaired, and that nothing gets worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascadelang.diagnostics.codes import all_codes
from cascadelang.diagnostics.model import Diagnostic, Fix
from cascadelang.source import SourceFile, Span
from cascadelang.workspace.fix import repair
from cascadelang.workspace.lint import LintReport, lint


@pytest.fixture(name="fixed")
def _fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("answer.schema.json").write_text('{"type": "object"}', encoding="utf-8")

    def run(text: str) -> tuple[str, LintReport]:
        Path("policy.cl").write_bytes(text.encode())
        report = lint(["policy.cl"], fix=True)
        return Path("policy.cl").read_bytes().decode(), report

    return run


FIXABLE = sorted(
    [
        "bad-number",
        "bare-name",
        "bare-route",
        "confusable-text",
        "missing-comma",
        "mixed-and-or",
        "unexpected-character",
        "unknown-field",
        "unknown-label",
        "unknown-name",
        "unused-allow",
        "wrong-quotes",
        "wrong-sign",
    ]
)
"""Diagnostics whose bad example is repaired; `test_every_fix_of_a_bad_example_cures_it` looks at all of them."""


@pytest.mark.parametrize("name", all_codes())
def test_every_fix_of_a_bad_example_cures_it(name: str, fixed, tmp_path: Path):
    bad = all_codes()[name].bad
    (tmp_path / "policy.cl").write_text(bad, encoding="utf-8")
    before = lint(["policy.cl"])
    fixable = [d for d in before.diagnostics if d.fix is not None]
    if not fixable:
        assert name not in FIXABLE
        return
    text, report = fixed(bad)
    assert report.repairs is not None
    assert not report.repairs.left
    assert len(report.fixed) >= len(fixable)
    assert text != bad
    gone = {d.name for d in fixable}
    assert not [d for d in report.diagnostics if d.name in gone], text


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            "policy a = cascade [haiku sonnet] until json\npolicy main = cascade [a opus] until json\n",
            "policy a = cascade [haiku, sonnet] until json\npolicy main = cascade [a, opus] until json\n",
        ),
        ("policy main = cascade [haiku sonet] until json\n", "policy main = cascade [haiku, sonnet] until json\n"),
        ("policy main = route has_code => opsu else sonet\n", "policy main = route has_code -> opus else sonnet\n"),
    ],
)
def test_what_a_repair_lets_be_seen_is_repaired_too(fixed, bad: str, good: str):
    text, report = fixed('use "std/anthropic"\n' + bad)
    assert text == 'use "std/anthropic"\n' + good
    assert not report.diagnostics


def test_a_byte_order_mark_and_line_ends_stay(fixed):
    text, _ = fixed('\ufeffuse "std/anthropic"\r\npolicy main = sonet\r\n')
    assert text == '\ufeffuse "std/anthropic"\r\npolicy main = sonnet\r\n'


def diagnosed(text: str, at: str, new: str, name: str = "unknown-name") -> Diagnostic:
    start = text.index(at)
    span = Span("policy.cl", start, start + len(at))
    return Diagnostic(name, "error", "x", span, fix=Fix(span, new, f"write {new}"))


@pytest.mark.parametrize("new", ["haiku]", "model", "sonet, sonet", '"x'])
def test_a_repair_that_makes_things_worse_is_taken_back(fixed, new: str):
    """A diagnostic with a wrong repair beside one with a right one: only the right one is made."""
    text = 'use "std/anthropic"\npolicy a = haku\npolicy main = fallback [opus, sonet]\n'
    Path("policy.cl").write_text(text, encoding="utf-8")
    found = [diagnosed(text, "haku", "haiku"), diagnosed(text, "sonet", new)]
    done = repair(found, {"policy.cl": SourceFile("policy.cl", text)}, ["policy.cl"], lambda _: None)
    assert done.after["policy.cl"].startswith(
        'use "std/anthropic"\npolicy a = haiku\npolicy main = fallback [opus, sonnet]'
    )
    assert done.left == (f"policy.cl:3: write {new}",)
    assert Path("policy.cl").read_text() == text
    assert fixed(text)[1].fixed


def test_it_ends_where_repairs_undo_each_other(fixed, monkeypatch: pytest.MonkeyPatch):
    text = 'use "std/anthropic"\npolicy main = haiku\n'
    Path("policy.cl").write_text(text, encoding="utf-8")
    found = [diagnosed(text, "haiku", "haiku")]
    done = repair(found, {"policy.cl": SourceFile("policy.cl", text)}, ["policy.cl"], lambda _: None)
    assert (done.made, done.left) == ((), ("policy.cl:2: write haiku",))


def test_without_writing_it_says_what_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.cl").write_text('use "std/anthropic"\npolicy main = sonet\n')
    report = lint(["./policy.cl"], fix=True, write=False)
    assert report.repairs is not None
    assert list(report.repairs.after.values()) == ['use "std/anthropic"\npolicy main = sonnet\n']
    assert report.errors == 1
    assert "sonet" in Path("policy.cl").read_text()


def test_repairs_are_told_in_the_order_of_the_text_with_their_lines(fixed):
    _, report = fixed('use "std/anthropic"\npolicy a = haku\npolicy main = fallback [opus, sonet] within 9s;\n')
    assert report.fixed == (
        "policy.cl:2: change to `haiku`",
        "policy.cl:3: change to `sonnet`",
        "policy.cl:3: delete it",
    )
