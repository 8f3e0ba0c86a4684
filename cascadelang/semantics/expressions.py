"""The types of expressions.

Takes: an expression and its place. Gives: its type, also entered in `State.types`; ``None`` when it has none.
Guarantees: what has no type was told once, at its cause, and nothing is told about what contains it.

Three tables come of it: types by node, bound catalogue calls by node, and the words that stand for themselves (a
label in ``topic == billing``, a status in ``expect status == failed``), which name nothing.

The passes beneath (`bind`, `compare`, `cases`, `declared`) reach back to this one through `State.type_of`.
"""

from __future__ import annotations

from collections.abc import Callable

from cascadelang.contracts.spec import ValueType
from cascadelang.diagnostics.model import Label
from cascadelang.semantics import alerts, bind, cases, compare
from cascadelang.semantics.checked import Symbol, Type
from cascadelang.semantics.conditions import want_bool
from cascadelang.semantics.declared import type_of_declared
from cascadelang.semantics.resolve import find, lookup, unknown_entry, wrong_kind
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import PLAIN, SAID, combined
from cascadelang.syntax import ast

BOOL = Type("bool")

_LITERALS: dict[type, ValueType] = {
    ast.Text: "text",
    ast.Number: "number",
    ast.Count: "count",
    ast.Percent: "share",
    ast.Money: "money",
    ast.Duration: "duration",
    ast.Bool: "bool",
}


def type_of(expr: ast.Expr, place: Place, state: State) -> Type | None:
    """The type of an expression; ``None``, told at its cause, when it has none."""
    known = state.types.get(id(expr))
    if known is not None:
        return known
    literal = _LITERALS.get(type(expr))
    found = Type(literal) if literal else _FORMS[type(expr)](expr, place, state)
    if found is not None:
        state.types[id(expr)] = found
    return found


# ---- Names ------------------------------------------------------------------------------------------------------


def _ref(expr: ast.Ref, place: Place, state: State) -> Type | None:  # noqa: PLR0911 - one a kind of name
    if id(expr) in state.words:
        return None
    name = expr.name
    if place.tested:
        return cases.type_of_name(expr, place, state)
    if place.stage == "alert":
        return alerts.type_of_name(expr, place, state)
    first = name.parts[0]
    if first == "meta":
        return _meta(expr, place, state)
    if first in ("query", "conversation"):
        return bind.prefixed(expr, (), place, state)
    symbol = lookup(name, place.path, state)
    if symbol is None:
        return _catalogued(expr, place, state)
    return _symbol(expr, symbol, place, state)


def _meta(expr: ast.Ref, place: Place, state: State) -> Type | None:
    if len(expr.name.parts) == 2:
        return Type("meta")
    if "meta" in state.loaded[place.path].missing:
        return None
    state.error(
        "wrong-kind",
        "`meta` needs one name behind a dot",
        expr.span,
        help="name one fact the caller gives: `meta.plan`",
    )
    return None


def _symbol(expr: ast.Ref, symbol: Symbol, place: Place, state: State) -> Type | None:
    # Only what is of the right kind is depended on: a policy taken for a signal is one mistake, not a circle, too.
    if symbol.kind in ("tune", "signal") or (symbol.kind == "check" and place.stage == "check"):
        state.depends(symbol, expr.name.span)
        return type_of_declared(symbol, state)
    if symbol.kind == "check":
        wrong_kind(
            expr.name,
            symbol,
            ["signal"],
            state,
            "a check judges an answer, and there is none yet here: use it in `until`",
        )
        return None
    wanted = ["check", "signal"] if place.stage == "check" else ["signal"]
    wrong_kind(expr.name, symbol, wanted, state, _as_condition(symbol))
    return None


def _as_condition(symbol: Symbol) -> str:
    if symbol.kind in ("model", "tier", "policy"):
        return f"`{symbol.name}` answers; it can't be asked whether something is so"
    return ""


def _catalogued(expr: ast.Ref, place: Place, state: State) -> Type | None:
    """A catalogue entry without parentheses, or an unknown name."""
    name = expr.name
    kind: bind.EntryKind = "check" if place.stage == "check" else "signal"
    spec = state.catalog.spec(kind, name.parts[0]) if len(name.parts) == 1 else None
    if spec is None:
        unknown_entry(name, place, state)
        return None
    return bind.bare(expr, spec, state)


