"""Decides whether formulas can hold together.

Takes: formulas. Gives: cells for their variables under which all of them hold, or ``None`` when there are none.
Guarantees: exact both ways; at most a given number of steps, after which `TooHardError` says so and nothing is
claimed.

The method is that of Davis, Logemann and Loveland ("A machine program for theorem-proving", CACM 5(7), 1962), over
variables with finite domains instead of truth values: a literal narrows its variable's domain, a clause of which all
parts but one are excluded makes that one hold, and where nothing follows any more a literal of an open clause is
tried, then its negation. Domains are bit masks, so what many conditions say of one number is settled by intersecting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cascadelang.graph.reach.formulas import Formula, Formulas, Join, Literal

MOST_STEPS: Final = 30_000
"""Of one question."""

MOST_STEPS_IN_ALL: Final = 600_000
"""Of all questions about a graph; a second or so."""


class TooHardError(Exception):
    """A question wasn't decided within its steps."""


class Steps:
    """How much may still be done, over all questions about a graph."""

    def __init__(self, most: int = MOST_STEPS_IN_ALL) -> None:
        self.left = most


class Search:
    """Formulas that hold, to which others are added for good or for a question."""

    def __init__(self, formulas: Formulas, steps: Steps, given: Iterable[Formula] = ()) -> None:
        self._formulas = formulas
        self._steps = steps
        self._budget = MOST_STEPS
        self._domains: dict[int, int] = {}
        self._clauses: list[Join] = []
        self._watching: dict[int, list[Join]] = {}
        self._trail: list[tuple[int, int | None] | None] = []  # domains as they were; `None` for a clause that came
        self.possible = True
        for formula in given:
            self.add(formula)

    def add(self, formula: Formula) -> None:
        """Let a formula hold from now on."""
        self._refill()
        self.possible = self.possible and self._assume(formula)

    def ask(self, *formulas: Formula) -> Mapping[int, int] | None:
        """Domains under which these hold beside what holds already, whichever cells are picked; ``None`` for none.

        A variable that isn't among them may lie in any cell.

        Raises:
            TooHardError: when that isn't decided in time.
        """
        if not self.possible:
            return None
        self._refill()
        mark = len(self._trail)
        try:
            if all(self._assume(formula) for formula in formulas) and self._settle():
                return dict(self._domains)
            return None
        finally:
            self._undo(mark)

    def _refill(self) -> None:
        self._budget = min(MOST_STEPS, self._steps.left)

    def _step(self, count: int) -> None:
        self._budget -= count
        self._steps.left -= count
        if self._budget < 0:
            raise TooHardError

    def _settle(self) -> bool:
        """Find domains under which every clause holds; they are left in place."""
        choices: list[tuple[int, int, Literal]] = []  # the trail's length, the clause to go on at, what was tried
        at = 0
        while True:
            tried, at = self._open_literal(at)
            if tried is None:
                return True
            choices.append((len(self._trail), at, tried))
            fits = self._assume(tried)
            while not fits:
                if not choices:
                    return False
                mark, at, tried = choices.pop()
                self._undo(mark)
                fits = self._assume(self._formulas.negation(tried))

    def _open_literal(self, at: int) -> tuple[Literal | None, int]:
        """A literal on which the first clause from ``at`` on that isn't decided hangs, and the clause's place."""
        for index in range(at, len(self._clauses)):
            clause = self._clauses[index]
            self._step(1)
            if self._value(clause) is None:
                part: Formula = clause
                while isinstance(part, Join):
                    part = next(inner for inner in part.parts if self._value(inner) is None)
                assert isinstance(part, Literal)  # noqa: S101 - true and false are decided
                return part, index
        return None, at

    def _assume(self, formula: Formula) -> bool:
        """Let a formula hold, with all that follows; false when it can't."""
        waiting: list[Formula] = [formula]
        while waiting:
            this = waiting.pop()
            self._step(1)
            if isinstance(this, bool):
                if not this:
                    return False
            elif isinstance(this, Literal):
                if not self._narrow(this, waiting):
                    return False
            elif this.every:
                waiting.extend(this.parts)
            else:
                self._clauses.append(this)
                for variable in this.variables:
                    self._watching.setdefault(variable, []).append(this)
                self._trail.append(None)
                if not self._follow(this, waiting):
                    return False
        return True

    def _narrow(self, literal: Literal, waiting: list[Formula]) -> bool:
        variable = literal.variable
        known = self._domains.get(variable)
        domain = literal.mask if known is None else known & literal.mask
        if not domain:
            return False
        if domain != known:
            self._trail.append((variable, known))
            self._domains[variable] = domain
            for clause in self._watching.get(variable, ()):
                if not self._follow(clause, waiting):
                    return False
        return True

    def _follow(self, clause: Join, waiting: list[Formula]) -> bool:
        """What a clause says now: false when it can't hold; its last open part is put on ``waiting``."""
        self._step(1)
        last: Formula | None = None
        for part in clause.parts:
            value = self._value(part)
            if value is True:
                return True
            if value is None:
                if last is not None:
                    return True
                last = part
        if last is None:
            return False
        waiting.append(last)
        return True

    def _value(self, formula: Formula) -> bool | None:
        """Whether a formula holds for all cells of the domains, for none, or that depends."""
        if isinstance(formula, Literal):
            domain = self._domains.get(formula.variable)
            if domain is None:
                return None
            if not domain & formula.mask:
                return False
            return None if domain & ~formula.mask else True
        assert isinstance(formula, Join)  # noqa: S101 - true and false are no parts
        self._step(len(formula.parts))
        decides = not formula.every
        found: bool | None = formula.every
        for part in formula.parts:
            value = self._value(part)
            if value is decides:
                return decides
            if value is None:
                found = None
        return found

    def _undo(self, mark: int) -> None:
        while len(self._trail) > mark:
            entry = self._trail.pop()
            if entry is None:
                clause = self._clauses.pop()
                for variable in clause.variables:
                    self._watching[variable].pop()
            elif entry[1] is None:
                del self._domains[entry[0]]
            else:
                self._domains[entry[0]] = entry[1]
