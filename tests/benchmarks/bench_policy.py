"""How long lint, with all rules, takes on a 1,000-line policy, against lark merely parsing it.

    python tests/benchmarks/bench_policy.py [--profile]

Both run in this process, warm, and take turns; the smallest time of each counts, because only noise makes a run
slower. lark parses with the project's grammar, its own LALR parser, the contextual lexer and positions on. Lint does
what the command does: reads the file, parses, checks, compiles, proves its limits and asks every rule. The limit is
ten times lark. Formatting is measured beside them: it is to be no slower than lint.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lark
from bench_lint import sample, whole

from cascadelang.format.format import format_source
from cascadelang.source import MemoryFiles, SourceFile
from cascadelang.syntax.tables import LARK_OPTIONS, grammar_path
from cascadelang.workspace.load import prove

LIMIT = 10.0
ROUNDS = 15


def main() -> int:
    """Measure and print; exit code 1 when the limit is passed."""
    text = whole(sample(1016))
    parser = lark.Lark(grammar_path().read_text(encoding="utf-8"), propagate_positions=True, **LARK_OPTIONS)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "sample.cl")
        Path(path).write_text(text, encoding="utf-8")
        if "--profile" in sys.argv:
            return _profile(path)
        runs: dict[str, Callable[[], object]] = {"lark": lambda: parser.parse(text), "lint": lambda: prove(path)}
        runs["fmt"] = lambda: format_source(SourceFile("sample.cl", text))
        times: dict[str, list[float]] = {name: [] for name in runs}
        for turn in range(ROUNDS + 2):
            for name, run in runs.items():
                start_s = time.perf_counter()
                run()
                if turn >= 2:
                    times[name].append(time.perf_counter() - start_s)
    least = {name: min(taken) for name, taken in times.items()}
    found = len(prove("sample.cl", MemoryFiles({"sample.cl": text})).diagnostics)
    print(f"{text.count(chr(10)):,} lines, {found} findings")
    for name, seconds in least.items():
        print(f"{name:5} {seconds * 1000:7.1f} ms  {seconds / least['lark']:5.2f} x lark")
    print(f"ratio {least['lint'] / least['lark']:.2f} (limit {LIMIT})")
    return int(least["lint"] / least["lark"] > LIMIT or least["fmt"] > least["lint"])


def _profile(path: str) -> int:
    """Where the time goes."""
    import cProfile
    import pstats

    prove(path)
    with cProfile.Profile() as profile:
        for _ in range(3):
            prove(path)
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    return 0


if __name__ == "__main__":
    sys.exit(main())
