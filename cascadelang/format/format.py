"""Formats a policy file.

Takes: a source file. Gives: a `Formatted`: the one layout of what it says, or why it has none. Guarantees: never
raises; the text given says the same, which is made sure of by reading it again: its tree is equal and its comments
are the same, in the same order. What is formatted stays as it is when it is formatted again.

The layout depends on what a file says and on where its comments and empty lines are, and on nothing else.
"""

from __future__ import annotations

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.format.ast_to_doc import DeclarationLayout
from cascadelang.format.cursor import Cursor, LostPlace
from cascadelang.format.page import WIDTH, Line, lay_out
from cascadelang.source import SourceFile, Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast
from cascadelang.syntax.parse import MAX_FILE_CHARACTERS, parse, parse_with_tokens

_CLOSING = frozenset(")]}")

COMMENT_GAP = 2
"""Spaces before a comment at the end of a line, at the least."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """What became of a file.

    Attributes:
        text: the file laid out, with the line ends that its first line has; ``None`` when it was refused.
        diagnostics: the errors for which it was refused.
        unsafe: whether it was refused because its layout would have said something else: a mistake of ours.
    """

    text: str | None
    diagnostics: tuple[Diagnostic, ...] = ()
    unsafe: bool = False


def format_source(source: SourceFile) -> Formatted:
    """Lay a file out. See the module for what is guaranteed."""
    parsed, tokens = parse_with_tokens(source)
    if any(d.severity == "error" for d in parsed.diagnostics):
        return Formatted(None, parsed.diagnostics)
    try:
        doc = DeclarationLayout(Cursor(source, tokens)).file(parsed.file.decls)
    except (LostPlace, IndexError, KeyError):
        return Formatted(None, (), unsafe=True)
    text = "".join(f"{line}\n" for line in _with_comments(lay_out(doc, WIDTH)))
    if len(text) > MAX_FILE_CHARACTERS:
        return Formatted(None, (_too_large(source),))
    if not _says_the_same(text, parsed.file):
        return Formatted(None, (), unsafe=True)
    return Formatted(text.replace("\n", "\r\n") if _has_crlf(source.text) else text)


def _with_comments(lines: list[Line]) -> list[str]:
    """The lines with the comments at their ends, those of lines that follow each other in one column."""
    done: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.comment:
            done.append(line.text)
            at += 1
            continue
        end = at + 1
        indent = _indent(line)
        while end < len(lines) and lines[end].comment and _indent(lines[end]) == indent >= 0:
            end += 1
        done += _in_a_column(lines[at:end])
        at = end
    return done


def _in_a_column(lines: list[Line]) -> list[str]:
    """Lines with comments at their ends; in a column if that brings none beyond the width."""
    column = max(len(line.text) for line in lines) + COMMENT_GAP
    columns = [column] * len(lines)
    if column + max(len(line.comment) for line in lines) > WIDTH:
        columns = [len(line.text) + COMMENT_GAP for line in lines]
    return [line.text.ljust(column) + line.comment for line, column in zip(lines, columns, strict=True)]


def _indent(line: Line) -> int:
    """How far in a line begins; under 0 for one that ends something begun further up, a long text or brackets."""
    said = line.text.lstrip(" ")
    return -1 if line.inside or said[:1] in _CLOSING else len(line.text) - len(said)


def _has_crlf(text: str) -> bool:
    """Whether a file's lines end as Windows' do: its first one does, and carriage returns are nothing else in it."""
    at = text.find("\n")
    return at > 0 and text[at - 1] == "\r" and "\r" not in text.replace("\r\n", "\n")


def _too_large(source: SourceFile) -> Diagnostic:
    return Diagnostic(
        "file-too-large",
        "error",
        f"laid out, the file would have more than {MAX_FILE_CHARACTERS:,} characters",
        Span(source.path, 0, 0),
        help="parts of a policy can be brought in with `use`",
    )


def _says_the_same(text: str, file: ast.PolicyFile) -> bool:
    """Whether a text reads as this file."""
    again = parse(SourceFile(file.path, text))
    if any(d.severity == "error" for d in again.diagnostics):
        return False
    return again.file.decls == file.decls and again.file.comments == file.comments
