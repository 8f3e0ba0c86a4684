"""Test results: one line a test, and for a failing one its source, the values under it and the path taken.

Takes: a `TestReport`. Gives: text, JSON or JUnit XML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascadelang.cli.draw_trace import draw_trace
from cascadelang.cli.figures import count, money, one_line, seconds
from cascadelang.cli.paint import paint
from cascadelang.workspace.expectations import shown
from cascadelang.workspace.mistake import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascadelang.source import SourceFile
    from cascadelang.workspace.expectations import Looked
    from cascadelang.workspace.testing import CaseResult, FileResult, TestReport, Unmet


def draw_tests(report: TestReport, *, coverage: bool) -> str:
    """The report for people."""
    blocks = ["\n".join(_file(file, coverage=coverage)) for file in report.files if file.cases or file.error]
    number = report.passed + report.failed
    if not number and not report.broken:
        blocks.append("there are no tests")
    else:
        results = [(report.passed, "passed", "green"), (report.failed, "failed", "red")]
        words = [paint(f"{n} {word}", colour, bold=True) for n, word, colour in results if n]
        words += [paint(f"{count(report.broken, 'file')} with errors", "red", bold=True)] if report.broken else []
        blocks.append(f"{count(number, 'test')}: {', '.join(words)}")
    return "\n\n".join(blocks)


def _file(file: FileResult, *, coverage: bool) -> Iterator[str]:
    """One file."""
    yield paint(file.path, bold=True)
    if isinstance(file.error, PolicyError):
        from cascadelang.cli.paint import colours
        from cascadelang.workspace.lint import render

        yield render(file.error.diagnostics, file.error.sources, colour=colours()).rstrip("\n")
        return
    if file.error is not None:
        yield f"  {paint('✗', 'red')} {file.error.message}"
        return
    for case in file.cases:
        yield f"  {paint('✓', 'green')} {case.name}" if case.passed else f"  {paint(f'✗ {case.name}', 'red')}"
        if not case.passed:
            yield from _failed(case, file)
    if coverage and not file.unreached:
        yield paint("  every arm, rung and check was reached", dim=True)
    elif coverage:
        yield "  not reached by any test:"
        yield from (f"    {words}" for words in file.unreached)
    elif file.unreached:
        parts = count(len(file.unreached), "part")
        yield paint(f"  {parts} not reached by any test (--coverage lists them)", dim=True)


def _failed(case: CaseResult, file: FileResult) -> Iterator[str]:
    """Why one case failed."""
    if case.problem:
        yield f"      {file.path}:{case.line}: {case.problem}"
        if case.help:
            yield f"      = help: {case.help}"
    for unmet in case.unmet:
        if file.source is not None:
            yield from _unmet(unmet, file.source)
    if case.run is not None:
        from cascadelang.workspace.result import record_of

        yield from (f"      {line}" for line in draw_trace(record_of(case.run), err=False).splitlines())
        if case.run.answer:
            yield f"      answer: {one_line(case.run.answer, 200)}"


def _unmet(unmet: Unmet, source: SourceFile) -> Iterator[str]:
    """The line of an expectation, and under it the values it looked at."""
    span = unmet.clause.span
    first, last = source.position(span.start).line, source.position(max(span.start, span.end - 1)).line
    width = len(str(last))
    gutter = paint(f"{'':>{width}} │", "blue")
    yield f"    {gutter}"
    for number in range(first, last + 1):
        yield f"    {paint(f'{number:>{width}} │', 'blue')} {source.line(number)}"
        here = [look for look in unmet.looked if source.position(look.span.start).line == number]
        for line in _under(here, source):
            yield f"    {gutter} {line}"
    if not unmet.known:
        yield f"    {gutter} {paint('it is not known whether this holds', 'yellow')}"
    yield f"    {gutter}"


def _under(looked: list[Looked], source: SourceFile) -> Iterator[str]:
    """The carets, and under them the values; values that would touch go on lines of their own."""
    marks: dict[int, tuple[int, str]] = {}
    for look in looked:
        column = source.position(look.span.start).column - 1
        marks[column] = (look.span.end - look.span.start, _value(look))
    if not marks:
        return
    carets = ""
    for column, (length, _) in sorted(marks.items()):
        carets = carets.ljust(column) + "^" * length
    yield paint(carets, "red")
    waiting = sorted(marks.items())
    while waiting:
        line, later = "", []
        for column, (length, value) in waiting:
            if line and column < len(line) + 2:
                later.append((column, (length, value)))
            else:
                line = line.ljust(column) + value
        yield paint(line, "red")
        waiting = later


def _value(look: Looked) -> str:
    """A fact's value, in its unit."""
    if look.value is None:
        return "unknown"
    if look.name == "cost":
        return money(float(look.value))
    if look.name == "latency":
        return seconds(float(look.value))
    if look.name == "answer":
        return f'"{one_line(str(look.value), 60)}"'
    return one_line(shown(look.value), 80) or '""'


def tests_json(report: TestReport) -> dict[str, Any]:
    """The report as `test --output json` prints it, version 1."""
    return {
        "version": 1,
        "passed": report.passed,
        "failed": report.failed,
        "files": [
            {
                "path": file.path,
                "error": file.error.message if file.error else None,
                "unreached": list(file.unreached),
                "tests": [_case_json(case, file) for case in file.cases],
            }
            for file in report.files
        ],
    }


def _case_json(case: CaseResult, file: FileResult) -> dict[str, Any]:
    return {
        "name": case.name,
        "line": case.line,
        "passed": case.passed,
        "problem": case.problem or None,
        "unmet": [
            {
                "line": file.source.position(unmet.clause.span.start).line,
                "expect": file.source.snippet(unmet.clause.expr.span),
                "values": {look.name: shown(look.value) for look in unmet.looked},
            }
            for unmet in case.unmet
            if file.source is not None
        ],
        "path": list(case.run.path) if case.run else [],
        "status": case.run.status if case.run else None,
    }


def junit(report: TestReport) -> str:
    """The report as JUnit XML, the form that CI systems read."""
    from xml.sax.saxutils import escape, quoteattr

    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for file in report.files:
        failed = sum(not case.passed for case in file.cases)
        errors = int(file.error is not None)
        total = len(file.cases) + errors
        lines.append(
            f'  <testsuite name={quoteattr(file.path)} tests="{total}" failures="{failed}" errors="{errors}">'
        )
        if file.error is not None:
            lines.append(
                f"    <testcase name={quoteattr(file.path)}><error>{escape(file.error.message)}</error></testcase>"
            )
        for case in file.cases:
            facts = _case_json(case, file)
            said = [
                facts["problem"],
                *(f"line {u['line']}: expect {u['expect']}{_values(u['values'])}" for u in facts["unmet"]),
            ]
            body = escape("\n".join(_xml_safe(words) for words in said if words))
            inner = f"<failure>{body}</failure>" if not case.passed else ""
            lines.append(f"    <testcase name={quoteattr(_xml_safe(case.name))}>{inner}</testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def _values(values: dict[str, str]) -> str:
    """The facts that an expectation looked at: ``: path is [small], calls is 1``."""
    return ": " * bool(values) + ", ".join(f"{name} is {value}" for name, value in values.items())


def _xml_safe(text: str) -> str:
    """``text`` without the characters that XML has no way to write."""
    return "".join(c if c in "\t\n" or c >= " " else "�" for c in text)
