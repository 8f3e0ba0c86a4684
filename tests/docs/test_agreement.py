"""The agreement policy over recorded answers: what the script reckons, on a few records made up here."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRICES = {"gemini-1.5-flash-002": (0.075, 0.30), "gemini-1.5-pro-002": (1.25, 5), "gpt-4o-2024-05-13": (5, 15)}


def record(number: int, right: str, *said: str) -> str:
    answers = {
        model: {
            "text": text,
            "quality": float(f"({right})" in text),
            "input_tokens": 100,
            "output_tokens": 50,
            "cost_usd": (100 * price_in + 50 * price_out) / 1e6,
        }
        for (model, (price_in, price_out)), text in zip(PRICES.items(), said, strict=True)
    }
    return json.dumps({"id": f"q-{number}", "query": f"Question {number}?", "answers": answers})


def run(*args: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "examples/data/agreement.py", *map(str, args)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    return done.stdout


def test_what_it_reckons(tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl.gz"
    lines = [
        # two agree and are right; two agree and are wrong; two disagree; the first one names nothing
        record(1, "B", "The answer is (B).", "The closest answer is 4. The answer is (B).", "The answer is (A)."),
        record(2, "B", "The answer is (A).", "The answer is (A).", "The answer is (B)."),
        record(3, "C", "The answer is (A).", "The answer is (B).", "The answer is (C)."),
        record(4, "D", "I can't say.", "The answer is (D).", "The answer is (D)."),
    ]
    with gzip.open(records, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines))
    printed = run(records).split("One half")[0]
    flash, pro, top = ((100 * price_in + 50 * price_out) / 1e6 for price_in, price_out in PRICES.values())
    plain, checked = 4 * flash + 4 * pro + 2 * top, 4 * flash + 3 * pro + 2 * top
    assert "| only flash | 25.0% | 33.3% |" in printed
    assert f"| only gpt-4o | 75.0% | 100.0% | {1000 * top:.3f} | 100.0% | 100.0% |" in printed
    assert (
        f"agrees(pro)`, else gpt-4o | 75.0% | 100.0% | {250 * plain:.3f} | {plain / top / 4:.1%} | 50.0% |" in printed
    )
    assert f"| 75.0% | 100.0% | {250 * checked:.3f} | {checked / top / 4:.1%} | 50.0% |" in printed


def test_without_the_records_it_says_so(tmp_path: Path) -> None:
    assert "nothing to measure" in run(tmp_path / "records.jsonl.gz")
