"""Compiles conditions: expressions over signals, checks, tunes and the caller's facts.

Takes: expressions of a checked policy. Gives: their form in the graph, and what they use: catalogue entries, declared
signals, declared checks. Guarantees: a named signal or check is compiled once and only if something uses it; two uses
of an entry with the same arguments are one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cascadelang.contracts.spec import Param
from cascadelang.graph.errors import GraphError
from cascadelang.graph.model import (
    ArithValue,
    BandStep,
    BandValue,
    CatalogUse,
    CheckValue,
    CompareValue,
    Const,
    GraphExpr,
    InValue,
    LogicValue,
    MetaMissing,
    MetaValue,
    NamedCheck,
    NamedSignal,
    NotValue,
    ScoreValue,
    SignalValue,
    TuneValue,
    UseValue,
    Weighted,
)
from cascadelang.graph.places import Places
from cascadelang.semantics.checked import BoundCall, CheckedPolicy, Symbol
from cascadelang.semantics.names import Names
from cascadelang.source.digest import sha256
from cascadelang.syntax import ast

LITERALS = (ast.Text, ast.Number, ast.Count, ast.Percent, ast.Money, ast.Duration, ast.Bool)


class Expressions:
    """Compiles expressions and keeps what they use."""

    def __init__(self, checked: CheckedPolicy, names: Names, places: Places) -> None:
        self.signals: dict[str, NamedSignal] = {}
        self.checks: dict[str, NamedCheck] = {}
        self.uses: dict[str, CatalogUse] = {}
        self.models: dict[str, Symbol] = {}
        self._checked = checked
        self._names = names
        self._places = places
        self._waiting: dict[str, Symbol] = {}

    def compile(self, expr: ast.Expr, path: str) -> GraphExpr:
        """The expression's form in the graph; ``path`` is the file it stands in.

        Raises:
            GraphError: if this version can't run the expression.
        """
        result: GraphExpr
        if isinstance(expr, (ast.Ref, ast.Call)):
            result = self._value(expr, path)
        elif isinstance(expr, ast.Not):
            result = NotValue(self.compile(expr.value, path))
        elif isinstance(expr, ast.Logic):
            result = LogicValue(expr.op, [self.compile(value, path) for value in expr.values])
        elif isinstance(expr, ast.Compare):
            result = CompareValue(expr.op, self.compile(expr.left, path), self.compile(expr.right, path))
        elif isinstance(expr, ast.In):
            items = [literal(item) for item in expr.items.items]
            result = InValue(self.compile(expr.value, path), items, expr.negated)
        elif isinstance(expr, ast.IsMissing):
            result = MetaMissing(".".join(expr.value.name.parts[1:]), expr.negated)
        elif isinstance(expr, ast.Arith):
            result = ArithValue(expr.op, self.compile(expr.left, path), self.compile(expr.right, path))
        elif isinstance(expr, ast.Negative) and not isinstance(expr.value, LITERALS):
            result = ArithValue("-", Const(0), self.compile(expr.value, path))
        else:
            result = Const(literal(expr))
        return result

    def finish(self) -> None:
        """Compile the declared signals and checks that were met, and those that these need."""
        while self._waiting:
            name, symbol = next(iter(self._waiting.items()))
            del self._waiting[name]
            decl = symbol.decl
            if isinstance(decl, ast.SignalDecl):
                self.signals[name] = self._signal(name, decl, symbol.path)
            elif isinstance(decl, ast.CheckDecl):
                self.checks[name] = NamedCheck(
                    name,
                    self.compile(decl.expr, symbol.path),
                    else_pass=decl.else_pass,
                    place=self._places.of(decl.span),
                )

    def _signal(self, name: str, decl: ast.SignalDecl, path: str) -> NamedSignal:
        type_ = self._checked.types.get(id(decl.expr))
        labels = [str(label) for label in decl.labels] if decl.labels else list(type_.labels if type_ else ())
        return NamedSignal(
            name,
            self.compile(decl.expr, path),
            "label" if decl.labels else type_.value if type_ else "bool",
            labels,
            None if decl.default is None else literal(decl.default),
            self._places.of(decl.span),
        )

    def _value(self, expr: ast.Ref | ast.Call, path: str) -> GraphExpr:
        """What a name, with or without arguments, stands for."""
        call = self._checked.calls.get(id(expr))
        if call is not None:
            return self._bound(expr, call, path)
        if isinstance(expr, ast.Ref) and expr.name.parts[0] == "meta":
            return MetaValue(".".join(expr.name.parts[1:]))
        word = self._checked.words.get(id(expr))
        symbol = None if word is not None else self._checked.resolve(expr.name, path)
        if symbol is not None and isinstance(symbol.decl, ast.TuneDecl):
            value = self._checked.tuned.get(id(symbol.decl))  # what the lock says, else the declaration
            return TuneValue(self._names.of(symbol), float(literal(symbol.decl.value) if value is None else value))
        if symbol is not None and isinstance(symbol.decl, (ast.SignalDecl, ast.CheckDecl)):
            name = self._names.of(symbol)
            if name not in self.signals and name not in self.checks:
                self._waiting.setdefault(name, symbol)
            return SignalValue(name) if isinstance(symbol.decl, ast.SignalDecl) else CheckValue(name)
        return Const(str(expr.name) if word is None else word)

    def _bound(self, expr: ast.Ref | ast.Call, call: BoundCall, path: str) -> GraphExpr:
        """A catalogue entry; a score or a band of other signals is a form of its own."""
        by_type: dict[str, Any] = {param.type: call.args.get(param.name) for param in call.spec.params}
        if "bool_weights" in by_type:
            return ScoreValue([Weighted(self.compile(ref, path), weight) for ref, weight in by_type["bool_weights"]])
        if "bands" in by_type:
            *steps, last = by_type["bands"]
            value = self.compile(by_type["expr"], path)
            return BandValue(value, [BandStep(label, below) for label, below in steps], last[0])
        return UseValue(self._use(expr, call))

    def _use(self, expr: ast.Ref | ast.Call, call: BoundCall) -> str:
        """Enter a use of a catalogue entry; its id comes from what it is, so equal uses are one."""
        spec = call.spec
        args: dict[str, Any] = {}
        model_args = []
        for name, value in call.args.items():
            if isinstance(value, Symbol):
                model_args.append(name)
                args[name] = self._names.of(value)
                self.models.setdefault(args[name], value)
            else:
                args[name] = plain_json(value)
        id_ = spec.name if call.scope == "query" else f"conversation.{spec.name}"
        if call.kind == "signal":
            id_ = f"query.{id_}" if call.scope == "query" else id_
        if any(args[p.name] != _default(p) for p in spec.params if p.name in args):
            id_ += "." + sha256(json.dumps(args, sort_keys=True).encode()).hexdigest()[:8]
        calls = spec.calls
        if spec.samples:
            calls = max(int(args[spec.samples]) - 1, 0)
        elif not model_args and any(param.type == "model" for param in spec.params):
            calls = 0  # none was named: `agrees(previous)`
        type_ = self._checked.types.get(id(expr))  # what `learned` gives, its file says
        if id_ not in self.uses:
            self.uses[id_] = CatalogUse(
                id_,
                spec.name,
                call.kind,
                args,
                call.scope,
                spec.gives if type_ is None else type_.value,
                model_args,
                sorted(spec.needs),
                calls,
                bool(spec.samples),
                self._places.of(expr.span),
                spec.always_known,
                spec.plain and bool(model_args),
                float(args[spec.time_limit]) if spec.time_limit else 0.0,
            )
        return id_


def _default(param: Param) -> Any:
    """A parameter's default, as JSON."""
    return plain_json(param.default)


def literal(expr: ast.Expr) -> Any:
    """A value written out: dollars, seconds, shares from 0 to 1, and a bare word as its text.

    Raises:
        GraphError: if it isn't one.
    """
    value: Any
    if isinstance(expr, (ast.Text, ast.Bool, ast.Count)):
        value = expr.value
    elif isinstance(expr, ast.Number):
        value = number(expr.value)
    elif isinstance(expr, (ast.Percent, ast.Money)):
        value = float(expr.value)
    elif isinstance(expr, ast.Duration):
        value = float(expr.value_s)
    elif isinstance(expr, ast.Negative):
        value = -literal(expr.value)
    elif isinstance(expr, ast.ListExpr):
        value = [literal(item) for item in expr.items]
    elif isinstance(expr, ast.Ref):
        value = str(expr.name)
    else:
        raise GraphError("a value that is written out is needed here, and this one has to be computed")
    return value


def number(value: Decimal) -> int | float:
    """A number as JSON has it: whole ones without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def plain_json(value: Any) -> Any:
    """An argument as JSON.

    Raises:
        GraphError: if it can't be.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    raise GraphError("an argument can't be written into the graph")
