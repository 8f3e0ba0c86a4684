"""`math_equals`, `code_parses` and `sql_parses` in policies: arguments, bounds, and for real in `test` blocks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cascadelang.workspace.lint import lint
from cascadelang.workspace.load import load

POLICY = """use "std/anthropic"
check right = math_equals(meta.answer)
policy main = cascade [haiku, sonnet] until right and arithmetic and code_parses(python, timeout: 2s)

test "the right one" {
  query  "What is 1/4 + 1/4?"
  meta   { answer: "1/2" }
  reply  haiku "1/4 + 1/4 = 1/3\\n```python\\nx = 1\\n```"
  reply  sonnet "So 1/4 + 1/4 = 0.5\\n```python\\nx = 1\\n```\\n\\\\boxed{\\\\frac{1}{2}}"
  expect path == [haiku, sonnet] and passed
}

test "no reference" {
  query  "What is 1/4 + 1/4?"
  reply  haiku "1/4 + 1/4 = 0.5\\n```python\\nx = 1\\n```"
  reply  sonnet "1/4 + 1/4 = 0.5\\n```python\\nx = 1\\n```"
  expect path == [haiku, sonnet] and failed
}
"""


def written(folder: Path, text: str) -> str:
    path = folder / "p.cl"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_they_are_made_for_real_in_test_blocks(tmp_path):
    pytest.importorskip("math_verify")
    done = subprocess.run(
        [sys.executable, "-m", "cascadelang", "test", written(tmp_path, POLICY)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_their_time_limits_are_the_graphs(tmp_path):
    uses = load(written(tmp_path, POLICY)).graph.uses.values()
    assert {use.entry: use.time_s for use in uses} == {
        "math_equals": 10.0,
        "arithmetic": 0.0,
        "code_parses": 2.0,
    }
    (reference,) = [use.args["expected"] for use in uses if use.entry == "math_equals"]
    assert reference == {"meta": "answer"}


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("math_equals(7)", "`expected` of `math_equals` must be a text in quotes, or a fact from the caller"),
        ("math_equals(meta)", "`meta` needs one name behind a dot"),
        ('math_equals(" ")', "`math_equals` can't take this: the reference is empty"),
        ("math_equals", "`math_equals` needs to be told `expected`"),
        ("code_parses(pyton)", "`language` of `code_parses` can't be `pyton`"),
        ("sql_parses(dialect: postgre)", "`dialect` of `sql_parses` can't be `postgre`"),
        ("sql_parses(timeout: 0s)", "`sql_parses` can't take this: `timeout` must be more than 0s"),
    ],
)
def test_arguments_that_cannot_be(tmp_path, check, message):
    (found,) = lint(
        [written(tmp_path, f'use "std/anthropic"\npolicy main = cascade [haiku, opus] until {check}\n')]
    ).diagnostics
    assert found.message == message
