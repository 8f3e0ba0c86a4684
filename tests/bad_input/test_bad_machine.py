"""A machine that gets in the way: Ctrl-C, closed pipes, stores that can't be written, several processes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from misbehaving import Answer, Machine, Server, interrupt, reply, says

Serve = Callable[[Answer], Server]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as POSIX has them")


def hangs(forever: threading.Event) -> Answer:
    return lambda *_: forever.wait(600) and None


def unrecorded(err: str) -> str:
    """Where and why the one run was not recorded: told in the end, and where the machine is slow at once, too."""
    *earlier, last = err.splitlines()
    assert len(earlier) <= 1
    assert all(line.startswith("warning: runs can't be recorded in ") for line in earlier), err
    assert last.startswith("warning: 1 run was not recorded in "), err
    return (earlier[0] if earlier else last).partition(" recorded in ")[2].removesuffix("; answers are not affected")


@posix
def test_ctrl_c_ends_the_run_and_records_it(machine: Machine, serve: Serve):
    forever = threading.Event()
    server = serve(hangs(forever))
    machine.policy(server.url, fields="timeout: 10m")
    process = machine.start("run", "policy.cl", "--query", "hi")
    assert server.asked.wait(120)
    interrupt(process)
    out, err = process.communicate(timeout=120)
    forever.set()
    assert process.returncode == 130, err
    assert out == ""
    assert err == "error: cancelled\n"
    runs = json.loads(machine.cl("traces", "list", "--output", "json").clear(0).out)["runs"]
    assert [run["status"] for run in runs] == ["cancelled"]


@posix
def test_a_pipe_that_is_closed_is_quiet(machine: Machine):
    for args in (["models"], ["explain", "cascade"], ["doctor"], ["--help"]):
        process = machine.start(*args)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.stderr.close()
        process.wait(120)
        assert err == ""
        assert process.returncode in {0, 141}


@posix
@pytest.mark.parametrize("args", [["models"], ["explain", "cascade"], ["models", "--output", "json"]])
def test_output_that_has_no_room_is_said(machine: Machine, args: list[str]):
    if not Path("/dev/full").exists():
        pytest.skip("there is nothing that is always full")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cascadelang", *args],
            cwd=machine.folder,
            env=machine.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == "error: the output can't be written: no space left on device\n"
    assert done.returncode == 2


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("args", [["fmt", "a.cl", "--diff"], ["fmt", "-"]])
def test_a_stream_that_is_closed_from_the_start_is_nothing(machine: Machine, args: list[str], closed: str):
    machine.write("a.cl", 'use "std/anthropic"\npolicy main=haiku\n')
    command = [sys.executable, "-m", "cascadelang", *args]
    closing = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", closing, "sh", *command],
        cwd=machine.folder,
        env=machine.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "itself failed" not in done.stderr
    assert "Warning" not in done.stderr
    assert bool(done.stdout) == (">&-" not in closed.split() and args != ["fmt", "-"])


@posix
def test_names_that_the_locale_cannot_write_are_files_that_are_not_there(machine: Machine):
    machine.env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = machine.cl("lint", "é/none.cl")
    assert done.code == 1
    assert "can't be read" in done.err + done.out
    assert "bug" not in done.err


@posix
def test_a_store_that_is_read_only(machine: Machine, serve: Serve):
    machine.policy(serve(says(reply("Hello"))).url)
    machine.write("blocked", "not a folder")
    machine.env["CASCADELANG_TRACE_STORE"] = "blocked/traces.sqlite"
    done = machine.cl("run", "policy.cl", "--query", "hi").clear(0)
    assert done.out == "Hello\n"
    assert unrecorded(done.err) == "`blocked/traces.sqlite`: a folder on the way to it is a file"


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="this user may write everywhere")
def test_a_store_in_a_folder_that_may_not_be_written(machine: Machine, serve: Serve):
    machine.policy(serve(says(reply("Hello"))).url)
    locked = machine.folder / "locked"
    locked.mkdir(mode=0o500)
    machine.env["CASCADELANG_TRACE_STORE"] = "locked/traces.sqlite"
    done = machine.cl("run", "policy.cl", "--query", "hi").clear(0)
    assert done.out == "Hello\n"
    assert unrecorded(done.err)


def test_a_store_that_is_another_file(machine: Machine, serve: Serve):
    machine.policy(serve(says(reply("Hello"))).url)
    machine.write("notes.txt", "these are my notes, and not a database\n" * 100)
    machine.env["CASCADELANG_TRACE_STORE"] = "notes.txt"
    before = (machine.folder / "notes.txt").read_bytes()
    done = machine.cl("run", "policy.cl", "--query", "hi").clear(0)
    assert done.out == "Hello\n"
    assert unrecorded(done.err)
    assert (machine.folder / "notes.txt").read_bytes() == before
    assert "notes.txt" in machine.cl("traces", "list").clear(2).err


@posix
def test_a_full_disk(machine: Machine, serve: Serve):
    import resource
    import subprocess

    machine.policy(serve(says(reply("Hello"))).url)
    done = subprocess.run(
        [sys.executable, "-m", "cascadelang", "run", "policy.cl", "--query", "hi"],
        cwd=machine.folder,
        # bytecode would be cut off at the limit, too, and everything after this test would load it
        env={**machine.env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Hello\n"
    assert "disk" in unrecorded(done.stderr)


def test_processes_that_write_one_store(machine: Machine, serve: Serve):
    machine.policy(serve(says(reply("Hello"))).url)
    processes = [machine.start("run", "policy.cl", "--query", f"hi {n}") for n in range(6)]
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, out, err) == (0, "Hello\n", "")
    runs = json.loads(machine.cl("traces", "list", "--output", "json").clear(0).out)["runs"]
    assert sorted(run["query"] for run in runs) == [f"hi {n}" for n in range(6)]
