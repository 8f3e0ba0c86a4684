"""After a token that fits nowhere: find the smallest change that lets the parse go on, tell of it, and go on.

Takes: a `Machine` that stopped. Gives: the diagnostics, and a machine that has read the whole file.
How it works: the change that `cascadelang.syntax.changes` finds is really made to the tokens, and the declaration is
read again from its start, so that building the tree never has to know about mistakes. Where no change helps, the rest
of the declaration, its lines round the mistake, or all of it is left out.
Guarantees: one diagnostic for each change; a mistake that the lexer has told of is not told again; a declaration
whose meaning had to be guessed does not reach the tree.
"""

from __future__ import annotations

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import Span
from cascadelang.syntax.bad_tokens import DECLARATIONS, NAMING, STRATEGIES
from cascadelang.syntax.changes import (
    LINES_LEFT_OUT,
    LOOKAHEAD,
    PLACEHOLDERS,
    REST_LEFT_OUT,
    Change,
    best_change,
    states_before,
)
from cascadelang.syntax.doubt import Doubts
from cascadelang.syntax.explain import explain, too_many
from cascadelang.syntax.machine import Machine
from cascadelang.syntax.tokens import MAX_NESTING, Tokens

MAX_ERRORS = 50
"""After so many mistakes the rest of a file isn't read: it is most likely not a policy."""


def recover(machine: Machine, diagnostics: list[Diagnostic]) -> Doubts:  # noqa: C901, PLR0912 - one loop, top to bottom
    """Reads on to the end of the file; gives what is in doubt, with the names of declarations that were left out."""
    damaged: set[int] = set()
    touched: set[int] = set()
    doubts = Doubts()
    distrusted = -1
    for _ in range(10 * MAX_ERRORS):
        index = machine.index
        if machine.too_deep:
            diagnostics.append(_too_deep(machine))
            _give_up(machine)
            break
        doubtful = distrusted >= 0 and "\n" not in machine.text[distrusted : machine.tokens.starts[index]]
        silent = doubtful or _told(machine.tokens, index)
        change = None if doubtful else best_change(machine, index)
        distrusted = -1
        if change is None:
            change = _left_out(machine, index)
            if change is None or change.cost == LINES_LEFT_OUT:
                damaged.add(machine.decl_start)
        elif change.fitting < LOOKAHEAD // 2:
            distrusted = machine.tokens.ends[max(0, index - 1)]
        if not silent and not (
            _unsure(machine, change) and doubts.follows(machine.tokens.starts[machine.decl_start])
        ):
            diagnostics.append(explain(machine, index, change))
        doubts.add(machine, index, certain=change is not None and (change.slip or change.put == ("COMMA",)))
        if change is None:
            doubts.names |= _skip_declaration(machine, index)
        else:
            if change.guesses:
                damaged.add(machine.decl_start)
            if not change.slip or change.put == ("EQUAL",):
                touched.add(machine.decl_start)
            _apply(machine, change)
        if len(diagnostics) >= MAX_ERRORS:
            diagnostics.append(too_many(machine, index, MAX_ERRORS))
            _give_up(machine)
            break
        if machine.run():
            break
    else:
        _give_up(machine)
    _take_back(machine, touched | damaged, doubts.left_out)
    doubts.names |= drop_guessed(machine, damaged, doubts)
    doubts.names -= {"", "_"}
    return doubts


def _unsure(machine: Machine, change: Change | None) -> bool:
    """Whether a mistake may only follow from an earlier one: what nothing mends, or a bracket that has no other."""
    if change is None or change.cost >= REST_LEFT_OUT:
        return True
    removed = machine.tokens.kinds[change.at : change.at + change.removed]
    return any(kind.startswith(("LEFT_", "RIGHT_")) for kind in (*change.put, *removed))


def _take_back(machine: Machine, touched: set[int], parts: list[tuple[int, int]]) -> None:
    """Takes back what building told of declarations with a mistake: it may only follow from that."""
    spans = [
        (decl.span.start, decl.span.end + 1)
        for decl, at in zip(machine.decls, machine.decl_tokens, strict=True)
        if at in touched
    ]
    spans += parts
    told = machine.builder.diagnostics
    told[:] = [d for d in told if not any(start <= d.span.start < end for start, end in spans)]


