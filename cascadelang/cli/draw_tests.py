"""Test results: one line a test, and for a failing one its source, the values under it and the path taken.

Takes: a `TestReport`. Gives: text for people. `cascadelang.cli.tests_json` and `tests_junit` are for programs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cascadelang.cli.draw_expectation import draw_expectation
from cascadelang.cli.draw_trace import draw_trace
from cascadelang.cli.paint import one_line, paint
from cascadelang.workspace.figures import count
from cascadelang.workspace.mistake import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascadelang.workspace.coverage import Coverage
    from cascadelang.workspace.test_report import CaseResult, FileResult, TestReport


def draw_tests(report: TestReport, *, coverage: bool) -> str:
    """The report for people; ``coverage``: with what no test reached."""
    blocks = ["\n".join(_file(file, coverage=coverage)) for file in report.files if file.cases or file.error]
    number = report.passed + report.failed
    if not number and not report.broken:
        blocks.append("no test has such a name" if report.left_out else "there are no tests")
    else:
        results = [(report.passed, "passed", "green"), (report.failed, "failed", "red")]
        words = [paint(f"{n:,} {word}", colour, bold=True) for n, word, colour in results if n]
        words += [paint(f"{count(report.broken, 'file')} with errors", "red", bold=True)] if report.broken else []
        words += [paint(f"{report.left_out:,} not run", dim=True)] if report.left_out else []
        blocks.append(f"{count(number, 'test')}: {', '.join(words)}")
        if coverage and sum(bool(file.coverage.parts) for file in report.files) > 1:
            reached, parts = report.reached
            blocks[-1] += f"\ncoverage: {percent(reached, parts)} ({reached:,} of {parts:,})"
    return "\n\n".join(blocks)


def percent(reached: int, parts: int) -> str:
    """``91%``; what isn't everything is never 100%, and nothing to reach is everything."""
    return f"{100 if reached == parts else min(99, math.floor(100 * reached / parts))}%"


def _file(file: FileResult, *, coverage: bool) -> Iterator[str]:
    """One file."""
    yield paint(one_line(file.path, 500), bold=True)
    if isinstance(file.error, PolicyError):
        from cascadelang.cli.paint import colours
        from cascadelang.workspace.lint import render

        yield render(file.error.diagnostics, file.error.sources, colour=colours()).rstrip("\n")
        return
    if file.error is not None:
        yield f"  {paint('✗', 'red')} {file.error.message}"
        return
    for case in file.cases:
        name = one_line(case.name, 500)
        yield f"  {paint('✓', 'green')} {name}" if case.passed else f"  {paint(f'✗ {name}', 'red')}"
        if not case.passed:
            yield from _failed(case, file)
        yield from (f"      {paint('note', 'yellow')}: {words}" for words in case.notes)
    if coverage:
        yield from _coverage(file)
        return
    missing = sum(1 for _ in file.coverage.unreached())
    if missing:
        yield paint(f"  {count(missing, 'part')} not reached by any test (--coverage lists them)", dim=True)


def _failed(case: CaseResult, file: FileResult) -> Iterator[str]:
    """Why one case failed."""
    if case.problem:
        yield f"      {case.at or f'{file.path}:{case.line}'}: {case.problem.removeprefix(f'{case.at}: ')}"
        if case.help:
            yield f"      = help: {case.help}"
    elif case.at:
        yield f"      {case.at}"
    for unmet in case.unmet:
        if file.source is not None:
            yield from (f"    {line}" for line in draw_expectation(unmet, file.source))
    if case.run is not None:
        from cascadelang.workspace.result import record_of

        yield from (f"      {line}" for line in draw_trace(record_of(case.run), err=False).splitlines())
        if case.run.answer:
            yield f"      answer: {one_line(case.run.answer, 200)}"


def _coverage(file: FileResult) -> Iterator[str]:
    """What the tests of one file reached, policy by policy, and what they didn't."""
    if not file.coverage.parts:
        return
    missing = list(file.coverage.unreached())
    if not missing:
        yield paint("  every arm, rung and check was reached", dim=True)
        return
    width = max(len(name) for name in file.policies)
    for policy in file.policies:
        part = file.coverage.of(policy)
        if part.parts:
            reached = percent(part.reached, len(part.parts))
            yield f"  {policy:<{width}}  {reached:>4}  {paint(figures(part), dim=True)}"
    yield "  not reached by any test:"
    yield from (f"    {one_line(words, 200)}" for words in missing)


_KINDS = (
    ("arm", ("arm",)),
    ("share", ("share",)),
    ("rung", ("rung",)),
    ("member", ("member",)),
    ("verdict", ("passed", "failed")),
)


def figures(coverage: Coverage) -> str:
    """``3 of 4 arms · 2 of 2 rungs · 3 of 4 verdicts``."""
    words = []
    for name, kinds in _KINDS:
        parts = [part for part in coverage.parts if part.kind in kinds]
        if parts:
            words.append(f"{sum(part.reached for part in parts):,} of {count(len(parts), name)}")
    return " · ".join(words)
