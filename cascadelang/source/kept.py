"""JSON files of our own that are kept between runs: read with suspicion, written whole.

Takes: a path in the user's cache folder. Gives: the data, or ``None`` for a file that is foreign, damaged, too large
or not there. Guarantees: reading can't run anything; a reader sees a whole file or none; a file that can't be written
is no error.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any


def read_kept(path: Path, most_bytes: int = 4_000_000) -> Any:
    """What the file holds, or ``None`` if it isn't there or can't be trusted: another user's, or open to others."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > most_bytes:
                return None
            if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022):
                return None
            return json.load(file)
    except (OSError, ValueError, RecursionError):
        return None


def write_kept(path: Path, data: Any) -> None:
    """Write beside and rename; the folder is made for the user alone."""
    import tempfile

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".kept-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, separators=(",", ":"))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError:
        return
