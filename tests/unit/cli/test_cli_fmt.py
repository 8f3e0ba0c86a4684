"""`cascadelang fmt`, through click."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cascadelang.cli.main import main

UGLY = 'use "std/anthropic"\npolicy main=haiku # c\n'
NEAT = 'use "std/anthropic"\npolicy main = haiku  # c\n'
WRONG = "policy main = cascade [a b]\n"


def test_files_are_formatted_in_place(cl):
    Path("p.cl").unlink()
    Path("a.cl").write_text(UGLY)
    Path("b.cl").write_text(NEAT)
    ran = cl("fmt")
    assert (ran.code, ran.out, ran.err) == (0, "", "formatted: a.cl\n2 files: 1 formatted\n")
    assert Path("a.cl").read_text() == NEAT
    ran = cl("fmt", "a.cl", "b.cl")
    assert (ran.code, ran.err) == (0, "2 files: nothing to change\n")


def test_check_and_diff_write_nothing(cl):
    Path("a.cl").write_text(UGLY)
    ran = cl("fmt", "a.cl", "--check")
    assert (ran.code, ran.out, ran.err) == (1, "", "would change: a.cl\n1 file: 1 would change\n")
    ran = cl("fmt", "a.cl", "--diff")
    assert (ran.code, ran.err) == (0, "1 file: 1 would change\n")
    assert ran.out == (
        "--- a.cl\n+++ a.cl\n@@ -1,2 +1,2 @@\n"
        ' use "std/anthropic"\n-policy main=haiku # c\n+policy main = haiku  # c\n'
    )
    assert cl("fmt", "a.cl", "--diff", "--check").code == 1
    assert Path("a.cl").read_text() == UGLY
    Path("a.cl").write_text(NEAT)
    ran = cl("fmt", "a.cl", "--diff", "--check")
    assert (ran.code, ran.out) == (0, "")


def test_a_diff_can_be_applied(cl, tmp_path: Path):
    for source in (UGLY, UGLY.rstrip(), "\n\n\n" + UGLY, NEAT.rstrip(), UGLY.replace("\n", "\r\n")):
        Path("a.cl").write_bytes(source.encode())
        diff = CliRunner().invoke(main, ["fmt", "a.cl", "--diff"]).stdout_bytes
        subprocess.run(["git", "apply", "-"], input=diff, cwd=tmp_path, check=True)
        assert cl("fmt", "a.cl", "--check").code == 0


def test_a_diff_of_a_file_whose_name_is_no_text(cl, tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.cl")
    Path(name).write_text(UGLY)
    diff = CliRunner().invoke(main, ["fmt", name, "--diff"]).stdout_bytes
    assert b"--- caf\xe9.cl\n" in diff
    subprocess.run(["git", "apply", "-"], input=diff, cwd=tmp_path, check=True)
    assert Path(name).read_text() == NEAT


def test_a_diff_on_a_terminal_is_coloured_and_tame(cl):
    Path("a.cl").write_text(UGLY + 'signal x="\x1b]0;title\x07"\n')
    ran = cl("fmt", "a.cl", "--diff", "--color", "always")
    assert "\x1b[32m+policy main = haiku  # c\x1b[0m" in ran.out
    assert "\x1b]0" not in ran.out


def test_a_file_with_errors_is_left_alone_and_the_others_are_formatted(cl):
    Path("p.cl").unlink()
    Path("a.cl").write_text(WRONG)
    Path("b.cl").write_text(UGLY)
    ran = cl("fmt", ".", "missing.cl")
    assert (ran.code, ran.out) == (1, "")
    assert "error[missing-comma]" in ran.err
    assert "error[missing-file]: `missing.cl` can't be read: there is no such file" in ran.err
    assert ran.err.endswith("3 files: 1 formatted, 2 left as they are\n")
    assert Path("a.cl").read_text() == WRONG
    assert Path("b.cl").read_text() == NEAT


def test_stdin(cl):
    assert (cl("fmt", "-", stdin=UGLY).out, cl("fmt", "-", stdin=UGLY).code) == (NEAT, 0)
    assert (cl("fmt", "-", stdin="").out, cl("fmt", "-", stdin="").code) == ("", 0)
    ran = cl("fmt", "-", "--check", "--stdin-filename", "x/y.cl", stdin=UGLY)
    assert (ran.code, ran.out, ran.err) == (1, "", "would change: x/y.cl\n")
    assert "--- x/y.cl\n" in cl("fmt", "-", "--diff", "--stdin-filename", "x/y.cl", stdin=UGLY).out
    ran = cl("fmt", "-", "--stdin-filename", "x/y.cl", stdin=WRONG)
    assert (ran.code, ran.out) == (1, "")
    assert "x/y.cl:1:" in ran.err
    done = CliRunner().invoke(main, ["fmt", "-"], input=b"\xff\xfe")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error[not-text]" in done.stderr


def test_stdin_keeps_its_line_ends():
    done = subprocess.run(
        [sys.executable, "-m", "cascadelang", "fmt", "-"],
        input=UGLY.replace("\n", "\r\n").encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout == NEAT.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("args", [("-", "a.cl"), ("-", "-"), ("--stdin-filename", "a.cl")])
def test_arguments_that_make_no_sense(cl, args: tuple[str, ...]):
    assert cl("fmt", *args).code == 2


def test_no_files(cl):
    Path("empty").mkdir()
    assert cl("fmt", "empty").code == 2


def test_folders_of_others_are_left_alone(cl):
    for folder in ("a", ".hidden", "node_modules/x", "vendor", "build", "venv/lib"):
        Path(folder).mkdir(parents=True)
        (Path(folder) / "x.cl").write_text(UGLY)
    (Path("venv") / "pyvenv.cfg").write_text("")
    Path("p.cl").unlink()
    assert cl("fmt").err == "formatted: a/x.cl\n1 file: 1 formatted\n"


def test_what_is_replaced_keeps_its_mode_and_its_link(cl):
    Path("real.cl").write_text(UGLY)
    Path("real.cl").chmod(0o640)
    Path("link.cl").symlink_to("real.cl")
    assert cl("fmt", "link.cl").code == 0
    assert Path("link.cl").is_symlink()
    assert Path("real.cl").read_text() == NEAT
    assert Path("real.cl").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in Path().iterdir()) == ["link.cl", "p.cl", "real.cl"]


def test_a_file_that_is_as_it_should_be_is_not_written(cl):
    Path("a.cl").write_text(NEAT)
    os.utime("a.cl", (1, 1))
    cl("fmt", "a.cl")
    assert Path("a.cl").stat().st_mtime == 1


def test_a_file_that_cannot_be_written(cl, monkeypatch: pytest.MonkeyPatch):
    for name in ("a.cl", "b.cl"):
        Path(name).write_text(UGLY)
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("a.cl") and may(path, mode))
    ran = cl("fmt", "a.cl", "b.cl")
    assert (ran.code, ran.err) == (
        1,
        "error: `a.cl` can't be written: permission denied\nformatted: b.cl\n2 files: 1 formatted, 1 left as it is\n",
    )
    Path("a.cl").write_text(UGLY.replace("haiku", "haku"))
    ran = cl("lint", "a.cl", "--fix")
    assert (ran.code, ran.err.splitlines()[-1]) == (1, "error: `a.cl` can't be written: permission denied")


def test_a_failed_replacement_leaves_nothing_behind(cl, monkeypatch: pytest.MonkeyPatch):
    Path("a.cl").write_text(UGLY)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    ran = cl("fmt", "a.cl")
    told = "error: `a.cl` can't be written: no space left on device\n1 file: 1 left as it is\n"
    assert (ran.code, ran.err) == (1, told)
    assert sorted(p.name for p in Path().iterdir()) == ["a.cl", "p.cl"]


def test_a_byte_order_mark_is_taken_out(cl):
    Path("a.cl").write_bytes(b"\xef\xbb\xbf" + NEAT.encode())
    assert cl("fmt", "a.cl", "--check").code == 1
    assert "@@ a byte order mark is taken out @@" in cl("fmt", "a.cl", "--diff").out
    assert cl("fmt", "a.cl").code == 0
    assert Path("a.cl").read_bytes() == NEAT.encode()


def test_a_layout_that_would_read_differently_is_never_written(cl):
    source = "policy main = cascade [require with { temperature: 0 }, " + ", ".join(["some_model"] * 9) + "]\n"
    Path("a.cl").write_text(source)
    ran = cl("fmt", "a.cl")
    assert ran.code == 70
    assert "`a.cl` was left as it is: its layout would read differently; this is a bug" in ran.err
    assert Path("a.cl").read_text() == source
