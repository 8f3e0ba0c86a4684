"""Compiles alerts.

Takes: a checked policy. Gives: its alerts, in the order of the file. Guarantees: what they are asked of is called
what recorded runs call it; how many queries they look at is written out. Those of files it uses belong to these.
"""

from __future__ import annotations

from cascadelang.contracts.recorded import OVER, RECORDED
from cascadelang.graph.compile_expr import Expressions, literal
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import GraphAlert, GraphExpr, RecordedValue
from cascadelang.graph.places import Places
from cascadelang.semantics.checked import CheckedPolicy, Symbol
from cascadelang.semantics.names import Names
from cascadelang.syntax import ast


def compile_alerts(checked: CheckedPolicy, names: Names, places: Places) -> list[GraphAlert]:
    """The alerts of the file that was asked for."""
    module = checked.modules[checked.path]
    expressions = _Recorded(checked, names, places)
    return [
        GraphAlert(
            decl.words.value,
            expressions.compile(decl.condition, checked.path),
            OVER if decl.over is None else int(literal(decl.over)),
            " ".join(module.source.snippet(decl.condition.span).split()),
            places.of(decl.span),
        )
        for decl in module.file.decls
        if isinstance(decl, ast.AlertDecl)
    ]


class _Recorded(Expressions):
    """Compiles conditions over recorded runs: their names are those of the table."""

    def _value(self, expr: ast.Ref | ast.Call, path: str) -> GraphExpr:
        name = str(expr.name)
        if name not in RECORDED:
            return super()._value(expr, path)  # a tune
        if isinstance(expr, ast.Ref):
            return RecordedValue(name)
        of = expr.args[0].value
        if not isinstance(of, ast.Ref):
            raise GraphError(f"`{name}` takes one name")
        word = self._checked.words.get(id(of))
        symbol = None if word is not None else self._checked.resolve(of.name, path)
        return RecordedValue(name, word or str(of.name) if symbol is None else self._recorded_name(symbol))

    def _recorded_name(self, symbol: Symbol) -> str:
        """What runs call a model, a signal or a tier: that of what it is another name for, else its node."""
        decl = symbol.decl
        if not isinstance(decl, ast.TierDecl):
            return self._names.of(symbol)
        strategy = decl.strategy
        while isinstance(strategy, (ast.Within, ast.Retry, ast.Cached, ast.With)):
            strategy = strategy.strategy
        if isinstance(strategy, ast.NameStrategy):
            named = self._checked.resolve(strategy.name, symbol.path)
            if named is not None:
                return self._recorded_name(named)
        return f"tier.{self._names.of(symbol)}"
