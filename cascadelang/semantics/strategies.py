"""Strategies: every name answers, every condition decides, and every label has its way.

Takes: a strategy and the file it stands in. Guarantees: a form that this version can't run is told once, whatever
else is right or wrong within it. That a ``route`` has its ``else`` and a list its members is the parser's to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cascadelang.contracts.failure import ENDING, FAILURE_KINDS, MOVING
from cascadelang.diagnostics.model import Label
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.checked import Type
from cascadelang.semantics.compare import unknown_label
from cascadelang.semantics.conditions import want_bool
from cascadelang.semantics.constants import whole
from cascadelang.semantics.fields import RETRY_MOST, WITH_FIELDS, read_fields
from cascadelang.semantics.ordering import check_order, rung_name
from cascadelang.semantics.resolve import ANSWERERS, lookup, require
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import SAID
from cascadelang.semantics.unknowns import unknown_for
from cascadelang.source import Span
from cascadelang.syntax import ast


def check_strategy(strategy: ast.Strategy, path: str, state: State) -> None:
    """Check a strategy and all within it."""
    _FORMS[type(strategy)](strategy, path, state)


def _head(strategy: ast.Strategy, words: str) -> Span:
    """The keyword a form begins with."""
    return Span(strategy.span.path, strategy.span.start, min(strategy.span.end, strategy.span.start + len(words)))


def _name(strategy: ast.NameStrategy, path: str, state: State) -> None:
    require(strategy.name, path, ANSWERERS, state)


def _route(route: ast.Route, path: str, state: State) -> None:
    for arm in route.arms:
        want_bool(arm.condition, "the condition of an arm", Place(path, "signal"), state)
        check_strategy(arm.strategy, path, state)
    if route.otherwise is not None:
        check_strategy(route.otherwise, path, state)


def _route_by(route: ast.RouteBy, path: str, state: State) -> None:
    by = state.type_of(route.by, Place(path, "signal"))
    labels = by.labels if by is not None and by.value == "label" else ()
    if by is not None and by.value != "label":
        state.error(
            "wrong-type",
            f"`route by` needs a label, and this is {SAID[by.value]}",
            route.by.span,
            label=SAID[by.value],
            help=_labelled_help(by, route.by, [arm.label for arm in route.arms]),
        )
    seen: dict[str, ast.LabelArm] = {}
    for arm in route.arms:
        if arm.label in seen:
            state.error(
                "duplicate-arm",
                f"the label `{arm.label}` has two arms",
                arm.label_span,
                related=(Label(seen[arm.label].label_span, "the first is taken"),),
                help="leave one out",
            )
        elif labels and arm.label not in labels:
            unknown_label(arm.label, arm.label_span, labels, state)
        seen.setdefault(arm.label, arm)
        check_strategy(arm.strategy, path, state)
    if route.otherwise is not None:
        check_strategy(route.otherwise, path, state)
        return
    missing = [label for label in labels if label not in seen]
    stray = any(arm.label not in labels for arm in route.arms) and len(missing) == 1
    if missing and not stray:
        state.error(
            "missing-arm",
            f"no arm for {_list(missing)}, and no `else`",
            _head(route, "route by"),
            help=f"add `{missing[0]} -> NAME`, or `else NAME` behind the last arm",
        )
    elif by is not None and by.value == "label" and not labels:
        state.error(
            "missing-else",
            "the labels aren't known beforehand, so the `route by` needs an `else`",
            _head(route, "route by"),
            help="add `else NAME` behind the last arm",
        )
    elif labels and not missing and not stray:
        _always_known(route, path, state)


def _always_known(route: ast.RouteBy, path: str, state: State) -> None:
    """Tell a label that may be unknown, where every known one has its arm and nothing else is said."""
    why = unknown_for(route.by, path, state)
    if not why:
        return
    symbol = lookup(route.by.name, path, state) if isinstance(route.by, ast.Ref) else None
    valued = f"signal {symbol.name} … else {route.arms[0].label}" if symbol is not None else ""
    state.error(
        "missing-else",
        "the label may be unknown, so the `route by` needs an `else`",
        route.by.span,
        label=why,
        help=f"give it a value for that, `{valued}`, or add `else NAME` behind the last arm"
        if valued
        else "add `else NAME` behind the last arm",
    )


def _labelled_help(kind: Type, by: ast.Expr, labels: list[str]) -> str:
    if kind.value in ("meta", "text") and isinstance(by, ast.Ref):
        words = ", ".join(dict.fromkeys(labels)) or "a, b"
        return f"declare a label signal: `signal NAME: {{{words}}} = {by.name}`"
    if kind.value == "bool":
        return "write it as a condition: `route CONDITION -> a else b`"
    if kind.value == "language":
        word = labels[0] if labels else "de"
        return f'ask for each: `route language == "{word}" -> …`'
    return "name a signal whose value is a label"


def _list(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _cascade(cascade: ast.Cascade, path: str, state: State) -> None:
    gate = Place(path, "check")
    for rung in cascade.rungs:
        check_strategy(rung.strategy, path, state)
        if rung.until is not None:
            want_bool(rung.until, "what follows `until`", gate, state)
    if cascade.until is not None:
        want_bool(cascade.until, "what follows `until`", gate, state)
    if cascade.start is not None:
        _start(cascade, cascade.start, path, state)
    if cascade.order_by is not None:
        check_order(cascade, cascade.order_by, path, state)
    if cascade.otherwise is not None and cascade.otherwise.strategy is not None:
        check_strategy(cascade.otherwise.strategy, path, state)


def _start(cascade: ast.Cascade, start: ast.Expr, path: str, state: State) -> None:
    found = state.type_of(start, Place(path, "signal"))
    if found is None:
        return
    if found.value != "label" or not found.labels:
        known = found.value == "label"
        state.error(
            "wrong-type",
            "`from` needs a signal whose labels are known"
            if known
            else f"`from` needs a label, and this is {SAID[found.value]}",
            start.span,
            help="declare a signal whose labels are the names of the rungs: `signal start: {a, b} = …`",
        )
        return
    rungs = [name for rung in cascade.rungs if (name := rung_name(rung.strategy))]
    astray = [label for label in found.labels if label not in rungs]
    if not astray:
        return
    near = did_you_mean(astray[0], rungs) if len(astray) == 1 else None
    state.error(
        "unknown-rung",
        f"the label {_list(astray)} names none of the rungs"
        if len(astray) == 1
        else f"the labels {_list(astray)} name none of the rungs",
        start.span,
        label=f"the rungs are {_list(rungs)}",
        help=f"did you mean `{near}`?" if near else f"give a rung that name: `tier {astray[0]} = …`",
    )


def _fallback(fallback: ast.Fallback, path: str, state: State) -> None:
    for member in fallback.members:
        check_strategy(member, path, state)
    for kind in fallback.when:
        if str(kind) in ENDING:
            state.error(
                "unknown-choice",
                f"no fallback moves on for `{kind}`",
                kind.span,
                label="a mistake that no other model should hide: it ends the run",
                help=f"leave out `{kind}`",
            )
        elif str(kind) not in FAILURE_KINDS:
            near = did_you_mean(str(kind), MOVING)
            state.error(
                "unknown-choice",
                f"no call fails with `{kind}`",
                kind.span,
                help=f"did you mean `{near}`?" if near else "it moves on for " + _list([*MOVING]),
            )


def _within(within: ast.Within, path: str, state: State) -> None:
    check_strategy(within.strategy, path, state)
    for limit, value in (
        (within.money, within.money.value if within.money else Decimal(1)),
        (within.time, within.time.value_s if within.time else Decimal(1)),
    ):
        if limit is not None and value <= 0:
            state.error(
                "out-of-range",
                "a limit of nothing lets no call through",
                limit.span,
                help="give an amount above zero",
            )


def _retry(retry: ast.Retry, path: str, state: State) -> None:
    check_strategy(retry.strategy, path, state)
    times = whole(retry.times)
    if times is None or not 0 <= times <= RETRY_MOST:
        state.error(
            "out-of-range",
            f"`retry` takes a whole number from 0 to {RETRY_MOST}",
            retry.times.span,
            help="write how often the same call is tried again: `retry 2`",
        )


def _with(with_: ast.With, path: str, state: State) -> None:
    check_strategy(with_.strategy, path, state)
    values, _ = read_fields(with_.fields, WITH_FIELDS, "`with`", path, state)
    state.settings[id(with_)] = values


# ---- Several at once ------------------------------------------------------------------------------------


def _hedge(hedge: ast.Hedge, path: str, state: State) -> None:
    if hedge.after.value_s <= 0:
        state.error(
            "out-of-range",
            "a `hedge` waits for some time before it starts the second",
            hedge.after.span,
            help="write `after 2s`; to have both answer at once and take the better, use `vote`",
        )
    check_strategy(hedge.first, path, state)
    check_strategy(hedge.second, path, state)


def _split(split: ast.Split, path: str, state: State) -> None:
    for share in split.shares:
        check_strategy(share.strategy, path, state)
    total = sum((share.share.value for share in split.shares), Decimal(0))
    if total != 1:
        state.error(
            "shares-total",
            f"the shares add up to {(total * 100).normalize():f}%, not to 100%",
            split.shares[0].share.span.to(split.shares[-1].share.span) if split.shares else split.span,
            help="make them add up to 100%",
        )
    if split.by is not None:
        state.type_of(split.by, Place(path, "signal"))


def _shadow(shadow: ast.Shadow, path: str, state: State) -> None:
    check_strategy(shadow.live, path, state)
    check_strategy(shadow.beside, path, state)
    if shadow.share is not None and not 0 < shadow.share.value <= 1:
        state.error(
            "out-of-range", "a share lies above 0% and at most at 100%", shadow.share.span, help="write `on 5%`"
        )


def _vote(vote: ast.Vote, path: str, state: State) -> None:
    for member in vote.members:
        check_strategy(member, path, state)
    if vote.by is not None:
        kind = state.type_of(vote.by, Place(path, "check"))
        if kind is not None and kind.value != "score":
            state.error(
                "wrong-type",
                f"`vote … by` needs a score, and this is {SAID[kind.value]}",
                vote.by.span,
                label=SAID[kind.value],
                help='write `by judge(MODEL, "what a good answer is")`',
            )


def _cached(cached: ast.Cached, path: str, state: State) -> None:
    check_strategy(cached.strategy, path, state)
    if cached.ttl.value_s <= 0:
        state.error(
            "out-of-range",
            "an answer is kept for some time",
            cached.ttl.span,
            help="write how old an answer may be: `cached 1d`",
        )
    if cached.similar is not None and not 0 < cached.similar.value <= 1:
        said = "a likeness lies above 0 and at most at 1"
        state.error("out-of-range", said, cached.similar.span, help="write `similar 0.97`")


_FORMS: dict[type, Callable[..., None]] = {
    ast.NameStrategy: _name,
    ast.Route: _route,
    ast.RouteBy: _route_by,
    ast.Cascade: _cascade,
    ast.Fallback: _fallback,
    ast.Hedge: _hedge,
    ast.Split: _split,
    ast.Shadow: _shadow,
    ast.Vote: _vote,
    ast.Within: _within,
    ast.Retry: _retry,
    ast.Cached: _cached,
    ast.With: _with,
}
