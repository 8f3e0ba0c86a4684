"""The shipped scorer is what its script makes of the recorded answers, and the page says how good it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], str]:
    path = tmp_path_factory.mktemp("scorer") / "scorer.json"
    done = subprocess.run(
        [sys.executable, "examples/data/train_scorer.py", "--on", "2026-11-24", "-o", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(path.read_text(encoding="utf-8")), done.stdout


def same(one: object, other: object) -> bool:
    """Alike, numbers but for their last digits: other builds of numpy round otherwise."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-3, abs=1e-4)
    return one == other


def test_the_shipped_scorer_is_what_the_script_makes(made: tuple[dict[str, object], str]) -> None:
    shipped = json.loads((ROOT / "examples" / "data" / "scorer.json").read_text(encoding="utf-8"))
    assert same(made[0], shipped)


def test_the_page_says_how_good_it_is(made: tuple[dict[str, object], str]) -> None:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    told = [line for line in made[1].splitlines() if "hasn't seen" in line]
    assert len(told) == 2
    for line in told:
        assert line in page, f"docs/evidence.md lacks: {line}"
