"""What lint found, in the form that was asked for.

Takes: a `LintReport` and the name of a form. Gives: the text for stdout, without a line end after it. Guarantees: the
same report gives the same text, byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic
    from cascadelang.workspace.lint import LintReport

_DRIVING = r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters, those that turn text round, and halves of characters (names of files may hold them)."""


def lint_output(report: LintReport, form: str, *, strict: bool = False) -> str:
    """The report for machines.

    Args:
        report: what was found.
        form: ``json`` (docs/cli.md, version 1), ``sarif`` (SARIF 2.1.0), ``github`` (workflow commands) or ``junit``.
        strict: warnings count as errors, where the form tells passed from failed.
    """
    if form == "github":
        from cascadelang.diagnostics.render_github import github_lines

        return github_lines(report.diagnostics, report.sources)
    if form == "junit":
        from cascadelang.diagnostics.render_junit import junit_document

        return junit_document(by_file(report).items(), report.sources, strict=strict)
    if form == "sarif":
        from cascadelang.diagnostics.render_sarif import sarif_log
        from cascadelang.lint.registry import code

        allowed = [(one.diagnostic, one.reason) for one in report.allowed]
        log = sarif_log(
            report.files,
            report.diagnostics,
            report.sources,
            allowed=allowed,
            docs_url=_docs_url(),
            entry_of=code,
        )
        return _json(log)
    from cascadelang.diagnostics.render_json import report_data

    return _json(report_data(by_file(report).items(), report.sources))


def _json(data: dict[str, Any]) -> str:
    """Data as JSON, in Unicode; what could drive a terminal, and what no encoding can write, is escaped."""
    import json
    import re

    text = json.dumps(data, indent=2, ensure_ascii=False)
    return re.sub(_DRIVING, lambda found: f"\\u{ord(found[0]):04x}", text)


def by_file(report: LintReport) -> dict[str, list[Diagnostic]]:
    """The findings under the file each is in: the linted files in order, then those that they use."""
    files: dict[str, list[Diagnostic]] = {path: [] for path in report.files}
    for diagnostic in report.diagnostics:
        files.setdefault(diagnostic.span.path, []).append(diagnostic)
    return files


def _docs_url() -> str:
    """Where the documentation is published: the package's own ``Documentation`` URL, if it names one."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = metadata("cascadelang").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    named = dict(url.split(", ", 1) for url in urls if ", " in url)
    return str(named.get("Documentation", ""))
