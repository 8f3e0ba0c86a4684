"""Whether what a test expects is so, and what it was instead.

Takes: the expression behind ``expect``, the facts of a run and the fields of a case. Gives: true, false or unknown,
and the value of every part of the expression that isn't a literal, with its place. Guarantees: never raises for what
can be written; a comparison with what isn't known is unknown, and unknown is not met. Every part is looked at, also
where an ``and`` is decided before it: whoever mends a test wants to see all that is wrong with it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cascadelang.source import Span
from cascadelang.syntax import ast


@dataclass(frozen=True, slots=True)
class Looked:
    """The value of one part of an expectation.

    Attributes:
        expr: the part.
        name: of the fact, or ``case.NAME``; empty for what is worked out from others: a comparison, a sum.
        value: ``None`` when it isn't known, or the case hasn't the field.
    """

    expr: ast.Expr
    name: str
    value: Any

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.expr.span


@dataclass(slots=True)
class Sight:
    """One evaluation: what can be looked at, and what was.

    Attributes:
        facts: of the run.
        case: the fields of the case.
        words: references that are words rather than values (a model, a status), by ``id`` of the node, as checking
            found them.
        looked: what was looked at so far.
    """

    facts: Mapping[str, Any]
    case: Mapping[str, Any]
    words: Mapping[int, str] = field(default_factory=dict)
    looked: list[Looked] = field(default_factory=list)

    def holds(self, expr: ast.Expr) -> bool | None:
        """Whether the expression is true; ``None`` when that can't be known."""
        value = self.value(expr)
        return value if isinstance(value, bool) else None

    def value(self, expr: ast.Expr) -> Any:
        """The value of an expression; ``None`` when it isn't known."""
        value = self._value(expr)
        if isinstance(expr, _WORKED_OUT):
            self.looked.append(Looked(expr, "", value))
        return value

    def _value(self, expr: ast.Expr) -> Any:  # noqa: C901, PLR0911, PLR0912 - one case a form
        match expr:
            case ast.Text(value=value) | ast.Bool(value=value) | ast.Count(value=value):
                return value
            case ast.Number(value=value) | ast.Percent(value=value) | ast.Money(value=value):
                return value
            case ast.Duration(value_s=value):
                return value
            case ast.ListExpr(items=items):
                return [self.value(item) for item in items]
            case ast.Record(entries=entries):
                return {entry.key: self.value(entry.value) for entry in entries}
            case ast.Ref(name=name):
                return self.words[id(expr)] if id(expr) in self.words else self._ref(expr, name)
            case ast.Negative(value=inner):
                value = self.value(inner)
                return -value if _is_number(value) else None
            case ast.Not(value=inner):
                value = self.value(inner)
                return not value if isinstance(value, bool) else None
            case ast.Logic(op=op, values=values):
                return self._logic(op == "and", values)
            case ast.Compare(op=op, left=left, right=right):
                return compare(op, self.value(left), self.value(right))
            case ast.In(value=inner, items=items, negated=negated):
                return self._in(inner, items, negated=negated)
            case ast.IsMissing(value=ref, negated=negated):
                return (self.value(ref) is None) != negated
            case ast.Arith(op=op, left=left, right=right):
                return _arith(op, self.value(left), self.value(right))
        return None

    def _ref(self, ref: ast.Ref, name: ast.Name) -> Any:
        """A fact, a field of the case, or a word that stands for itself: a model, a status, a kind of failure."""
        first, *rest = name.parts
        if first == "case" and rest:
            value: Any = self.case
            for part in rest:
                value = value.get(part) if isinstance(value, Mapping) else None
        elif first in self.facts and not rest:
            value = self.facts[first]
        else:
            return str(name)
        self.looked.append(Looked(ref, str(name), value))
        return value

    def _logic(self, every: bool, values: Sequence[ast.Expr]) -> bool | None:
        """``and`` (``every``) and ``or``, in three values."""
        found = [self.holds(each) for each in values]
        if (not every) in found:
            return not every
        return None if None in found else every

    def _in(self, value: ast.Expr, items: ast.ListExpr, *, negated: bool) -> bool | None:
        """``x in […]``."""
        found = self.value(value)
        if found is None:
            return None
        return any(compare("==", found, self.value(item)) is True for item in items.items) != negated


_WORKED_OUT = (ast.Not, ast.Logic, ast.Compare, ast.In, ast.IsMissing, ast.Arith)
"""Forms whose value is worked out: it says more than they do."""


def compare(op: str, left: Any, right: Any) -> bool | None:
    """``left op right``; ``None`` when a side isn't known or they can't be put in order."""
    if left is None or right is None:
        return None
    left, right = _number(left), _number(right)
    if op in {"==", "!="}:
        left, right = _alike(left, right)
        return bool(left == right) == (op == "==")
    if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        return None
    return _ORDER[op](left, right)


_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides in one form: a table's cell as what it stands beside."""
    if isinstance(left, list) and isinstance(right, str):
        right = words_of(right)
    elif isinstance(right, list) and isinstance(left, str):
        left = words_of(left)
    elif isinstance(left, str) and not isinstance(right, str):
        right = shown(right)
    elif isinstance(right, str) and not isinstance(left, str):
        left = shown(left)
    return left, right


def words_of(cell: str) -> list[str]:
    """The names in a table's cell: ``haiku, sonnet``, ``haiku sonnet`` or ``[haiku, sonnet]``."""
    return cell.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()


def _number(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _arith(op: str, left: Any, right: Any) -> Any:
    """``left op right``; ``None`` when it has no value."""
    left, right = _number(left), _number(right)
    if not (_is_number(left) and _is_number(right)) or (op == "/" and right == 0):
        return None
    if op == "/":
        return Decimal(left) / Decimal(right)
    return left + right if op == "+" else left - right if op == "-" else left * right


def shown(value: Any) -> str:
    """A value as the language writes it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(v) for v in value)}]"
    if isinstance(value, float | Decimal):
        return f"{Decimal(repr(value)) if isinstance(value, float) else value:f}"
    return str(value)
