"""The table of the ladder's page is what the recorded answers give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_is_what_the_command_prints(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "examples/data/measure.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "CASCADELANG_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )
    page = (ROOT / "docs" / "ladder.md").read_text(encoding="utf-8")
    for line in done.stdout.splitlines():
        assert line in page, f"docs/ladder.md lacks: {line}"


def test_the_recorded_ladder_has_the_gates_of_the_ladder() -> None:
    def gates(path: Path) -> list[str]:
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.startswith(("signal", "tune", "check"))]
        start = lines.index("policy main =")
        return [*kept, *lines[start : start + 3]]

    assert gates(ROOT / "examples/local_ladder.cl") == gates(ROOT / "examples/data/recorded_ladder.cl")
