"""Runs the ``test`` blocks of policy files: offline, on scripted replies, in no time.

Takes: paths. Gives: a `TestReport`. Guarantees: every model is replaced, so nothing is called; a model without a
reply is an error of the test, and so is a test that expects nothing; a reply that no call used is told; waiting costs
no time (latencies are counted on a clock of the test's own); nothing is recorded in the trace store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cascadelang.source.files import DiskFiles, Files
from cascadelang.syntax import ast
from cascadelang.workspace.bench import Bench
from cascadelang.workspace.coverage import Coverage
from cascadelang.workspace.find import policy_files
from cascadelang.workspace.load import load
from cascadelang.workspace.mistake import Mistake
from cascadelang.workspace.test_report import CaseResult, FileResult, TestReport


def test_paths(
    paths: Sequence[str],
    *,
    names: Sequence[str] = (),  # noqa: PT028 - it isn't one of pytest's
    fail_fast: bool = False,  # noqa: PT028
    files: Files | None = None,  # noqa: PT028
) -> TestReport:
    """Run the tests of the policy files under ``paths``; under the working directory when no path is given.

    Args:
        paths: files and folders.
        names: only tests whose name holds one of these texts, in any case; all when there is none.
        fail_fast: stop after the first case that fails, or the first file with errors.
        files: where files are read from.
    """
    files = files or DiskFiles()
    wanted = tuple(name.casefold() for name in names)
    found: list[FileResult] = []
    with asyncio.Runner() as runner:
        for path in policy_files(paths):
            found.append(_test_file(path, files, runner, wanted, fail_fast=fail_fast))
            if fail_fast and found[-1].bad:
                break
    return TestReport(tuple(found))


test_paths.__test__ = False  # type: ignore[attr-defined] # pytest looks for functions called test_…


def _test_file(
    path: str, files: Files, runner: asyncio.Runner, wanted: Sequence[str], *, fail_fast: bool
) -> FileResult:
    """Run the tests of one file."""
    try:
        loaded = load(path, files)
    except Mistake as error:
        return FileResult(path, error=error)
    if loaded.checked is None:
        return FileResult(path)
    module = loaded.checked.modules[loaded.checked.path]
    bench = Bench(loaded, runner)
    results: list[CaseResult] = []
    left_out = 0
    for decl in module.file.decls:
        if not isinstance(decl, ast.CaseDecl):
            continue
        if fail_fast and any(not result.passed for result in results):
            left_out += 1
            continue
        found, skipped = bench.test(decl, module.source.position(decl.span.start).line, wanted, fail_fast=fail_fast)
        results += found
        left_out += skipped
    coverage = bench.reached.coverage() if any(result.run is not None for result in results) else Coverage()
    return FileResult(
        path, module.source, tuple(results), None, coverage, tuple(loaded.graph.policies), left_out=left_out
    )
