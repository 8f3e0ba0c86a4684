"""Source text and places in it: the lowest layer."""

from cascadelang.source.files import DiskFiles, FileMissing, Files, MemoryFiles
from cascadelang.source.text import NO_SPAN, Position, SourceFile, Span

__all__ = [
    "NO_SPAN",
    "DiskFiles",
    "FileMissing",
    "Files",
    "MemoryFiles",
    "Position",
    "SourceFile",
    "Span",
]
