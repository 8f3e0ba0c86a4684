"""Replaces a file's text.

Takes: a path and a text. Guarantees: whoever reads the file meanwhile sees the old text or the new one, never a
part; its mode stays; a link stays a link, and what it leads to is replaced; when it fails, the file is as it was and
nothing lies beside it.
"""

from __future__ import annotations

import os

from cascadelang.workspace.mistake import Mistake


def replace_file(path: str, text: str) -> None:
    """Write the text beside the file, in UTF-8 and with the line ends it has, then put it in the file's place.

    Raises:
        Mistake: when the file can't be written.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    new = os.path.join(folder, f".{name}.{os.getpid()}.cascadelang-new")  # noqa: PTH118 - pathlib isn't imported here
    made = False
    try:
        if not os.access(target, os.W_OK):
            raise PermissionError(13, "permission denied")  # the right to the folder doesn't stand in for it
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        made = True
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        os.chmod(new, os.stat(target).st_mode & 0o7777)  # noqa: PTH101, PTH116 - the same
        os.replace(new, target)  # noqa: PTH105 - the same
    except OSError as error:
        if made:
            _remove(new)
        raise Mistake(f"`{path}` can't be written: {(error.strerror or 'output error').lower()}") from None


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108 - the same
    except OSError:
        return
