"""Test results as JUnit XML, the form that CI systems read.

Takes: a `TestReport`. Gives: XML. Guarantees: well formed whatever stands in names, answers and files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascadelang.cli.tests_json import case_json
from cascadelang.diagnostics.render_junit import xml_attribute, xml_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cascadelang.workspace.mistake import Mistake
    from cascadelang.workspace.test_report import CaseResult, FileResult, TestReport


def junit(report: TestReport) -> str:
    """One suite a file, one test case a case, with its file, line and time."""
    total = report.passed + report.failed + report.broken
    taken = sum(case.seconds for file in report.files for case in file.cases)
    head = f'tests="{total}" failures="{report.failed}" errors="{report.broken}" time="{taken:.6f}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="cascadelang" {head}>']
    for file in report.files:
        lines += _suite(file)
    return "\n".join([*lines, "</testsuites>"])


def _suite(file: FileResult) -> Iterator[str]:
    """One file."""
    failed = sum(not case.passed for case in file.cases)
    errors = int(file.error is not None)
    taken = sum(case.seconds for case in file.cases)
    path = xml_attribute(file.path)
    yield (
        f'  <testsuite name="{path}" file="{path}" tests="{len(file.cases) + errors}" failures="{failed}"'
        f' errors="{errors}" skipped="0" time="{taken:.6f}">'
    )
    if file.error is not None:
        yield f'    <testcase name="{path}" classname="{path}" file="{path}" time="0">{_error(file.error)}</testcase>'
    for case in file.cases:
        facts = case_json(case, file)
        where = f'classname="{path}" file="{path}" line="{case.line}" time="{case.seconds:.6f}"'
        inner = "" if case.passed else _failure(case, facts)
        if case.notes:
            inner += f"<system-out>{xml_text(chr(10).join(case.notes))}</system-out>"
        yield f'    <testcase name="{xml_attribute(case.name)}" {where}>{inner}</testcase>'
    yield "  </testsuite>"


def _error(error: Mistake) -> str:
    """Why a file has no test that could run: its diagnostics, as `lint` shows them."""
    return f'<error message="{xml_attribute(error.message)}">{xml_text(str(error))}</error>'


def _failure(case: CaseResult, facts: dict[str, Any]) -> str:
    """What wasn't as expected, and the path that was taken."""
    said = [
        *([facts["problem"] + (f" ({facts['help']})" if facts["help"] else "")] if facts["problem"] else []),
        *(f"line {u['line']}: expect {u['expect']}{_values(u['values'])}" for u in facts["unmet"]),
    ]
    body = [*said, *([f"row: {case.at}"] if case.at else [])]
    if case.run is not None:
        body.append(f"path: {' → '.join(case.run.path) or 'no model was asked'} ({case.run.status})")
        body += [
            f"  {event.data.get('check')}: {event.data.get('outcome')}: {event.data.get('reason')}"
            for event in case.run.events
            if event.kind == "check"
        ]
    first = said[0].splitlines()[0] if said else "failed"
    return f'<failure type="expectation" message="{xml_attribute(first)}">{xml_text(chr(10).join(body))}</failure>'


def _values(values: dict[str, str]) -> str:
    """The facts that an expectation looked at: ``: path is [small], calls is 1``."""
    return ": " * bool(values) + ", ".join(f"{name} is {value}" for name, value in values.items())
