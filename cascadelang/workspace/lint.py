"""Lints policy files.

Takes: paths. Gives: a `LintReport`, and its text; `lint_output` has the other forms. Guarantees: each file's
diagnostics are those of the file and of what it uses, each shown once even where several files use the same one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascadelang.source import SourceFile
from cascadelang.workspace.find import none_found, policy_files
from cascadelang.workspace.load import prove

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic
    from cascadelang.lint.engine import Allowed
    from cascadelang.lint.levels import Levels


@dataclass(frozen=True, slots=True)
class LintReport:
    """What lint found.

    Attributes:
        files: the paths that were linted, in order.
        diagnostics: all findings, file by file.
        sources: the text of every file that takes part, by path.
        fixed: titles of the repairs that were made.
        allowed: findings that comments in the files silence.
    """

    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    fixed: tuple[str, ...] = ()
    allowed: tuple[Allowed, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(d.severity == "error" for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return sum(d.severity == "warning" for d in self.diagnostics)


def lint(
    paths: Sequence[str],
    *,
    fix: bool = False,
    locked: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> LintReport:
    """Lint the policy files under ``paths``; under the working directory when no path is given.

    Args:
        paths: files and folders.
        fix: make the repairs that are certain, in these files and in none that they only use, then look again.
        locked: tell where locks are missing or out of date.
        select: names of the only rules to look at, whatever the settings say of them; empty is all. Errors of the
            language are always told.
        ignore: names of rules not to look at.

    Raises:
        Mistake: when there is no policy file, a rule isn't one, or the settings can't be read.
    """
    if select or ignore:
        from cascadelang.workspace.rules import check_names

        check_names((*select, *ignore), usage=True)
    files = policy_files(paths)
    if not files:
        raise none_found(paths)
    levels = _LevelsOf(frozenset(select) if select else None, frozenset(ignore))
    report = _look(files, levels, locked=locked)
    if not fix:
        return report
    from cascadelang.workspace.fix import apply_fixes

    fixed = apply_fixes(report.diagnostics, report.sources, files)
    if not fixed:
        return report
    again = _look(files, levels, locked=locked)
    return LintReport(again.files, again.diagnostics, again.sources, tuple(fixed), again.allowed)


class _LevelsOf:
    """What rules count as, file by file: the settings of each folder are read once."""

    def __init__(self, select: frozenset[str] | None, ignore: frozenset[str]) -> None:
        self._select = select
        self._ignore = ignore
        self._known: dict[str, Levels | None] = {}

    def __call__(self, path: str) -> Levels | None:
        folder = os.path.dirname(path)  # noqa: PTH120 - a text is all that is needed
        if folder not in self._known:
            self._known[folder] = self._read(path)
        return self._known[folder]

    def _read(self, path: str) -> Levels | None:
        from cascadelang.workspace.config import read

        config = read(path)
        if self._select is None and not self._ignore:
            return config.levels
        from cascadelang.lint.levels import Levels

        return Levels(config.rules, self._select, self._ignore)


def _look(files: Sequence[str], levels: _LevelsOf, *, locked: bool) -> LintReport:
    found: dict[Diagnostic, None] = {}
    allowed: dict[Allowed, None] = {}
    sources: dict[str, SourceFile] = {}
    for path in files:
        proved = prove(path, levels=levels(path), locked=locked)
        found.update(dict.fromkeys(proved.diagnostics))
        allowed.update(dict.fromkeys(proved.allowed))
        sources.update(proved.sources)
    return LintReport(tuple(files), tuple(found), sources, allowed=tuple(allowed))


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], *, colour: bool = False) -> str:
    """Diagnostics as text, with the places they are about."""
    from cascadelang.diagnostics.render_text import render_all

    return render_all(diagnostics, sources, colour=colour)


def output_of(paths: Sequence[str]) -> str:
    """What the settings say about output, for what is linted."""
    from cascadelang.workspace.config import read

    return read(paths[0] if paths else ".").output
