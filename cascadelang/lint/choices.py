"""Where the choices of a graph were written, and in which words: its arms, gates and conditions.

Takes: a `Subject`. Gives: the source of arms, of conditions and of their parts, and labels that say why one of them
can't be. Guarantees: ``None`` for what no one wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cascadelang.diagnostics.model import Label
from cascadelang.graph import model as g
from cascadelang.graph.reach.paths import Choice
from cascadelang.graph.reach.truth import Owner, Value
from cascadelang.graph.wording import literal_wording
from cascadelang.lint.subject import Subject
from cascadelang.semantics.order import inner
from cascadelang.source import Span
from cascadelang.syntax import ast

LONGEST = 60
"""Characters of a condition that a message quotes; a longer one is cut."""

MOST_LABELS = 4
"""Arms that are pointed at; further ones are only counted."""


def arm_span(node: str, arm: int | str, subject: Subject) -> Span | None:
    """Where an arm's condition or label was written; of an ``else``, its strategy."""
    source = subject.written(subject.graph.nodes[node])
    if isinstance(source, (ast.Route, ast.RouteBy)) and arm == "else":
        return None if source.otherwise is None else source.otherwise.span
    if isinstance(source, ast.Route) and isinstance(arm, int):
        return source.arms[arm].condition.span
    if isinstance(source, ast.RouteBy):
        return next((one.label_span for one in source.arms if one.label == arm), None)
    if isinstance(source, ast.Cascade) and source.start is not None:
        return source.start.span
    return None


def owner_expr(owner: Owner, subject: Subject) -> ast.Expr | None:
    """The condition of an arm, a gate, or a declaration."""
    if owner.kind in ("signal", "check"):
        graph = subject.graph
        named = graph.signals[owner.name] if owner.kind == "signal" else graph.checks[owner.name]
        decl = _declared_at(named.place, subject)
        return decl.expr if isinstance(decl, (ast.SignalDecl, ast.CheckDecl)) else None
    source = subject.written(subject.graph.nodes[owner.name])
    if isinstance(source, ast.Route):
        return source.arms[owner.index].condition
    if isinstance(source, ast.Cascade):
        own = source.rungs[owner.index].until
        return own if own is not None else source.until
    return None


def part_of(expr: ast.Expr, wanted: g.GraphExpr, subject: Subject) -> ast.Expr:
    """The part of a condition that became a part of the graph's; all of it, when none is just that."""
    from cascadelang.graph.compile_expr import Expressions
    from cascadelang.graph.optimize import INSTANT, free_first, use_rank
    from cascadelang.graph.places import Places
    from cascadelang.semantics.names import Names

    compiler = Expressions(
        subject.checked, Names(subject.checked.path, subject.checked.modules), Places(subject.checked)
    )
    graph = subject.graph

    def costs(part: g.GraphExpr) -> int:
        from cascadelang.graph.walk import uses_of

        return max((use_rank(graph.uses[id_]) for id_ in uses_of(graph, [part])), default=INSTANT)

    for part in _parts(expr):
        if not isinstance(part, _MADE) and not isinstance(wanted, (g.UseValue, g.Const)):
            continue
        try:
            if free_first(compiler.compile(part, expr.span.path), costs) == wanted:
                return part
        except (KeyError, ValueError):  # an argument's value, which is no condition of its own
            continue
    return expr


_MADE = (ast.Not, ast.Logic, ast.Compare, ast.In, ast.IsMissing)


def _parts(expr: ast.Expr) -> Iterator[ast.Expr]:
    """An expression and all in it, the outer first."""
    waiting = [expr]
    for one in waiting:
        yield one
        waiting += inner(one)


def _declared_at(place: g.Place | None, subject: Subject) -> ast.Decl | None:
    module = subject.checked.modules.get(place.path) if place is not None else None
    if module is None or place is None:
        return None
    return next((d for d in module.file.decls if (d.span.start, d.span.end) == (place.start, place.end)), None)


def quoted(span: Span, subject: Subject) -> str:
    """The text of a place in backticks, on one line and cut where it is long."""
    module = subject.checked.modules.get(span.path)
    words = " ".join(module.source.snippet(span).split()) if module is not None else ""
    return f"`{words if len(words) <= LONGEST else words[: LONGEST - 1] + '…'}`"


def reasons(because: Iterable[Choice], node: str, subject: Subject) -> tuple[Label, ...]:
    """Labels at the choices that leave no query for something at ``node``."""
    found: list[Label] = []
    for choice in because:
        span = arm_span(choice.node, choice.arm, subject)
        if span is None or len(found) == MOST_LABELS:
            continue
        if choice.node == node:
            words = "is taken before" if not choice.taken else "is chosen here"
        elif choice.taken:
            words = "only queries for which this holds get here"
        else:
            words = "queries for which this holds don't get here"
        found.append(Label(span, words))
    return tuple(found)


def example_words(example: Iterable[tuple[str, Value]]) -> str:
    """``words is 301 and has_code is true``, each name in backticks."""
    said = [f"`{name}` is {_value_words(value)}" for name, value in example]
    return " and ".join(said)


def _value_words(value: Value) -> str:
    if value is None:
        return "unknown"
    return f'"{literal_wording(value)}"' if isinstance(value, str) else f"{literal_wording(value)}"
