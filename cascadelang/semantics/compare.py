"""Comparisons: whether two sides can be compared, and whether the comparison can ever come out both ways.

Takes: the two sides. Guarantees: a label is compared only with its own labels, a score only with what lies between 0
and 1, a log probability only with what lies at 0 or below; sides of different types are told once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from cascadelang.diagnostics.model import Fix, Label
from cascadelang.semantics import cases
from cascadelang.semantics.checked import Type
from cascadelang.semantics.constants import reach, tune_of
from cascadelang.semantics.resolve import lookup
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import ORDERED, RANGES, SAID, comparable, range_said
from cascadelang.source import Span
from cascadelang.syntax import ast

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")

_CONSTANT = (ast.Text, ast.Number, ast.Count, ast.Percent, ast.Money, ast.Duration, ast.Bool)


def check_pair(expr: ast.Compare, place: Place, state: State) -> None:
    """Check the two sides of a comparison."""
    op, left, right = expr.op, expr.left, expr.right
    if place.tested and cases.compared(op, left, right, place, state):
        return
    if place.tested:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, ast.Ref) and isinstance(other, ast.ListExpr) and state.type_of(one, place) is None:
                return  # only a path is a list: what should name one, doesn't
    if _label_in_doubt(left, right, place, state) or _label_in_doubt(right, left, place, state):
        return
    for one, other in ((left, right), (right, left)):
        if _worded(op, one, other, place, state):
            return
    left_type = state.type_of(left, place)
    if left_type is None and not names_something(right, place, state):
        return
    right_type = state.type_of(right, place)
    if left_type is None or right_type is None:
        return
    _fit(op, (left, left_type), (right, right_type), place, state, at=expr.span)


def check_in(expr: ast.In, place: Place, state: State) -> None:
    """Check ``x in [a, b]``: every item is a constant that ``x`` could equal."""
    if not expr.items.items:
        state.error("empty-list", "the list is empty, so nothing is in it", expr.items.span, help="name some values")
    if place.tested and cases.listed(expr, place, state):
        return
    value = state.type_of(expr.value, place)
    if value is None:
        return
    for item in expr.items.items:
        if value.value in ("label", "language") and isinstance(item, ast.Ref) and len(item.name.parts) == 1:
            take_word(value, item, place, state)
            continue
        if _quotable(value, item, place, state):
            continue
        found = state.type_of(item, place)
        if found is None:
            continue
        if not isinstance(item, (*_CONSTANT, ast.Negative)):
            state.error(
                "wrong-type",
                "a list to look in holds constants, and this is computed",
                item.span,
                help="compare with it: `x == y or …`",
            )
            continue
        _fit("==", (expr.value, value), (item, found), place, state, at=item.span)


def names_something(expr: ast.Expr, place: Place, state: State) -> bool:
    """Whether an expression is anything but a single word that names nothing."""
    if not isinstance(expr, ast.Ref) or len(expr.name.parts) > 1:
        return True
    word = expr.name.parts[0]
    if word in state.modules[place.path].names or word in ("meta", "query", "conversation"):
        return True
    if place.tested:
        return word in cases.RESULTS
    if place.stage == "alert":
        return True
    return state.catalog.spec("check" if place.stage == "check" else "signal", word) is not None


def take_word(kind: Type, item: ast.Ref, place: Place, state: State) -> bool:
    """Enter a bare name as the word it is, where a label or language is meant.

    Returns:
        True when it is settled: it is such a word, or it was told that it isn't. False when it names something.
    """
    word = item.name.parts[0]
    if kind.value == "language":
        if names_something(item, place, state):
            return False
        if not _LANGUAGE_CODE.fullmatch(word):
            state.error(
                "unknown-label",
                f"`{word}` is not the code of a language",
                item.span,
                help="languages are written as two or three small letters: `en`, `de`, `zh`",
            )
            return True
        state.words[id(item)] = word
        state.types[id(item)] = Type("language")
        return True
    if word in kind.labels or (not kind.labels and not names_something(item, place, state)):
        state.words[id(item)] = word
        state.types[id(item)] = Type("label", kind.labels)
        return True
    if names_something(item, place, state):
        return False
    unknown_label(word, item.span, kind.labels, state)
    return True


def unknown_label(word: str, span: Span, labels: Sequence[str], state: State) -> None:
    """Tell that a word is none of a signal's labels."""
    near = state.meant(word, lambda: labels)
    state.error(
        "unknown-label",
        f"`{word}` is not one of the labels",
        span,
        label="the labels are " + ", ".join(f"`{label}`" for label in labels),
        help=f"did you mean `{near}`?" if near else "name one of the labels, or add it where the signal is declared",
        fix=Fix(span, near, f"change to `{near}`") if near else None,
    )


def _worded(op: str, one: ast.Expr, other: ast.Expr, place: Place, state: State) -> bool:
    """Settle ``one op other`` when ``one`` is a label or a language and ``other`` a bare name."""
    if not isinstance(other, ast.Ref) or len(other.name.parts) > 1 or not names_something(one, place, state):
        return False
    kind = state.type_of(one, place)
    if kind is None:
        return not names_something(other, place, state)
    if kind.value not in ("label", "language"):
        return _quotable(kind, other, place, state)
    if not take_word(kind, other, place, state):
        return False
    if op not in ("==", "!="):
        _no_order(op, one, kind, state)
    return True


