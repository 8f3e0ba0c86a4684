"""What is found out of a condition: when it is true, which values it has, whether it ever differs.

Takes: formulas. Gives: `Truth`, `Cases`, and `Constant` with its `Owner`. Guarantees: plain values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from cascadelang.graph import model as g
from cascadelang.graph.reach.formulas import Formula
from cascadelang.graph.reach.line import Line
from cascadelang.graph.reach.values import Plain
from cascadelang.source.frozen import dataclass

Value: TypeAlias = Plain | None
Outcome = Literal["true", "false", "unknown", "never true"]
OwnerKind = Literal["arm", "gate", "signal", "check", "by", "from"]


@dataclass(frozen=True, slots=True)
class Owner:
    """What a condition belongs to: an arm, gate, label or start of a node, or a declared signal or check.

    ``name`` is the node's id or the declared name, ``index`` that of the arm or rung, from 0.
    """

    kind: OwnerKind
    name: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class Constant:
    """A condition, or a part of one, that comes out the same for every query.

    ``whole``: it is all of the condition, and not only a part.
    """

    owner: Owner
    expr: g.GraphExpr
    outcome: Outcome
    whole: bool


class Truth:
    """When a condition is true and when it is false; else it is unknown."""

    __slots__ = ("false", "true")

    def __init__(self, true: Formula, false: Formula) -> None:
        self.true = true
        self.false = false


class Cases:
    """The values of an expression, each with when it has it; they exclude each other and nothing is left out.

    Attributes:
        cases: the values. One of a whole cell stands for them all when ``exact`` isn't said.
        noted: the constants that the values can be compared with; all of them, when ``exact``.
        exact: the values are all there are.
        line: the values as the cells of one variable, where they are nothing else.
    """

    __slots__ = ("cases", "exact", "line", "noted")

    def __init__(
        self,
        cases: Sequence[tuple[Value, Formula]],
        *,
        exact: bool,
        noted: frozenset[Plain] = frozenset(),
        line: Line | None = None,
    ) -> None:
        self.cases = cases
        self.line = line
        self.exact = exact
        self.noted = noted
