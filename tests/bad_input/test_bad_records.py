"""Records that are damaged, and a replay that is cut short, through the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

POLICY = """
model small = openai("small") { price: $1 / $5 }
policy main = cascade [small] until not hedges
"""


def line(n: int) -> str:
    return (
        json.dumps({"id": n, "query": "why? " * 50, "answers": {"small": {"text": "because " * 50, "quality": 1}}})
        + "\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.cl").write_text(POLICY, encoding="utf-8")
    return tmp_path


def replaying(folder: Path, records: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cascadelang", "replay", "p.cl", "--on", records],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs to see when the file is read")
def test_ctrl_c(folder, until):
    with (folder / "r.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(line(n) for n in range(200_000))
    process = replaying(folder, "r.jsonl")
    files = Path(f"/proc/{process.pid}/fd")
    until(lambda: any(os.path.realpath(each).endswith("/r.jsonl") for each in files.iterdir()))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (130, "", "error: cancelled\n")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (b'{"id": "x", "query": "hi", "answers": {"small": {"text": "\xff"}}}\n', "line 3 is no JSON"),
        (b"[" * 100_000 + b"\n", "line 3 is no JSON"),
        (b'{"id": 0, "query": "hi", "answers": {}}\n', "the id `0` stands in line 1, too"),
        (b'{"query": "hi", "answers": {"small": {"quality": 7}}}\n', "`quality` is 7"),
        (b'{"query": "hi", "answers": {"small": {"input_tokens": 1e400}}}\n', "line 3"),
        (b"\0\0\0\n", "line 3 is no JSON"),
    ],
    ids=["utf-8", "deep", "twice", "quality", "large", "zeros"],
)
def test_a_line_that_is_no_record(folder, last, said):
    (folder / "r.jsonl").write_bytes((line(0) + line(1)).encode() + last)
    process = replaying(folder, "r.jsonl")
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("error: `r.jsonl`")
    assert said in err
    assert len(err) < 400
