"""Lints policy files.

Takes: paths. Gives: a `LintReport`, and its text; `lint_output` has the other forms. Guarantees: each file's
diagnostics are those of the file and of what it uses, each shown once even where several files use the same one; the
report is the same whether files are linted now or were linted before, here or in several processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cascadelang.source import SourceFile
from cascadelang.source.frozen import dataclass
from cascadelang.workspace.find import none_found, policy_files

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic
    from cascadelang.lint.engine import Allowed
    from cascadelang.lint.levels import Levels
    from cascadelang.workspace.fix import Repairs
    from cascadelang.workspace.lint_cache import LintCache
    from cascadelang.workspace.lint_file import Findings
    from cascadelang.workspace.mistake import Mistake


@dataclass(frozen=True, slots=True)
class LintReport:
    """What lint found.

    Attributes:
        files: the paths that were linted, in order.
        diagnostics: all findings, file by file.
        sources: the texts that findings point into, by path.
        repairs: what was repaired, where that was asked for.
        allowed: findings that comments in the files silence.
    """

    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    repairs: Repairs | None = None
    allowed: tuple[Allowed, ...] = ()

    @property
    def fixed(self) -> tuple[str, ...]:
        """Titles of the repairs that were made."""
        return self.repairs.made if self.repairs is not None else ()

    @property
    def unwritten(self) -> tuple[Mistake, ...]:
        """Why files that were to be repaired couldn't be written."""
        return self.repairs.unwritten if self.repairs is not None else ()

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
    write: bool = True,
    locked: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    cached: bool = False,
    jobs: int | None = 1,
) -> LintReport:
    """Lint the policy files under ``paths``; under the working directory when no path is given.

    Args:
        paths: files and folders.
        fix: make the repairs that are certain, in these files and in none that they only use, then look again.
        write: with ``fix``, replace the files; without, only say what the repairs would make of them.
        locked: tell where locks are missing or out of date.
        select: names of the only rules to look at, whatever the settings say of them; empty is all. Errors of the
            language are always told.
        ignore: names of rules not to look at.
        cached: use what was found before in files that haven't changed, and keep what is found now.
        jobs: how many processes lint; ``None`` chooses by the number of files and cores.

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
    cache = None
    if cached and not fix:
        from cascadelang.workspace.lint_cache import LintCache

        cache = LintCache(locked=locked)
    report = _look(files, levels, cache, jobs, locked=locked)
    if not fix:
        return report
    from cascadelang.workspace.fix import repair

    repairs = repair(report.diagnostics, report.sources, files, levels)
    if write and repairs.made:
        repairs = repairs.write()
        report = _look(files, levels, None, jobs, locked=locked)
    return LintReport(report.files, report.diagnostics, report.sources, repairs, report.allowed)


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


def _look(
    files: Sequence[str], levels: _LevelsOf, cache: LintCache | None, jobs: int | None, *, locked: bool
) -> LintReport:
    """Lint the files that nothing is known of, and put all findings together."""
    done: dict[str, Findings | Mistake] = {}
    if cache is not None:
        for path in files:
            known = cache.find(path, levels(path))
            if known is not None:
                done[path] = known
    todo = [(path, levels(path)) for path in files if path not in done]
    if todo:
        from cascadelang.workspace.lint_spread import attempt, processes, spread

        many = processes(len(todo), jobs)
        if many > 1:
            done.update(zip((path for path, _ in todo), spread(todo, many, cache, locked=locked), strict=True))
        for path, level in todo if many == 1 else ():
            done[path] = result = attempt(path, level, cache, locked=locked)
            if isinstance(result, Exception):  # it is what will be told
                break
    return _together(files, done)


def _together(files: Sequence[str], done: Mapping[str, Findings | Mistake]) -> LintReport:
    """One report of what was found file by file.

    Raises:
        Mistake: the first that kept a file from being looked at.
    """
    found: dict[Diagnostic, None] = {}
    silenced: dict[tuple[Diagnostic, str], None] = {}
    sources: dict[str, SourceFile] = {}
    for path in files:
        result = done[path]
        if isinstance(result, Exception):
            raise result
        found.update(dict.fromkeys(result.diagnostics))
        silenced.update(dict.fromkeys(result.allowed))
        sources.update(result.sources)
    if not silenced:
        return LintReport(tuple(files), tuple(found), sources)
    from cascadelang.lint.engine import Allowed

    allowed = tuple(Allowed(diagnostic, reason) for diagnostic, reason in silenced)
    return LintReport(tuple(files), tuple(found), sources, allowed=allowed)


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], *, colour: bool = False) -> str:
    """Diagnostics as text, with the places they are about."""
    from cascadelang.diagnostics.render_text import render_all

    return render_all(diagnostics, sources, colour=colour)


def output_of(paths: Sequence[str]) -> str:
    """What the settings say about output, for what is linted."""
    from cascadelang.workspace.config import read

    return read(paths[0] if paths else ".").output
