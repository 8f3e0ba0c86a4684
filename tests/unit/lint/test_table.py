"""Which rules there are, known without importing them; those of other packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cascadelang.lint import table as module
from cascadelang.lint.table import Entry, rule, table

PLUGIN = """
from cascadelang.diagnostics.codes import Code
from cascadelang.lint.rule import Rule


class NoOpus(Rule):
    code = Code(
        "no-opus", "{severity}", "opus is too dear", "It is.", "It is.",
        'use "std/anthropic"\\npolicy main = opus\\n', 'use "std/anthropic"\\npolicy main = haiku\\n',
    )
    words = ("opus",)

    def look(self, subject):
        from cascadelang.graph.model import CallNode

        for node in subject.nodes(CallNode):
            if node.model == "opus":
                yield self.found("opus is too dear", subject.span(node.place), help="ask `haiku`")


RULE = NoOpus()
"""
FAILING = PLUGIN.replace("for node in", "raise ValueError('no such thing')\n        for node in")


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A cache of its own, and no table in memory."""
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path / "cache"))
    table.cache_clear()
    yield tmp_path / "cache"
    table.cache_clear()


def kept(folder: Path) -> Path:
    (file,) = folder.glob("rules-*.json")
    return file


def test_the_table_is_kept_and_read_again(fresh: Path, monkeypatch: pytest.MonkeyPatch):
    made = table()
    assert "many-rungs" in made
    table.cache_clear()
    monkeypatch.setattr(module, "_built_in", lambda: pytest.fail("it was kept"))
    assert table() == made


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: "nonsense",
        lambda data: {**data, "format": 0},
        lambda data: {**data, "rules": [["a", "fatal", [], "m", "RULE"]]},
        lambda data: {**data, "rules": 7},
        lambda data: {**data, "files": []},
        lambda data: {**data, "state": [["many_rungs.py", 0, 0]]},
        lambda data: {k: v for k, v in data.items() if k != "rules"},
    ],
)
def test_a_damaged_table_is_made_anew(fresh: Path, damage):
    made = table()
    file = kept(fresh)
    file.write_text(json.dumps(damage(json.loads(file.read_text()))))
    table.cache_clear()
    assert table() == made


def test_each_path_has_a_table_of_its_own(fresh: Path, monkeypatch: pytest.MonkeyPatch):
    table()
    monkeypatch.setattr(sys, "path", [*sys.path, str(fresh)])
    table.cache_clear()
    table()
    assert len([*fresh.glob("rules-*.json")]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of Unix")
def test_one_that_others_may_write_is_not_believed(fresh: Path):
    table()
    file = kept(fresh)
    data = json.loads(file.read_text())
    data["rules"] = []
    file.write_text(json.dumps(data))
    file.chmod(0o666)
    table.cache_clear()
    assert "many-rungs" in table()


def test_a_folder_that_can_t_be_written_is_no_error(fresh: Path):
    fresh.write_text("a file")
    assert "many-rungs" in table()


def test_an_entry_gives_its_rule():
    assert rule(table()["many-rungs"]).code.name == "many-rungs"
    assert isinstance(table()["many-rungs"], Entry)


# ---- Other packages ---------------------------------------------------------------------------------------------


@pytest.fixture(name="installed")
def _installed(tmp_path: Path):
    """A package with a rule on Python's path; gives a function that lints with it."""
    site = tmp_path / "site"
    info = site / "strict_rules-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strict-rules\nVersion: 1.0\n")
    (tmp_path / "policy.cl").write_text('use "std/anthropic"\npolicy main = opus\n')
    env = {**os.environ, "PYTHONPATH": str(site), "CASCADELANG_CACHE": str(tmp_path / "cache")}

    def run(text: str, *args: str, entry: str = "no-opus = strict_rules") -> subprocess.CompletedProcess[str]:
        (site / "strict_rules.py").write_text(text)
        (info / "entry_points.txt").write_text(f"[cascadelang.rules]\n{entry}\n")
        command = [sys.executable, "-m", "cascadelang", *(args or ("lint", "policy.cl"))]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


def test_a_rule_of_another_package(installed, tmp_path: Path):
    plugin = PLUGIN.replace("{severity}", "warning")
    for _ in range(2):  # the second time from the table that was kept
        done = installed(plugin)
        assert done.returncode == 0
        assert "warning[no-opus]: opus is too dear" in done.stdout
    assert installed(plugin, "lint", "--ignore", "no-opus").stdout == ""
    assert "# no-opus" in installed(plugin, "explain", "no-opus").stdout
    (tmp_path / "cascadelang.toml").write_text('[rules]\nno-opus = "off"\n')
    assert installed(plugin).stdout == ""
    (tmp_path / "cascadelang.toml").unlink()
    changed = installed(PLUGIN.replace("{severity}", "error").replace('"opus",', '"opus", "policy"'))
    assert "error[no-opus]" in changed.stdout
    run = installed(PLUGIN.replace("{severity}", "error"), "compile", "policy.cl")
    assert run.returncode == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_package\n", "the rule `no-opus` of another package can't be loaded: No module named"),
        ("x = 1\n", "can't be loaded"),
        ("RULE = 7\n", "is no rule"),
        (FAILING.replace("{severity}", "warning"), "the rule `no-opus` of another package failed: no such thing"),
    ],
)
def test_one_that_fails_is_told_in_words(installed, text: str, message: str):
    done = installed(text)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_built_in_name_is_not_taken_over(installed):
    done = installed(PLUGIN.replace("{severity}", "error").replace('"no-opus"', '"many-rungs"'))
    assert done.returncode == 0
    assert done.stdout == ""
