"""What replaying costs: a two-rung policy over records, from reading them to the last interval.

Run as a script: ``python tests/benchmarks/bench_replay.py [RECORDS]``. RECORDS is `routellm_mmlu.jsonl.gz` (14,037
records of two models, right or wrong only), looked for beside the repository; without it, only the made-up sets are
measured. CPU is this process's, one thread, the best of three rounds; the policy is loaded with it, Python's own
start is not. The made-up sets have 5,000 records and four times as many: a ratio near 4 is linear.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from cascadelang.workspace.replay import replay  # noqa: E402 - numpy reads the number of threads when it is imported

SHARED = Path(__file__).parents[3] / "shared" / "data" / "routellm_mmlu.jsonl.gz"
POLICY = """
model small = openai("mixtral-8x7b")       { price: $0.24 / $0.24 }
model large = openai("gpt-4-1106-preview") { price: $10 / $30 }
signal long = tokens > 120
policy main = cascade [small until not long, large]
"""
ROUNDS = 3
FEW = 5_000
TARGET_S = 2.0


def made_up(path: Path, many: int) -> None:
    """Records like the real ones."""
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for n in range(many):
            answers = {
                "mixtral-8x7b": {"quality": float(n % 3 > 0), "cost_usd": 0.00024},
                "gpt-4-1106-preview": {"quality": float(n % 5 > 0), "cost_usd": 0.0247},
            }
            query = f"Question {n}: which of these is it?\n" + "A. one of them\n" * (n % 40)
            record = {"id": f"made-up-{n}", "query": query, "meta": {"category": "none"}, "answers": answers}
            lines.write(json.dumps(record) + "\n")


def cpu_s(policy: Path, records: Path) -> tuple[float, int, int]:
    """CPU of one replay, the best of some; how many records there were, and how many went to the second rung."""
    best = float("inf")
    for _ in range(ROUNDS):
        began_s = time.process_time()
        found = replay(str(policy), str(records))
        best = min(best, time.process_time() - began_s)
    if found.tally.observed != found.tally.read:
        raise SystemExit(f"not all records were replayed: {found.tally.missing}")
    return best, found.tally.read, found.tally.asked["large"]


def main() -> None:
    """Print the table."""
    real = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "two_rungs.cl"
        policy.write_text(POLICY, encoding="utf-8")
        sets = []
        for many in (FEW, 4 * FEW):
            path = Path(folder) / f"made_up_{many}.jsonl.gz"
            made_up(path, many)
            sets.append((f"made up, {many:,}", path))
        if real.is_file():
            sets.append((real.name, real))
        else:
            print(f"there is no {real}: only made-up records are measured")
        took = {}
        for name, path in sets:
            took[name], records, second = cpu_s(policy, path)
            each_us = 1e6 * took[name] / records
            print(f"{name:<24} {took[name]:6.2f} s CPU  {each_us:5.1f} us a record, {second:,} on the second rung")
    small, large = (took[name] for name, _ in sets[:2])
    print(f"four times the records take {large / small:.2f} times the CPU (4 is linear)")
    if real.name in took:
        print(f"{real.name}: {took[real.name]:.2f} s of {TARGET_S:g} s")


if __name__ == "__main__":
    main()
