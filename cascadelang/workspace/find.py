"""Policy files under the paths a user names.

Takes: files and folders. Gives: files, each once however often and in whatever way it is named, sorted within a
folder. Guarantees: a file named outright is always taken; folders are searched for ``.cl`` without entering hidden
and vendored ones.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cascadelang.workspace.mistake import Mistake

SUFFIX = ".cl"
VENDORED = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env", "vendor", "build", "dist"})
"""Folders that hold other people's files or copies, besides hidden ones."""


def policy_files(paths: Sequence[str]) -> list[str]:
    """The policy files under ``paths``; under the working directory when no path is given.

    A folder that can't be looked into is among them, so that whoever reads it tells that.

    Raises:
        Mistake: for ``-``, which is stdin elsewhere.
    """
    found: list[str] = []
    for path in paths or (".",):
        if path == "-" and not os.path.lexists(path):
            raise Mistake("no policy is read from stdin here", "name its file: what it uses is beside it", usage=True)
        if os.path.isdir(path):  # noqa: PTH112 - pathlib would be the only user of itself on the way to lint
            found += _search(path)
        else:
            # A named file is taken whatever it is: reading it says best what is wrong with it.
            found.append(path)
    if len(paths) < 2:
        return found
    once: dict[str, str] = {}
    for path in found:
        once.setdefault(os.path.abspath(path), path)  # noqa: PTH100 - as above
    return list(once.values())


def _search(folder: str) -> list[str]:
    """The policy files under one folder, and the folders below that can't be looked into."""
    files: list[str] = []
    shut: list[str] = []

    def keep(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # one that has gone meanwhile holds nothing
            shut.append(error.filename)

    for at, folders, names in os.walk(folder, onerror=keep):
        if "pyvenv.cfg" in names:  # a virtual environment, whatever it is called
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in VENDORED)
        shown = "" if at == "." else at.removeprefix("./") + "/"
        files += [f"{shown}{name}" for name in sorted(names) if name.endswith(SUFFIX) and not name.startswith(".")]
    # What nobody has looked at isn't right: reading such a folder says what is wrong with it.
    return files + [path if path == folder else path.removeprefix("./") for path in shut]


def none_found(paths: Sequence[str]) -> Mistake:
    """What to say when there is no policy file at all."""
    where = ", ".join(f"`{p}`" for p in paths) or "this folder"
    return Mistake(f"there is no `{SUFFIX}` file in {where}", "`cascadelang init` writes a first policy", usage=True)
