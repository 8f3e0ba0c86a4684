"""Files as they are in a commit.

Takes: a commit, in any of git's spellings, and a folder of the working tree. Gives: `GitFiles`. Guarantees: nothing
is checked out; what git says is put into words.
"""

from __future__ import annotations

import os
import posixpath
import subprocess

from cascadelang.source import FileMissing
from cascadelang.source.files import MAX_FILE_BYTES


class GitFiles:
    """Reads files as they were committed; relative paths are relative to the working directory."""

    def __init__(self, commit: str) -> None:
        self._commit = commit

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`."""
        found = _git("show", f"{self._commit}:./{_inside(path)}")
        if found is None:
            raise FileMissing(f"there is no such file in `{self._commit}`")
        if len(found) > MAX_FILE_BYTES:
            raise FileMissing(f"it is larger than {MAX_FILE_BYTES // 1024 // 1024} MB")
        return found

    def neighbours(self, path: str) -> list[str]:
        """See `Files.neighbours`."""
        folder = posixpath.dirname(_inside(path))
        found = _git("ls-tree", "-z", self._commit, f"./{folder}/" if folder else "./")
        rows = [] if found is None else found.decode("utf-8", "replace").split("\0")
        return sorted(posixpath.basename(row.partition("\t")[2]) for row in rows if " blob " in row)


def is_commit(name: str) -> bool:
    """Whether a word names a commit of the repository that the working directory is in."""
    return (
        bool(name)
        and not name.startswith("-")
        and _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is not None
    )


def _inside(path: str) -> str:
    """A path relative to the working directory, as git wants it."""
    return posixpath.normpath(os.path.relpath(path).replace(os.sep, "/"))


def _git(*args: str) -> bytes | None:
    """What git prints; ``None`` when it can't, or isn't there."""
    try:
        command = ["git", *args]  # found where the user has it
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
