"""Replaces a file's text.

Takes: a path, a text, and what the file said when the text was made of it. Guarantees: whoever reads the file
meanwhile sees the old text or the new one, never a part; what somebody else wrote meanwhile isn't overwritten; its
mode stays; a link stays a link, and what it leads to is replaced; when it fails, the file is as it was and nothing
lies beside it.
"""

from __future__ import annotations

import os

from cascadelang.workspace.mistake import Mistake


def replace_file(path: str, text: str, *, was: str | None) -> None:
    """Write the text beside the file, in UTF-8 and with the line ends it has, then put it in the file's place.

    Args:
        path: the file.
        text: what it is to say.
        was: what it said when it was read, without a byte order mark; ``None`` for one that needn't be there.

    Raises:
        Mistake: when the file can't be written, or says something else by now.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    # the name is cut, for with what is added to it a long one would be too long
    new = os.path.join(folder, f".{name[:40]}.{os.getpid()}.cascadelang-new")  # noqa: PTH118 - pathlib isn't imported
    made = False
    try:
        there = was is not None or os.path.exists(target)  # noqa: PTH110 - the same
        if there and not os.access(target, os.W_OK):
            raise PermissionError(13, "permission denied")  # the right to the folder doesn't stand in for it
        if was is not None and _text(target) != was:
            raise Mistake(f"`{path}` has changed meanwhile, and was left as it is", "run it again")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if there else 0o666)
        made = True
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        if there:
            os.chmod(new, os.stat(target).st_mode & 0o7777)  # noqa: PTH101, PTH116 - the same
        os.replace(new, target)  # noqa: PTH105 - the same
        made = False
    except OSError as error:
        raise Mistake(f"`{path}` can't be written: {(error.strerror or 'output error').lower()}") from None
    finally:
        if made:
            _remove(new)


def _text(path: str) -> str:
    """What a file says now."""
    with open(path, "rb") as file:  # noqa: PTH123 - the same
        return file.read().decode("utf-8-sig", errors="replace")


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108 - the same
    except OSError:
        return
