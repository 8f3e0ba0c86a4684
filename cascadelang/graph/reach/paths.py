"""Under which conditions a query gets to a node, and which of them leave no query for what is asked there.

Takes: steps that were taken on the way. Gives: whether any query can have taken them, and the fewest of them that
exclude something. Guarantees: a node that is reached in more ways than are followed is taken as reached by all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from cascadelang.graph.reach.conditions import Conditions
from cascadelang.graph.reach.formulas import Formula, Literal, variables_of
from cascadelang.graph.reach.solve import Search, Steps, TooHardError
from cascadelang.graph.reach.truth import Value
from cascadelang.source.frozen import dataclass

MOST_PATHS: Final = 12
"""Ways to a node that are told apart."""

_MOST_REASONS: Final = 40
"""Steps among which the fewest that exclude something are looked for; of more, all those that matter are named."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen at a node: an arm by its index from 0 or its label, or a start; ``taken`` or passed over."""

    node: str
    arm: int | str
    taken: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A choice and the formula that it was made by."""

    choice: Choice
    formula: Formula


Path: TypeAlias = tuple[Step, ...]


class Ways:
    """Asks about paths.

    Attributes:
        undecided: how many questions weren't decided in time.
    """

    def __init__(self, conditions: Conditions, steps: Steps) -> None:
        self._conditions = conditions
        self._steps = steps
        self.undecided = 0

    def search(self, path: Path) -> Search | None:
        """A search in which the path was gone; ``None`` when that is too hard."""
        try:
            return Search(self._conditions.formulas, self._steps, (step.formula for step in path))
        except TooHardError:
            self.undecided += 1
            return None

    def add(self, search: Search | None, formula: Formula) -> None:
        """Let a formula hold in a search from now on."""
        if search is not None:
            try:
                search.add(formula)
            except TooHardError:
                self.undecided += 1

    def open(self, search: Search | None, formula: Formula = True) -> bool:
        """Whether the formula can hold in a search; true where that wasn't decided."""
        if search is None:
            return formula is not False
        try:
            return search.ask(formula) is not None
        except TooHardError:
            self.undecided += 1
            return True

    def example(self, formulas: Sequence[Formula]) -> tuple[tuple[str, Value], ...]:
        """Values under which the formulas hold, for what a reader knows by a name; none where none was found."""
        try:
            domains = Search(self._conditions.formulas, self._steps, formulas).ask()
        except TooHardError:
            return ()
        if domains is None:
            return ()
        spoken: frozenset[int] = frozenset().union(*(variables_of(formula) for formula in formulas))
        return tuple(self._named(domains, sorted(spoken)))

    def _named(self, domains: Mapping[int, int], variables: Sequence[int]) -> list[tuple[str, Value]]:
        found = []
        for variable in variables:
            domain = domains.get(variable)
            if domain is not None and variable in self._conditions.shown:
                name, cells = self._conditions.shown[variable]
                found.append((name, cells[(domain & -domain).bit_length() - 1]))
        return found

    def reasons(self, formula: Formula, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The fewest of the steps, as far as can be told, that leave no query for the formula; the first such.

        All of them together do. One alone is looked for first.
        """
        relevant = _connected(formula, steps)
        for step in relevant:
            if self._exclude(formula, [step]):
                return (step,)
        if len(relevant) > _MOST_REASONS:
            return tuple(relevant)
        needed = list(relevant)
        for step in reversed(relevant):  # the later ones go first, so that the earlier ones are named
            rest = [other for other in needed if other is not step]
            if self._exclude(formula, rest):
                needed = rest
        return tuple(needed)

    def _exclude(self, formula: Formula, steps: Sequence[Step]) -> bool:
        try:
            search = Search(self._conditions.formulas, self._steps, (formula, *(step.formula for step in steps)))
            return search.ask() is None
        except TooHardError:
            return False


def _connected(formula: Formula, steps: Sequence[Step]) -> list[Step]:
    """The steps that speak, if only through others, of what the formula speaks of."""
    spoken = set(variables_of(formula))
    found = [False] * len(steps)
    grows = True
    while grows:
        grows = False
        for at, step in enumerate(steps):
            if not found[at] and (step.formula is False or not spoken.isdisjoint(variables_of(step.formula))):
                found[at] = grows = True
                spoken |= variables_of(step.formula)
    if formula is True:
        return list(steps)
    return [step for at, step in enumerate(steps) if found[at]]


def holds(formula: Formula, domains: Mapping[int, int]) -> bool | None:
    """Whether a formula holds wherever the variables lie in these cells, nowhere, or that depends."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Literal):
        domain = domains.get(formula.variable)
        if domain is None:
            return None
        return True if not domain & ~formula.mask else None if domain & formula.mask else False
    values = [holds(part, domains) for part in formula.parts]
    if (not formula.every) in values:
        return not formula.every
    return None if None in values else formula.every
