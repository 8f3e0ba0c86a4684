"""``cascadelang test --watch``: runs tests again when a file they read changes.

Takes: what `test` takes. Gives: the newest results of all files, on a cleared screen where there is one. Guarantees:
only tests that a change can affect run again; Ctrl-C, which is how one ends this, is no error.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cascadelang.cli.draw_tests import draw_tests
from cascadelang.cli.paint import on_terminal, paint, write

if TYPE_CHECKING:
    from cascadelang.workspace.test_report import FileResult
    from cascadelang.workspace.watching import Watch

_PAUSE_S = 0.3
"""Between two looks at the disk."""


def watch_tests(paths: Sequence[str], names: Sequence[str], *, fail_fast: bool, coverage: bool) -> int:
    """Test, wait, test again; until Ctrl-C."""
    from cascadelang.workspace.watching import Watch

    watch = Watch(paths)
    results: dict[str, FileResult] = {}
    try:
        while True:
            _round(watch, results, names, fail_fast=fail_fast, coverage=coverage)
            time.sleep(_PAUSE_S)
    except KeyboardInterrupt:
        if on_terminal(err=True):
            click.echo(err=True)
        return 0


def _round(
    watch: Watch, results: dict[str, FileResult], names: Sequence[str], *, fail_fast: bool, coverage: bool
) -> None:
    """Test what has changed, and show all results if anything has."""
    from cascadelang.workspace.test_report import TestReport
    from cascadelang.workspace.testing import test_paths
    from cascadelang.workspace.watching import NotedFiles

    stale, there = watch.changed()
    gone = results.keys() - set(there)
    if not stale and not gone and results:
        return
    for path in gone:
        del results[path]
    for path in stale:
        files = NotedFiles()
        for result in test_paths([path], names=names, fail_fast=fail_fast, files=files).files[:1]:
            results[path] = result
            watch.tested(path, files)
    if on_terminal():
        click.clear()
    there = [path for path in there if path in results]  # a folder by now has no tests of its own
    write(draw_tests(TestReport(tuple(results[path] for path in there)), coverage=coverage))
    again = f", {len(stale)} tested again" if len(stale) < len(there) else ""
    write(paint(f"watching {len(there)} file{'s' * (len(there) != 1)}{again}; Ctrl-C ends", dim=True))
