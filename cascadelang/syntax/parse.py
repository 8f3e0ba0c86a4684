"""Text to syntax tree.

Takes: a `SourceFile`. Gives: a `ParseResult`: the declarations that could be read, and what is wrong with the others.
Guarantees: never raises; every diagnostic lies inside the text; files larger than `MAX_FILE_CHARACTERS` and nesting
deeper than ``tokens.MAX_NESTING`` are one clear error each, found quickly.
"""

from __future__ import annotations

from dataclasses import dataclass

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import SourceFile, Span
from cascadelang.syntax import ast
from cascadelang.syntax.build_ast import Builder
from cascadelang.syntax.machine import Machine
from cascadelang.syntax.tables import load_tables
from cascadelang.syntax.tokens import tokenize

MAX_FILE_CHARACTERS = 1_000_000
"""Larger policy files are refused: the largest sensible ones have some thousands of lines."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What was read.

    Attributes:
        file: the declarations that could be read, in order.
        diagnostics: errors, ordered by place.
        damaged: names of declarations that were begun but couldn't be read; to say that these are unknown would be
            to report one mistake twice.
    """

    file: ast.PolicyFile
    diagnostics: tuple[Diagnostic, ...]
    damaged: frozenset[str] = frozenset()


def parse(source: SourceFile) -> ParseResult:
    """Reads one policy file. See the module for what is guaranteed."""
    whole = Span(source.path, 0, len(source.text))
    if len(source.text) > MAX_FILE_CHARACTERS:
        told = Diagnostic(
            "file-too-large",
            "error",
            f"the file has more than {MAX_FILE_CHARACTERS:,} characters",
            Span(source.path, 0, 0),
            help="a policy this large is most likely another file; parts of a policy can be brought in with `use`",
        )
        return ParseResult(ast.PolicyFile(source.path, (), (), whole), (told,))
    tokens = tokenize(source)
    builder = Builder(source, tokens)
    machine = Machine(load_tables(), tokens, builder)
    diagnostics: list[Diagnostic] = []
    damaged: set[str] = set()
    if not machine.run():
        from cascadelang.syntax.recover import recover

        damaged = recover(machine, diagnostics)
    elif tokens.guesses:
        from cascadelang.syntax.recover import drop_guessed

        damaged = drop_guessed(machine, set())
    found = sorted([*tokens.diagnostics, *builder.diagnostics, *diagnostics], key=lambda d: (d.span.start, d.span.end))
    file = ast.PolicyFile(source.path, tuple(machine.decls), tuple(tokens.comments), whole)
    return ParseResult(file, tuple(found), frozenset(damaged))
