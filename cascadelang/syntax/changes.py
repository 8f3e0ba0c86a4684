"""The changes that could mend a mistake, and which of them is most likely what was meant.

Takes: a `Machine` that stopped. Gives: the one `Change` worth most, if one is worth anything. Guarantees: nothing is
changed; what is tried is one token put in, left out, replaced or swapped, at the token that didn't fit or the one
before it.

Each is judged by how many of the next tokens it lets fit, less a cost for how unlikely the slip is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cascadelang.diagnostics.suggest import distance
from cascadelang.syntax.bad_tokens import DECLARATIONS, STRATEGIES
from cascadelang.syntax.machine import Machine, Reader, advance
from cascadelang.syntax.tokens import Tokens

LOOKAHEAD = 8
"""How many tokens past a mistake a change is judged by."""

REST_LEFT_OUT = 5.0
LINES_LEFT_OUT = 6.0
"""What it costs to leave out what follows a whole declaration, and to leave out lines of one."""

PLACEHOLDERS = {
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
    def guesses(self) -> bool:
        """Whether it makes up something with a meaning of its own."""
        if self.slip:
            return False
        return any(kind in PLACEHOLDERS or (kind.isalpha() and _CHEAP.get(kind, 9.0) > 1.5) for kind in self.put)

    @property
    def worth(self) -> float:
        """More is better."""
        return self.fitting - self.cost


def best_change(machine: Machine, index: int) -> Change | None:
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
        earlier = states_before(machine, index - 1)
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
    elif kind not in PLACEHOLDERS and kind not in machine.tables.words.values():
        return cost + 0.6
    return cost + 0.9


def states_before(machine: Machine, index: int) -> list[int] | None:
    """The states before a token of the declaration that is being read."""
    states, at = machine.marked()
    while at < index:
        after = advance(machine.tables, states, machine.kind(at, states))
        if after is None:
            return None
        states = after
        at += 1
    return states
