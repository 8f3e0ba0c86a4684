"""Diagnostics as the JSON of ``lint --output json``, version 1.

Takes: files with their diagnostics. Gives: plain dicts and lists, ready for ``json.dumps``. Guarantees: the shape
documented in docs/cli.md; lines and columns count from 1, columns in code points; ends are past the last character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cascadelang.diagnostics.codes import docs_path
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import SourceFile, Span

VERSION = 1


def report_data(
    files: Iterable[tuple[str, Iterable[Diagnostic]]], sources: Mapping[str, SourceFile]
) -> dict[str, Any]:
    """The whole report.

    Args:
        files: each linted file's path with its diagnostics, in order.
        sources: the texts that spans point into, by path; a span into another file is given as line 1, column 1.
    """
    return {
        "version": VERSION,
        "files": [
            {"path": path, "diagnostics": [diagnostic_data(found, sources) for found in diagnostics]}
            for path, diagnostics in files
        ],
    }


def diagnostic_data(diagnostic: Diagnostic, sources: Mapping[str, SourceFile]) -> dict[str, Any]:
    """One diagnostic."""
    fix = diagnostic.fix
    data: dict[str, Any] = {
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "range": _range(diagnostic.span, sources),
        "help": diagnostic.help,
        "notes": list(diagnostic.notes),
        "fix": None if fix is None else {"title": fix.title, "range": _range(fix.span, sources), "text": fix.text},
        "url": docs_path(diagnostic.name),
    }
    if diagnostic.label:
        data["label"] = diagnostic.label
    if diagnostic.related:
        data["related"] = [
            {"path": label.span.path, "message": label.message, "range": _range(label.span, sources)}
            for label in diagnostic.related
        ]
    return data


def _range(span: Span, sources: Mapping[str, SourceFile]) -> dict[str, Any]:
    source = sources.get(span.path)
    if source is None:
        return {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 1}}
    start, end = source.position(span.start), source.position(span.end)
    return {
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
    }
