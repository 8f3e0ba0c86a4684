"""Diagnostics as JUnit XML, the form in which CI systems read test results: one test case for each file.

Takes: files with their diagnostics. Gives: an XML document, without a line end after it. Guarantees: it is well
formed whatever the files say, also where they hold characters that XML has no way to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.render_text import render_all
from cascadelang.source import SourceFile

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no `Char` of XML 1.0 (section 2.2)."""


def junit_document(
    files: Iterable[tuple[str, Sequence[Diagnostic]]], sources: Mapping[str, SourceFile], *, strict: bool = False
) -> str:
    """The document.

    Args:
        files: each linted file's path with its diagnostics, in order.
        sources: the texts that spans point into, by path.
        strict: warnings fail a file too; otherwise they are its output.
    """
    cases: list[str] = []
    failures = 0
    for path, diagnostics in files:
        failing = [found for found in diagnostics if strict or found.severity == "error"]
        others = [found for found in diagnostics if not strict and found.severity != "error"]
        failures += bool(failing)
        cases.append(_case(path, failing, others, sources))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites tests="{len(cases)}" failures="{failures}" errors="0">',
            f'  <testsuite name="cascadelang lint" tests="{len(cases)}" failures="{failures}" errors="0">',
            *cases,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


def _case(
    path: str, failing: Sequence[Diagnostic], others: Sequence[Diagnostic], sources: Mapping[str, SourceFile]
) -> str:
    """One file as a test case."""
    head = f'    <testcase classname="cascadelang.lint" name="{xml_attribute(path)}"'
    inner = ""
    if failing:
        first = failing[0]
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        message, kind = xml_attribute(f"{first.message}{more}"), xml_attribute(first.name)
        inner += f'<failure message="{message}" type="{kind}">{xml_text(render_all(failing, sources))}</failure>'
    if others:
        inner += f"<system-out>{xml_text(render_all(others, sources))}</system-out>"
    return f"{head}>{inner}</testcase>" if inner else f"{head}/>"


def xml_text(text: str) -> str:
    """Text between tags."""
    return _FORBIDDEN.sub("\ufffd", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def xml_attribute(text: str) -> str:
    """Text between an attribute's quotes."""
    escaped = xml_text(text).replace('"', "&quot;")
    return escaped.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
