"""Conditions, naively: the value of an expression by walking its syntax, with the tables of three-valued truth.

Written from ``docs/language.md``. ``None`` is unknown. Every value comes with its score: the number that the last
comparison which counted put against something. Checks and signals themselves are the catalogue's.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query
from cascadelang.semantics.checked import BoundCall, CheckedPolicy, Symbol
from cascadelang.syntax import ast
from cascadelang.workspace.makers import make_check, make_signal

Known = tuple[Any, float | None]
"""A value and its score."""
Ask = Callable[[BoundCall], Any]
"""Makes a check, or reads a signal, that calls a model, and gives its value."""

UNKNOWN: Known = (None, None)
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
SUMS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@dataclass(frozen=True)
class Place:
    """The file an expression stands in, the answer it is asked of, and who asks models."""

    path: str
    answer: Answer | None = None
    ask: Ask | None = None


class Truth:
    """The values of expressions for one query."""

    def __init__(self, checked: CheckedPolicy, query: Query) -> None:
        self._checked = checked
        self._query = query

    def value(self, expr: ast.Expr, at: Place, *, settled: bool = False) -> Known:  # noqa: PLR0911 - one case a form
        """The value; ``settled`` where unknown comes to the same as false: an ``and`` then ends with it."""
        match expr:
            case ast.Ref() | ast.Call():
                return self._named(expr, at, settled=settled)
            case ast.Not():
                value, score = self.value(expr.value, at)
                return (not value if isinstance(value, bool) else None), score
            case ast.Logic():
                return self._logic(expr, at, settled=settled)
            case ast.Compare():
                left, right = self.value(expr.left, at)[0], self.value(expr.right, at)[0]
                value = compared(expr.op, left, right)
                return value, number(left) if value is not None and at.answer is not None else None
            case ast.In():
                value, score = self.value(expr.value, at)
                if value is None:
                    return None, score
                items = [self.value(item, at)[0] for item in expr.items.items]
                return any(equal(value, item) for item in items) != expr.negated, score
            case ast.IsMissing():
                return (self._query.meta.get(expr.value.name.parts[1]) is None) != expr.negated, None
            case ast.Arith():
                return calculated(expr.op, self.value(expr.left, at)[0], self.value(expr.right, at)[0]), None
            case ast.Negative():
                return calculated("-", 0, self.value(expr.value, at)[0]), None
            case ast.Duration():
                return float(expr.value_s), None
            case ast.Text() | ast.Bool() | ast.Count():
                return expr.value, None
        return float(expr.value), None  # type: ignore[union-attr] - numbers, shares and money

    def _named(self, expr: ast.Ref | ast.Call, at: Place, *, settled: bool) -> Known:
        call = self._checked.calls.get(id(expr))
        if call is not None:
            return self._used(call, at)
        name = expr.name
        if name.parts[0] == "meta":
            fact = self._query.meta.get(name.parts[1])
            usable = isinstance(fact, str | bool | int) or (isinstance(fact, float) and math.isfinite(fact))
            return (fact if usable else None), None
        symbol = None if id(expr) in self._checked.words else self._checked.resolve(name, at.path)
        match symbol.decl if symbol is not None else None:
            case ast.TuneDecl(value=value):
                return self.value(value, at)
            case ast.SignalDecl() as signal:
                return self._signal(signal, Place(symbol.path, ask=at.ask)), None
            case ast.CheckDecl() as check:
                here = Place(symbol.path, at.answer, at.ask)
                value, score = self.value(check.expr, here, settled=settled and not check.else_pass)
                return (True if value is None and check.else_pass else value), score
        return self._checked.words.get(id(expr), str(name)), None

    def _signal(self, signal: ast.SignalDecl, at: Place) -> Any:
        value = self.value(signal.expr, at)[0]
        labels = [str(label) for label in signal.labels or ()]
        if labels and value not in labels:
            value = None
        if value is None and signal.default is not None:
            value = self.value(signal.default, at)[0]
        return value

    def _used(self, call: BoundCall, at: Place) -> Known:  # noqa: PLR0911 - one case a form
        """A signal or check of the catalogue; ``score`` and ``band`` are made of other signals."""
        args = {param.type: call.args.get(param.name) for param in call.spec.params}
        if "bool_weights" in args:
            parts = [(self.value(ref, at)[0], weight) for ref, weight in args["bool_weights"]]
            known = [(float(v) if isinstance(v, bool) else number(v), weight) for v, weight in parts]
            if any(v is None for v, _ in known):
                return UNKNOWN
            return min(1.0, max(0.0, sum(v * weight for v, weight in known))), None
        if "bands" in args:
            value = number(self.value(args["expr"], at)[0])
            if value is None:
                return UNKNOWN
            return next(label for label, below in args["bands"] if below is None or value < below), None
        if is_paid(call) or call.spec.time_limit:
            assert at.ask is not None
            return at.ask(call), None
        if call.kind == "signal":
            return make_signal(call.spec.name, {**call.args, "scope": call.scope}).read(self._query).value, None
        assert at.answer is not None
        return make_check(call.spec.name, call.args).judge(at.answer).value, None

    def _logic(self, expr: ast.Logic, at: Place, *, settled: bool) -> Known:
        """``and`` ends with the first false, ``or`` with the first true; instant parts, then slow ones, then paid."""
        decides = expr.op == "or"
        score, known = None, True
        for part in sorted(flat(expr), key=lambda part: self.rank(part, at.path)):
            value, own = self.value(part, at, settled=settled)
            if value is decides:
                return decides, own
            if not isinstance(value, bool):
                if settled and not decides:
                    return None, own
                known = False
            score = score if own is None else own
        return (not decides if known else None), score

    def paid(self, expr: ast.Expr, path: str) -> bool:
        """Whether evaluating the expression can call a model."""
        return bool(self.paid_uses(expr, path))

    def rank(self, expr: ast.Expr, path: str) -> int:
        """0 for what is instant, 1 for what takes time, 2 for what is paid."""
        return (
            2 if self.paid(expr, path) else int(bool(self.uses(expr, path, lambda call: bool(call.spec.time_limit))))
        )

    def paid_uses(self, expr: ast.Expr, path: str) -> dict[str, BoundCall]:
        """The checks and signals in an expression that call a model, each once."""
        return self.uses(expr, path, is_paid)

    def uses(self, expr: ast.Expr, path: str, wanted: Callable[[BoundCall], bool]) -> dict[str, BoundCall]:
        """The checks and signals in an expression that are wanted, each once."""
        found: dict[str, BoundCall] = {}
        for ref in refs(expr):
            call = self._checked.calls.get(id(ref))
            symbol = None if id(ref) in self._checked.words else self._checked.resolve(ref.name, path)
            if call is not None:
                if wanted(call):
                    found[key_of(call)] = call
            elif symbol is not None and isinstance(symbol.decl, ast.CheckDecl | ast.SignalDecl):
                found |= self.uses(symbol.decl.expr, symbol.path, wanted)
        return found

    def needs(self, expr: ast.Expr, path: str) -> set[str]:
        """What checks in an expression need the answer to come with; one that asks a model needs nothing of it."""
        found: set[str] = set()
        for call in self.uses(expr, path, lambda call: call.kind == "check").values():
            if not any(isinstance(value, Symbol) for value in call.args.values()):
                own = getattr(type(make_check(call.spec.name, call.args)), "needs", None)
                found |= call.spec.needs if own is None else own(call.args)
        return found


def is_paid(call: BoundCall) -> bool:
    """Whether a check or signal calls a model: what compares with the rung before doesn't."""
    return call.spec.calls != 0 and call.args.get("model") != "previous"


