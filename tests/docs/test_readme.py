"""The README shows what lint prints, and names the commands there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli.main import main

PAGE = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
REFUSED = """use "std/anthropic"

check sound = json and judge(sonnet, "Is the answer complete?") >= 0.8

policy main =
  route meta.plan == "free"              -> haiku,
        has_code and meta.plan == "free" -> sonnet
  else cascade [haiku, opus] until sound

require main for input <= 4k { cost <= $0.10 }
"""


def test_what_lint_says_of_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("support.cl").write_text(REFUSED, encoding="utf-8")
    shown = re.search(r"^```text\n(error.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert CliRunner().invoke(main, ["lint", "support.cl"]).stdout == shown[1]


def test_its_commands_and_options_are_there() -> None:
    rows = re.search(r"^\| command \| does \|\n(.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE)
    assert rows is not None
    named = [code.split() for code in re.findall(r"`([a-z]+(?: --[a-z-]+)?)[^`]*`", rows[1])]
    assert len(named) == 8
    for name, *options in named:
        ran = CliRunner().invoke(main, [name, "--help"])
        assert ran.exit_code == 0
        assert all(option in ran.output for option in options)
