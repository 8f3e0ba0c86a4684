"""How every layer above reads files: through a ``Files`` value, so that checking and compiling stay pure.

A path in a policy is relative to the policy's own folder; ``std/…`` paths name the files that ship with the package.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Larger files are refused before they are read."""


class FileMissing(Exception):  # noqa: N818 - it names what is so, as FileNotFoundError does in words
    """A file can't be read. ``str()`` of it says why, in words a user can act on, without the path."""


class Files(Protocol):
    """Reads the files that a policy names."""

    def read_bytes(self, path: str) -> bytes:
        """The bytes of the file at ``path``.

        Raises:
            FileMissing: if there is none, or it is a folder, or it may not be read, or it is too large.
        """
        ...

    def neighbours(self, path: str) -> list[str]:
        """Names of the files in the folder of ``path``, for did-you-mean; empty when it can't be listed."""
        ...


def beside(path: str, name: str) -> str:
    """The path of ``name`` as the file ``path`` means it: absolute names stay, others are beside it."""
    if posixpath.isabs(name) or name.startswith("std/"):
        return name
    folder = posixpath.dirname(path)
    return posixpath.normpath(posixpath.join(folder, name)) if folder else posixpath.normpath(name)


class DiskFiles:
    """Reads from the disk; relative paths are relative to the working directory."""

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`."""
        file = Path(path)
        try:
            if file.is_dir():
                shut = not os.access(file, os.R_OK | os.X_OK)
                raise FileMissing("it is a folder that may not be looked into" if shut else "it is a folder")
            if not file.exists():
                if file.is_symlink():
                    raise FileMissing("it is a link that leads nowhere")
                raise FileMissing("there is no such file")
            if not file.is_file():
                raise FileMissing("it is not a regular file")
            if file.suffix == ".cl" and file.resolve().suffix != ".cl":
                # Lines of a policy file are shown with what is wrong in them; those of other files never.
                raise FileMissing("it is a link to something that is not a policy file")
            with file.open("rb") as opened:
                data = opened.read(MAX_FILE_BYTES + 1)  # what a size says needn't be so: files of the system say 0
        except PermissionError:
            raise FileMissing("permission was denied") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the path is not usable"
            raise FileMissing(str(reason).lower()) from None
        if len(data) > MAX_FILE_BYTES:
            raise FileMissing(f"it is larger than {MAX_FILE_BYTES // 1024 // 1024} MB")
        return data

    def neighbours(self, path: str) -> list[str]:
        """See `Files.neighbours`."""
        try:
            return sorted(entry.name for entry in Path(path).parent.iterdir() if entry.is_file())
        except (OSError, ValueError):  # a path that this locale can't encode is no OSError
            return []


class MemoryFiles:
    """Reads from a mapping of paths to texts: for tests and for editors with unsaved buffers."""

    def __init__(self, texts: Mapping[str, str | bytes]) -> None:
        self._texts = dict(texts)

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`."""
        try:
            text = self._texts[path]
        except KeyError:
            raise FileMissing("there is no such file") from None
        return text.encode() if isinstance(text, str) else text

    def neighbours(self, path: str) -> list[str]:
        """See `Files.neighbours`."""
        folder = posixpath.dirname(path)
        return sorted(posixpath.basename(p) for p in self._texts if posixpath.dirname(p) == folder)
