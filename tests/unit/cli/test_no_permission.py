"""Folders and files that aren't the user's to read or to write are told of in a line, and answers come all the same.

The superuser may read and write anything: as such, programs are started without that right.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cascadelang.trace.store import TraceStore

ROOT = Path(__file__).parents[3]
RIGHTS = "-dac_override,-dac_read_search"
AS_USER = ("setpriv", "--bounding-set", RIGHTS, "--inh-caps", RIGHTS) if os.geteuid() == 0 else ()
POLICY = """\
provider fake = scripted { replies: { small: "Paris" } }
model small = fake("small")
policy main = small
alert "all fail" when failures > 10%
"""

pytestmark = pytest.mark.skipif(bool(AS_USER) and not shutil.which("setpriv"), reason="no way to drop the right")


@pytest.fixture
def home(tmp_path, make_run):
    """A folder with a policy, and a store in which an old run is recorded."""
    (tmp_path / "p.cl").write_text(POLICY)
    (tmp_path / "data").mkdir()
    store = TraceStore(tmp_path / "data" / "traces.sqlite")
    store.record(make_run(1, started_wall_s=1_000.0))
    store.close()
    yield tmp_path
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o700)


def cascadelang(home, *arguments):
    """Run a command as somebody who may not read and write everything; gives its exit code and what it said."""
    variables = {**os.environ, "CASCADELANG_DATA": str(home / "data"), "PYTHONPATH": str(ROOT)}
    command = [*AS_USER, sys.executable, "-m", "cascadelang", *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", [["stats"], ["traces", "list"], ["watch", "{policy}", "--once"], ["traces", "prune", "--older", "1d"]]
)
def test_a_store_in_a_closed_folder(home, command):
    (home / "data").chmod(0)
    code, said = cascadelang(home, *(part.format(policy=home / "p.cl") for part in command))
    path = home / "data" / "traces.sqlite"
    assert (code, said) == (2, f"error: `{path}` can't be read: permission denied\n")


def test_doctor_tells_of_a_closed_folder(home):
    (home / "data").chmod(0)
    code, said = cascadelang(home, "doctor")
    assert code == 0
    assert "traces.sqlite can't be reached: permission denied" in said


def test_answers_come_where_nothing_can_be_recorded(home):
    (home / "data").chmod(0)
    code, said = cascadelang(home, "run", str(home / "p.cl"), "-q", "the capital of France")
    path = home / "data" / "traces.sqlite"
    why = "permission denied; answers are not affected"
    assert (code, said) == (0, f"Paris\nwarning: 1 run was not recorded in `{path}`: {why}\n")


def test_what_is_not_ours_to_write_is_not_pruned(home):
    (home / "data").chmod(0o500)
    code, said = cascadelang(home, "traces", "prune", "--older", "1d")
    path = home / "data" / "traces.sqlite"
    assert (code, said) == (2, f"error: nothing could be deleted in `{path}`: it can't be written to\n")
    code, said = cascadelang(home, "stats", "--since", "all")
    assert code == 0
    assert "1 query" in said


def test_a_policy_in_a_closed_folder(home):
    folder = home / "closed"
    folder.mkdir()
    (home / "p.cl").rename(folder / "p.cl")
    folder.chmod(0)
    code, said = cascadelang(home, "run", str(folder / "p.cl"), "-q", "the capital of France")
    assert code == 1
    assert "error[missing-file]" in said
    assert "bug" not in said
