"""Makes the repairs that diagnostics are certain of.

Takes: what was found, and the files that may be changed. Gives: `Repairs`: the texts as repaired, what was done and
what was left. Guarantees: nothing is written here but by `write`; repairs that overlap are not both made; a repair
after which a file had more errors than before is taken back; files that aren't named, among them those that ship with
the package, stay as they are; it ends, after `ROUNDS` rounds at the latest.

A repair often lets the next mistake be seen: the parser tells one in each declaration, and names are only looked up
where it read one. So repairs are made in rounds, until nothing more is certain.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cascadelang.source import DiskFiles, FileMissing, SourceFile
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic, Fix
    from cascadelang.lint.levels import Levels

ROUNDS = 20
_MANY = 1 << 30


@dataclass(frozen=True, slots=True)
class Repairs:
    """What can be repaired.

    Attributes:
        before: the texts of the files that change, by the path they were named by.
        after: the same, repaired.
        titles: for each repair the path of its file, and its file, line and title in words; in the order of the text,
            round by round.
        left: the words for repairs that were taken back.
        unwritten: why files couldn't be written.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    titles: tuple[tuple[str, str], ...]
    left: tuple[str, ...]
    unwritten: tuple[Mistake, ...] = ()

    @property
    def made(self) -> tuple[str, ...]:
        """The words for repairs that were made."""
        return tuple(words for _, words in self.titles)

    def write(self) -> Repairs:
        """Replace the files, and give what became of it: one that can't be written holds up none of the others."""
        from cascadelang.workspace.replace import replace_file

        unwritten: dict[str, Mistake] = {}
        for path, text in self.after.items():
            try:
                begins = DiskFiles().read_bytes(path)[:3]
                mark = "\ufeff" if begins == b"\xef\xbb\xbf" else ""
                replace_file(path, mark + text, was=self.before[path])
            except FileMissing as why:
                unwritten[path] = Mistake(f"`{path}` can't be written: {why}")
            except Mistake as why:
                unwritten[path] = why
        written = {path: text for path, text in self.after.items() if path not in unwritten}
        titles = tuple(one for one in self.titles if one[0] in written)
        return Repairs(self.before, written, titles, self.left, tuple(unwritten.values()))


def repair(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, SourceFile],
    files: Iterable[str],
    levels: Callable[[str], Levels | None],
) -> Repairs:
    """Find out what the repairs that are certain make of the files.

    Args:
        diagnostics: what was found in them.
        sources: the texts by path.
        files: the files that may be changed.
        levels: what rules count as in a file.
    """
    allowed = {os.path.realpath(file): file for file in files}
    work = _Work(levels)
    found: Iterable[Diagnostic] = diagnostics
    for _ in range(ROUNDS):
        by_file: dict[str, list[Diagnostic]] = {}
        for diagnostic in found:
            path = allowed.get(os.path.realpath(diagnostic.fix.span.path)) if diagnostic.fix else None
            if path is not None and (path, diagnostic.fix) not in work.refused:
                by_file.setdefault(path, []).append(diagnostic)
        changed = []
        for path, fixable in by_file.items():
            source = sources.get(path) or SourceFile(path, work.text_of(path))
            if work.mend(path, work.edited.get(os.path.realpath(path), source.text), fixable):
                changed.append(path)
        if not changed:
            break
        found = [diagnostic for path in changed for diagnostic in work.state(path).diagnostics]
    return work.repairs(allowed)


def applied(text: str, diagnostics: Iterable[Diagnostic]) -> tuple[str, list[Diagnostic]]:
    """A text with these repairs, and the diagnostics whose repair was made: of two that overlap the later one's."""
    end = len(text) + 1
    made = []
    for diagnostic in _from_the_end(diagnostics):
        fix = diagnostic.fix
        if fix is not None and fix.span.end <= end:
            text = text[: fix.span.start] + fix.text + text[fix.span.end :]
            end = fix.span.start
            made.append(diagnostic)
    return text, made


def _from_the_end(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda d: d.fix.span.start if d.fix else 0, reverse=True)


@dataclass(frozen=True, slots=True)
class _State:
    """What is wrong with a file at one moment."""

    diagnostics: Sequence[Diagnostic]
    syntax: int
    errors: int
    names: Mapping[str, int]


