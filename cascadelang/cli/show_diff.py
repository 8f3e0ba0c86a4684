"""Prints a unified diff: for people where colour is taken, byte for byte elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from cascadelang.cli.paint import colours, paint, write

_TINTS = {"+": "green", "-": "red", "@": "cyan"}


def show_diff(lines: Iterable[str]) -> None:
    """Print the lines of a diff on stdout."""
    if not colours():
        sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        return
    from cascadelang.diagnostics.render_text import visible

    for number, line in enumerate(lines):
        heads = number < 2
        write(paint(visible(line), None if heads else _TINTS.get(line[:1]), bold=heads))
