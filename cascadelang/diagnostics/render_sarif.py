"""Diagnostics as SARIF 2.1.0, the form that code scanning services and editors read.

Takes: the linted files' paths, what was found in them, and the texts. Gives: one SARIF log as plain dicts and lists,
ready for ``json.dumps``. Guarantees: the log is valid against the schema of OASIS' Static Analysis Results
Interchange Format (SARIF) Version 2.1.0; paths are relative to ``%SRCROOT%`` (the folder that lint ran in) where the
file is in it; a result's fingerprint stays the same when lines before it come or go.

Columns count code points (``columnKind``), from 1, and an end stands past the last character, as SARIF has it.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cascadelang.diagnostics.codes import Code, code, docs_path
from cascadelang.diagnostics.model import Diagnostic, Fix
from cascadelang.diagnostics.page import code_page
from cascadelang.source import SourceFile, Span
from cascadelang.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
SHIPPED = "%CASCADELANG%"
FINGERPRINT = "nameAndLine/v1"
"""Names what a fingerprint is made of: the diagnostic's name, its file, its line's text, and which of such it is."""

_BASES = {
    ROOT: {"description": {"text": "the folder that lint ran in"}},
    SHIPPED: {"description": {"text": "the files that ship with cascadelang"}},
}
_CONTEXT_CHARACTERS = 2_000
"""Lines that are longer together are left out of a result's context."""


def sarif_log(
    files: Sequence[str],
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, SourceFile],
    *,
    allowed: Iterable[tuple[Diagnostic, str]] = (),
    docs_url: str = "",
    root: str = "",
    entry_of: Callable[[str], Code | None] = code,
) -> dict[str, Any]:
    """The whole log.

    Args:
        files: paths of the files that were linted, in order.
        diagnostics: what was found.
        sources: the texts that spans point into, by path.
        allowed: what was found and is allowed in the file, each with the reason given there.
        docs_url: where the documentation is published, up to the slash before ``docs/``; empty for nowhere.
        root: the folder that relative paths are relative to; the working directory unless said.
        entry_of: gives a diagnostic's entry by its name; of the language's own unless said.
    """
    writer = _Writer(files, sources, docs_url, root or os.getcwd(), entry_of)  # noqa: PTH109 - pathlib isn't needed for it
    results = [writer.result(found) for found in diagnostics]
    for found, reason in allowed:
        suppression = {"kind": "inSource", "status": "accepted", **({"justification": reason} if reason else {})}
        results.append({**writer.result(found), "suppressions": [suppression]})
    driver: dict[str, Any] = {
        "name": "cascadelang",
        "semanticVersion": __version__,
        "version": __version__,
        "rules": list(writer.rules.values()),
    }
    if docs_url:
        driver["informationUri"] = docs_url
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [{"executionSuccessful": True}],
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {base: _BASES[base] for base in _BASES if base in writer.bases},
                "artifacts": writer.artifacts(),
                "results": results,
            }
        ],
    }


