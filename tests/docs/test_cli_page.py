"""docs/cli.md shows what the commands print."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cascadelang.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```console\n\$ cascadelang (.*?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
"""What each command prints, by the command."""

SUPPORT = """use "std/anthropic"

tune strict = 0.8 in 0.5 .. 0.99
check sound = judge(sonnet, "Does it answer the question?") >= strict and not hedges

policy main =
  route has_code or meta.plan == "gold" -> opus
  else cascade [haiku, sonnet] until sound with { max_tokens: 600 }

require main for input <= 4k { cost <= $0.30 }
"""
CHANGES = {
    "has_code or": "has_code or has_math or",
    "[haiku, sonnet]": "[haiku, sonnet, opus]",
    "= 0.8 in": "= 0.85 in",
    "$0.30": "$0.50",
}
"""What the page's `diff` finds."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    Path("support.cl").write_text(SUPPORT, encoding="utf-8")
    Path("bad.cl").write_text('use "std/anthropic"\npolicy main = sonet\n', encoding="utf-8")


def ran(command: str) -> Result:
    return CliRunner().invoke(main, shlex.split(command))


def git(*args: str) -> None:
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *args], check=True, capture_output=True, env={**os.environ, **who})


def test_init() -> None:
    assert ran("init").output == BLOCKS["init"]


def test_a_dry_run_of_the_first_policy() -> None:
    ran("init")
    command = 'run policy.cl --query "Two pens for Ada" --dry'
    assert ran(command).stdout == BLOCKS[command]


def test_lint() -> None:
    assert ran("lint bad.cl").output == BLOCKS["lint bad.cl"]


def test_lint_as_json() -> None:
    shown = next(
        block for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) if "url" in block
    )
    assert json.loads(ran("lint bad.cl --output json").stdout) == json.loads(shown)


def test_explain() -> None:
    command = 'explain support.cl --query "Why is the sky blue?" --input 4k'
    assert ran(command).stdout == BLOCKS[command]


def test_diff() -> None:
    git("init", "-q")
    git("add", "support.cl")
    git("commit", "-qm", "a policy")
    text = SUPPORT
    for old, new in CHANGES.items():
        text = text.replace(old, new)
    Path("support.cl").write_text(text, encoding="utf-8")
    assert ran("diff HEAD support.cl").stdout == BLOCKS["diff HEAD support.cl"]


def test_a_failing_test() -> None:
    ran("init")
    policy = Path("policy.cl")
    policy.write_text(policy.read_text("utf-8").replace("path == [small]\n", "path == [bigger]\n"), encoding="utf-8")
    assert ran("test policy.cl").stdout == BLOCKS["test policy.cl"]
