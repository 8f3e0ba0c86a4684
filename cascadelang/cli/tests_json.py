"""Test results as `test --output json` prints them, version 1 (docs/testing.md).

Takes: a `TestReport`. Gives: JSON values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cascadelang.workspace.expectations import shown

if TYPE_CHECKING:
    from cascadelang.workspace.coverage import Coverage
    from cascadelang.workspace.test_report import CaseResult, FileResult, TestReport


def tests_json(report: TestReport) -> dict[str, Any]:
    """The whole report."""
    reached, parts = report.reached
    return {
        "version": 1,
        "passed": report.passed,
        "failed": report.failed,
        "not_run": report.left_out,
        "coverage": {"reached": reached, "parts": parts},
        "files": [
            {
                "path": file.path,
                "error": file.error.message if file.error else None,
                "unreached": list(file.coverage.unreached()),
                "coverage": _coverage(file),
                "tests": [case_json(case, file) for case in file.cases],
            }
            for file in report.files
        ],
    }


def _coverage(file: FileResult) -> dict[str, Any]:
    """What was reached, policy by policy, and every part."""
    whole = file.coverage
    return {
        **_figures(whole),
        "policies": {policy: _figures(whole.of(policy)) for policy in file.policies},
        "items": [
            {
                "kind": part.kind,
                "where": part.owner,
                "which": part.words or None,
                "what": part.what or None,
                "line": part.line or None,
                "policies": list(part.policies),
                "reached": part.reached,
            }
            for part in whole.parts
        ],
    }


def _figures(coverage: Coverage) -> dict[str, int]:
    return {"reached": coverage.reached, "parts": len(coverage.parts)}


def case_json(case: CaseResult, file: FileResult) -> dict[str, Any]:
    """One case."""
    return {
        "name": case.name,
        "line": case.line,
        "row": case.at or None,
        "passed": case.passed,
        "problem": case.problem or None,
        "help": case.help or None,
        "unmet": [
            {
                "line": file.source.position(unmet.clause.span.start).line,
                "expect": file.source.snippet(unmet.clause.expr.span),
                "values": {look.name: shown(look.value) for look in unmet.looked if look.name},
            }
            for unmet in case.unmet
            if file.source is not None
        ],
        "notes": list(case.notes),
        "path": list(case.run.path) if case.run else [],
        "status": case.run.status if case.run else None,
    }
