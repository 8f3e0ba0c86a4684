"""The command line in this process, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli import paint
from cascadelang.cli.main import main

SCRIPTED = """
provider fake = scripted {
  replies: { small: ["I'm not sure", "Paris"], large: "{\\\"city\\\": \\\"Paris\\\"}" }
}
model small = fake("small") { price: $1 / $5 }
model large = fake("large") { price: $10 / $50 }
signal long = words > 3
check ok = json
policy main   = route long -> cascade [small, large] until ok else small
policy loose  = cascade [small] until ok
policy strict = cascade [small] until ok otherwise fail

test "long questions climb" {
  query "What is the capital of France?"
  reply small "Paris"
  reply large "{}"
  expect path == [small, large] and passed
}
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Cl = Callable[..., Ran]


@pytest.fixture
def cl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cl:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")  # what is wrapped depends on it
    (tmp_path / "p.cl").write_text(SCRIPTED, encoding="utf-8")

    def run(*args: str, stdin: str | None = None) -> Ran:
        result = CliRunner().invoke(main, args, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(autouse=True)
def _nobody_chose_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``--color`` said in one test says nothing in the next."""
    monkeypatch.setattr(paint, "_chosen", {})
