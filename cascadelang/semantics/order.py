"""The order in which declarations are typed: what is needed first, so that no chain is too long to follow.

Takes: declared signals and checks. Gives: them again, each behind those it names. Circles are cut where they close.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.semantics.checked import Symbol
from cascadelang.semantics.resolve import lookup
from cascadelang.semantics.state import State
from cascadelang.syntax import ast


def needed_first(symbols: list[Symbol], state: State) -> Iterator[Symbol]:
    """The symbols, each behind the signals and checks it names. Without recursion."""
    seen: set[Symbol] = set()
    for root in symbols:
        if root in seen:
            continue
        seen.add(root)
        way = [(root, _named(root, state))]
        while way:
            here, rest = way[-1]
            step = next(rest, None)
            if step is None:
                way.pop()
                yield here
            elif step not in seen:
                seen.add(step)
                way.append((step, _named(step, state)))


def _named(symbol: Symbol, state: State) -> Iterator[Symbol]:
    """The signals and checks that a declaration names, as far as names alone tell."""
    if not isinstance(symbol.decl, (ast.SignalDecl, ast.CheckDecl)):
        return
    stack: list[ast.Expr] = [symbol.decl.expr]
    while stack:
        here = stack.pop()
        if isinstance(here, (ast.Ref, ast.Call)):
            found = lookup(here.name, symbol.path, state)
            if found is not None and found.kind in ("signal", "check"):
                yield found
        if isinstance(here, ast.Call):
            # The parts of a `score` are named by the arguments' own names.
            for arg in here.args:
                found = lookup(ast.Name((arg.name,)), symbol.path, state) if arg.name else None
                if found is not None and found.kind in ("signal", "check"):
                    yield found
        stack.extend(inner(here))


def inner(expr: ast.Expr) -> list[ast.Expr]:
    """The expressions directly inside one."""
    if isinstance(expr, ast.Call):
        return [arg.value for arg in expr.args]
    if isinstance(expr, ast.In):
        return [expr.value, *expr.items.items]
    if isinstance(expr, (ast.Not, ast.Negative, ast.IsMissing)):
        return [expr.value]
    if isinstance(expr, ast.Logic):
        return list(expr.values)
    if isinstance(expr, (ast.Compare, ast.Arith)):
        return [expr.left, expr.right]
    return []
