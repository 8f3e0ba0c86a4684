"""Diagnostics as text: the place, the line with what is wrong underlined, and what to do.

Takes: a diagnostic and the sources its spans point into. Gives: text like this, without a line end after it::

    error[unknown-name]: no model, tier or policy is named `sonet`
      ┌─ support.cl:14:24
      │
    14│   route code -> opus else sonet
      │                           ^^^^^ not declared in this file or in "std/anthropic"
      │
      = help: did you mean `sonnet`?
      = docs: cascadelang explain unknown-name

Guarantees: no line breaks but its own, no control characters from the file reach the terminal, underlines stand under
what they mean also after tabs and wide characters, and long lines are clipped round the place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.source import SourceFile, Span

WIDTH = 160
"""Columns of source shown; longer lines are clipped round the place that is underlined."""

TAB = 4

_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class _Mark:
    """One underline."""

    span: Span
    message: str
    sign: str


def render(diagnostic: Diagnostic, sources: Mapping[str, SourceFile], *, colour: bool = False) -> str:
    """One diagnostic as text.

    Args:
        diagnostic: what to show.
        sources: the texts by path; where one is missing or empty, only the path is shown.
        colour: with ANSI colours.
    """
    paint = _Paint(colour)
    tint = paint.red if diagnostic.severity == "error" else paint.yellow
    title = f"{tint(f'{diagnostic.severity}[{diagnostic.name}]')}{paint.bold(': ' + visible(diagnostic.message))}"
    lines = [title]
    marks = [_Mark(diagnostic.span, diagnostic.label, "^")]
    marks += [_Mark(label.span, label.message, "-") for label in diagnostic.related]
    width = max([1, *(_number_width(mark.span, sources) for mark in marks)])
    gutter = " " * width + paint.blue("│")
    for number, (path, group) in enumerate(_by_file(marks)):
        lines += _file_lines(path, group, sources.get(path), width, paint, first=number == 0)
    if diagnostic.help or diagnostic.notes or diagnostic.name:
        lines.append(gutter)
    edge = " " * width + paint.blue("=")
    if diagnostic.help:
        lines += _noted(edge, "help", diagnostic.help, paint)
    unframed = [diagnostic.label] if diagnostic.label and _without_text(diagnostic.span, sources) else []
    for note in [*unframed, *diagnostic.notes]:
        lines += _noted(edge, "note", note, paint)
    lines.append(f"{edge} {paint.bold('docs')}: cascadelang explain {diagnostic.name}")
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], *, colour: bool = False) -> str:
    """Several diagnostics, with an empty line between each two."""
    return "\n\n".join(render(diagnostic, sources, colour=colour) for diagnostic in diagnostics)


def visible(text: str) -> str:
    """Text with control characters, and those that change its direction, made visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return " " * TAB
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return character


def columns(text: str) -> int:
    """How many terminal columns a text takes once it is made visible."""
    shown = visible(text)
    if shown.isascii():
        return len(shown)
    return sum(_width(character) for character in shown)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _number_width(span: Span, sources: Mapping[str, SourceFile]) -> int:
    source = sources.get(span.path)
    return 1 if source is None else len(str(source.position(span.end).line))


def _without_text(span: Span, sources: Mapping[str, SourceFile]) -> bool:
    """Whether a file is there in name only: it was read in vain, and nothing of it can be shown."""
    source = sources.get(span.path)
    return source is not None and not source.text


def _by_file(marks: list[_Mark]) -> list[tuple[str, list[_Mark]]]:
    """The marks grouped by file, the first mark's file first."""
    groups: dict[str, list[_Mark]] = {}
    for mark in marks:
        groups.setdefault(mark.span.path, []).append(mark)
    return list(groups.items())


