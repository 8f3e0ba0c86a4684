from __future__ import annotations

from pathlib import Path

import pytest

from cascadelang.source.folders import cache_folder, data_folder

HOME = {"HOME": "/home/ada"}


@pytest.mark.parametrize(
    ("environ", "platform", "cache", "data"),
    [
        (HOME, "linux", "/home/ada/.cache/cascadelang", "/home/ada/.local/share/cascadelang"),
        (
            HOME | {"XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d"},
            "linux",
            "/c/cascadelang",
            "/d/cascadelang",
        ),
        (
            HOME | {"XDG_CACHE_HOME": "relative", "XDG_DATA_HOME": ""},
            "linux",
            "/home/ada/.cache/cascadelang",
            "/home/ada/.local/share/cascadelang",
        ),
        (
            HOME | {"XDG_CACHE_HOME": "/c", "CASCADELANG_CACHE": "/own", "CASCADELANG_DATA": "~/kept"},
            "linux",
            "/own",
            "/home/ada/kept",
        ),
        (HOME, "freebsd14", "/home/ada/.cache/cascadelang", "/home/ada/.local/share/cascadelang"),
        (
            HOME | {"XDG_CACHE_HOME": "/c"},
            "darwin",
            "/home/ada/Library/Caches/cascadelang",
            "/home/ada/Library/Application Support/cascadelang",
        ),
        (
            {"LOCALAPPDATA": "/ada/Local", "XDG_CACHE_HOME": "/c"},
            "win32",
            "/ada/Local/cascadelang/Cache",
            "/ada/Local/cascadelang/Data",
        ),
        (
            {"USERPROFILE": "/ada"},
            "win32",
            "/ada/AppData/Local/cascadelang/Cache",
            "/ada/AppData/Local/cascadelang/Data",
        ),
    ],
)
def test_where_the_platform_wants_them(environ: dict[str, str], platform: str, cache: str, data: str) -> None:
    assert cache_folder(environ, platform).as_posix() == cache
    assert data_folder(environ, platform).as_posix() == data


def test_a_relative_override_is_under_the_working_directory() -> None:
    assert cache_folder({"CASCADELANG_CACHE": "here"}, "linux") == Path.cwd() / "here"


def test_without_a_home_the_folders_are_still_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder({}, "linux").is_absolute()
    assert data_folder({}, "darwin").is_absolute()


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CASCADELANG_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
