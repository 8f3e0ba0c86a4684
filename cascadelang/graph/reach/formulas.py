"""Formulas over variables that have finitely many values each.

Takes: variables with a number of cells each. Gives: formulas in negation normal form: a literal says that a variable
lies in some of its cells, and everything else is ``all_of`` or ``any_of``. Guarantees: equal formulas are one object;
what a formula says of a single variable is one literal, however it was put together; negating and joining never lose
anything.

Cells are bits: a variable of three cells that lies in the first or the third is the literal with mask ``0b101``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias


class Literal:
    """The variable lies in one of the cells of ``mask``: some of them, never none or all."""

    __slots__ = ("mask", "negated", "variable")

    def __init__(self, variable: int, mask: int) -> None:
        self.variable = variable
        self.mask = mask
        self.negated: Formula | None = None


class Join:
    """All of the parts, or any of them. Parts are literals and joins of the other sort, two or more.

    Attributes:
        every: all of them must hold.
        variables: those of all parts.
        depth: how many joins stand in one another.
        once: no variable is in two parts, of this join and of those in it. Each literal can then be had true or
            false whatever the others are, so that the join can be both.
    """

    __slots__ = ("depth", "every", "negated", "once", "parts", "variables")

    def __init__(self, parts: tuple[Literal | Join, ...], *, every: bool) -> None:
        self.every = every
        self.parts = parts
        self.variables: frozenset[int] = frozenset().union(*(variables_of(part) for part in parts))
        joins = [part for part in parts if isinstance(part, Join)]
        self.depth: int = 1 + max((part.depth for part in joins), default=0)
        apart = len(parts) - len(joins) + sum(len(part.variables) for part in joins)
        self.once: bool = len(self.variables) == apart and all(part.once for part in joins)
        self.negated: Formula | None = None


Formula: TypeAlias = Literal | Join | bool
"""``True`` and ``False`` are the formulas that always and never hold; they are never parts of others."""


def variables_of(formula: Formula) -> frozenset[int]:
    """The variables a formula speaks of."""
    if isinstance(formula, bool):
        return frozenset()
    return formula.variables if isinstance(formula, Join) else frozenset((formula.variable,))


def varies(formula: Formula) -> bool:
    """Whether a formula is seen, without a search, to hold in some case and not in another; false decides nothing."""
    return not isinstance(formula, bool) and (isinstance(formula, Literal) or formula.once)


class Formulas:
    """Makes formulas, each once.

    Attributes:
        full: for each variable, the mask of all its cells.
    """

    def __init__(self) -> None:
        self.full: list[int] = []
        self._literals: dict[tuple[int, int], Literal] = {}
        self._joins: dict[tuple[bool, frozenset[int]], Join] = {}

    def variable(self, cells: int) -> int:
        """A new variable of so many cells, at least one."""
        self.full.append((1 << cells) - 1)
        return len(self.full) - 1

    def literal(self, variable: int, mask: int) -> Formula:
        """The variable lies in one of the cells of ``mask``."""
        if not mask:
            return False
        if mask == self.full[variable]:
            return True
        found = self._literals.get((variable, mask))
        if found is None:
            found = self._literals[variable, mask] = Literal(variable, mask)
        return found

    def all_of(self, parts: Iterable[Formula]) -> Formula:
        """Every part holds."""
        return self._join(parts, every=True)

    def any_of(self, parts: Iterable[Formula]) -> Formula:
        """Some part holds."""
        return self._join(parts, every=False)

    def negation(self, formula: Formula) -> Formula:
        """The formula doesn't hold."""
        if isinstance(formula, bool):
            return not formula
        if formula.negated is None:
            if isinstance(formula, Literal):
                rest = self.full[formula.variable] & ~formula.mask
                negated = self.literal(formula.variable, rest)
            else:
                negated = self._join([self.negation(part) for part in formula.parts], every=not formula.every)
            formula.negated = negated
            if not isinstance(negated, bool):
                negated.negated = formula
        return formula.negated

    def _join(self, parts: Iterable[Formula], *, every: bool) -> Formula:  # noqa: C901, PLR0912 - one pass, one case a sort
        decides: Final = not every
        masks: dict[int, int] = {}
        joins: dict[int, Join] = {}
        waiting: list[Formula] = [*parts][::-1]
        while waiting:
            part = waiting.pop()
            if isinstance(part, bool):
                if part is decides:
                    return decides
            elif isinstance(part, Literal):
                known = masks.get(part.variable)
                mask = part.mask if known is None else known & part.mask if every else known | part.mask
                if mask == (0 if every else self.full[part.variable]):
                    return decides
                masks[part.variable] = mask
            elif part.every is every:
                waiting.extend(reversed(part.parts))
            else:
                joins[id(part)] = part
        found: list[Literal | Join] = []
        for variable, mask in masks.items():
            literal = self.literal(variable, mask)
            assert isinstance(literal, Literal)  # noqa: S101 - neither none nor all of the cells
            found.append(literal)
        for join in joins.values():  # what a literal settles needn't be asked again
            if any(
                isinstance(p, Literal) and self._settles(masks.get(p.variable), p, every=every) for p in join.parts
            ):
                continue
            if join.negated is not None and id(join.negated) in joins:
                return decides
            found.append(join)
        if len(found) < 2:
            return found[0] if found else every
        key = (every, frozenset(id(part) for part in found))
        known_join = self._joins.get(key)
        if known_join is None:
            known_join = self._joins[key] = Join(tuple(found), every=every)
        return known_join

    @staticmethod
    def _settles(mask: int | None, part: Literal, *, every: bool) -> bool:
        """Whether a literal beside a join makes the whole join needless, for what it says of one of its parts."""
        if mask is None:
            return False
        return mask & ~part.mask == 0 if every else part.mask & ~mask == 0