class _Writer:
    """What the parts of one log share: the rules met so far, and the numbers of files."""

    def __init__(
        self,
        files: Sequence[str],
        sources: Mapping[str, SourceFile],
        docs_url: str,
        root: str,
        entry_of: Callable[[str], Code | None],
    ) -> None:
        self.entry_of = entry_of
        self.sources = sources
        self.docs_url = docs_url
        self.root = root
        self.rules: dict[str, dict[str, Any]] = {}
        self.numbers = {path: number for number, path in enumerate(files)}
        self.targets = len(files)
        self.bases: set[str] = set()
        self.seen: Counter[str] = Counter()

    def result(self, found: Diagnostic) -> dict[str, Any]:
        """One finding."""
        result: dict[str, Any] = {
            "ruleId": found.name,
            "ruleIndex": self.rule(found.name),
            "level": found.severity,
            "message": {"text": _words(found)},
            "locations": [self.location(found.span)],
            "partialFingerprints": {FINGERPRINT: self.fingerprint(found)},
        }
        if found.related:
            result["relatedLocations"] = [
                {"id": number, **self.location(label.span), "message": {"text": label.message}}
                for number, label in enumerate(found.related)
            ]
        if found.fix is not None:
            result["fixes"] = [self.fix(found.fix)]
        return result

    def rule(self, name: str) -> int:
        """The number of a rule among those of the log; it is added when it is new."""
        if name not in self.rules:
            entry = self.entry_of(name)
            rule: dict[str, Any] = {"id": name, "name": "".join(part.capitalize() for part in name.split("-"))}
            if entry is not None:
                rule["shortDescription"] = {"text": entry.summary}
                rule["fullDescription"] = {"text": f"{entry.meaning} {entry.why}"}
                rule["help"] = {"text": f"{entry.meaning}\n\n{entry.why}", "markdown": code_page(entry)}
                rule["defaultConfiguration"] = {"level": entry.severity}
            if self.docs_url:
                rule["helpUri"] = f"{self.docs_url.rstrip('/')}/{docs_path(name)}"
            self.rules[name] = rule
        return list(self.rules).index(name)

    def artifact(self, path: str) -> dict[str, Any]:
        """Where a file is, and its number in the log's list of files."""
        number = self.numbers.setdefault(path, len(self.numbers))
        return {**self.place(path), "index": number}

    def artifacts(self) -> list[dict[str, Any]]:
        """Every file of the log; those that were asked for are marked."""
        return [
            {"location": self.place(path), **({"roles": ["analysisTarget"]} if number < self.targets else {})}
            for path, number in self.numbers.items()
        ]

    def place(self, path: str) -> dict[str, Any]:
        """A path as a URI: relative to what it belongs to, or absolute where it is elsewhere."""
        if path.startswith("std/") and self.numbers.get(path, self.targets) >= self.targets:
            self.bases.add(SHIPPED)
            return {"uri": _quoted(path), "uriBaseId": SHIPPED}
        whole = os.path.normpath(os.path.join(self.root, path))  # noqa: PTH118 - pathlib keeps the dots
        try:
            relative = os.path.relpath(whole, self.root)
        except ValueError:  # another drive
            relative = os.pardir
        if relative != os.pardir and not relative.startswith(os.pardir + os.sep):
            self.bases.add(ROOT)
            return {"uri": _quoted(relative), "uriBaseId": ROOT}
        return {"uri": f"file://{'' if whole.startswith('/') else '/'}{_quoted(whole)}"}

    def location(self, span: Span) -> dict[str, Any]:
        """A place in a file; only the file, where there is no text to point into."""
        physical: dict[str, Any] = {"artifactLocation": self.artifact(span.path)}
        source = self.sources.get(span.path)
        if source is not None and source.text:
            physical["region"] = region = _region(source, span)
            region["snippet"] = {"text": source.snippet(span)}
            context = _context(source, region["startLine"], region["endLine"])
            if context is not None:
                physical["contextRegion"] = context
        return {"physicalLocation": physical}

    def fix(self, fix: Fix) -> dict[str, Any]:
        """A repair."""
        source = self.sources.get(fix.span.path) or SourceFile(fix.span.path, "")
        replacement = {"deletedRegion": _region(source, fix.span), "insertedContent": {"text": fix.text}}
        change = {"artifactLocation": self.artifact(fix.span.path), "replacements": [replacement]}
        return {"description": {"text": fix.title}, "artifactChanges": [change]}

    def fingerprint(self, found: Diagnostic) -> str:
        """What tells a finding from others whatever stands on the lines before it."""
        source = self.sources.get(found.span.path)
        line = source.line(source.position(found.span.start).line) if source is not None else ""
        said = "\0".join([found.name, self.place(found.span.path)["uri"], " ".join(line.split())])
        key = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self.seen[key] += 1
        return f"{key}:{self.seen[key]}"


def _words(found: Diagnostic) -> str:
    """All that is said of a finding: viewers show a message and little else."""
    lines = [found.message]
    if found.label:
        lines.append(found.label)
    if found.help:
        lines.append(f"help: {found.help}")
    lines += [f"note: {note}" for note in found.notes]
    return "\n".join(lines)


def _quoted(path: str) -> str:
    """A path as a part of a URI, also where its bytes are no text."""
    return quote(os.fsencode(path.replace(os.sep, "/")), safe="/")


def _region(source: SourceFile, span: Span) -> dict[str, Any]:
    start, end = source.position(span.start), source.position(span.end)
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _context(source: SourceFile, first: int, last: int) -> dict[str, Any] | None:
    """The whole lines that a place is on, unless they are too long to be of use."""
    begin = source.line_starts[first - 1]
    end = source.line_starts[last] if last < len(source.line_starts) else len(source.text)
    if end - begin > _CONTEXT_CHARACTERS:
        return None
    return {"startLine": first, "endLine": last, "snippet": {"text": source.text[begin:end]}}
