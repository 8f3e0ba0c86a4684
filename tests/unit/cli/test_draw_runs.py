"""`traces list`, however wide the terminal is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cascadelang.cli.draw_runs import draw_runs


@pytest.fixture
def runs(make_run, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    long = "The keyboard types two letters at once,\nand the warranty ended last month."
    return [
        make_run(1, query="Where is my order?", path=("haiku",)),
        make_run(2, query=long, path=("haiku", "claude-sonnet-with-a-long-name", "opus"), status="unmet"),
        make_run(3, query="", path=(), status="failed", failure="timeout", cost_usd=None),
        make_run(4, query="漢字", started_wall_s=1e30),
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_no_line_is_wider_than_the_terminal(runs, width, snapshot):
    lines = list(draw_runs(runs, width, queries=True))
    assert all(len(line) <= width for line in lines)
    assert "\n".join(lines) == snapshot


def test_without_a_terminal_a_run_is_a_line(runs, snapshot):
    lines = list(draw_runs(runs, None, queries=True))
    assert len(lines) == len(runs)
    assert "\n".join(lines) == snapshot
    assert list(draw_runs([], 40, queries=True)) == []


def test_files_are_told_where_there_are_several(runs):
    several = [
        replace(run, policy_path=path) for run, path in zip(runs, ("/srv/a/p.cl", "/srv/b/p.cl"), strict=False)
    ]
    first, second = draw_runs(several, None)
    assert ("…/a/p.cl" in first, "…/b/p.cl" in second) == (True, True)
    assert "p.cl" not in next(draw_runs(several[:1], None))
