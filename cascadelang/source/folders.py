"""Where cascadelang keeps what it isn't asked to put anywhere else.

Takes: the environment and the platform. Gives: two folders, one for what can be fetched again (`cache_folder`) and
one for what can't (`data_folder`). Guarantees: neither is created here, and both are absolute.

The rules are those of the XDG Base Directory Specification 0.8 (Linux and other Unix: a relative path in an
``XDG_…`` variable is ignored), of Apple's File System Programming Guide (``~/Library``) and of Windows' known folders
(``%LOCALAPPDATA%``).

It isn't the package `platformdirs` because every start asks for the cache, and importing that package takes 7 ms
(4.14 with Python 3.11, bytecode compiled), a twentieth of what `cascadelang lint` takes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_APP = "cascadelang"


class _Names(NamedTuple):
    """What one folder is called: our variable, XDG's variable, and the path on each platform."""

    own: str
    xdg: str
    unix: str
    macos: str
    windows: str


_CACHE = _Names("CASCADELANG_CACHE", "XDG_CACHE_HOME", ".cache", "Caches", "Cache")
_DATA = _Names("CASCADELANG_DATA", "XDG_DATA_HOME", ".local/share", "Application Support", "Data")


def cache_folder(environ: Mapping[str, str] | None = None, platform: str | None = None) -> Path:
    """The folder for what can be fetched again; ``CASCADELANG_CACHE`` names another.

    Args:
        environ: the environment; the process's own by default.
        platform: as `sys.platform`; the running one by default.
    """
    return _folder(_CACHE, os.environ if environ is None else environ, platform or sys.platform)


def data_folder(environ: Mapping[str, str] | None = None, platform: str | None = None) -> Path:
    """The folder for what can't be fetched again; ``CASCADELANG_DATA`` names another.

    Args:
        environ: the environment; the process's own by default.
        platform: as `sys.platform`; the running one by default.
    """
    return _folder(_DATA, os.environ if environ is None else environ, platform or sys.platform)


def _folder(names: _Names, environ: Mapping[str, str], platform: str) -> Path:
    """The one rule behind both folders."""
    named = environ.get(names.own, "")
    if named:
        return _expanded(named, environ).absolute()
    if platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return (Path(local) if local else _home(environ) / "AppData" / "Local") / _APP / names.windows
    if platform == "darwin":
        return _home(environ) / "Library" / names.macos / _APP
    named = environ.get(names.xdg, "")
    if named and Path(named).is_absolute():
        return Path(named) / _APP
    return _home(environ) / names.unix / _APP


def _expanded(named: str, environ: Mapping[str, str]) -> Path:
    """A path with a leading ``~`` written out."""
    if named == "~" or named.startswith(("~/", "~\\")):
        return _home(environ) / named[2:]
    return Path(named)


def _home(environ: Mapping[str, str]) -> Path:
    """The user's home folder, also where no variable names it."""
    named = environ.get("HOME") or environ.get("USERPROFILE")
    if named:
        return Path(named).absolute()
    try:
        return Path.home()
    except RuntimeError:  # no home for this user id, as in some containers
        import tempfile

        try:
            return Path(tempfile.gettempdir()).absolute()
        except OSError:  # nothing can be written anywhere: nothing is kept, then
            return Path(os.sep).absolute()
