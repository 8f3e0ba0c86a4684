"""Files and folders that can't be read or written, among others that can.

The superuser, whom tests may be run as, may do everything, so here the system is played that says no.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cascadelang.workspace import config
from cascadelang.workspace.find import policy_files
from cascadelang.workspace.format import format_paths
from cascadelang.workspace.lint import lint
from cascadelang.workspace.lock import lock
from cascadelang.workspace.mistake import Mistake
from cascadelang.workspace.replace import replace_file

USE = 'use "std/anthropic"\n'
UGLY, NEAT = f"{USE}policy main=haiku\n", f"{USE}policy main = haiku\n"
MISSPELT, RIGHT = f"{USE}policy main = sonet\n", f"{USE}policy main = sonnet\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch):
    """Says no to whoever wants to write these files, or look into these folders."""
    may, look = os.access, os.scandir

    def no(*names: str) -> None:
        shut = {os.path.realpath(name) for name in names}

        def scandir(path="."):
            if os.path.realpath(path) in shut:
                raise PermissionError(13, "Permission denied", path)
            return look(path)

        monkeypatch.setattr(os, "access", lambda path, mode: os.path.realpath(path) not in shut and may(path, mode))
        monkeypatch.setattr(os, "scandir", scandir)

    return no


def test_a_file_that_cannot_be_written_holds_up_none_of_the_others(folder, forbid):
    for name in "abc":
        Path(f"{name}.cl").write_text(UGLY)
    forbid("b.cl")
    report = format_paths([], write=True)
    assert [Path(f"{name}.cl").read_text() for name in "abc"] == [NEAT, UGLY, NEAT]
    assert [file.source.path for file in report.changed] == ["a.cl", "c.cl"]
    assert [str(file.unwritten) for file in report.wrong] == ["`b.cl` can't be written: permission denied"]
    assert _here() == ["a.cl", "b.cl", "c.cl"]


def test_repairs_of_a_file_that_cannot_be_written_are_not_said_to_be_made(folder, forbid):
    for name in "abc":
        Path(f"{name}.cl").write_text(MISSPELT)
    forbid("b.cl")
    report = lint([], fix=True)
    assert [Path(f"{name}.cl").read_text() for name in "abc"] == [RIGHT, MISSPELT, RIGHT]
    assert report.fixed == ("a.cl:2: change to `sonnet`", "c.cl:2: change to `sonnet`")
    assert [str(why) for why in report.unwritten] == ["`b.cl` can't be written: permission denied"]
    assert [d.span.path for d in report.diagnostics] == ["b.cl"]


def test_a_folder_that_cannot_be_looked_into_is_told(folder, forbid):
    for path in ("a.cl", "open/b.cl", "shut/c.cl", ".git/d.cl", "build/e.cl"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(NEAT)
    forbid("shut", ".git", "build")
    assert policy_files([]) == ["a.cl", "open/b.cl", "shut"]
    assert policy_files(["shut"]) == ["shut"]
    told = [d.message for d in lint([]).diagnostics]
    assert told == ["`shut` can't be read: it is a folder that may not be looked into"]
    assert [file.source.path for file in format_paths([], write=False).wrong] == ["shut"]


def test_standard_input_is_no_file(folder):
    with pytest.raises(Mistake, match="no policy is read from stdin here"):
        policy_files(["-"])
    Path("-").write_text(NEAT)
    assert policy_files(["-"]) == ["-"]


def test_a_folder_that_has_gone_meanwhile_holds_nothing(folder, monkeypatch):
    Path("a.cl").write_text(NEAT)
    Path("gone").mkdir()
    look = os.scandir

    def scandir(path="."):
        if str(path).endswith("gone"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert policy_files([]) == ["a.cl"]


def test_what_somebody_wrote_meanwhile_is_not_overwritten(folder, monkeypatch):
    Path("a.cl").write_text("# theirs\n" + UGLY)
    with pytest.raises(Mistake, match=r"`a\.cl` has changed meanwhile, and was left as it is"):
        replace_file("a.cl", NEAT, was=UGLY)
    assert Path("a.cl").read_text() == "# theirs\n" + UGLY
    Path("a.cl").write_bytes(b"\xef\xbb\xbf" + UGLY.encode())  # the mark isn't part of what was read
    replace_file("a.cl", NEAT, was=UGLY)
    assert _here() == ["a.cl"]
    assert Path("a.cl").read_text() == NEAT


def test_a_replacement_that_is_interrupted_leaves_nothing_behind(folder, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    Path("a.cl").write_text(UGLY)
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file("a.cl", NEAT, was=UGLY)
    assert _here() == ["a.cl"]
    assert Path("a.cl").read_text() == UGLY


def test_a_name_may_be_as_long_as_names_can_be(folder):
    name = "n" * 252 + ".cl"
    Path(name).write_text(UGLY)
    assert format_paths([name], write=True).changed
    assert Path(name).read_text() == NEAT


def test_a_lock_keeps_its_mode_and_is_not_written_over_where_that_is_forbidden(folder, forbid):
    Path("a.cl").write_text(NEAT)
    assert lock([])[0].did == "written"
    assert Path("a.lock.yaml").stat().st_mode & 0o777 == 0o666 & ~_umask()
    Path("a.lock.yaml").chmod(0o600)
    Path("a.cl").write_text(RIGHT)
    assert lock([])[0].did == "written"
    assert Path("a.lock.yaml").stat().st_mode & 0o777 == 0o600
    Path("a.cl").write_text(NEAT)
    forbid("a.lock.yaml")
    with pytest.raises(Mistake, match=r"`a\.lock\.yaml` can't be written: permission denied"):
        lock([])
    assert _here() == ["a.cl", "a.lock.yaml"]


def _here() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_settings_are_looked_for_in_folders_that_may_not_be_looked_into(folder, monkeypatch):
    real = os.stat

    def stat(path, **more):
        if str(path).endswith(("cascadelang.toml", "pyproject.toml")):
            raise PermissionError(13, "Permission denied", path)
        return real(path, **more)

    monkeypatch.setattr(os, "stat", stat)
    assert config.read("shut/a.cl", {}).found == ""
