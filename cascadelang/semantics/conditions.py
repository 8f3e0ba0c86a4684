"""What must be true or false: conditions of arms, gates, sides of ``and``.

Takes: an expression and what it is. Guarantees: a value that isn't a condition is told, with how to make it one.
"""

from __future__ import annotations

from cascadelang.semantics.checked import Type
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import SAID
from cascadelang.syntax import ast


def want_bool(expr: ast.Expr, what: str, place: Place, state: State) -> None:
    """Tell when an expression isn't true or false.

    Args:
        expr: the expression.
        what: what it is, for the message: ``the condition of an arm``.
        place: where it stands.
        state: the check's tables.
    """
    found = state.type_of(expr, place)
    if found is None or found.value == "bool":
        return
    state.error(
        "wrong-type",
        f"{what} must be true or false, and this is {SAID[found.value]}",
        expr.span,
        label=SAID[found.value],
        help=_how_to_decide(expr, found, place, state),
    )


def _how_to_decide(expr: ast.Expr, found: Type, place: Place, state: State) -> str:
    source = state.modules[place.path].source.snippet(expr.span)
    words = source if source and len(source) <= 40 and "\n" not in source else "…"
    example = {
        "score": f"{words} >= 0.8",
        "logprob": f"{words} >= -0.35",
        "perplexity": f"{words} <= 1.5",
        "count": f"{words} <= 200",
        "number": f"{words} >= 0.5",
        "text": f'{words} == "…"',
        "meta": f"{words} == true",
        "label": f"{words} == {found.labels[0] if found.labels else 'LABEL'}",
        "language": f"{words} == en",
    }.get(found.value)
    return f"compare it: `{example}`" if example else "compare it with something"
