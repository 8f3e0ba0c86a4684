"""A diagnostic: one thing that is wrong with a file, where, and what to do about it.

Messages are lower case, have no full stop, and quote the user's own words in backticks.
"""

from __future__ import annotations

from typing import Literal

from cascadelang.source import Span
from cascadelang.source.frozen import dataclass

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Label:
    """A further place that explains a diagnostic, with a few words beside it."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A certain repair: replace the text under ``span`` with ``text``."""

    span: Span
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        name: the diagnostic's name, its code; it must stand in `cascadelang.diagnostics.codes`.
        severity: errors make the file unusable, warnings don't.
        message: what is wrong.
        span: the place underlined.
        label: a few words printed at the underline: why it is wrong there.
        help: what to do about it.
        notes: further facts, each a sentence.
        related: further places.
        fix: a repair, where one is certain.
    """

    name: str
    severity: Severity
    message: str
    span: Span
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()
    related: tuple[Label, ...] = ()
    fix: Fix | None = None
