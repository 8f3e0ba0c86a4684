"""The types of what is declared: signals, checks and tunes, each worked out once.

Takes: a symbol. Gives: its type, or ``None`` when it has none or is being worked out (a circle, which `circles`
tells). Guarantees: a declaration is typed in its own file, whoever asks.
"""

from __future__ import annotations

from decimal import Decimal

from cascadelang.diagnostics.model import Label
from cascadelang.semantics.checked import Symbol, Type
from cascadelang.semantics.compare import take_word, unknown_label
from cascadelang.semantics.conditions import want_bool
from cascadelang.semantics.constants import written
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import SAID, comparable
from cascadelang.syntax import ast

NUMBER = Type("number")


def type_of_declared(symbol: Symbol, state: State) -> Type | None:
    """The type of a signal, check or tune."""
    decl = symbol.decl
    key = id(decl)
    if key in state.declared_types:
        return state.declared_types[key]
    state.declared_types[key] = None
    outer, state.owner = state.owner, symbol
    found: Type | None = None
    if isinstance(decl, ast.SignalDecl):
        found = _signal(decl, Place(symbol.path, "signal"), state)
    elif isinstance(decl, ast.CheckDecl):
        found = _check(decl, Place(symbol.path, "check"), state)
    elif isinstance(decl, ast.TuneDecl):
        _tune(decl, state)
        found = NUMBER
    state.owner = outer
    state.declared_types[key] = found
    return found


def _signal(decl: ast.SignalDecl, place: Place, state: State) -> Type | None:
    found = state.type_of(decl.expr, place)
    if decl.labels is not None:
        found = _labelled(decl, decl.labels, found, state)
    if decl.default is not None and found is not None:
        _default(decl.default, found, place, state)
    return found


def _labelled(decl: ast.SignalDecl, names: tuple[ast.Name, ...], found: Type | None, state: State) -> Type:
    """The type of a signal that lists its labels."""
    labels: dict[str, ast.Name] = {}
    for name in names:
        word = str(name)
        if word in labels:
            state.error(
                "duplicate-name",
                f"the label `{word}` is listed twice",
                name.span,
                related=(Label(labels[word].span, "first listed here"),),
                help="leave one out",
            )
        labels.setdefault(word, name)
    if not labels:
        state.error("empty-list", "a label signal needs at least one label", decl.name_span, help="list its labels")
    if found is not None and found.value not in ("label", "meta", "text"):
        state.error(
            "wrong-type",
            f"`{decl.name}` lists labels, but its value is {SAID[found.value]}",
            decl.expr.span,
            label=SAID[found.value],
            help=f"leave the labels out: `signal {decl.name} = …`",
        )
    if found is not None and found.labels:
        _same_labels(decl, labels, found.labels, state)
    return Type("label", tuple(labels))


def _same_labels(decl: ast.SignalDecl, listed: dict[str, ast.Name], known: tuple[str, ...], state: State) -> None:
    """Tell when the labels that are listed aren't those that the value can be."""
    strangers = [name for word, name in listed.items() if word not in known]
    for name in strangers:
        unknown_label(str(name), name.span, known, state)
    missing = [label for label in known if label not in listed]
    if missing and not strangers:
        state.error(
            "unknown-label",
            f"the value can be `{missing[0]}`, which `{decl.name}` doesn't list",
            decl.expr.span,
            help=f"add `{missing[0]}` to the labels of `{decl.name}`",
        )


def _default(default: ast.Expr, wanted: Type, place: Place, state: State) -> None:
    """Check a signal's ``else``."""
    if isinstance(default, ast.Ref) and len(default.name.parts) == 1 and wanted.value in ("label", "language"):
        if not take_word(wanted, default, place, state):
            unknown_label(default.name.parts[0], default.span, wanted.labels, state)
        return
    if not isinstance(default, (ast.Bool, ast.Text)) and written(default) is None:
        state.error(
            "wrong-type",
            "what follows `else` must be a constant",
            default.span,
            help="write the value the signal has when it can't be known",
        )
        return
    given = state.type_of(default, place)
    if given is not None and not comparable(given.value, wanted.value):
        state.error(
            "wrong-type",
            f"the signal is {SAID[wanted.value]}, and its `else` is {SAID[given.value]}",
            default.span,
            help=f"give {SAID[wanted.value]}",
        )
    elif isinstance(default, ast.Text) and wanted.labels and default.value not in wanted.labels:
        unknown_label(default.value, default.span, wanted.labels, state)


def _check(decl: ast.CheckDecl, place: Place, state: State) -> Type | None:
    if decl.else_pass:
        want_bool(decl.expr, f"`{decl.name}` says `else pass`, so it", place, state)
    return state.type_of(decl.expr, place)


def _tune(decl: ast.TuneDecl, state: State) -> None:
    ends: list[Decimal] = []
    for expr, said in ((decl.low, "the low end"), (decl.value, "the value"), (decl.high, "the high end")):
        value = written(expr)
        if value is None:
            state.error(
                "wrong-type",
                f"{said} of a tune must be a number",
                expr.span,
                help="a tune is a plain number that moves between two others: `tune strict = 0.8 in 0.5 .. 0.99`",
            )
            return
        ends.append(value)
    low, value, high = ends
    if low >= high:
        state.error(
            "tune-range",
            f"the range of `{decl.name}` is empty: its low end must be under its high end",
            decl.low.span.to(decl.high.span),
            help=f"did you mean `{high} .. {low}`?" if low > high else "give it room to move",
        )
    elif not low <= value <= high:
        state.error(
            "tune-range",
            f"`{decl.name}` is {value}, outside its own range",
            decl.value.span,
            related=(Label(decl.low.span.to(decl.high.span), "the range"),),
            help="widen the range, or move the value into it",
        )
