"""A paid check that is asked before a cheaper one that could decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.model import CatalogUse, CheckValue, Graph, GraphExpr, LogicValue
from cascadelang.graph.walk import uses_of
from cascadelang.graph.wording import use_wording
from cascadelang.lint.gates import each_written_once, gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.lint.typical import MIDDLE, judging_cost

TIMES: Final = 2
"""How many times dearer a judge must be than a later one to be told."""


class DearCheckFirst(Rule):
    """See its code."""

    code = Code(
        "dear-check-first",
        "warning",
        "a paid check that is asked before a cheaper one that could decide",
        "In an `and` or `or`, the free parts are asked first and the rest in the order written. That can't help "
        "where a check with free and paid parts of its own comes before another one with free parts, or where a dear "
        "judge stands before one that costs less than half of it.",
        "The dear check is paid for although the cheap one would have settled the matter.",
        (
            'use "std/anthropic"\n'
            'check true_  = json and judge(haiku, "is it true?") >= 0.8\n'
            'check polite = words <= 200 and judge(haiku, "is it polite?") >= 0.8\n'
            "policy main = cascade [sonnet, opus] until true_ and polite within 90s\n"
        ),
        (
            'use "std/anthropic"\n'
            "check plain  = json and words <= 200\n"
            'check judged = judge(haiku, "is it true?") >= 0.8 and judge(haiku, "is it polite?") >= 0.8\n'
            "policy main = cascade [sonnet, opus] until plain and judged within 90s\n"
        ),
        more_bad=(
            (
                'use "std/anthropic"\n'
                'check good = judge(sonnet, "is it true?") >= 0.8 and judge(haiku, "is it polite?") >= 0.8\n'
                "policy main =\n"
                "  cascade [haiku with { max_tokens: 100 } until json, opus until good] otherwise fail within 90s\n"
            ),
        ),
        more_good=(
            # in whatever order it is written, what is free is asked first
            (
                'use "std/anthropic"\n'
                'policy main = cascade [sonnet, opus] until judge(haiku, "is it right?") >= 0.8 and json\n'
            ),
            (
                'use "std/anthropic"\ncheck right = judge(haiku, "is it right?") >= 0.8 and not empty\n'
                "policy main = cascade [sonnet, opus] until right and json\n"
            ),
        ),
    )
    words = ("judge", "cascade")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a gate."""
        graph = subject.graph
        for gate in each_written_once(gates(subject)):
            if not gate.node.rungs[gate.rung].paid:
                continue
            out_of_order = next(_out_of_order(gate.expr, graph), None)
            if out_of_order is not None:
                dear, cheap, free = out_of_order
                yield self.found(
                    f"`{use_wording(dear)}` is asked before `{use_wording(cheap)}`, which is "
                    f"{'free' if free else 'cheaper'} and could settle it",
                    subject.span(dear.place),
                    related=() if cheap.place is None else (Label(subject.span(cheap.place), "asked after it"),),
                    help="put the free parts together in one check, and the paid ones in another"
                    if free
                    else "ask the cheaper one first",
                )


def _out_of_order(expr: GraphExpr, graph: Graph) -> Iterator[tuple[CatalogUse, CatalogUse, bool]]:
    """A paid use, a later one that is free or much cheaper, and whether it is free."""
    waiting = [expr]
    while waiting:
        here = waiting.pop()
        inner = _inside(here, graph)
        if not isinstance(inner, LogicValue):
            continue
        seen: dict[str, CatalogUse] = {}
        paid: CatalogUse | None = None
        for part in _flat(inner, inner.op, graph):
            waiting.append(part)
            own = [graph.uses[id_] for id_ in uses_of(graph, [part]) if id_ not in seen]
            seen.update((use.id, use) for use in own)
            costs = [use for use in own if use.calls != 0]
            if paid is not None and own and not costs:
                yield paid, own[0], True
            elif paid is not None and costs and _far_cheaper(costs, paid, graph):
                yield paid, costs[0], False
            if costs and paid is None:
                paid = costs[0]


def _inside(expr: GraphExpr, graph: Graph) -> GraphExpr:
    """What a declared check stands for, where it is nothing but that."""
    while isinstance(expr, CheckValue) and not graph.checks[expr.name].else_pass:
        expr = graph.checks[expr.name].expr
    return expr


def _flat(expr: LogicValue, op: str, graph: Graph) -> Iterator[GraphExpr]:
    """The parts of a chain, those of declared checks that are chains of the same kind drawn in."""
    for value in expr.values:
        inner = _inside(value, graph)
        if isinstance(inner, LogicValue) and inner.op == op:
            yield from _flat(inner, op, graph)
        else:
            yield value


def _far_cheaper(uses: list[CatalogUse], than: CatalogUse, graph: Graph) -> bool:
    costs = [judging_cost(graph, use, MIDDLE) for use in (*uses, than)]
    known = [cost for cost in costs if cost is not None]
    return len(known) == len(costs) and sum(known[:-1]) * TIMES <= known[-1] and known[-1] > 0


RULE = DearCheckFirst()
