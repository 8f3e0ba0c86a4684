"""The LALR machine: drives the grammar's tables over tokens and builds nodes as it goes.

Takes: tables, tokens and a builder. Gives: declarations in `Machine.decls`, or the token where it could not go on.
Guarantees: no recursion, however deeply the text is nested; a word is a keyword exactly where the grammar can go on
with it; `mark` and `rewind` let a declaration be read again after its tokens were mended.
"""

from __future__ import annotations

from typing import Any

from cascadelang.source import Span
from cascadelang.syntax.bad_tokens import CLAUSES, DECLARATIONS
from cascadelang.syntax.build_ast import Builder
from cascadelang.syntax.tables import Tables
from cascadelang.syntax.tokens import Tokens

MAX_STACK = 5000
"""How many symbols may be waiting; only endless `not not not …` and `else route …` get there."""


class Many(list[Any]):
    """What a rule without a name of its own holds, on its way into its parent."""


class Reader:
    """Says what words are, and how far tokens fit; builds nothing."""

    def __init__(self, tables: Tables, tokens: Tokens, text: str) -> None:
        self.tables = tables
        self.tokens = tokens
        self.text = text

    def terminal(self, index: int, word: str, states: list[int]) -> str:
        """What a word is here: its keyword where that fits, else ``NAME``.

        Where both fit, it is the keyword, except that what begins declarations must be followed by a name or a text
        to be one (``route by topic model -> a`` has a label called ``model``).
        """
        if word == "WITH" and self.tokens.kinds[index + 1] == "LEFT_BRACE":
            word = "WITH_FIELDS"
        row = self.tables.actions[states[-1]]
        if word not in row:
            return "NAME" if not self.begins(index) else word
        if self.begins(index):
            return word
        if "NAME" not in row:
            return word
        if self.tokens.texts[index] in DECLARATIONS and self.tokens.kinds[index + 1] not in (
            "NAME",
            "TEXT",
            "LONG_TEXT",
        ):
            return "NAME" if self.accepts(states, "NAME") else word
        return word if self.accepts(states, word) else "NAME"

    def begins(self, index: int) -> bool:
        """Whether a word begins a declaration whatever stands before it: ``check x =`` is nothing else."""
        tokens = self.tokens
        word = tokens.texts[index]
        if word in CLAUSES:
            return self.begins_clause(index)
        if word not in DECLARATIONS or index + 2 >= len(tokens.kinds):
            return False
        following, then = tokens.kinds[index + 1], tokens.kinds[index + 2]
        if word in ("use", "alert", "test"):
            return following in ("TEXT", "LONG_TEXT") and self.first_on_line(index)
        if following != "NAME":
            return False
        if word == "require":
            return self.first_on_line(index) and then in ("LEFT_BRACE", "NAME")
        return then == "BIND" or (then == "COLON" and word == "signal")

    def begins_clause(self, index: int) -> bool:
        """Whether a word begins a clause of a test whatever stands before it: ``reply haiku`` on its own line."""
        tokens = self.tokens
        if not self.first_on_line(index) or index + 1 >= len(tokens.kinds):
            return False
        following = tokens.kinds[index + 1]
        if following == "NAME":
            return tokens.texts[index + 1] not in self.tables.words
        return following in ("TEXT", "LONG_TEXT") or (following == "LEFT_BRACE" and tokens.texts[index] == "meta")

    def first_on_line(self, index: int) -> bool:
        """Whether nothing but space stands before a token on its line."""
        if index == 0:
            return True
        text = self.text
        return "\n" in text[self.tokens.ends[index - 1] : self.tokens.starts[index]]

    def accepts(self, states: list[int], kind: str) -> bool:
        """Whether a terminal can really come next: the tables alone promise a little too much."""
        return advance(self.tables, states, kind) is not None

    def kind(self, index: int, states: list[int]) -> str:
        """The terminal that a token is after these states."""
        kind = self.tokens.kinds[index]
        if kind == "NAME":
            word = self.tables.words.get(self.tokens.texts[index])
            if word is not None:
                return self.terminal(index, word, states)
        return kind

    def trial(self, states: list[int], index: int, stop: int) -> int:
        """How many of the tokens from ``index`` up to ``stop`` fit after these states; the end of the file counts."""
        fitting = 0
        while index < stop:
            kind = self.kind(index, states)
            if kind == "$END":
                return stop - index + fitting if ends(self.tables, states) else fitting
            after = advance(self.tables, states, kind)
            if after is None:
                return fitting
            states = after
            fitting += 1
            index += 1
        return fitting


