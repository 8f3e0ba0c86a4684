"""Text to syntax tree.

Takes: a `SourceFile`. Gives: a `ParseResult`: the declarations that could be read, and what is wrong with the others.
Guarantees: never raises; every diagnostic lies inside the text; files larger than `MAX_FILE_CHARACTERS` and nesting
deeper than ``tokens.MAX_NESTING`` are one clear error each, found quickly.
"""

from __future__ import annotations

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import SourceFile, Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast
from cascadelang.syntax.build_ast import Builder
from cascadelang.syntax.machine import Machine
from cascadelang.syntax.tables import load_tables
from cascadelang.syntax.tokens import MAX_NESTING, Tokens, tokenize
from cascadelang.syntax.visit import depth

MAX_FILE_CHARACTERS = 1_000_000
"""Larger policy files are refused: the largest sensible ones have some thousands of lines."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What was read.

    Attributes:
        file: the declarations that could be read, in order; those whose meaning had to be guessed are left out.
        diagnostics: errors, ordered by place.
        damaged: names of declarations that were begun but couldn't be read; to say that these are unknown would be
            to report one mistake twice.
        nameless: whether the name of such a declaration couldn't be made out.
        doubtful: parts of the text with a mistake: what else is found there may only follow from it.
    """

    file: ast.PolicyFile
    diagnostics: tuple[Diagnostic, ...]
    damaged: frozenset[str] = frozenset()
    nameless: bool = False
    doubtful: tuple[Span, ...] = ()


def parse(source: SourceFile) -> ParseResult:
    """Reads one policy file. See the module for what is guaranteed."""
    return parse_with_tokens(source)[0]


def parse_with_tokens(source: SourceFile) -> tuple[ParseResult, Tokens]:
    """The same, with the tokens it was read from; none where the file was refused as a whole."""
    refused = _refused(source)
    whole = Span(source.path, 0, len(source.text))
    if refused is not None:
        return ParseResult(ast.PolicyFile(source.path, (), (), whole), (refused,)), Tokens()
    tokens = tokenize(source)
    builder = Builder(source, tokens)
    machine = Machine(load_tables(), tokens, builder)
    diagnostics: list[Diagnostic] = []
    damaged: set[str] = set()
    doubtful: list[tuple[int, int]] = []
    nameless = False
    if not machine.run():
        from cascadelang.syntax.recover import recover

        doubts = recover(machine, diagnostics)
        damaged, doubtful, nameless = doubts.names, doubts.parts, doubts.nameless
    elif tokens.guesses:
        from cascadelang.syntax.doubt import Doubts
        from cascadelang.syntax.recover import drop_guessed

        damaged = drop_guessed(machine, set(), Doubts()) - {"_"}
    damaged |= _drop_deep(machine, diagnostics)
    found = sorted(
        [*tokens.diagnostics, *builder.diagnostics, *diagnostics], key=lambda d: (d.span.start, d.span.end)
    )
    file = ast.PolicyFile(source.path, tuple(machine.decls), tuple(tokens.comments), whole)
    parts = tuple(Span(source.path, start, end) for start, end in doubtful)
    return ParseResult(file, tuple(found), frozenset(damaged), nameless, parts), tokens


def _refused(source: SourceFile) -> Diagnostic | None:
    """What keeps a file from being read at all."""
    here = Span(source.path, 0, 0)
    if len(source.text) > MAX_FILE_CHARACTERS:
        return Diagnostic(
            "file-too-large",
            "error",
            f"the file has more than {MAX_FILE_CHARACTERS:,} characters",
            here,
            help="a policy this large is most likely another file; parts of a policy can be brought in with `use`",
        )
    at = source.text.find("\0")
    if at != -1:
        return Diagnostic(
            "not-text",
            "error",
            f"`{source.path}` is not a text file",
            Span(source.path, at, at + 1),
            label=f"character {at + 1} is a zero byte",
            help="save the file as UTF-8 text",
        )
    return None


def _drop_deep(machine: Machine, diagnostics: list[Diagnostic]) -> set[str]:
    """Takes declarations out of the tree that later passes couldn't walk; gives their names.

    Only a declaration of many tokens can be deep, so nearly all are passed by.
    """
    names: set[str] = set()
    starts = machine.decl_tokens
    for number in reversed(range(len(machine.decls))):
        following = starts[number + 1] if number + 1 < len(starts) else machine.index
        if following - starts[number] <= MAX_NESTING:
            continue
        decl = machine.decls[number]
        if depth(decl) <= MAX_NESTING:
            continue
        diagnostics.append(
            Diagnostic(
                "too-deep",
                "error",
                f"this is nested more than {MAX_NESTING} deep",
                _deep_part(decl),
                help="name the inner parts: `tier`, `signal`, `check` and `policy` each give a part a name",
                notes=("in a chain such as `a + b + c`, each sum is nested in the next",),
            )
        )
        names.add(getattr(decl, "name", ""))
        del machine.decls[number], starts[number]
    return names - {""}


def _deep_part(decl: ast.Decl) -> Span:
    """Where a declaration is deep: what stands behind its `=`, or all of it where nothing does."""
    part = getattr(decl, "expr", None) or getattr(decl, "strategy", None)
    span = getattr(part, "span", None)
    return span if isinstance(span, Span) else decl.span