class _Edited(DiskFiles):
    """Files on the disk, some with other texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`."""
        text = self._texts.get(os.path.realpath(path))
        return super().read_bytes(path) if text is None else text.encode()


@dataclass(slots=True)
class _Work:
    """Repairs under way.

    Attributes:
        levels: what rules count as in a file.
        edited: the texts as they are now, by real path.
        before: the texts as they were.
        made: what was done: the file, and the words for it.
        refused: repairs that were taken back, with their file.
    """

    levels: Callable[[str], Levels | None]
    edited: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    made: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[tuple[str, object], str] = field(default_factory=dict)

    def text_of(self, path: str) -> str:
        """A file's text on the disk, for one that nothing but its fix points into."""
        return DiskFiles().read_bytes(path).decode("utf-8-sig")

    def state(self, path: str) -> _State:
        """What is wrong with a file as it is now."""
        from cascadelang.syntax.parse import parse
        from cascadelang.workspace.load import prove

        text = self.edited[os.path.realpath(path)]
        syntax = sum(d.severity == "error" for d in parse(SourceFile(path, text)).diagnostics)
        try:
            found = prove(path, _Edited(self.edited), levels=self.levels(path)).diagnostics
        except Mistake:  # beyond the limits of a graph, say
            return _State((), syntax, _MANY, {})
        errors = sum(d.severity == "error" for d in found)
        return _State(found, syntax, errors, Counter(d.name for d in found))

    def mend(self, path: str, text: str, diagnostics: Sequence[Diagnostic]) -> bool:
        """Repair one file: all at once if that does what it should, else one by one. Whether anything was done."""
        real = os.path.realpath(path)
        self.edited[real] = text
        before = self.state(path)
        repaired, made = applied(text, diagnostics)
        self.edited[real] = repaired
        if not _cured(before, self.state(path), made):
            self.edited[real] = text
            made = self._one_by_one(path, diagnostics, before)
        if made:
            self.before.setdefault(path, text)
            self.made += [(path, _told(path, text, d.fix)) for d in reversed(made) if d.fix]
        return bool(made)

    def _one_by_one(self, path: str, diagnostics: Sequence[Diagnostic], before: _State) -> list[Diagnostic]:
        """Make each repair by itself, and take back those that make things worse."""
        real = os.path.realpath(path)
        made: list[Diagnostic] = []
        end = len(self.edited[real]) + 1
        for diagnostic in _from_the_end(diagnostics):
            fix = diagnostic.fix
            if fix is None or fix.span.end > end:
                continue
            text = self.edited[real]
            self.edited[real], _ = applied(text, [diagnostic])
            after = self.state(path)
            if _bettered(before, after, diagnostic):
                before, end = after, fix.span.start
                made.append(diagnostic)
            else:
                self.edited[real] = text
                self.refused[path, fix] = _told(path, text, fix)
        return made

    def repairs(self, allowed: Mapping[str, str]) -> Repairs:
        """The end of it."""
        after = {allowed[real]: text for real, text in self.edited.items() if allowed[real] in self.before}
        return Repairs(self.before, after, tuple(self.made), tuple(self.refused.values()))


def _told(path: str, text: str, fix: Fix) -> str:
    """A repair, with the line of ``text`` that it is made in."""
    line = text.count("\n", 0, fix.span.start) + 1
    return f"{path}:{line}: {fix.title}"


def _cured(before: _State, after: _State, made: Sequence[Diagnostic]) -> bool:
    """Whether several repairs did all that they should, and nothing else came to light."""
    errors = sum(d.severity == "error" for d in made)
    if before.syntax:
        return after.syntax <= before.syntax - errors and after.errors <= before.errors - errors
    return not after.syntax and after.errors <= before.errors - errors and all(_fewer(before, after, d) for d in made)


def _bettered(before: _State, after: _State, made: Diagnostic) -> bool:
    """Whether one repair left the file no worse, and its own finding gone.

    What a mistake of syntax hid may come to light when it is repaired, so names and types count only where the file
    could be read before.
    """
    if after.syntax < before.syntax:
        return True
    if after.syntax > before.syntax:
        return False
    return after.errors <= before.errors and (_fewer(before, after, made) or before.syntax > 0)


def _fewer(before: _State, after: _State, made: Diagnostic) -> bool:
    return after.names.get(made.name, 0) < before.names.get(made.name, 0)
