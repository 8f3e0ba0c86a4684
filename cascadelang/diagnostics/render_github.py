"""Diagnostics as GitHub's workflow commands, which show them as annotations on the lines of a pull request.

Takes: diagnostics and the texts their spans point into. Gives: one line for each, like this, without a line end::

    ::error file=bad.cl,line=2,endLine=2,col=15,endColumn=20,title=unknown-name::no model … is named `sonet`

Guarantees: whatever a file says, a command is one line and no more than one command: what separates a command's parts
is written as GitHub's "Workflow commands for GitHub Actions" says; control characters are made visible. Columns count
code points from 1, the end stands past the last character; a place on several lines has no columns, which GitHub
only takes on one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.render_text import visible
from cascadelang.source import SourceFile


def github_lines(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile]) -> str:
    """The commands, one a line; empty when nothing was found."""
    return "\n".join(github_line(found, sources) for found in diagnostics)


def github_line(found: Diagnostic, sources: Mapping[str, SourceFile]) -> str:
    """One diagnostic as one command."""
    properties: dict[str, str | int] = {"file": found.span.path}
    source = sources.get(found.span.path)
    if source is not None and source.text:
        start, end = source.position(found.span.start), source.position(found.span.end)
        properties |= {"line": start.line, "endLine": end.line}
        if start.line == end.line:
            properties |= {"col": start.column, "endColumn": end.column}
    properties["title"] = found.name
    said = [found.message]
    if found.label:
        said.append(found.label)
    if found.help:
        said.append(f"help: {found.help}")
    said += [f"note: {note}" for note in found.notes]
    lines = [visible(line) for words in said for line in words.splitlines() or [""]]
    parts = ",".join(f"{key}={visible(_escaped_property(str(value)))}" for key, value in properties.items())
    return f"::{found.severity} {parts}::{_escaped(chr(10).join(lines))}"


def _escaped(text: str) -> str:
    """Text as the message of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    """Text as the value of a command's property."""
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
