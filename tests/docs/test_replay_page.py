"""docs/replay.md shows what the commands print."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli.main import main
from cascadelang.records.read import Record

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```console\n\$ cascadelang (.*?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def printed(monkeypatch: pytest.MonkeyPatch, *args: str) -> str:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    done = CliRunner().invoke(main, args)
    assert done.stderr == ""
    return done.stdout


def without_intervals(text: str) -> str:
    """Without what is drawn by chance, which another version of numpy may draw in another way."""
    lines = re.sub(r"[-+\d.,]+( s|%)? to [-+\d.,]+( s|%)?", "LOW to HIGH", text).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines)


def test_a_policy(monkeypatch):
    (command,) = [command for command in BLOCKS if command.startswith("replay")]
    assert without_intervals(printed(monkeypatch, *command.split())) == without_intervals(BLOCKS[command])


def test_two_policies(monkeypatch, tmp_path):
    pytest.importorskip("numpy")
    (command,) = [command for command in BLOCKS if command.startswith("diff")]
    recorded = (ROOT / "examples" / "data" / "recorded_ladder.cl").read_text(encoding="utf-8")
    looser = tmp_path / "looser.cl"
    answers = (ROOT / "examples" / "data" / "answers.jsonl").as_posix()
    looser.write_text(recorded.replace("-0.15 in", "-0.60 in").replace("answers.jsonl", answers), encoding="utf-8")
    args = command.replace("looser.cl", str(looser)).split()
    shown, _, end = without_intervals(BLOCKS[command]).rpartition("\n…")
    assert not end
    found = without_intervals(printed(monkeypatch, *args))
    for part in shown.split("\n\n"):
        if not part.startswith("tunes"):  # the copy has its records under another path, which is told as well
            assert part in found


def test_the_form_of_a_record():
    (shown,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    record = Record(json.loads(shown), 1)
    assert record.answers["gpt-4o"].judgements["sonnet"]["score"] == 0.9
