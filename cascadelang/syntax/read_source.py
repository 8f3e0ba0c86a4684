"""A source file, or the one thing that is wrong with it.

Takes: a path and where files come from (`read_source`), or a file's bytes (`decode`). Gives: the text, or a
`Diagnostic`: there is no such file, it is a folder, it may not be read, or it isn't UTF-8 text. Never raises.
"""

from __future__ import annotations

import posixpath

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.source import FileMissing, Files, SourceFile, Span


def read_source(path: str, files: Files) -> SourceFile | Diagnostic:
    """The file at ``path``, decoded."""
    try:
        data = files.read_bytes(path)
    except FileMissing as why:
        near = did_you_mean(posixpath.basename(path), files.neighbours(path))
        help_ = f"did you mean `{posixpath.join(posixpath.dirname(path), near)}`?" if near else ""
        return Diagnostic("missing-file", "error", f"`{path}` can't be read: {why}", Span(path, 0, 0), help=help_)
    text = decode(path, data, Span(path, 0, 0))
    return text if isinstance(text, Diagnostic) else SourceFile(path, text)


def decode(name: str, data: bytes, at: Span) -> str | Diagnostic:
    """A file's bytes as text; a byte order mark is dropped.

    Args:
        name: the file as the user named it.
        data: what is in it.
        at: where it is named, for the diagnostic.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        said, label = f"`{name}` is not a UTF-8 text", "it starts like UTF-16"
    else:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            said, label = f"`{name}` is not a text file", f"byte {error.start + 1} is not UTF-8"
    return Diagnostic("not-text", "error", said, at, label=label, help="save the file as UTF-8 text")
