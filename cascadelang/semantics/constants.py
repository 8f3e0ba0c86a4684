"""Constant values: numbers, texts and records that stand in the source or in a ``tune``.

Takes: expressions. Gives: what they hold, or ``None`` when they aren't constant. Tells nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cascadelang.semantics.checked import Symbol
from cascadelang.semantics.resolve import lookup
from cascadelang.semantics.state import State
from cascadelang.syntax import ast


def tune_of(expr: ast.Expr, path: str, state: State) -> Symbol | None:
    """The tune an expression names, or ``None``."""
    symbol = lookup(expr.name, path, state) if isinstance(expr, ast.Ref) else None
    return symbol if symbol is not None and symbol.kind == "tune" else None


def written(expr: ast.Expr) -> Decimal | None:
    """The number an expression is, written out: ``0.8``, ``-0.35``, ``4k``, ``60%``."""
    if isinstance(expr, ast.Negative):
        inner = written(expr.value)
        return None if inner is None else -inner
    if isinstance(expr, (ast.Number, ast.Percent)):
        return expr.value
    if isinstance(expr, ast.Count):
        return Decimal(expr.value)
    return None


def number(expr: ast.Expr, path: str, state: State) -> Decimal | None:
    """The number an expression is, written out or in a tune, whose value may stand in the lock."""
    tune = tune_of(expr, path, state)
    if tune is not None:
        assert isinstance(tune.decl, ast.TuneDecl)  # noqa: S101 - a tune's declaration
        tuned = state.tuned.get(id(tune.decl))
        return written(tune.decl.value) if tuned is None else tuned
    return written(expr)


def reach(expr: ast.Expr, path: str, state: State) -> tuple[Decimal, Decimal] | None:
    """The least and the most a constant can become: a tune's range, a literal's own value."""
    tune = tune_of(expr, path, state)
    if tune is not None:
        assert isinstance(tune.decl, ast.TuneDecl)  # noqa: S101 - a tune's declaration
        low, high = written(tune.decl.low), written(tune.decl.high)
        return None if low is None or high is None else (low, high)
    value = written(expr)
    return None if value is None else (value, value)


def whole(expr: ast.Expr) -> int | None:
    """The whole number an expression is: ``800``, ``4k``."""
    value = None if isinstance(expr, ast.Percent) else written(expr)
    return int(value) if value is not None and value == value.to_integral_value() else None


def plain(expr: ast.Expr) -> Any:
    """A literal, list or record as a JSON value; a bare name is its word.

    Raises:
        ValueError: if it is something else.
    """
    match expr:
        case ast.Text() | ast.Bool():
            return expr.value
        case ast.ListExpr():
            return [plain(item) for item in expr.items]
        case ast.Record():
            return {entry.key: plain(entry.value) for entry in expr.entries}
        case ast.Ref():
            return str(expr.name)
    value = _unit(expr)
    if value is None:
        raise ValueError("not a constant")
    whole_number = value == value.to_integral_value() and isinstance(expr, (ast.Number, ast.Count, ast.Negative))
    return int(value) if whole_number else float(value)


def _unit(expr: ast.Expr) -> Decimal | None:
    """The number in a literal, its unit left out: dollars, seconds."""
    if isinstance(expr, ast.Money):
        return expr.value
    return expr.value_s if isinstance(expr, ast.Duration) else written(expr)
