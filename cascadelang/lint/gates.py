"""The cascades of a policy with what was written for them, and what their gates ask.

Takes: a `Subject`. Gives: each cascade that its graph reaches, with its source, and each gate. Guarantees: a gate
that several rungs share is given for each of them; what no one wrote is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.graph.model import CascadeNode, CatalogUse, GraphExpr
from cascadelang.graph.walk import uses_of
from cascadelang.lint.subject import Subject
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast


@dataclass(frozen=True, slots=True)
class Gate:
    """What an answer of one rung has to pass.

    Attributes:
        node: the cascade.
        source: the cascade as it was written.
        rung: the index of the rung, from 0.
        expr: what is asked, in order of evaluation.
        written: the same, as it was written; ``shared`` by all rungs without one of their own.
        uses: the catalogue entries it may evaluate.
    """

    node: CascadeNode
    source: ast.Cascade
    rung: int
    expr: GraphExpr
    written: ast.Expr
    shared: bool
    uses: tuple[CatalogUse, ...]

    @property
    def checks(self) -> tuple[CatalogUse, ...]:
        """The entries it asks of the answer."""
        return tuple(use for use in self.uses if use.kind == "check")

    @property
    def is_last(self) -> bool:
        """Whether it is the gate of the last rung."""
        return self.rung + 1 == len(self.node.rungs)


def cascades(subject: Subject) -> Iterator[tuple[CascadeNode, ast.Cascade]]:
    """The cascades of the graph, each with its source."""
    for node in subject.nodes(CascadeNode):
        source = subject.written(node)
        if isinstance(source, ast.Cascade) and len(source.rungs) == len(node.rungs):
            yield node, source


def gates(subject: Subject) -> Iterator[Gate]:
    """The gates of all cascades, in order; looked for once."""
    return iter(subject.gates)


def gates_of(subject: Subject) -> Iterator[Gate]:
    """As `gates`, looked for again."""
    known: dict[int, tuple[CatalogUse, ...]] = {}  # rungs share their gates
    for node, source in cascades(subject):
        for number, (rung, written) in enumerate(zip(node.rungs, source.rungs, strict=True)):
            expr = written.until if written.until is not None else source.until
            if rung.until is None or expr is None:
                continue
            uses = known.get(id(rung.until))
            if uses is None:
                uses = tuple(subject.graph.uses[id_] for id_ in uses_of(subject.graph, [rung.until]))
                known[id(rung.until)] = uses
            yield Gate(node, source, number, rung.until, expr, written.until is None, uses)


def each_written_once(found: Iterator[Gate]) -> Iterator[Gate]:
    """The gates, those that several rungs share only for the first of them."""
    seen: set[int] = set()
    for gate in found:
        if id(gate.written) not in seen:
            seen.add(id(gate.written))
            yield gate
