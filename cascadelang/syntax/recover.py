"""After a token that fits nowhere: find the smallest change that lets the parse go on, tell of it, and go on.

Takes: a `Machine` that stopped. Gives: the diagnostics, and a machine that has read the whole file.
How it works: the changes tried are one token put in, left out, replaced or swapped, at the token that didn't fit or
the one before it. Each is judged by how many of the next tokens it lets fit, less a cost for how unlikely the slip
is. The tokens are then really changed, and the declaration is read again from its start, so that building the tree
never has to know about mistakes. Where no change helps, the rest of the declaration, its lines round the mistake, or
all of it is left out.
Guarantees: one diagnostic for each change; a mistake that the lexer has told of is not told again; a declaration
whose meaning had to be guessed does not reach the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.suggest import distance
from cascadelang.source import Span
from cascadelang.syntax.bad_tokens import DECLARATIONS, NAMING, STRATEGIES
from cascadelang.syntax.doubt import Doubts
from cascadelang.syntax.machine import Machine, Reader, advance
from cascadelang.syntax.tokens import MAX_NESTING, Tokens

LOOKAHEAD = 8
"""How many tokens past a mistake a change is judged by."""

MAX_ERRORS = 50
"""After so many mistakes the rest of a file isn't read: it is most likely not a policy."""

REST_LEFT_OUT = 5.0
LINES_LEFT_OUT = 6.0
"""What it costs to leave out what follows a whole declaration, and to leave out lines of one."""

