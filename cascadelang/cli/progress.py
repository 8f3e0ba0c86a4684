"""A progress bar on stderr, for what takes long: fetching weights.

Takes: what is done, of how much, and of what. Gives: one line that is drawn over itself on a terminal, one plain line
at the start otherwise. Guarantees: nothing is written to stdout, and the line is gone when it is over.

It isn't click's progress bar because that one has one label and one length for good and leaves its last line behind:
a pull goes through several stages (parts, checking, waiting for another process), may start over, and happens in the
middle of a run whose answer follows.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cascadelang.cli.paint import plain
from cascadelang.workspace.figures import size

_EVERY_S = 0.1


@contextmanager
def bar(what: str, *, shown: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Tell the callable that this yields how many bytes are done, of how many, and of what.

    Args:
        what: is fetched.
        shown: stderr is a terminal.
    """
    drawn_s = 0.0
    started: set[str] = set()

    def tell(done: int, total: int, said: str) -> None:
        nonlocal drawn_s
        if not shown:
            if said not in started:
                started.add(said)
                sys.stderr.write(plain(f"{said or what} ({size(total)})\n", err=True))
            return
        now_s = time.monotonic()
        if now_s - drawn_s < _EVERY_S and done < total:
            return
        drawn_s = now_s
        sys.stderr.write("\r" + plain(_line(said or what, done, total), err=True) + "\x1b[K")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if shown and drawn_s:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _line(what: str, done: int, total: int) -> str:
    """``fetching smollm2-135m  ━━━━━━────  48%  47 of 98 MB``."""
    share = min(1.0, done / total) if total > 0 else 0.0
    figures = f" {share:4.0%}  {size(done)} of {size(total)}"
    columns = shutil.get_terminal_size((80, 24)).columns - 1
    room = max(0, min(30, columns - len(what) - len(figures) - 2))
    full = round(room * share)
    return f"{what}  {'━' * full}{'─' * (room - full)}{figures}"[:columns]
