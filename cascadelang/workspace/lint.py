"""Lints policy files.

Takes: paths. Gives: a `LintReport`, and its text; `lint_output` has the other forms. Guarantees: each file's
diagnostics are those of the file and of what it uses, each shown once even where several files use the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascadelang.source import SourceFile
from cascadelang.workspace.find import none_found, policy_files
from cascadelang.workspace.load import prove

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic


@dataclass(frozen=True, slots=True)
class LintReport:
    """What lint found.

    Attributes:
        files: the paths that were linted, in order.
        diagnostics: all findings, file by file.
        sources: the text of every file that takes part, by path.
        fixed: titles of the repairs that were made.
    """

    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    fixed: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(d.severity == "error" for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return sum(d.severity == "warning" for d in self.diagnostics)


def lint(paths: Sequence[str], *, fix: bool = False) -> LintReport:
    """Lint the policy files under ``paths``; under the working directory when no path is given.

    Args:
        paths: files and folders.
        fix: make the repairs that are certain, in these files and in none that they only use, then look again.

    Raises:
        Mistake: when there is no policy file.
    """
    files = policy_files(paths)
    if not files:
        raise none_found(paths)
    report = _look(files)
    if not fix:
        return report
    from cascadelang.workspace.fix import apply_fixes

    fixed = apply_fixes(report.diagnostics, report.sources, files)
    if not fixed:
        return report
    again = _look(files)
    return LintReport(again.files, again.diagnostics, again.sources, tuple(fixed))


def _look(files: Sequence[str]) -> LintReport:
    found: dict[Diagnostic, None] = {}
    sources: dict[str, SourceFile] = {}
    for path in files:
        proved = prove(path)
        found.update(dict.fromkeys(proved.diagnostics))
        sources.update(proved.sources)
    return LintReport(tuple(files), tuple(found), sources)


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], *, colour: bool = False) -> str:
    """Diagnostics as text, with the places they are about."""
    from cascadelang.diagnostics.render_text import render_all

    return render_all(diagnostics, sources, colour=colour)


def output_of(paths: Sequence[str]) -> str:
    """What the settings say about output, for what is linted."""
    from cascadelang.workspace.config import read

    return read(paths[0] if paths else ".").output
