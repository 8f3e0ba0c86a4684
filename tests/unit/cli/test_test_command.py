"""``cascadelang test``: what it shows, its forms, and ``--watch``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cascadelang.cli.watch_tests import _round
from cascadelang.workspace.watching import Watch

FAILING = """
test "日本語 <&>" { query "hi" reply small "日本" reply large "never" expect answer == "日本語" and calls >= 2 }

test "many lines" {
  query "hi"
  reply small "x"
  expect (path == [large]   # and, or
    or model in [large])
    and not (calls + 1 <= 2 or status == unmet)
}

test "rows" for each "rows.yaml" { reply small case.says expect answer == case.want and cost < case.most }
"""
ROWS = """\
- {query: hi, says: x, want: x, most: 1}
- {name: "no\\u0007 limit", query: hi, says: x, want: y}
"""


@pytest.fixture
def failing(cl):
    with Path("p.cl").open("a", encoding="utf-8") as file:
        file.write(FAILING)
    Path("rows.yaml").write_text(ROWS, encoding="utf-8")
    return cl


def test_values_stand_under_what_they_are_of(failing, snapshot):
    ran = failing("test", "p.cl", "--coverage")
    assert ran.code == 1
    assert ran.out == snapshot


def test_junit_is_well_formed_whatever_stands_in_it(failing):
    ran = failing("test", "p.cl", "--output", "junit")
    assert ran.code == 1
    root = ET.fromstring(ran.out)  # noqa: S314 - our own text
    suite = root[0]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "p.cl",
        "tests": "5",
        "failures": "3",
        "errors": "0",
    }
    found = [(case.get("name"), case.get("file"), case.get("line")) for case in suite]
    assert found[1:] == [
        ("日本語 <&>", "p.cl", "20"),
        ("many lines", "p.cl", "22"),
        ("rows [1]", "p.cl", "30"),
        ("rows [no\ufffd limit]", "p.cl", "30"),
    ]
    assert all(float(case.get("time") or -1) >= 0 for case in suite)
    assert suite[1].findtext("system-out") == "no call used `reply large` (line 20)"
    assert "row: rows.yaml:2" in (suite[4].findtext("failure") or "")


def test_a_file_with_errors_is_an_error_of_its_suite(cl):
    Path("p.cl").write_text('policy main = "\x01"\n')
    suite = ET.fromstring(cl("test", "p.cl", "--output", "junit").out)[0]  # noqa: S314 - our own text
    assert (suite.get("errors"), suite.get("tests")) == ("1", "1")
    assert "error[" in (suite.findtext("testcase/error") or "")


def test_json_has_the_coverage_of_each_policy(cl):
    report = json.loads(cl("test", "p.cl", "--output", "json").out)
    coverage = report["files"][0]["coverage"]
    assert coverage["policies"]["main"] == {"reached": 5, "parts": 6}
    assert report["coverage"] == {"reached": coverage["reached"], "parts": coverage["parts"]}
    assert coverage["items"][0] == {
        "kind": "arm",
        "where": "main",
        "which": "arm 1",
        "what": "long",
        "line": 9,
        "policies": ["main"],
        "reached": True,
    }


@pytest.mark.parametrize(("least", "code"), [("10%", 0), ("10", 0), ("100%", 1)])
def test_a_least_coverage(cl, least: str, code: int):
    ran = cl("test", "p.cl", "--coverage-min", least)
    assert ran.code == code
    assert ("is asked for" in ran.err) == bool(code)
    assert "not reached by any test:" in ran.out


@pytest.mark.parametrize("least", ["101%", "-1", "much", "nan"])
def test_a_least_coverage_that_is_none(cl, least: str):
    ran = cl("test", "p.cl", "--coverage-min", least)
    assert ran.code == 2
    assert "write one such as 90%" in ran.err


def test_no_test_of_that_name(cl):
    ran = cl("test", "p.cl", "-k", "nothing is called so")
    assert (ran.code, ran.out) == (5, "no test has such a name\n")


def test_watching_is_for_people(cl):
    assert cl("test", "--watch", "--output", "json").code == 2


@pytest.mark.skipif(os.name == "nt", reason="sends a signal as a terminal does")
def test_watch_runs_again_what_a_change_affects(cl, tmp_path: Path):
    Path("c.csv").write_text("query,reply.small,path\nhi,x,small\n")
    with Path("p.cl").open("a") as file:
        file.write('test "t" for each "c.csv" { }\n')
    Path("q.cl").write_text(Path("p.cl").read_text().split("test ", maxsplit=1)[0])
    command = [sys.executable, "-m", "cascadelang", "test", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        stuck = threading.Timer(240, watching.kill)
        stuck.start()
        try:
            assert watching.stdout is not None
            first = until(watching.stdout, "watching 2 files; Ctrl-C ends")
            assert "2 tests: 2 passed" in first
            Path("c.csv").write_text("query,reply.small,path\nhi,x,large\n")
            again = until(watching.stdout, "watching 2 files, 1 tested again; Ctrl-C ends")
            assert "2 tests: 1 passed, 1 failed" in again
        finally:
            watching.send_signal(signal.SIGINT)
            out, err = watching.communicate()
            stuck.cancel()
    assert (watching.returncode, out, err) == (0, "", "")


def test_files_that_go_and_come_back_are_tested_anew(cl, capsys):
    watch, results = Watch(["f"]), {}

    def look() -> str:
        _round(watch, results, (), fail_fast=False, coverage=False)
        return capsys.readouterr().out

    Path("f").mkdir()
    Path("p.cl").rename("f/p.cl")
    assert "1 test: 1 passed" in look()
    for _ in range(2):  # as they were, the second time too
        Path("f").rename("away")
        assert "`f` can't be read: there is no such file" in look()
        assert look() == ""
        Path("away").rename("f")
        assert "1 test: 1 passed" in look()
        assert look() == ""


def until(stream, words: str) -> str:
    read, deadline = "", time.monotonic() + 120
    while words not in read and time.monotonic() < deadline:
        read += stream.readline()
    return read
