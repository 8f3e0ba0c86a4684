"""docs/testing.md shows what `cascadelang test` prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_example_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("support.cl").write_text(block("cascade"), encoding="utf-8")
    command, shown = block("console").split("\n", 1)
    ran = CliRunner().invoke(main, command.removeprefix("$ cascadelang ").split())
    assert ran.stdout == shown


def test_json_is_as_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("support.cl").write_text(
        'use "std/anthropic"\n\npolicy main = route has_code -> opus else haiku\n'
        'test "code goes to the top" { query "```x```" reply opus "x" expect path == [opus] }\n',
        encoding="utf-8",
    )
    ran = CliRunner().invoke(main, ["test", "--output", "json"])
    assert json.dumps(json.loads(ran.stdout)) == json.dumps(json.loads(block("json")))