def drop_guessed(machine: Machine, damaged: set[int], doubts: Doubts) -> set[str]:
    """Takes declarations out of the tree whose meaning had to be guessed; gives their names.

    The parser's guesses are in ``damaged`` (the declarations' first tokens) and ``doubts``, the lexer's with the
    tokens.
    """
    names: set[str] = set()
    guesses = machine.tokens.guesses
    for number in reversed(range(len(machine.decls))):
        span = machine.decls[number].span
        if (
            machine.decl_tokens[number] in damaged
            or doubts.holds(span.start)
            or any(span.start <= at < span.end for at in guesses)
        ):
            names.add(getattr(machine.decls[number], "name", ""))
            del machine.decls[number], machine.decl_tokens[number]
    return names


def _told(tokens: Tokens, index: int) -> bool:
    """Whether the lexer has told of something at, just before or on the line of a token."""
    if not tokens.bad:
        return False
    start = tokens.starts[max(0, index - 2)]
    end = tokens.ends[min(index + 1, len(tokens.ends) - 1)]
    return any(start <= offset <= end for offset in tokens.bad)


def _apply(machine: Machine, change: Change) -> None:
    """Changes the tokens and goes back to the start of the declaration."""
    tokens = machine.tokens
    at, end = change.at, change.at + change.removed
    where = tokens.ends[at - 1] if at else 0
    signs = {kind: sign for sign, kind in machine.tables.signs.items()}
    words = {kind: word for word, kind in machine.tables.words.items()}
    columns = (tokens.kinds, tokens.texts, tokens.starts, tokens.ends)
    if change.swap:
        for column in columns[:2]:
            column[at], column[at + 1] = column[at + 1], column[at]
    else:
        texts = [PLACEHOLDERS.get(kind) or signs.get(kind) or words.get(kind, "") for kind in change.put]
        if change.removed and change.put and change.put[0] == "NAME" and tokens.texts[at].isidentifier():
            texts = [tokens.texts[at]]
        start, stop = (tokens.starts[at], tokens.ends[end - 1]) if change.removed else (where, where)
        tokens.kinds[at:end] = change.put
        tokens.texts[at:end] = texts
        tokens.starts[at:end] = [start] * len(texts)
        tokens.ends[at:end] = [stop] * len(texts)
    machine.rewind()


# ---- Leaving out


def _next_start(machine: Machine, index: int) -> int:
    """The next token that starts a declaration for certain or at the left edge; the end if there is none."""
    tokens = machine.tokens
    last = len(tokens.kinds) - 1
    text = machine.text
    while index < last:
        word = tokens.texts[index]
        if word in DECLARATIONS or word in STRATEGIES:
            at_edge = tokens.starts[index] == 0 or text[tokens.starts[index] - 1] in "\r\n"
            if at_edge or machine.begins(index):
                return index
        index += 1
    return last


def _left_out(machine: Machine, index: int) -> Change | None:
    """The rest of a declaration that is complete, or else the lines round the mistake, if what follows then fits."""
    stop = _next_start(machine, index if index > machine.decl_start else index + 1)
    if machine.trial(machine.states, stop, stop + 1) and stop > index:
        return Change(index, stop - index, (), REST_LEFT_OUT)
    lines = [at for at in range(index, min(stop, index + 200)) if machine.first_on_line(at)]
    start = index
    while start > machine.decl_start and not machine.first_on_line(start):
        start -= 1
    for first in {index, start}:
        states = states_before(machine, first) if first > machine.decl_start else None
        for line in lines:
            if states is not None and line > first and machine.trial(states, line, line + 4) >= 4:
                return Change(first, line - first, (), LINES_LEFT_OUT)
    return None


def _skip_declaration(machine: Machine, index: int) -> set[str]:
    """Goes on after a declaration that can't be mended; gives the name it would have declared."""
    machine.rewind()
    tokens = machine.tokens
    start = machine.index
    name: set[str] = set()
    if tokens.texts[start] in NAMING and tokens.kinds[start + 1] == "NAME":
        name = {tokens.texts[start + 1]}
    machine.index = max(_next_start(machine, max(index, start + 1)), start + 1)
    machine.index = min(machine.index, len(tokens.kinds) - 1)
    machine.mark()
    return name


def _give_up(machine: Machine) -> None:
    """Leaves out the rest of the file."""
    machine.rewind()
    machine.index = len(machine.tokens.kinds) - 1
    machine.run()


def _too_deep(machine: Machine) -> Diagnostic:
    start = machine.tokens.starts[machine.index]
    return Diagnostic(
        "too-deep",
        "error",
        f"this is nested more than {MAX_NESTING} deep",
        Span(machine.builder.path, start, machine.tokens.ends[machine.index]),
        help="name the inner parts: `tier`, `signal`, `check` and `policy` each give a part a name",
    )
