"""A path to a source file, or to the one thing that is wrong with it.

Takes: a path and where files come from. Gives: a `SourceFile`, or a `Diagnostic`: there is no such file, it is a
folder, it may not be read, or it isn't UTF-8 text. Never raises.
"""

from __future__ import annotations

import posixpath

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.source import FileMissing, Files, SourceFile, Span


def read_source(path: str, files: Files) -> SourceFile | Diagnostic:
    """The file at ``path``, decoded; a byte order mark is dropped."""
    try:
        data = files.read_bytes(path)
    except FileMissing as why:
        near = did_you_mean(posixpath.basename(path), files.neighbours(path))
        help_ = f"did you mean `{posixpath.join(posixpath.dirname(path), near)}`?" if near else ""
        return Diagnostic("missing-file", "error", f"`{path}` can't be read: {why}", Span(path, 0, 0), help=help_)
    return decode_source(path, data)


def decode_source(path: str, data: bytes) -> SourceFile | Diagnostic:
    """A file's bytes as text."""
    here = Span(path, 0, 0)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Diagnostic(
            "not-text",
            "error",
            f"`{path}` is not a UTF-8 text",
            here,
            label="it starts like UTF-16",
            help="save the file as UTF-8 text",
        )
    try:
        return SourceFile(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Diagnostic(
            "not-text",
            "error",
            f"`{path}` is not a text file",
            here,
            label=f"byte {error.start + 1} is not UTF-8",
            help="save the file as UTF-8 text",
        )
