"""An expectation that wasn't met: its lines, and under every part of it the value it had.

Takes: an `Unmet` and the file's text. Gives: lines like these::

       │
    26 │   expect path == [large] and cost < $0.01
       │          ^^^^ ^^         ^   ^^^^ ^
       │          │    false          │    true
       │          [small]             $0.0021

Guarantees: values stand under what they are of, also after tabs and wide characters; those that would touch go on
lines of their own; no control character of the file or of an answer reaches the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cascadelang.cli.paint import one_line, paint
from cascadelang.diagnostics.render_text import columns, visible
from cascadelang.source import Span
from cascadelang.syntax import ast
from cascadelang.workspace.expectations import shown
from cascadelang.workspace.figures import money, seconds

if TYPE_CHECKING:
    from cascadelang.source import SourceFile
    from cascadelang.workspace.expectations import Looked
    from cascadelang.workspace.test_report import Unmet

_LONGEST = 80
"""Columns of a value; longer ones are cut."""


def draw_expectation(unmet: Unmet, source: SourceFile) -> Iterator[str]:
    """The lines of one expectation, and under each the values of what stands there."""
    span = unmet.clause.span
    first, last = source.position(span.start).line, source.position(max(span.start, span.end - 1)).line
    width = len(str(last))
    gutter = paint(f"{'':>{width}} │", "blue")
    # The whole is false or unknown, or it wouldn't be here.
    looked = [look for look in unmet.looked if look.name or look.expr is not unmet.clause.expr]
    marks = [(place(look, source), value_wording(look)) for look in looked]
    yield gutter
    for number in range(first, last + 1):
        text = source.line(number)
        yield f"{paint(f'{number:>{width}} │', 'blue')} {visible(text)}".rstrip()
        base = source.line_starts[number - 1]
        here = [
            (columns(text[: at.start - base]), columns(text[at.start - base : at.end - base]), value)
            for at, value in marks
            if base <= at.start <= base + len(text)
        ]
        for line in _under(sorted(here)):
            yield f"{gutter} {paint(line, 'red')}"
    if not unmet.known:
        yield f"{gutter} {paint('it is not known whether this holds', 'yellow')}"
    yield gutter


def _under(marks: list[tuple[int, int, str]]) -> Iterator[str]:
    """The carets, and the values under them, from right to left; what has no room waits under a bar."""
    if not marks:
        return
    carets = ""
    for column, length, _ in marks:
        carets = carets.ljust(column) + "^" * max(1, length)
    yield carets
    while marks:
        line: list[tuple[int, str]] = []
        waiting: list[tuple[int, int, str]] = []
        right = -1
        for column, length, value in reversed(marks):
            if right < 0 or column + columns(value) + 1 < right:
                line.append((column, value))
            else:
                line.append((column, "│"))
                waiting.append((column, length, value))
            right = column
        drawn, at = "", 0
        for column, words in reversed(line):
            drawn += " " * (column - at) + words
            at = column + columns(words)
        yield drawn
        marks = waiting[::-1]


def place(look: Looked, source: SourceFile) -> Span:
    """Where a part's value is shown: under a name, or under the sign that works the value out."""
    match look.expr:
        case ast.Compare(op=op, left=left, right=right) | ast.Arith(op=op, left=left, right=right):
            return _between(left.span, right.span, re.escape(op), source)
        case ast.In(value=value, items=items):
            return _between(value.span, items.span, r"\b(not\s+)?in\b", source)
        case ast.Logic(op=op, values=(left, right, *_)):
            return _between(left.span, right.span, rf"\b{op}\b", source)
        case ast.IsMissing(value=value, span=span):
            return _between(value.span, Span(span.path, span.end, span.end), r"\bis\b", source)
        case ast.Not(span=span):
            return Span(span.path, span.start, span.start + len("not"))
    return look.expr.span


def _between(left: Span, right: Span, pattern: str, source: SourceFile) -> Span:
    """The sign between two parts, which comments may surround."""
    text = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), source.text[left.end : right.start])
    found = re.search(pattern, text)
    if found is None:
        return left
    return Span(left.path, left.end + found.start(), left.end + found.end())


def value_wording(look: Looked) -> str:
    """A value in its unit."""
    if look.value is None:
        return "missing" if look.name.startswith("case.") else "unknown"
    if look.name == "cost":
        return money(float(look.value))
    if look.name == "latency":
        return seconds(float(look.value))
    if look.name == "answer":
        return f'"{one_line(str(look.value), 60)}"'
    return visible(one_line(shown(look.value), _LONGEST)) or '""'
