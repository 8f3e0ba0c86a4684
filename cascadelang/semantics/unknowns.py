"""Whether a signal may come out unknown, as far as its declaration tells.

Takes: an expression of signals whose names are resolved. Gives: the fact from the caller, the labels or the division
that may leave it without a value. Guarantees: a declared signal with an ``else`` is never unknown; circles end.
"""

from __future__ import annotations

from cascadelang.semantics.capabilities import expressions_of
from cascadelang.semantics.checked import Symbol
from cascadelang.semantics.constants import number
from cascadelang.semantics.order import inner
from cascadelang.semantics.resolve import lookup
from cascadelang.semantics.state import State
from cascadelang.syntax import ast


def unknown_for(expr: ast.Expr, path: str, state: State) -> str:
    """Why an expression may be unknown, in words; empty when it always has a value."""
    seen: set[Symbol] = set()
    stack: list[tuple[ast.Expr, str]] = [(expr, path)]
    while stack:
        here, file = stack.pop()
        symbol = _declared(here, file, state)
        if symbol is None:
            why = _of_itself(here, file, state)
            stack.extend((part, file) for part in _parts(here, state))
        elif symbol in seen or not isinstance(symbol.decl, ast.SignalDecl) or symbol.decl.default is not None:
            continue
        else:
            seen.add(symbol)
            why = _beyond_labels(symbol.decl, state)
            stack.append((symbol.decl.expr, symbol.path))
        if why:
            return why
    return ""


def _declared(expr: ast.Expr, path: str, state: State) -> Symbol | None:
    """What an expression names, where it is a name and no word or entry of the catalogue."""
    if not isinstance(expr, ast.Ref) or id(expr) in state.words or id(expr) in state.calls:
        return None
    return lookup(expr.name, path, state)


def _of_itself(expr: ast.Expr, path: str, state: State) -> str:
    """Why an expression may be unknown although all its parts are known."""
    if isinstance(expr, ast.Ref) and expr.name.parts[0] == "meta":
        return f"the caller may give no `{expr.name}`"
    call = state.calls.get(id(expr))
    if call is not None and call.spec.calls != 0:
        return f"the call that `{call.spec.name}` makes may fail"
    if isinstance(expr, ast.Arith) and expr.op == "/" and not number(expr.right, path, state):
        return "what it is divided by may be 0"
    return ""


def _parts(expr: ast.Expr, state: State) -> list[ast.Expr]:
    """The expressions that one is worked out from."""
    call = state.calls.get(id(expr))
    if call is not None:
        return expressions_of(call)
    return [] if isinstance(expr, ast.IsMissing) else inner(expr)


def _beyond_labels(decl: ast.SignalDecl, state: State) -> str:
    """Why a signal that lists its labels may have none of them."""
    kind = state.types.get(id(decl.expr))
    if not decl.labels or kind is None or kind.value not in ("meta", "text"):
        return ""
    said = f"`{decl.expr.name}`" if isinstance(decl.expr, ast.Ref) else "its value"
    return f"{said} may be none of its labels"
