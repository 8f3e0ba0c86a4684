"""How long `cascadelang lint` takes on a 200-line file, against importing click and lark: measured side by side.

    python tests/benchmarks/bench_lint.py

Bytecode is compiled first; the two commands take turns; the smallest time of each counts, because only noise makes a
start slower. The limit is twice the imports.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 2.0
ROUNDS = 25
ROOT = Path(__file__).parents[2]


def sample(lines: int = 200) -> str:
    """A policy of so many lines, of the kind people write: comments, ladders, gates, tests."""
    parts = ['# A generated policy.\nuse "std/anthropic"\nuse "std/openai" as oa\n']
    number = 0
    while sum(part.count("\n") for part in parts) < lines:
        number += 1
        parts.append(f"""
# Part {number}: its own words, its own gate, its own ladder.
signal topic{number} = has_code or contains(["traceback {number}", "stack trace {number}"])
check  sound{number} = not empty and not truncated and not hedges and words <= {100 + number}

policy part{number} =
  route topic{number} -> opus,
        tokens > {number}k -> cascade [sonnet, opus] until sound{number}
  else cascade [haiku, oa.gpt_mini, sonnet] until sound{number} within $0.25 and 180s

require part{number} for input <= 4k {{ cost <= $0.25, calls <= 3 }}

test "part {number} starts at the bottom" {{
  query  "What is the capital of France?"
  policy part{number}
  reply  haiku "Paris."
  expect path == [haiku] and passed
}}
""")
    return "\n".join("".join(parts).splitlines()[:lines]) + "\n"


def seconds(command: list[str], env: dict[str, str]) -> float:
    """Wall time of one process."""
    start_s = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - start_s


def whole(text: str) -> str:
    """The file without its last, cut-off declaration."""
    return text[: text.rindex("\n# Part")] + "\n"


def main() -> int:
    """Measure and print; exit code 1 when the limit is passed."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    compileall.compile_dir(ROOT / "cascadelang", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.cl"
        file.write_text(whole(sample(216)), encoding="utf-8")
        lines = file.read_text("utf-8").count("\n")
        imports = [sys.executable, "-c", "import click, lark"]
        lint = [sys.executable, "-m", "cascadelang", "lint", "--no-cache", str(file)]
        times: dict[str, list[float]] = {"imports": [], "lint": []}
        for turn in range(ROUNDS + 3):
            a, b = seconds(imports, env), seconds(lint, env)
            if turn >= 3:
                times["imports"].append(a)
                times["lint"].append(b)
    a, b = min(times["imports"]), min(times["lint"])
    print(f"python -c 'import click, lark'   {a * 1000:6.1f} ms")
    print(f"cascadelang lint, {lines} lines      {b * 1000:6.1f} ms")
    print(f"ratio {b / a:.2f} (limit {LIMIT})")
    return int(b / a > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
