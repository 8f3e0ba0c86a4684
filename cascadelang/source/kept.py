"""Files of our own that are kept between runs: read with suspicion, written whole.

Takes: a path in the user's cache folder. Gives: the bytes or the JSON data, or ``None`` for a file that is foreign,
damaged, too large or not there. Guarantees: reading can't run anything; a reader sees a whole file or none, also
while others write it; a file that can't be written is no error, nor is one that can't be taken out.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, Final

MOST_BESIDE: Final = 16
"""So many files of one kind are kept: one for each installation that is in use, and some that were."""


def read_kept(path: Path) -> Any:
    """What a JSON file holds, or ``None`` if it isn't there or can't be trusted: another's, or open to others."""
    data = read_kept_bytes(path)
    try:
        return None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None


def read_kept_bytes(path: Path | str, most_bytes: int = 4_000_000) -> bytes | None:
    """As `read_kept`, of bytes."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path needn't be a `Path`: lint looks at thousands
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > most_bytes or _open_to_others(found):
                return None
            return file.read()
    except (OSError, ValueError):
        return None


def write_kept(path: Path, data: Any) -> None:
    """Write data as JSON; the folder is made for the user alone."""
    write_kept_bytes(path, json.dumps(data, separators=(",", ":")).encode())


def write_kept_beside(path: Path, data: Any) -> None:
    """As `write_kept`, of a file called ``KIND-KEY.json``; of its kind, only the `MOST_BESIDE` newest are left."""
    write_kept(path, data)
    kind = path.name.partition("-")[0]
    try:
        with os.scandir(path.parent) as entries:
            dated = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.path)
                for entry in entries
                if entry.name.startswith(f"{kind}-") and entry.name.endswith(".json")
            ]
        for _, old in sorted(dated, reverse=True)[MOST_BESIDE:]:
            if old != str(path):
                os.unlink(old)  # noqa: PTH108 - a text is all that is needed
    except OSError:  # another run takes them out too
        return


def write_kept_bytes(path: Path, data: bytes) -> None:
    """Write beside and rename; the folder is made for the user alone."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f".kept-{os.getpid()}-{os.urandom(6).hex()}")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle has no `Path`
                file.write(data)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    except OSError:
        return


def is_own_folder(path: Path) -> bool:
    """Whether a folder is the user's, and nobody else can put anything into it or rename what is there."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and not _open_to_others(found)


def _open_to_others(found: os.stat_result) -> bool:
    """Whether a file or folder is another user's, or may be changed by others."""
    return hasattr(os, "getuid") and (found.st_uid != os.getuid() or bool(found.st_mode & 0o022))
