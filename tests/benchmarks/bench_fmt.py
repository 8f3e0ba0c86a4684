"""How long `cascadelang fmt` takes against `cascadelang lint`: the same files, side by side.

    python tests/benchmarks/bench_fmt.py

Two files: 200 lines, where most of the time is start-up, and 1,000 lines. Each is formatted as it is laid out already
(what pre-commit mostly meets) and from a layout in which every line changes; lint runs without its cache. Bytecode is
compiled first; the commands take turns; the smallest time of each counts, because only noise makes one slower. The
limit is lint's own time.
"""

from __future__ import annotations

import compileall
import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench_lint import ROOT, sample, seconds, whole

LIMIT = 1.0
ROUNDS = 15


def main() -> int:
    """Measure and print; exit code 1 when the limit is passed."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    compileall.compile_dir(ROOT / "cascadelang", quiet=2)
    worst = 0.0
    program = [sys.executable, "-m", "cascadelang"]
    with tempfile.TemporaryDirectory() as folder:
        for lines in (216, 1016):
            neat, ugly = Path(folder) / f"neat{lines}.cl", Path(folder) / f"ugly{lines}.cl"
            neat.write_text(whole(sample(lines)), encoding="utf-8")
            seconds([*program, "fmt", str(neat)], env)
            said = neat.read_text(encoding="utf-8")
            ugly.write_text(re.sub(r"\n *", "\n      ", said), encoding="utf-8")
            commands = {
                "lint": [*program, "lint", "--no-cache", str(neat)],
                "fmt, nothing to change": [*program, "fmt", str(neat)],
                "fmt, every line changes": [*program, "fmt", "--diff", str(ugly)],
            }
            times: dict[str, list[float]] = {name: [] for name in commands}
            for turn in range(ROUNDS + 2):
                for name, command in commands.items():
                    took_s = seconds(command, env)
                    if turn >= 2:
                        times[name].append(took_s)
            best = {name: min(took) for name, took in times.items()}
            count = said.count("\n")
            for name, took_s in best.items():
                ratio = took_s / best["lint"]
                worst = max(worst, ratio if name != "lint" else 0.0)
                print(f"{count:5} lines  {name:24} {took_s * 1000:7.1f} ms  {ratio:.2f} of lint")
    print(f"worst ratio {worst:.2f} (limit {LIMIT})")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