_PLACEHOLDERS = {
    "NAME": "_",
    "TEXT": '""',
    "NUMBER": "0",
    "MONEY": "$0",
    "DURATION": "0s",
    "PERCENT": "0%",
}
_CHEAP = {
    "COMMA": 1.0,
    "RIGHT_PAREN": 1.0,
    "RIGHT_BRACKET": 1.0,
    "RIGHT_BRACE": 1.0,
    "ARROW": 1.1,
    "BIND": 1.1,
    "COLON": 1.2,
    "LEFT_PAREN": 1.3,
    "LEFT_BRACKET": 1.3,
    "LEFT_BRACE": 1.4,
    "DOT": 2.6,
    "NAME": 1.9,
    "TEXT": 2.0,
    "NUMBER": 2.3,
    "MONEY": 2.4,
    "DURATION": 2.4,
    "PERCENT": 2.4,
    "ELSE": 1.9,
    "WITH": 1.9,
    "UNTIL": 2.2,
}
_SIGNS_OF = {
    "LEFT_PAREN": "(",
    "LEFT_BRACKET": "[",
    "LEFT_BRACE": "{",
    "RIGHT_PAREN": "(",
    "RIGHT_BRACKET": "[",
    "RIGHT_BRACE": "{",
}
_OPENERS = {")": "(", "]": "[", "}": "{"}
# What is written for what: (written, terminal meant).
_SLIPS = {
    ("=", "EQUAL"),
    ("=", "COLON"),
    (":", "BIND"),
    ("==", "BIND"),
    ("==", "COLON"),
    ("then", "ARROW"),
    (":", "ARROW"),
    ("do", "ARROW"),
    ("elif", "COMMA"),
    ("otherwise", "ELSE"),
    ("default", "ELSE"),
    (";", "COMMA"),
    (".", "COMMA"),
    (",", "AND"),
    ("-", "RANGE"),
    ("to", "RANGE"),
    (">", "ARROW"),
    ("while", "UNTIL"),
    ("if", "UNTIL"),
    ("is", "EQUAL"),
    ("None", "MISSING"),
    ("null", "MISSING"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change to the tokens: from ``at`` on, ``removed`` tokens give way to ``put`` terminals.

    Attributes:
        at: the first token concerned.
        removed: how many are left out.
        put: terminals put in.
        kept: for swaps, the removed tokens to put back, as indexes.
        cost: how unlikely the slip is.
        fitting: how many tokens fit after it.
    """

    at: int
    removed: int
    put: tuple[str, ...]
    cost: float
    swap: bool = False
    fitting: int = 0

    @property
    def slip(self) -> bool:
        """Whether one thing is written for another, and it is certain which."""
        return self.cost < 0.5 and self.removed == len(self.put) == 1

    @property
    def worth(self) -> float:
        """More is better."""
        return self.fitting - self.cost


def recover(machine: Machine, diagnostics: list[Diagnostic]) -> Doubts:  # noqa: C901, PLR0912 - one loop, top to bottom
    """Reads on to the end of the file; gives what is in doubt, with the names of declarations that were left out."""
    from cascadelang.syntax.explain import explain, too_many

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
        change = None if doubtful else _best_change(machine, index)
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
            if _guesses(change):
                damaged.add(machine.decl_start)
            if not change.slip or change.put == ("EQUAL",):
                touched.add(machine.decl_start)
            _apply(machine, change)
        if len(diagnostics) >= MAX_ERRORS:
            diagnostics.append(too_many(machine, index))
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


def _guesses(change: Change) -> bool:
    """Whether a change makes up something with a meaning of its own."""
    if change.slip:
        return False
    return any(kind in _PLACEHOLDERS or (kind.isalpha() and _CHEAP.get(kind, 9.0) > 1.5) for kind in change.put)


def _told(tokens: Tokens, index: int) -> bool:
    """Whether the lexer has told of something at, just before or on the line of a token."""
    if not tokens.bad:
        return False
    start = tokens.starts[max(0, index - 2)]
    end = tokens.ends[min(index + 1, len(tokens.ends) - 1)]
    return any(start <= offset <= end for offset in tokens.bad)


# ---- Changes


def _best_change(machine: Machine, index: int) -> Change | None:
    """The change worth most; ``None`` if none lets at least two tokens fit."""
    tried = list(_tried(machine, index))
    best = max(tried, key=lambda change: (change.worth, -change.cost), default=None)
    if best is None or best.fitting < 2 or best.worth <= 0:
        return None
    return best


def _tried(machine: Machine, index: int) -> Iterator[Change]:
    """Every change tried, with how far it leads."""
    states = machine.states
    surplus = _surplus(machine, index)
    yield from _changes_at(machine, states, index, surplus)
    if index - 1 >= machine.decl_start:
        earlier = _states_before(machine, index - 1)
        if earlier is not None:
            yield from _changes_at(machine, earlier, index - 1, surplus, before=True)


def _changes_at(
    machine: Machine, states: list[int], at: int, surplus: dict[str, int], *, before: bool = False
) -> Iterator[Change]:
    tokens = machine.tokens
    last = len(tokens.kinds) - 1
    extra = 0.35 if before else 0.0
    shift = 1 if before else 0  # tokens that fit only up to the mistake say nothing
    stop = at + shift + LOOKAHEAD
    fixed = machine.begins(at) and machine.first_on_line(at)
    for kind in _insertable(machine, states):
        after = advance(machine.tables, states, kind)
        if after is None:
            continue
        cost = _cost(machine, kind, at, surplus) + extra
        fitting = machine.trial(after, at, stop) - shift
        yield Change(at, 0, (kind,), cost, fitting=fitting)
        if at < last and not fixed:
            fitting = machine.trial(after, at + 1, stop) + 1 - shift
            yield Change(at, 1, (kind,), _replacing(machine, at, kind, cost), fitting=fitting)
    if at >= last:
        return
    if not fixed:
        doubled = at > 0 and tokens.texts[at] == tokens.texts[at - 1]
        opening = _OPENERS.get(tokens.texts[at])
        stray = opening is not None and surplus[opening] < 0
        cost = (0.9 if doubled or stray else 1.8 if tokens.kinds[at] != "NAME" else 2.1) + extra
        yield Change(at, 1, (), cost, fitting=machine.trial(states, at + 1, stop) + 1 - shift)
    if at + 1 < last and not fixed and not machine.begins(at + 1):
        yield Change(at, 2, (), 1.7 + extra, swap=True, fitting=_swapped(machine, states, at, stop) - shift)


def _swapped(machine: Machine, states: list[int], at: int, stop: int) -> int:
    """How many tokens fit with two neighbours swapped."""
    tokens = machine.tokens
    end = min(stop + 3, len(tokens.kinds))
    order = [at + 1, at, *range(at + 2, end)]
    window = Tokens(
        *([column[i] for i in order] for column in (tokens.kinds, tokens.texts, tokens.starts, tokens.ends))
    )
    return Reader(machine.tables, window, machine.text).trial(states, 0, min(stop - at, len(order) - 1))


def _insertable(machine: Machine, states: list[int]) -> list[str]:
    """The terminals that could come next and that a person could have forgotten."""
    row = machine.tables.actions[states[-1]]
    left_out = ("REGEX", "LONG_TEXT", "COUNT", "$END", "WITH_FIELDS")
    return [kind for kind in row if kind.isupper() and kind not in left_out]


def _surplus(machine: Machine, index: int) -> dict[str, int]:
    """For each kind of bracket, how many more are open where the machine stopped than are closed further on."""
    tokens = machine.tokens
    surplus = {"(": 0, "[": 0, "{": 0}
    for value in machine.values:
        if isinstance(value, int) and tokens.texts[value] in surplus and tokens.kinds[value] != "TEXT":
            surplus[tokens.texts[value]] += 1
    for at in range(index, min(index + 300, len(tokens.kinds) - 1)):
        if at > index and machine.begins(at) and tokens.texts[at] in DECLARATIONS:
            break
        written = tokens.texts[at]
        if written in surplus:
            surplus[written] += 1
        elif written in _OPENERS:
            surplus[_OPENERS[written]] -= 1
    return surplus


def _cost(machine: Machine, kind: str, at: int, surplus: dict[str, int]) -> float:
    """How unlikely it is that a terminal was forgotten before a token."""
    cost = _CHEAP.get(kind, 2.4)
    if kind == "ELSE" and not any(
        isinstance(value, int) and machine.tokens.texts[value] == "route" for value in machine.values
    ):
        cost += 0.8
    if kind.startswith("LEFT_") and surplus[_SIGNS_OF[kind]] >= 0:
        cost += 1.6
    if kind.startswith("RIGHT_") and surplus[_SIGNS_OF[kind]] <= 0:
        cost += 1.2
    if kind in ("RIGHT_PAREN", "RIGHT_BRACKET", "RIGHT_BRACE") and (
        machine.first_on_line(at) or machine.tokens.kinds[at] == "$END"
    ):
        cost -= 0.3
    if kind.lower() in DECLARATIONS or kind.lower() in STRATEGIES:
        cost = 2.8
    return cost


def _replacing(machine: Machine, at: int, kind: str, cost: float) -> float:
    """How unlikely it is that a terminal was written as this token."""
    written = machine.tokens.texts[at]
    if (written, kind) in _SLIPS:
        return 0.3
    if machine.tokens.kinds[at] == "NAME":
        word = kind.lower()
        if (
            len(written) > 2
            and word in machine.tables.words
            and distance(written.lower(), word, 2) <= min(2, len(word) // 3)
        ):
            return 0.2
    elif kind not in _PLACEHOLDERS and kind not in machine.tables.words.values():
        return cost + 0.6
    return cost + 0.9


def _states_before(machine: Machine, index: int) -> list[int] | None:
    """The states before a token of the declaration that is being read."""
    states, at = machine.marked()
    while at < index:
        after = advance(machine.tables, states, machine.kind(at, states))
        if after is None:
            return None
        states = after
        at += 1
    return states


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
        texts = [_PLACEHOLDERS.get(kind) or signs.get(kind) or words.get(kind, "") for kind in change.put]
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
        states = _states_before(machine, first) if first > machine.decl_start else None
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
