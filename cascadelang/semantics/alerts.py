"""Alerts: what is asked of recorded runs, and over how many of them.

Takes: ``alert`` declarations. Guarantees: each name is one of `cascadelang.contracts.recorded.RECORDED`, asked of
something that the policy has; the condition is true or false; what it is asked over is a whole number of queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.contracts.failure import FAILURE_KINDS
from cascadelang.contracts.recorded import DISTRIBUTIONS, RECORDED, Rate
from cascadelang.semantics.capabilities import children
from cascadelang.semantics.checked import Type
from cascadelang.semantics.conditions import want_bool
from cascadelang.semantics.constants import whole
from cascadelang.semantics.resolve import lookup, require, unknown
from cascadelang.semantics.state import Place, State
from cascadelang.syntax import ast

MOST: Final = 100_000
"""Runs of an alert are counted one by one."""


def check_alert(decl: ast.AlertDecl, path: str, state: State) -> None:
    """Check one ``alert``."""
    if not decl.words.value.strip():
        state.error("missing-field", "the alert says nothing", decl.words.span, help='say what it means: `alert "…"`')
    want_bool(decl.condition, "what follows `when`", Place(path, "alert"), state)
    if decl.over is None:
        return
    over = whole(decl.over)
    if over is None or not 1 <= over <= MOST:
        state.error(
            "wrong-type",
            f"what an alert looks at must be a whole number of queries, at most {MOST:,}",
            decl.over.span,
            help="write `over 500 queries`",
        )


def type_of_name(expr: ast.Ref, place: Place, state: State) -> Type | None:
    """The type of a name in an ``alert``: what is recorded, or a tune."""
    name = str(expr.name)
    rate = RECORDED.get(name)
    if rate is None:
        symbol = lookup(expr.name, place.path, state)
        if symbol is not None and symbol.kind == "tune":
            require(expr.name, place.path, ("tune",), state)
            return Type("number")
        _unknown(expr.name, state)
        return None
    if not rate.alone:
        state.error(
            "missing-argument",
            f"`{name}` needs to be told of what",
            expr.span,
            help=f"write `{name}({_example(rate)})`",
        )
        return None
    return Type(rate.gives)


def type_of_call(expr: ast.Call, place: Place, state: State) -> Type | None:
    """The type of a name with parentheses in an ``alert``."""
    name = str(expr.name)
    rate = RECORDED.get(name)
    if rate is None:
        _unknown(expr.name, state)
        return None
    if rate.of is None:
        state.error("unknown-argument", f"`{name}` takes no argument", expr.span, help=f"write `{name}`")
        return None
    value = expr.args[0].value if len(expr.args) == 1 and not expr.args[0].name else None
    if not isinstance(value, ast.Ref):
        state.error("wrong-type", f"`{name}` takes one name", expr.span, help=f"write `{name}({_example(rate)})`")
        return None
    word = _of(value, rate, place, state)
    if word is None:
        return None
    if word:
        state.words[id(value)] = word
    state.types[id(value)] = Type("label")
    return Type(rate.gives)


def _example(rate: Rate) -> str:
    return {"model": "MODEL", "arm": "LABEL", "failure": "timeout", "signal": "SIGNAL"}[rate.of or "model"]


def _unknown(name: ast.Name, state: State) -> None:
    words = str(name)
    near = state.meant(words, lambda: list(RECORDED))
    parts = [each for each in RECORDED if each.startswith(f"{words}.")]
    if parts:
        help_ = "name one of its parts: " + ", ".join(f"`{part}`" for part in parts)
    elif near:
        help_ = f"did you mean `{near}`?"
    else:
        help_ = "there are " + ", ".join(f"`{each}`" for each in RECORDED)
    state.error("unknown-name", f"nothing is recorded as `{words}`", name.span, help=help_)


def _of(value: ast.Ref, rate: Rate, place: Place, state: State) -> str | None:
    """What a name in parentheses is recorded as; ``None``, and an error, when it is nothing that fits.

    Models, tiers and signals are recorded under the graph's name of them: an empty word leaves it to that.
    """
    name = value.name
    symbol = lookup(name, place.path, state)
    if rate.of == "failure":
        return _choice(name, FAILURE_KINDS, "no query fails with", "unknown-choice", state)
    if rate.of == "arm" and (symbol is None or symbol.kind not in ("model", "tier")):
        return _choice(name, sorted({*_labels(state)}), "no arm is labelled", "unknown-label", state)
    if rate.of != "signal":
        return "" if require(name, place.path, ("model", "tier"), state) is not None else None
    more = DISTRIBUTIONS if rate is RECORDED["drift"] else ()
    catalogued = len(name.parts) == 1 and state.catalog.spec("signal", name.parts[0]) is not None
    if symbol is None and (str(name) in more or catalogued):
        return str(name)
    if symbol is None:
        unknown(name, place.path, ("signal",), state, more=more)
        return None
    return "" if require(name, place.path, ("signal",), state) is not None else None


def _choice(name: ast.Name, choices: tuple[str, ...] | list[str], what: str, error: str, state: State) -> str | None:
    word = str(name)
    if word in choices:
        return word
    near = state.meant(word, lambda: choices)
    there = (
        "there are " + ", ".join(f"`{choice}`" for choice in choices) if choices else "name a model that arms lead to"
    )
    state.error(error, f"{what} `{word}`", name.span, help=f"did you mean `{near}`?" if near else there)
    return None


def _labels(state: State) -> Iterator[str]:
    """The labels of all arms of ``route by``, whichever file they are in."""
    waiting: list[ast.Strategy] = []
    for module in state.modules.values():
        waiting += [decl.strategy for decl in module.file.decls if isinstance(decl, (ast.PolicyDecl, ast.TierDecl))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.RouteBy):
            yield from (arm.label for arm in node.arms)
        waiting += children(node)
