"""The figures of docs/signals.md are what its command prints."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_thresholds_is_what_the_command_prints():
    spec = importlib.util.spec_from_file_location("thresholds", ROOT / "examples" / "data" / "thresholds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
    shown = page.split("thresholds.py -->")[1].split("<!-- end -->")[0].strip()
    assert shown == module.table()
