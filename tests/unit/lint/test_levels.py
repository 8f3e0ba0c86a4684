"""What each rule counts as: from the settings, from the command line, and where errors count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang import Policy
from cascadelang.cli.main import main
from cascadelang.lint.levels import EVERYTHING, Levels
from cascadelang.workspace.load import load, prove
from cascadelang.workspace.mistake import Mistake, PolicyError

SHORT = "policy main = cascade [haiku, sonnet] until words <= 200\n"
NAME = "length-only-gate"
MANY = "policy main = cascade [haiku, sonnet, opus, haiku with { temperature: 1 }] until words <= 200\n"


def said(report) -> list[tuple[str, str]]:
    return [(d.name, d.severity) for d in report.diagnostics]


def test_levels():
    levels = Levels({"a": "off", "b": "error"})
    assert [levels.of(name, "warning") for name in "abc"] == [None, "error", "warning"]
    chosen = Levels({"a": "off", "b": "error"}, frozenset("ab"), frozenset("b"))
    assert [chosen.of(name, "warning") for name in "abc"] == ["warning", None, None]
    assert EVERYTHING.of("a", "error") == "error"


def test_by_default_it_warns(linted):
    assert said(linted(SHORT)) == [(NAME, "warning")]


@pytest.mark.parametrize("file", ["cascadelang.toml", "pyproject.toml"])
def test_the_settings_change_it(linted, file: str):
    table = "rules" if file == "cascadelang.toml" else "tool.cascadelang.rules"
    Path(file).write_text(f'[{table}]\n{NAME} = "error"\n')
    assert said(linted(SHORT)) == [(NAME, "error")]
    Path(file).write_text(f'[{table}]\n{NAME} = "off"\n')
    assert said(linted(SHORT)) == []
    assert said(linted(SHORT, select=[NAME])) == [(NAME, "warning")]


def test_each_folder_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for folder, level in (("a", "off"), ("b", "error")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cascadelang.toml").write_text(f'[rules]\n{NAME} = "{level}"\n')
        (tmp_path / folder / "p.cl").write_text(f'use "std/anthropic"\n{SHORT}')
    from cascadelang.workspace.lint import lint

    assert [(d.span.path, d.severity) for d in lint(["a", "b"]).diagnostics] == [("b/p.cl", "error")]


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ('[rules]\nmany-rung = "off"\n', "no rule is named `many-rung`", "did you mean `many-rungs`?"),
        ('[rules]\nunknown-name = "off"\n', "can't be silenced or lowered", "put right"),
        ('[rules]\nmany-rungs = "of"\n', "`many-rungs` in", "`off`, `warning` or `error`"),
        ("[rules]\nmany-rungs = false\n", "`many-rungs` in", "`off`, `warning` or `error`"),
        ('rules = "off"\n', "must be a table", "[rules]"),
    ],
)
def test_mistakes_in_the_settings(linted, text: str, message: str, help_: str):
    Path("cascadelang.toml").write_text(text)
    with pytest.raises(Mistake) as raised:
        linted(SHORT)
    assert message in raised.value.message
    assert help_ in raised.value.help


def test_select_and_ignore(linted):
    assert {name for name, _ in said(linted(MANY))} >= {NAME, "many-rungs"}
    assert said(linted(MANY, select=["many-rungs"])) == [("many-rungs", "warning")]
    assert "many-rungs" not in {name for name, _ in said(linted(MANY, ignore=["many-rungs"]))}
    assert said(linted("policy main = sonet\n", select=["many-rungs"])) == [("unknown-name", "error")]
    with pytest.raises(Mistake, match="no rule is named `x`") as raised:
        linted(MANY, ignore=["x"])
    assert raised.value.usage


def test_on_the_command_line(linted):
    linted(MANY)
    run = CliRunner().invoke
    done = run(main, ["lint", "--strict", "--select", "many-rungs", "policy.cl"])
    assert done.exit_code == 1
    assert "many-rungs" in done.stdout
    assert NAME not in done.stdout
    assert run(main, ["lint", "--strict", "--select", "many-rungs", "--ignore", "many-rungs"]).exit_code == 0
    both = run(main, ["lint", "--output", "json", "--select", f"many-rungs,{NAME}"])
    assert {d["name"] for d in json.loads(both.stdout)["files"][0]["diagnostics"]} == {"many-rungs", NAME}
    wrong = run(main, ["lint", "--ignore", "many-rung"])
    assert wrong.exit_code == 2
    assert "did you mean `many-rungs`?" in wrong.stderr


def test_warnings_don_t_stop_a_run_and_are_looked_for_when_asked(linted):
    linted(SHORT)
    proved = prove("policy.cl", only="error")
    assert proved.diagnostics == ()
    assert [d.name for d in load("policy.cl").warnings] == [NAME]
    with Policy.load("policy.cl", traces=False) as policy:
        assert [d.name for d in policy.warnings] == [NAME]
    Path("cascadelang.toml").write_text(f'[rules]\n{NAME} = "off"\n')
    with Policy.load("policy.cl", traces=False) as policy:
        assert policy.warnings == ()


def test_errors_do(linted):
    linted(SHORT)
    Path("cascadelang.toml").write_text(f'[rules]\n{NAME} = "error"\n')
    with pytest.raises(PolicyError) as raised:
        Policy.load("policy.cl", traces=False)
    assert [d.name for d in raised.value.diagnostics] == [NAME]
    with Path("policy.cl").open("a") as file:
        file.write('test "short" { query "x" reply haiku "y" expect passed }')
    for command in ("compile", "explain", "graph", "test"):
        done = CliRunner().invoke(main, [command, "policy.cl"])
        assert done.exit_code == 1
        assert NAME in done.stdout + done.stderr


def test_running_imports_no_rule_that_only_warns(linted, tmp_path: Path):
    linted(SHORT)
    code = (
        "import sys\nfrom cascadelang.workspace.load import load\nload('policy.cl')\n"
        "print(sorted(m for m in sys.modules if m.startswith('cascadelang.lint.rules.')))"
    )
    first = [sys.executable, "-c", code]
    env = {**os.environ, "CASCADELANG_CACHE": str(tmp_path / "cache")}
    subprocess.run(first, cwd=tmp_path, check=True, capture_output=True, env=env)  # makes the table
    done = subprocess.run(first, cwd=tmp_path, check=True, capture_output=True, text=True, env=env)
    assert "length_only_gate" not in done.stdout
