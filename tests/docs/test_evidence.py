"""The tables of the evidence page, as far as their records are in the repository, and how their figures are made."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def auroc() -> ModuleType:
    sys.path.insert(0, str(ROOT / "examples" / "data"))
    try:
        import auroc
    finally:
        sys.path.pop(0)
    return auroc


def evidence(*data: str) -> str:
    done = subprocess.run(
        [sys.executable, "examples/data/evidence.py", *data], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_table_of_our_own_prompts_is_what_the_command_prints() -> None:
    printed = evidence("ladder")
    assert printed.count("\n| `") >= 16
    for line in printed.splitlines():
        assert line in PAGE, f"docs/evidence.md lacks: {line}"


def test_data_that_is_not_here_is_left_out_with_a_word(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "sys.path.insert(0, 'examples/data')\n"
        "import recorded\n"
        f"recorded.SHARED = pathlib.Path({str(tmp_path)!r})\n"
        "sys.argv = ['evidence.py', 'mmlu_pro']\n"
        "import evidence\n"
        "evidence.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "left out, there is no" in done.stdout
    assert "|" not in done.stdout


def judged(auroc: ModuleType, *rows: tuple[str, int, bool, float]) -> object:
    return auroc.Scores(auroc.Judged(stratum, str(group), right, score) for stratum, group, right, score in rows)


def test_auroc_is_the_share_of_pairs_in_order(auroc: ModuleType) -> None:
    assert judged(auroc, ("a", 1, True, 0.9), ("a", 2, False, 0.1)).auroc() == 1.0
    assert judged(auroc, ("a", 1, True, 0.1), ("a", 2, False, 0.9)).auroc() == 0.0
    assert judged(auroc, ("a", 1, True, 0.5), ("a", 2, False, 0.5)).auroc() == 0.5
    rows = [
        ("a", 1, True, 0.9),
        ("a", 2, True, 0.4),
        ("a", 3, False, 0.4),
        ("a", 4, False, 0.1),
        ("a", 5, False, 0.6),
    ]
    assert judged(auroc, *rows).auroc() == pytest.approx((3 + 1.5) / 6)
    assert math.isnan(judged(auroc, ("a", 1, True, 0.5), ("a", 2, True, 0.9)).auroc())


def test_answers_are_compared_with_those_of_the_same_model_only(auroc: ModuleType) -> None:
    strong = [("strong", 1, True, 0.9), ("strong", 2, True, 0.8)]
    weak = [("weak", 1, False, 0.2), ("weak", 2, False, 0.1)]
    assert math.isnan(judged(auroc, *strong, *weak).auroc())
    assert judged(auroc, *strong, *weak, ("weak", 3, True, 0.15)).auroc() == 0.5


def test_a_group_that_is_drawn_twice_counts_twice(auroc: ModuleType) -> None:
    scores = judged(auroc, ("a", 1, True, 0.3), ("a", 2, False, 0.2), ("a", 3, False, 0.4))
    assert scores.auroc() == 0.5
    assert scores.auroc([1, 2, 1]) == pytest.approx(2 / 3)
    assert scores.auroc([2, 0, 1]) == 0.0


def test_intervals_hold_the_figure_and_are_the_same_each_time(auroc: ModuleType) -> None:
    rows = [("a", i, i % 3 == 0, (i * 37 % 11) + 3 * (i % 3 == 0)) for i in range(60)]
    scores = judged(auroc, *rows)
    low, high = scores.interval(200)
    assert low < scores.auroc() < high
    assert (low, high) == judged(auroc, *rows).interval(200)
    assert all(map(math.isnan, judged(auroc, ("a", 1, True, 1.0)).interval(10)))