def _label_in_doubt(one: ast.Expr, other: ast.Expr, place: Place, state: State) -> bool:
    """Whether `other` may be a label of `one`, which was told to be wrong: labels may be called as models are."""
    if not isinstance(one, ast.Ref) or not isinstance(other, ast.Ref):
        return False
    symbol = lookup(other.name, place.path, state)
    strategy = symbol is not None and symbol.kind in ("model", "tier", "policy")
    return strategy and state.type_of(one, place) is None


def _quotable(kind: Type, item: ast.Expr, place: Place, state: State) -> bool:
    """Tell a bare word where a text is meant, and how to quote it."""
    if kind.value not in ("meta", "text") or names_something(item, place, state):
        return False
    assert isinstance(item, ast.Ref)  # noqa: S101 - all else names something
    word = item.name.parts[0]
    state.error(
        "unknown-name",
        f"nothing is named `{word}`",
        item.span,
        help=f'texts are written in quotes: `"{word}"`',
        fix=Fix(item.span, f'"{word}"', "put it in quotes"),
    )
    return True


def _no_order(op: str, expr: ast.Expr, kind: Type, state: State) -> None:
    state.error(
        "wrong-type",
        f"`{op}` needs something with an order, and this is {SAID[kind.value]}",
        expr.span,
        label=SAID[kind.value],
        help="compare it with `==` or `!=`",
    )


def _fit(
    op: str,
    left: tuple[ast.Expr, Type],
    right: tuple[ast.Expr, Type],
    place: Place,
    state: State,
    *,
    at: Span,
) -> None:
    """Tell when the types of two sides don't fit, or when one side lies outside what the other can be."""
    (left_expr, one), (right_expr, other) = left, right
    if not comparable(one.value, other.value):
        state.error(
            "wrong-type",
            f"{SAID[one.value]} can't be compared with {SAID[other.value]}",
            at,
            help="compare values of one type",
            related=(Label(left_expr.span, SAID[one.value]), Label(right_expr.span, SAID[other.value])),
        )
        return
    if one.value == "label" and other.value == "text" and isinstance(right_expr, ast.Text):
        _labelled_text(one, right_expr, state)
    elif other.value == "label" and one.value == "text" and isinstance(left_expr, ast.Text):
        _labelled_text(other, left_expr, state)
    if op not in ("==", "!="):
        for expr, kind in (left, right):
            if kind.value not in ORDERED:
                _no_order(op, expr, kind, state)
                return
    _in_reach(left, right_expr, place, state)
    _in_reach(right, left_expr, place, state)


def _labelled_text(kind: Type, text: ast.Text, state: State) -> None:
    if kind.labels and text.value not in kind.labels:
        unknown_label(text.value, text.span, kind.labels, state)


def _in_reach(value: tuple[ast.Expr, Type], constant: ast.Expr, place: Place, state: State) -> None:
    """Tell when a constant lies outside what a value of a type can ever be."""
    expr, kind = value
    if kind.value not in RANGES:
        return
    ends = reach(constant, place.path, state)
    if ends is None:
        return
    low, high = RANGES[kind.value]
    if (low is None or low <= ends[0]) and (high is None or ends[1] <= high):
        return
    tune = tune_of(constant, place.path, state)
    if tune is not None:
        state.error(
            "threshold-out-of-range",
            f"{SAID[kind.value]} is {range_said(kind.value)}, and `{tune.name}` may move outside it",
            constant.span,
            label=f"between {ends[0]} and {ends[1]}",
            help=f"give `{tune.name}` a range that lies {range_said(kind.value)}",
        )
        return
    state.error(
        "threshold-out-of-range",
        f"{SAID[kind.value]} is {range_said(kind.value)}, so comparing it with {_shown(constant)} decides nothing",
        constant.span,
        help=_of_samples(expr, ends[0], state)
        or _in_range(kind, ends[0])
        or f"use a number {range_said(kind.value)}",
    )


def _of_samples(expr: ast.Expr, number: Decimal, state: State) -> str:
    """What was meant where a share of samples is compared with how many they are; empty where it isn't one."""
    call = state.calls.get(id(expr))
    samples = None if call is None else call.args.get(call.spec.samples)
    if call is None or not isinstance(samples, int) or not 1 < number <= samples or number % 1:
        return ""
    share = (number / samples).quantize(Decimal("0.01"), ROUND_FLOOR).normalize()  # no more than that many give
    return f"`{call.spec.name}` gives a share: {number:f} of {samples} is `{share:f}`"


def _in_range(kind: Type, number: Decimal) -> str:
    """What a score was meant to be that is given on another scale; empty where that can't be told."""
    if kind.value != "score" or not 1 < number <= 100:
        return ""
    if number > 10:
        return f"did you mean `{(number / 100).normalize():f}`?"
    shown = (number / 10).normalize()
    return f"scores are on a scale from 0 to 1, where {number.normalize():f} of 10 is `{shown:f}`: did you mean that?"


def _shown(constant: ast.Expr) -> str:
    if isinstance(constant, ast.Negative):
        return f"`-{_shown(constant.value).strip('`')}`"
    if isinstance(constant, (ast.Number, ast.Count, ast.Percent)):
        return f"`{constant.text or constant.value}`"
    return "it"
