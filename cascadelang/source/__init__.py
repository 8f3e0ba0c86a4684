"""The lowest layer: source text and places in it, and what every layer above stands on.

That is how files are read (`files`), where our own are kept (`folders`), and frozen dataclasses that are cheap to
declare (`frozen`). Nothing here knows of policies.
"""

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