class Machine(Reader):
    """The state of one parse.

    Attributes:
        index: the token that comes next.
        decls: the declarations read so far.
        decl_tokens: for each of them, its first token.
        too_deep: whether the stack has grown beyond `MAX_STACK`.
    """

    def __init__(self, tables: Tables, tokens: Tokens, builder: Builder) -> None:
        super().__init__(tables, tokens, builder.source.text)
        self.builder = builder
        self.index = 0
        self.decls: list[Any] = []
        self.decl_tokens: list[int] = []
        self.states = [tables.start]
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.too_deep = False
        self._methods = [getattr(builder, rule.build, None) if rule.build else None for rule in tables.rules]
        self.base = _base_states(tables)
        self.decl_start = 0
        self._mark: tuple[list[int], list[Any], list[int], list[int], int, int, int] = ([], [], [], [], 0, 0, 0)
        self.mark()

    # ---- Rewinding

    def mark(self) -> None:
        """Remembers this place, between two declarations."""
        self._mark = (
            self.states.copy(),
            self.values.copy(),
            self.starts.copy(),
            self.ends.copy(),
            self.index,
            len(self.decls),
            len(self.builder.diagnostics),
        )
        self.decl_start = self.index

    def rewind(self) -> None:
        """Goes back to the last `mark`; what was built and told since is forgotten."""
        states, values, starts, ends, index, decls, diagnostics = self._mark
        self.states = states.copy()
        self.values = values.copy()
        self.starts = starts.copy()
        self.ends = ends.copy()
        self.index = index
        del self.decls[decls:], self.decl_tokens[decls:]
        del self.builder.diagnostics[diagnostics:]

    def marked(self) -> tuple[list[int], int]:
        """The states at the last `mark`, and the token that came next there."""
        return self._mark[0].copy(), self._mark[4]

    # ---- Running

    def run(self) -> bool:  # noqa: C901, PLR0912, PLR0915 - the hot loop, kept flat for speed
        """Reads tokens until the end (true) or until one fits nowhere (false; it is the token at `index`)."""
        actions, rules, methods = self.tables.actions, self.tables.rules, self._methods
        kinds, texts, words = self.tokens.kinds, self.tokens.texts, self.tables.words
        token_starts, token_ends = self.tokens.starts, self.tokens.ends
        states, values, starts, ends = self.states, self.values, self.starts, self.ends
        path, base, end_state = self.builder.path, self.base, self.tables.end
        index = self.index
        while True:
            kind = kinds[index]
            state = states[-1]
            if kind == "NAME":
                word = words.get(texts[index])
                if word is not None:
                    kind = self.terminal(index, word, states)
            action = actions[state].get(kind)
            while action is not None and action < 0:
                rule = rules[~action]
                size = rule.size
                if size:
                    popped = values[-size:]
                    start, end = starts[-size], ends[-1]
                    del values[-size:], states[-size:], starts[-size:], ends[-size:]
                else:
                    popped = []
                    start = end = ends[-1] if ends else 0
                plan = rule.plan
                value: Any
                if rule.single and len(plan) == 1 and type(popped[plan[0]]) is not Many:
                    value = popped[plan[0]]
                else:
                    method = methods[~action]
                    kids = _kids(plan, popped, grow=method is None)
                    if method is not None:
                        value = method(kids, Span(path, start, end))
                    elif rule.origin == "_decl":
                        self.decls.append(kids[0])
                        self.decl_tokens.append(self.decl_start)
                        value = Many()
                    else:
                        value = kids
                goto = actions[states[-1]][rule.origin]
                states.append(goto)
                values.append(value)
                starts.append(start)
                ends.append(end)
                action = actions[goto].get(kind)
            if action is None:
                self.index = index
                return states[-1] == end_state and kind == "$END"
            if states[-1] in base:
                self.index = index
                self.mark()
            if kind == "$END":
                self.index = index
                return True
            states.append(action)
            values.append(index)
            starts.append(token_starts[index])
            ends.append(token_ends[index])
            index += 1
            if len(states) > MAX_STACK:
                self.index = index - 1
                self.too_deep = True
                return False


def _kids(plan: tuple[int, ...], popped: list[Any], *, grow: bool) -> list[Any]:
    """The children that a rule keeps; what a nameless rule holds is put in its place.

    Args:
        plan: for each child, where it stands in ``popped``; under 0 for one that isn't there.
        popped: the values of the rule's symbols.
        grow: the children are a nameless rule's own, a `Many`: one that comes first is added to, not copied.
    """
    first = popped[plan[0]] if plan and plan[0] >= 0 else None
    kids: list[Any]
    if grow and type(first) is Many:
        kids, rest = first, plan[1:]
    else:
        kids, rest = Many() if grow else [], plan
    for at in rest:
        kid = None if at < 0 else popped[at]
        if type(kid) is Many:
            kids.extend(kid)
        else:
            kids.append(kid)
    return kids


def advance(tables: Tables, states: list[int], kind: str) -> list[int] | None:
    """The states after shifting one terminal, without building anything; ``None`` if it doesn't fit."""
    actions, rules = tables.actions, tables.rules
    action = actions[states[-1]].get(kind)
    if action is None:
        return None
    states = states.copy()
    while action < 0:
        rule = rules[~action]
        if rule.size:
            del states[-rule.size :]
        goto = actions[states[-1]][rule.origin]
        states.append(goto)
        action = actions[goto].get(kind)
        if action is None:
            return None
    states.append(action)
    return states


def ends(tables: Tables, states: list[int]) -> bool:
    """Whether the file may end after these states."""
    actions, rules = tables.actions, tables.rules
    states = states.copy()
    while states[-1] != tables.end:
        action = actions[states[-1]].get("$END")
        if action is None or action >= 0:
            return action is not None
        rule = rules[~action]
        if rule.size:
            del states[-rule.size :]
        states.append(actions[states[-1]][rule.origin])
    return True


def _base_states(tables: Tables) -> frozenset[int]:
    """The states between two declarations."""
    start = tables.actions[tables.start]
    return frozenset([tables.start, *(to for symbol, to in start.items() if to >= 0 and symbol.startswith("__"))])