def key_of(call: BoundCall) -> str:
    """The same for the same check with the same arguments."""
    return repr((call.spec.name, call.scope, sorted(call.args.items(), key=lambda item: item[0])))


def flat(expr: ast.Logic) -> Iterable[ast.Expr]:
    """The parts of an ``and``, those of one directly inside among them; likewise of an ``or``."""
    for part in expr.values:
        yield from flat(part) if isinstance(part, ast.Logic) and part.op == expr.op else [part]


def refs(expr: ast.Expr) -> Iterable[ast.Ref | ast.Call]:
    """The names and calls in an expression."""
    match expr:
        case ast.Ref() | ast.Call():
            yield expr
        case ast.Not() | ast.Negative() | ast.In():
            yield from refs(expr.value)
        case ast.Logic():
            for part in expr.values:
                yield from refs(part)
        case ast.Compare() | ast.Arith():
            yield from refs(expr.left)
            yield from refs(expr.right)


def number(value: Any) -> float | None:
    """A value that can be calculated with: true and false are no numbers."""
    small = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e150
    return value if small else None


def equal(one: Any, other: Any) -> bool:
    """True and false are no numbers, and a text is none either."""
    return one is other if isinstance(one, bool) or isinstance(other, bool) else one == other


def compared(op: str, one: Any, other: Any) -> bool | None:
    if one is None or other is None:
        return None
    if op in ("==", "!="):
        return equal(one, other) == (op == "==")
    ordered = (number(one) is not None and number(other) is not None) or (
        isinstance(one, str) and isinstance(other, str)
    )
    return bool(ORDER[op](one, other)) if ordered else None


def calculated(op: str, one: Any, other: Any) -> float | None:
    one, other = number(one), number(other)
    if one is None or other is None or (op == "/" and not other):
        return None
    return SUMS[op](one, other)


def model_of(call: BoundCall, name: str) -> Symbol:
    """The model that an argument of a paid check names."""
    return call.args[name]
