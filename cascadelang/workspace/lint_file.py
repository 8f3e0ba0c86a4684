"""Lints one file, and knows what that depended on.

Takes: a path and what rules count as. Gives: `Findings` of the file, and the `Needs` they depended on. Guarantees:
both have a form of plain data (``to_data``, ``from_data``), which gives equal values back; findings hold the texts
that they point into and no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cascadelang.source import DiskFiles, FileMissing, SourceFile, Span
from cascadelang.source.digest import sha256
from cascadelang.source.frozen import dataclass

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic
    from cascadelang.lint.levels import Levels
    from cascadelang.workspace.load import Proved


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a file.

    Attributes:
        diagnostics: in order.
        allowed: what comments in the file silence, each with the reason given.
        sources: the texts that these point into, by path.
    """

    diagnostics: tuple[Diagnostic, ...]
    allowed: tuple[tuple[Diagnostic, str], ...]
    sources: Mapping[str, SourceFile]


@dataclass(frozen=True, slots=True)
class Needs:
    """What findings depended on, besides cascadelang itself and the levels of rules.

    Attributes:
        files: for each path that was read, the mark of its content, or of why there is none (`mark_of`).
        folders: for each path whose neighbours were looked at, the mark of their names.
        day: the day, where a rule asked for it; else empty.
    """

    files: Mapping[str, str]
    folders: Mapping[str, str]
    day: str


def lint_file(path: str, levels: Levels | None, *, locked: bool) -> tuple[Findings, Needs | None]:
    """Lint one file.

    Returns:
        What was found, and what it depended on; ``None`` where that isn't known: with other packages in play.

    Raises:
        Mistake: as `prove`.
    """
    from cascadelang.workspace.load import prove

    files = RecordingFiles()
    proved = prove(path, files, levels=levels, locked=locked)
    allowed = tuple((one.diagnostic, one.reason) for one in proved.allowed)
    texts = proved.sources
    used = {span.path for found in (*proved.diagnostics, *(one for one, _ in allowed)) for span in _spans(found)}
    findings = Findings(proved.diagnostics, allowed, {at: texts[at] for at in texts if at in used})
    return findings, None if _has_foreign() else Needs(files.read, files.listed, _day(proved))


def _day(proved: Proved) -> str:
    """The day, if a rule asked for it."""
    asked = proved.subject is not None and "today" in vars(proved.subject)
    return proved.subject.today.isoformat() if asked and proved.subject is not None else ""


def _has_foreign() -> bool:
    """Whether checks, signals, providers or rules of other packages may have had a say."""
    from cascadelang.lint.table import table
    from cascadelang.workspace.catalog import others_asked

    return others_asked() or any(not entry.module.startswith("cascadelang.") for entry in table().values())


class RecordingFiles(DiskFiles):
    """Files on the disk, noting what was asked for and what was there."""

    def __init__(self) -> None:
        self.read: dict[str, str] = {}
        self.listed: dict[str, str] = {}

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`."""
        try:
            data = super().read_bytes(path)
        except FileMissing as why:
            self.read[path] = mark_of(why)
            raise
        self.read[path] = mark_of(data)
        return data

    def neighbours(self, path: str) -> list[str]:
        """See `Files.neighbours`."""
        names = super().neighbours(path)
        self.listed[path] = mark_of("\0".join(names).encode("utf-8", "surrogateescape"))
        return names


def mark_of(found: bytes | FileMissing) -> str:
    """What stands for a file's content, or for why there is none."""
    return f"!{found}" if isinstance(found, FileMissing) else sha256(found).hexdigest()


# ---- Plain data


def to_data(findings: Findings) -> list[Any]:
    """Findings as plain lists and texts."""
    return [
        [_told(found) for found in findings.diagnostics],
        [[_told(found), reason] for found, reason in findings.allowed],
        {path: source.text for path, source in findings.sources.items()},
    ]


def from_data(data: Any) -> Findings:
    """Findings from what `to_data` gave.

    Raises:
        TypeError, ValueError, KeyError, AttributeError: if the data has another form.
    """
    diagnostics, allowed, texts = data
    if not diagnostics and not allowed:
        return _NOTHING
    return Findings(
        tuple(_read(found) for found in diagnostics),
        tuple((_read(found), _text(reason)) for found, reason in allowed),
        {path: SourceFile(path, _text(text)) for path, text in texts.items()},
    )


_NOTHING = Findings((), (), {})


def _spans(found: Diagnostic) -> Iterator[Span]:
    """Every place that a diagnostic points at."""
    yield found.span
    yield from (label.span for label in found.related)
    if found.fix is not None:
        yield found.fix.span


def _told(found: Diagnostic) -> list[Any]:
    fix = found.fix
    return [
        found.name,
        found.severity,
        found.message,
        _at(found.span),
        found.label,
        found.help,
        list(found.notes),
        [[_at(label.span), label.message] for label in found.related],
        None if fix is None else [_at(fix.span), fix.text, fix.title],
    ]


def _read(data: Any) -> Diagnostic:
    from cascadelang.diagnostics.model import Diagnostic, Fix, Label

    name, severity, message, span, label, help_, notes, related, fix = data
    if severity not in ("error", "warning"):
        raise ValueError
    return Diagnostic(
        _text(name),
        severity,
        _text(message),
        _span(span),
        _text(label),
        _text(help_),
        tuple(map(_text, notes)),
        tuple(Label(_span(at), _text(words)) for at, words in related),
        None if fix is None else Fix(_span(fix[0]), _text(fix[1]), _text(fix[2])),
    )


def _at(span: Span) -> list[Any]:
    return [span.path, span.start, span.end]


def _span(data: Any) -> Span:
    path, start, end = data
    if type(start) is not int or type(end) is not int or not 0 <= start <= end:
        raise ValueError
    return Span(_text(path), start, end)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