def _call(expr: ast.Call, place: Place, state: State) -> Type | None:
    name = expr.name
    if place.tested:
        state.error(
            "unknown-name",
            f"`{name}(…)` can't be asked of a test's result",
            name.span,
            help="a test's result has " + ", ".join(f"`{word}`" for word in cases.RESULTS),
        )
        return None
    if place.stage == "alert":
        return alerts.type_of_call(expr, place, state)
    if name.parts[0] in ("query", "conversation"):
        return bind.prefixed(expr, expr.args, place, state)
    symbol = find(name, place.path, state)
    kind: bind.EntryKind = "check" if place.stage == "check" else "signal"
    spec = state.catalog.spec(kind, name.parts[0]) if len(name.parts) == 1 else None
    if spec is not None:
        return bind.call(expr, spec, place, state)
    if symbol is not None:
        state.error(
            "wrong-kind",
            f"`{name}` is a declared {symbol.kind}, and only built-in signals and checks take arguments",
            name.span,
            help="leave out the parentheses" if symbol.kind in ("signal", "check") else "",
        )
        return None
    unknown_entry(name, place, state)
    return None


# ---- Operators --------------------------------------------------------------------------------------------------


def _not(expr: ast.Not, place: Place, state: State) -> Type:
    want_bool(expr.value, "what follows `not`", place, state)
    return BOOL


def _logic(expr: ast.Logic, place: Place, state: State) -> Type:
    for value in expr.values:
        want_bool(value, f"each side of `{expr.op}`", place, state)
    return BOOL


def _compare(expr: ast.Compare, place: Place, state: State) -> Type:
    compare.check_pair(expr, place, state)
    return BOOL


def _in(expr: ast.In, place: Place, state: State) -> Type:
    compare.check_in(expr, place, state)
    return BOOL


def _is_missing(expr: ast.IsMissing, place: Place, state: State) -> Type:
    if expr.value.name.parts[0] == "meta":
        type_of(expr.value, place, state)
        return BOOL
    state.error(
        "wrong-type",
        f"only facts from the caller can be missing, and `{expr.value.name}` isn't one",
        expr.value.span,
        help="ask of a `meta.NAME`; a signal that can't be known takes its `else`",
    )
    return BOOL


def _arith(expr: ast.Arith, place: Place, state: State) -> Type | None:
    left = type_of(expr.left, place, state)
    right = type_of(expr.right, place, state)
    if left is None or right is None:
        return None
    found = combined(expr.op, left.value, right.value)
    if found is None:
        state.error(
            "wrong-type",
            f"`{expr.op}` can't take {SAID[left.value]} and {SAID[right.value]}",
            expr.span,
            help="count with numbers; amounts of money and durations add up among themselves",
            related=(
                Label(expr.left.span, SAID[left.value]),
                Label(expr.right.span, SAID[right.value]),
            ),
        )
        return None
    return Type(found)


def _negative(expr: ast.Negative, place: Place, state: State) -> Type | None:
    inner = type_of(expr.value, place, state)
    if inner is None:
        return None
    if inner.value in PLAIN or inner.value == "meta":
        return Type("number")
    state.error(
        "wrong-type",
        f"`-` needs a number behind it, and this is {SAID[inner.value]}",
        expr.value.span,
        help="leave out the `-`",
    )
    return None


# ---- What has no value of its own -------------------------------------------------------------------------------


def _no_value(said: str, help_: str) -> Callable[[ast.Expr, Place, State], None]:
    def tell(expr: ast.Expr, place: Place, state: State) -> None:  # noqa: ARG001 - the forms' one signature
        state.error("wrong-type", f"{said} can't stand here", expr.span, help=help_)

    return tell


_FORMS: dict[type, Callable[..., Type | None]] = {
    ast.Ref: _ref,
    ast.Call: _call,
    ast.Not: _not,
    ast.Logic: _logic,
    ast.Compare: _compare,
    ast.In: _in,
    ast.IsMissing: _is_missing,
    ast.Arith: _arith,
    ast.Negative: _negative,
    ast.Regex: _no_value("a regular expression", "ask with it: `matches(/…/)`"),
    ast.ListExpr: _no_value("a list", "ask whether something is in it: `x in [a, b]`"),
    ast.Record: _no_value("a record", "only settings and tests take `{ … }`"),
    ast.Price: _no_value("a price", "only a model's `price` takes `$1 / $5`"),
}
