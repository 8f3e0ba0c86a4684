"""Comments that allow what a rule says: ``# cl: allow(name, name) because …``.

Takes: the comments of a file. Gives: its `Allow`s, which findings they silence, and what is wrong with them.
Guarantees: only what rules say can be silenced. A comment at the end of a line silences what begins on that line, or
anywhere in a declaration that ends there; one that stands alone, what begins on the next line that isn't a comment,
or anywhere in a declaration that begins there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from cascadelang.diagnostics.model import Diagnostic, Fix
from cascadelang.semantics.checked import Module
from cascadelang.source import SourceFile, Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast

MARK: Final = "cl:"
_BEGINS: Final = re.compile(r"#+\s*(cl:)\s*", re.IGNORECASE)
_FORM: Final = re.compile(r"allow\s*\(([^()]*)\)\s*(.*)")
_REASON: Final = re.compile(r"because\s+\S")
_NAME: Final = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Allow:
    """One comment.

    Attributes:
        names: what it allows, each with its place.
        span: of the comment.
        lines: the first and the last line it speaks of.
        reason: why, as it was written; empty when it doesn't say.
        used: the names of it that silenced something; filled while findings are looked at.
    """

    names: tuple[tuple[str, Span], ...]
    span: Span
    lines: tuple[int, int]
    reason: str
    used: set[str] = field(default_factory=set)

    def silences(self, name: str, line: int) -> bool:
        """Whether it speaks of a finding of that name on that line."""
        return self.lines[0] <= line <= self.lines[1] and any(name == own for own, _ in self.names)


@dataclass(frozen=True, slots=True)
class Unread:
    """A comment that may be meant to allow something and can't be read.

    Attributes:
        span: of the comment.
        said: what it says behind the mark.
        mark: the place of the mark.
    """

    span: Span
    said: str
    mark: Span


def allows_of(module: Module) -> tuple[list[Allow], list[Unread]]:
    """The comments of a file that allow something, and those that try to and can't be read, with what they say."""
    found: list[Allow] = []
    unread: list[Unread] = []
    lines = _Lines(module)
    for comment in module.file.comments:
        begins = _BEGINS.match(comment.text)
        if begins is None:
            continue
        form = _FORM.fullmatch(comment.text[begins.end() :].rstrip())
        if begins[1] != MARK and form is None:
            continue  # a remark on something of that name
        if begins[1] != MARK or form is None or not _NAME.search(form[1]):
            start = comment.span.start + begins.start(1)
            mark = Span(comment.span.path, start, start + len(MARK))
            unread.append(Unread(comment.span, comment.text[begins.end() :].strip(), mark))
            continue
        at = comment.span.start + begins.end() + form.start(1)
        names = tuple(
            (name[0], Span(comment.span.path, at + name.start(), at + name.end())) for name in _NAME.finditer(form[1])
        )
        reason = form[2] if _REASON.match(form[2]) else ""
        found.append(Allow(names, comment.span, lines.of(comment), reason))
    return found, unread


class _Lines:
    """Which lines the comments of a file speak of."""

    def __init__(self, module: Module) -> None:
        self._source = module.source
        position = module.source.position
        self._decls = {position(d.span.start).line: position(d.span.end).line for d in reversed(module.file.decls)}
        self._begun = {end: start for start, end in self._decls.items()}
        self._after: dict[int, int] = {}

    def of(self, comment: ast.Comment) -> tuple[int, int]:
        """The first and the last line that a comment speaks of."""
        own = self._source.position(comment.span.start).line
        if not _alone(self._source, own):  # `fmt` may have given what ends here several lines
            return self._begun.get(own, own), own
        line = self._next(own + 1)
        return line, self._decls.get(line, line)

    def _next(self, line: int) -> int:
        """The first line from ``line`` on that isn't a comment; known for all lines that were passed."""
        passed = []
        while line not in self._after and _alone(self._source, line):
            passed.append(line)
            line += 1
        line = self._after.get(line, line)
        self._after.update(dict.fromkeys(passed, line))
        return line


def _alone(source: SourceFile, line: int) -> bool:
    """Whether nothing but a comment stands on a line."""
    return source.line(line).lstrip().startswith("#")


def complaints(
    allows: Iterable[Allow],
    unread: Iterable[Unread],
    source: SourceFile,
    looked_at: frozenset[str],
) -> Iterator[Diagnostic]:
    """What is wrong with the comments themselves.

    Args:
        allows: of one file, after all findings were looked at.
        unread: as `allows_of` gives them.
        source: the file.
        looked_at: the names of the rules that were looked at: only of these it is known that nothing was silenced.
    """
    for comment in unread:
        mark = source.snippet(comment.mark)
        if mark != MARK:
            yield Diagnostic(
                "unknown-allow",
                "warning",
                f"a comment with `{mark}` allows nothing",
                comment.mark,
                help=f"write `{MARK}`, in small letters",
                fix=Fix(comment.mark, MARK, f"change to `{MARK}`"),
            )
            continue
        yield Diagnostic(
            "unknown-allow",
            "warning",
            f"`{_cut(comment.said)}` can't be read" if comment.said else f"nothing is said behind `{MARK}`",
            comment.span,
            help=f"write `# {MARK} allow(NAME) because REASON`",
        )
    for allow in allows:
        yield from _misnamed(allow)
        if not allow.reason:
            yield Diagnostic(
                "unreasoned-allow",
                "warning",
                "the comment doesn't say why",
                allow.span,
                help="write the reason behind it: `because …`",
            )
        unused = [(n, at) for n, at in allow.names if n in looked_at and n not in allow.used]
        for number, (name, span) in enumerate(unused):
            yield Diagnostic(
                "unused-allow",
                "warning",
                f"nothing here needs `{name}` allowed",
                span,
                help="take it out",
                fix=_removal(allow, source) if number == 0 and len(unused) == len(allow.names) else None,
            )


def _misnamed(allow: Allow) -> Iterator[Diagnostic]:
    """The names in a comment that no rule has."""
    from cascadelang.lint.levels import problem

    for name, span in allow.names:
        wrong = problem(name)
        if wrong is not None:
            yield Diagnostic("unknown-allow", "warning", wrong[0], span, help=wrong[1])


def _removal(allow: Allow, source: SourceFile) -> Fix:
    """Takes the comment out, with its line when it stands alone."""
    line = source.position(allow.span.start).line
    start = source.line_starts[line - 1]
    if _alone(source, line):
        end = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
        return Fix(Span(allow.span.path, start, end), "", "take the comment out")
    before = source.text[start : allow.span.start]
    return Fix(Span(allow.span.path, start + len(before.rstrip()), allow.span.end), "", "take the comment out")


def _cut(words: str) -> str:
    return words if len(words) <= 40 else f"{words[:39]}…"
