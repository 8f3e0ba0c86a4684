"""Comments that allow a finding: what they reach, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascadelang.format.format import format_source
from cascadelang.source import SourceFile
from cascadelang.workspace.lint import lint
from cascadelang.workspace.load import load
from cascadelang.workspace.mistake import PolicyError

SHORT = "cascade [haiku, sonnet] until words <= 200"
NAME = "length-only-gate"


def names(report) -> list[str]:
    return [d.name for d in report.diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        f"policy main = {SHORT}  # cl: allow({NAME}) because short is right here",
        f"# cl: allow({NAME}) because short is right here\npolicy main = {SHORT}",
        f"# cl: allow({NAME}) because short is right here\n# and so is this\npolicy main = {SHORT}",
        f"# cl: allow({NAME}) because the whole declaration\npolicy main =\n  route has_code -> opus\n  else {SHORT}",
        f"policy main =\n  route has_code -> opus\n  # cl: allow({NAME}) because of the line\n  else {SHORT}",
        f"#   cl:allow( {NAME} )   because spaces don't matter\npolicy main = {SHORT}",
        f"#cl: allow({NAME}) because spaces don't matter\npolicy main = {SHORT}",
        f"policy main =\n  {SHORT}\n  within $1  # cl: allow({NAME}) because of all that ends here",
        f"policy main={SHORT} with {{ max_tokens: 900, temperature: 1, timeout: 60s, stop: ['###'] }}"
        f" # cl: allow({NAME}) because of a long line".replace("'", '"'),
    ],
)
@pytest.mark.parametrize("laid_out", [False, True])
def test_what_is_silenced(linted, text: str, laid_out: bool):
    text = format_source(SourceFile("policy.cl", text)).text if laid_out else text
    report = linted(f"{text}\n")
    assert names(report) == []
    (one,) = report.allowed
    assert one.diagnostic.name == NAME
    assert one.reason.startswith("because ")


def test_several_names_in_one_comment(linted):
    report = linted(
        "# cl: allow(many-rungs, length-only-gate,) because both are meant\n"
        "policy main = cascade [haiku, sonnet, opus, haiku with { temperature: 1 }] until words <= 200\n",
        select=["many-rungs", "length-only-gate", "unused-allow"],
    )
    assert names(report) == []
    assert {one.diagnostic.name for one in report.allowed} == {"many-rungs", "length-only-gate"}


@pytest.mark.parametrize(
    "text",
    [
        f"policy main = {SHORT}\n# cl: allow({NAME}) because it comes too late",
        f"# cl: allow({NAME}) because a line stands between\n\npolicy main = {SHORT}",
        f"policy other = haiku  # cl: allow({NAME}) because of another line\npolicy main = {SHORT}",
    ],
)
def test_what_is_not_silenced(linted, text: str):
    assert sorted(names(linted(f"{text}\n"))) == [NAME, "unused-allow"]


def test_without_a_reason_it_silences_and_is_told(linted):
    for words in ("", " because", " because ", " since I say so"):
        assert names(linted(f"# cl: allow({NAME}){words}\npolicy main = {SHORT}\n")) == ["unreasoned-allow"]


def test_an_error_of_the_language_stays(linted):
    report = linted("# cl: allow(unknown-name) because it comes later\npolicy main = sonet\n")
    assert names(report) == ["unknown-name"]
    report = linted("# cl: allow(unproved-requirement) because it is about right\nrequire main { calls <= 0 }\n"
                    "policy main = haiku\n")  # fmt: skip
    assert names(report) == ["unknown-allow", "unproved-requirement"]
    assert "can't be silenced" in report.diagnostics[0].message


def test_a_name_that_is_no_rule(linted):
    report = linted("# cl: allow(many-rung) because there are many\npolicy main = haiku\n")
    assert names(report) == ["unknown-allow"]
    assert report.diagnostics[0].help == "did you mean `many-rungs`?"
    place = report.diagnostics[0].span
    assert report.sources["policy.cl"].snippet(place) == "many-rung"


@pytest.mark.parametrize(
    "words", ["", "allow", "allow()", "allow(,)", "ignore(x)", "allow(a", "allow many-rungs", "()"]
)
def test_what_can_t_be_read(linted, words: str):
    assert names(linted(f"# cl: {words}\npolicy main = haiku\n")) == ["unknown-allow"]


def test_a_text_is_no_comment(linted):
    assert names(linted('policy main = route contains("# cl: allow(x)") -> opus else haiku\n')) == []


def test_only_rules_that_were_looked_at_are_missed(linted):
    text = "# cl: allow(many-rungs) because there may be many\npolicy main = haiku\n"
    assert names(linted(text)) == ["unused-allow"]
    assert names(linted(text, ignore=["many-rungs"])) == []
    assert names(linted(text, select=[NAME])) == []
    Path("cascadelang.toml").write_text('[rules]\nmany-rungs = "off"\n')
    assert names(linted(text)) == []


def test_what_is_told_of_comments_can_be_configured_too(linted):
    text = "# cl: allow(many-rungs) because there may be many\npolicy main = haiku\n"
    Path("cascadelang.toml").write_text('[rules]\nunused-allow = "off"\n')
    assert names(linted(text)) == []
    Path("cascadelang.toml").write_text('[rules]\nunused-allow = "error"\n')
    assert [d.severity for d in linted(text).diagnostics] == ["error"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "policy a = haiku\n  # cl: allow(many-rungs) because x\npolicy main = a\n",
            "policy a = haiku\npolicy main = a\n",
        ),
        ("policy main = haiku   # cl: allow(many-rungs) because x\n", "policy main = haiku\n"),
        ("policy main = haiku\n# cl: allow(many-rungs) because x", "policy main = haiku\n"),
    ],
)
def test_what_is_not_needed_is_taken_out(linted, tmp_path: Path, before: str, after: str):
    assert names(linted(before, fix=True)) == []
    assert (tmp_path / "policy.cl").read_text() == f'use "std/anthropic"\n{after}'


def test_one_needed_name_of_two_keeps_the_comment(linted, tmp_path: Path):
    text = f"# cl: allow({NAME}, many-rungs) because x\npolicy main = {SHORT}\n"
    report = linted(text, fix=True)
    assert names(report) == ["unused-allow"]
    assert "allow(length-only-gate, many-rungs)" in (tmp_path / "policy.cl").read_text()


def test_a_used_file_s_comments_count_and_are_not_missed_there(linted, tmp_path: Path):
    (tmp_path / "lib.cl").write_text(
        f'use "std/anthropic"\n# cl: allow({NAME}) because lists\ntier short = {SHORT}\n'
        "# cl: allow(many-rungs) because of others\ntier other = haiku\n"
    )
    report = linted('use "lib.cl" as lib\npolicy main = route has_code -> opus else lib.short\n')
    assert names(report) == []
    assert names(lint(["policy.cl", "lib.cl"])) == ["unused-allow", "unused-allow"]


def test_comments_silence_errors_on_loading_too(linted, tmp_path: Path):
    (tmp_path / "cascadelang.toml").write_text(f'[rules]\n{NAME} = "error"\n')
    assert [d.severity for d in linted(f"policy main = {SHORT}\n").diagnostics] == ["error"]
    with pytest.raises(PolicyError):
        load("policy.cl")
    linted(f"policy main = {SHORT}  # cl: allow({NAME}) because short is right here\n")
    assert load("policy.cl").warnings == ()


@pytest.mark.parametrize("mark", ["CL:", "Cl:"])
def test_a_mark_in_capitals_is_told(linted, mark: str):
    report = linted(f"# {mark} allow({NAME}) because short is right here\npolicy main = {SHORT}\n")
    assert sorted(names(report)) == [NAME, "unknown-allow"]
    (told,) = [d for d in report.diagnostics if d.name == "unknown-allow"]
    assert told.fix is not None
    assert (told.fix.span.end - told.fix.span.start, told.fix.text) == (3, "cl:")


def test_a_remark_on_something_of_that_name_is_none(linted):
    assert "unknown-allow" not in names(linted("# CL: for Common Lisp\npolicy main = haiku within 30s\n"))
