"""Writers and servers that are killed: at most what wasn't written yet is lost, and what is there is whole.

``CASCADELANG_KILLS`` says how many writers are killed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cascadelang.trace.query import list_runs
from cascadelang.trace.sql import reading
from cascadelang.trace.store import TraceStore

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("CASCADELANG_KILLS", "20"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform can't fork")
def test_writers_that_are_killed_lose_no_more_than_what_was_not_written(anywhere):
    done = subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).parent / "killed.py", str(anywhere), str(KILLS), "7"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300 + 20 * KILLS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == KILLS
    assert found["kept"] > 0


@pytest.mark.parametrize("rounds", [max(2, KILLS // 10)])
def test_a_server_that_is_killed_comes_back_with_every_run_once(postgres, make_run, monkeypatch, rounds, until):
    monkeypatch.setattr("cascadelang.trace.store._BACK_OFF_S", (0.05, 0.1))
    rng = random.Random(3)  # noqa: S311
    warnings: list[str] = []
    store = TraceStore(postgres.url, warn=warnings.append)
    number = 0
    for _ in range(rounds):
        until_s = time.monotonic() + 0.3 + rng.random() * 0.3
        while time.monotonic() < until_s:
            store.record(make_run(number))
            number += 1
            time.sleep(0.001)
        postgres.stop("immediate")
        for _ in range(50):
            store.record(make_run(number))
            number += 1
        until(lambda: store._absences)
        postgres.start()
    until(lambda: not store._absences)
    store.close()
    assert store.dropped == 0
    assert sorted(int(run.trace_id, 16) for run in list_runs(postgres.url, limit=None)) == list(range(number))
    with reading(postgres.url) as reader:
        assert reader.rows("SELECT sum(runs) FROM tallies") == [(number,)]
    assert any("can't be recorded" in warning and "for now" in warning for warning in warnings)
    assert "again" in warnings[-1]