def _file_lines(
    path: str, marks: list[_Mark], source: SourceFile | None, width: int, paint: _Paint, *, first: bool
) -> list[str]:
    """One file's excerpt."""
    corner = " " * width + paint.blue("┌─" if first else "├─")
    if source is None or not source.text:
        return [f"{corner} {visible(path)}"] if path else []
    at = source.position(marks[0].span.start)
    gutter = " " * width + paint.blue("│")
    lines = [f"{corner} {visible(path)}:{at.line}:{at.column}", gutter]
    by_line: dict[int, list[_Mark]] = {}
    for mark in marks:
        for line, part in _parts(mark, source):
            by_line.setdefault(line, []).append(part)
    last = 0
    for number in sorted(by_line):
        if last and number == last + 2:
            lines.append(_source_line(source, number - 1, width, paint, by_line[number])[0])
        elif last and number > last + 2:
            lines.append(" " * width + paint.blue("·"))
        lines += _source_line(source, number, width, paint, by_line[number])
        last = number
    return lines


def _parts(mark: _Mark, source: SourceFile) -> list[tuple[int, _Mark]]:
    """A mark on its first line, and, if it goes over several, on its last, where its words then stand."""
    start, end = source.position(mark.span.start), source.position(mark.span.end)
    if start.line == end.line or mark.span.end == source.line_starts[start.line]:
        return [(start.line, mark)]
    if end.column == 1:  # it ends with the line end before
        end = source.position(mark.span.end - 1)
    first_end = source.line_starts[start.line - 1] + len(source.line(start.line))
    last_line = source.line(end.line)
    last_start = source.line_starts[end.line - 1] + len(last_line) - len(last_line.lstrip())
    path = mark.span.path
    return [
        (
            start.line,
            _Mark(Span(path, mark.span.start, first_end), "" if end.line > start.line else mark.message, mark.sign),
        ),
        (end.line, _Mark(Span(path, min(last_start, mark.span.end), mark.span.end), mark.message, mark.sign)),
    ]


def _source_line(source: SourceFile, number: int, width: int, paint: _Paint, marks: list[_Mark]) -> list[str]:
    """A line of source and the underlines under it."""
    text = source.line(number)
    base = source.line_starts[number - 1]
    spots = [
        (max(0, mark.span.start - base), min(len(text), mark.span.end - base), mark)
        for mark in sorted(marks, key=lambda mark: mark.span.start)
    ]
    text, shift, lead = _clipped(text, spots)
    shown = visible(text)
    lines = [f"{number:>{width}}{paint.blue('│')} {lead}{shown}{'…' if shift[1] else ''}".rstrip()]
    gutter = " " * width + paint.blue("│")
    for start, end, mark in spots:
        begin = min(max(0, start - shift[0]), len(text))
        stop = min(max(begin, end - shift[0]), len(text))
        before = len(lead) + columns(text[:begin])
        under = mark.sign * max(1, columns(text[begin:stop]))
        tint = paint.red if mark.sign == "^" else paint.blue
        words = f" {visible(mark.message)}" if mark.message else ""
        lines.append(f"{gutter} {' ' * before}{tint(under + words)}")
    return lines


def _clipped(text: str, spots: list[tuple[int, int, _Mark]]) -> tuple[str, tuple[int, bool], str]:
    """A long line cut round its first underline: the text, how much was cut on the left and whether on the right."""
    if len(text) <= WIDTH:
        return text, (0, False), ""
    start = max(0, min(spots[0][0] - WIDTH // 3, len(text) - WIDTH)) if spots else 0
    return text[start : start + WIDTH], (start, start + WIDTH < len(text)), "…" if start else ""


def _noted(edge: str, word: str, text: str, paint: _Paint) -> list[str]:
    """A help or note, its further lines indented."""
    first, *rest = text.splitlines() or [""]
    indent = " " * (len(word) + 5)
    return [f"{edge} {paint.bold(word)}: {visible(first)}", *(f"{indent}{visible(line)}".rstrip() for line in rest)]


class _Paint:
    """Puts colour on words, or doesn't."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def _in(self, tint: str, text: str) -> str:
        return f"{tint}{text}{_PLAIN}" if self.colour else text

    def red(self, text: str) -> str:
        """For errors."""
        return self._in(_RED, text)

    def yellow(self, text: str) -> str:
        """For warnings."""
        return self._in(_YELLOW, text)

    def blue(self, text: str) -> str:
        """For the frame."""
        return self._in(_BLUE, text)

    def bold(self, text: str) -> str:
        """For titles."""
        return self._in(_BOLD, text)


__all__ = ["Label", "columns", "render", "render_all", "visible"]
