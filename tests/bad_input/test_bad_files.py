"""Policy files that can't be what they should: a clear message of one screen, exit code 1, no traceback."""

from __future__ import annotations

import os

import pytest
from misbehaving import Machine

COMMANDS = ("lint", "run", "test", "compile", "graph", "explain")


def command(name: str, path: str) -> list[str]:
    return [name, path, "--query", "hi"] if name == "run" else [name, path]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_is_not_there(machine: Machine, name: str):
    machine.write("policy.cl", "")
    done = machine.cl(*command(name, "polcy.cl")).clear(1)
    said = done.out + done.err
    assert "`polcy.cl` can't be read: there is no such file" in said
    assert "did you mean `policy.cl`?" in said


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_that_may_not_be_read(machine: Machine):
    machine.write("policy.cl", "")
    (machine.folder / "policy.cl").chmod(0)
    assert "permission was denied" in machine.cl("lint", "policy.cl").clear(1).out


def test_a_file_that_another_uses_and_may_not_be_read(machine: Machine):
    (machine.folder / "loop.cl").symlink_to("loop.cl")
    machine.write("policy.cl", 'use "loop.cl"\n')
    done = machine.cl("lint", "policy.cl").clear(1)
    assert "`loop.cl` can't be read" in done.out


@pytest.mark.parametrize("name", ["run", "compile", "graph", "explain"])
def test_a_folder(machine: Machine, name: str):
    (machine.folder / "policies.cl").mkdir()
    done = machine.cl(*command(name, "policies.cl")).clear(1)
    assert "it is a folder" in done.err


def test_a_folder_without_policies(machine: Machine):
    done = machine.cl("lint", ".").clear(2)
    assert "there is no `.cl` file" in done.err
    assert machine.cl("test", ".").clear(5).out == "there are no tests\n"


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02\xff\xfe" * 200, b"\xff\xfe\x00n\x00o", b"\x7fELF\x00" + bytes(range(256))]
)
def test_binary(machine: Machine, data: bytes):
    machine.write("policy.cl", data)
    done = machine.cl("lint", "policy.cl").clear(1)
    assert "error[" in done.out
    assert len(done.out.splitlines()) < 24
    assert "\x00" not in done.out


@pytest.mark.parametrize("bracket", ["[", "(", "{", "}"])
def test_ten_megabytes_of_brackets(machine: Machine, bracket: str):
    machine.write("policy.cl", bracket * 10_000_000)
    done = machine.cl("lint", "policy.cl").clear(1)
    assert "error[" in done.out
    assert len(done.out) < 20_000


@pytest.mark.parametrize("depth", [50, 5_000, 100_000])
def test_deep_nesting(machine: Machine, depth: int):
    machine.write("policy.cl", "check c = " + "(" * depth + "empty" + ")" * depth + "\n")
    done = machine.cl("lint", "policy.cl")
    assert done.code in {0, 1}
    done.clear(done.code)
    assert "error[" in done.out or done.code == 0


def test_deep_strategies(machine: Machine):
    machine.write("policy.cl", 'use "std/anthropic"\n' + "cascade [" * 3_000 + "haiku" + "]" * 3_000)
    machine.cl("lint", "policy.cl").clear(1)


def test_a_file_that_uses_itself(machine: Machine):
    machine.write("policy.cl", 'use "policy.cl"\n')
    done = machine.cl("lint", "policy.cl").clear(1)
    assert "error[circle]" in done.out or "itself" in done.out


def test_a_policy_that_needs_itself(machine: Machine):
    machine.write("policy.cl", "policy a = b\npolicy b = a\n")
    assert "needs itself" in machine.cl("lint", "policy.cl").clear(1).out


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 99}', "not json", "[" * 100_000, '{"version": 1, "policies": {"main": "x"}}'],
)
def test_graph_files_that_are_none(machine: Machine, text: str):
    machine.write("graph.json", text)
    done = machine.cl("run", "graph.json", "--query", "hi").clear(1)
    assert "`graph.json` is not a graph that can run" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trace_stor = 'off'", "did you mean `trace_store`?"),
        ("keep_text = 3", "must be true or false"),
        ("trace_store = [", "are not TOML"),
        ("output = 'yaml'", "it may be `text`, `json`, or for `lint` also `sarif`, `github` or `junit`"),
    ],
)
def test_settings(machine: Machine, text: str, said: str):
    machine.write("cascadelang.toml", text)
    machine.policy("http://127.0.0.1:1")
    assert said in machine.cl("run", "policy.cl", "--query", "hi").clear(1).err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "there is no query"),
        (("--query", "@nothing.txt"), "`nothing.txt` can't be read: no such file"),
        (("--query", "@."), "it is a folder"),
        (("--messages", "m.json"), "`messages[0]` has the role `robot`"),
        (("--messages", "bad.json"), "is not JSON"),
        (("--query", "hi", "--meta", "plan"), "`plan` is not of the form name=value"),
        (("--query", "hi", "--policy", "mian"), "did you mean `main`?"),
        (("--query", "hi", "--sed", "3"), "no such option"),
        (("--query", "hi", "--stream", "--output", "json"), "can't be joined"),
    ],
)
def test_usage(machine: Machine, args: tuple[str, ...], said: str):
    machine.write("m.json", '[{"role": "robot", "content": "hi"}]')
    machine.write("bad.json", "{")
    machine.policy("http://127.0.0.1:1")
    assert said in machine.cl("run", "policy.cl", *args).clear(2).err


@pytest.mark.parametrize("name", ["serve", "batch", "lsp"])
def test_commands_of_later_versions(machine: Machine, name: str):
    assert f"`{name}` is not part of this version" in machine.cl(name, "x").clear(2).err


def test_unknown_commands(machine: Machine):
    assert "did you mean `lint`?" in machine.cl("lnit").clear(2).err
