"""Test blocks: scripted replies, and what is expected of the run.

Takes: ``test`` declarations. Guarantees: replies come from declared models, failures are kinds the language knows,
and an expectation compares a result only with what it can be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cascadelang.contracts.failure import FAILURE_KINDS
from cascadelang.contracts.spec import ValueType
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.checked import Type
from cascadelang.semantics.conditions import want_bool
from cascadelang.semantics.constants import plain
from cascadelang.semantics.fields import (
    Field,
    Wrong,
    decimal,
    entries_of,
    integer,
    read_fields,
    span_of_time,
    word,
)
from cascadelang.semantics.resolve import find, require
from cascadelang.semantics.state import Place, State
from cascadelang.syntax import ast

STATUSES: Final = ("accepted", "unchecked", "unmet", "failed")

RESULTS: Final[dict[str, ValueType]] = {
    "path": "label",
    "model": "label",
    "status": "label",
    "failure": "label",
    "answer": "text",
    "passed": "bool",
    "failed": "bool",
    "unchecked": "bool",
    "cost": "money",
    "calls": "count",
    "latency": "duration",
}
"""What a test's run results in. Those typed as labels are compared with names."""

_ORDERS: Final = ("<", "<=", ">", ">=")


def _logprobs(expr: ast.Expr, path: str, state: State) -> list[float] | Wrong:
    wrong = Wrong("wrong-type", "must be a list of log probabilities", "write `logprobs: [-0.1, -0.3]`")
    if not isinstance(expr, ast.ListExpr):
        return wrong
    read = decimal(-1000, 0)
    values = [read(item, path, state) for item in expr.items]
    return wrong if any(isinstance(value, Wrong) for value in values) else values


REPLY_FIELDS: Final[dict[str, Field]] = {
    "logprob": Field("logprob", decimal(-1000, 0)),
    "logprobs": Field("logprobs", _logprobs),
    "margin": Field("margin", decimal(0, 1)),
    "finish_reason": Field("finish_reason", word(("stop", "length", "content_filter", "tool_calls"))),
    "latency": Field("latency", span_of_time),
    "input_tokens": Field("input_tokens", integer(0)),
    "output_tokens": Field("output_tokens", integer(0)),
}
"""What a scripted reply can be told."""


def check_case(case: ast.CaseDecl, path: str, state: State) -> None:
    """Check one ``test``."""
    if case.for_each is not None:
        state.read_text(case.for_each, path)
    for clause in case.clauses:
        _CLAUSES[type(clause)](clause, case, path, state)
    _once(case, ast.CasePolicy, "policy", state)
    _once(case, ast.CaseMeta, "meta", state)
    asked = [clause for clause in case.clauses if isinstance(clause, ast.CaseQuery)]
    if not asked and case.for_each is None:
        state.error(
            "missing-field",
            f'the test "{case.words.value}" asks nothing',
            case.words.span,
            help='add what is asked: `query "…"`',
        )
    _once(case, ast.CaseQuery, "query", state)


def _once(case: ast.CaseDecl, kind: type, said: str, state: State) -> None:
    found = [clause for clause in case.clauses if isinstance(clause, kind)]
    for clause in found[1:]:
        state.error("duplicate-field", f"a test has one `{said}`", clause.span, help="write a second test")


def _query(clause: ast.CaseQuery, case: ast.CaseDecl, path: str, state: State) -> None:
    _said(clause.text, "`query`", case, path, state)


def _meta(clause: ast.CaseMeta, case: ast.CaseDecl, path: str, state: State) -> None:
    names = [entry.key for entry in clause.fields.entries]
    for entry in entries_of(clause.fields, names, "a test's `meta`", state).values():
        if _of_case(entry.value):
            state.type_of(entry.value, _place(case, path))
            continue
        try:
            value = None if isinstance(entry.value, ast.Ref) else plain(entry.value)
        except ValueError:
            value = None
        if not isinstance(value, (str, bool, int, float)):
            state.error(
                "wrong-type",
                f"`{entry.key}` must be a text, a number, or true or false",
                entry.value.span,
                help=f'write `{entry.key}: "…"`',
            )


def _reply(clause: ast.CaseReply, case: ast.CaseDecl, path: str, state: State) -> None:
    _replies(clause, path, state)
    if clause.text is not None:
        _said(clause.text, "a reply", case, path, state)


def _ask(clause: ast.CaseAsk, case: ast.CaseDecl, path: str, state: State) -> None:
    _replies(clause, path, state)
    label = clause.label
    if isinstance(label, ast.Ref) and len(label.name.parts) == 1:
        state.words[id(label)] = str(label.name)
        state.types[id(label)] = Type("label")
    elif label is not None:
        _said(label, "a label", case, path, state)


def _replies(clause: ast.CaseReply | ast.CaseAsk, path: str, state: State) -> None:
    """Check who replies, and how."""
    require(clause.model, path, ("model",), state)
    _fails(clause, state)
    if clause.details is not None:
        read_fields(clause.details, REPLY_FIELDS, "a reply", path, state)


def _fails(clause: ast.CaseReply | ast.CaseAsk | ast.CaseJudge, state: State) -> None:
    """Check how a call fails."""
    if clause.error and clause.error not in FAILURE_KINDS:
        near = did_you_mean(clause.error, FAILURE_KINDS)
        state.error(
            "unknown-choice",
            f"no call fails with `{clause.error}`",
            clause.error_span,
            help=f"did you mean `{near}`?"
            if near
            else "calls fail with " + ", ".join(f"`{kind}`" for kind in FAILURE_KINDS),
        )


def _judge(clause: ast.CaseJudge, case: ast.CaseDecl, path: str, state: State) -> None:
    require(clause.model, path, ("model",), state)
    _fails(clause, state)
    if clause.score is None:
        return
    if _of_case(clause.score):
        state.type_of(clause.score, _place(case, path))
        return
    score = decimal(0, 1)(clause.score, path, state)
    if isinstance(score, Wrong):
        state.error(score.name, f"a judge's score {score.said}", clause.score.span, help=score.help)


def _policy(clause: ast.CasePolicy, case: ast.CaseDecl, path: str, state: State) -> None:  # noqa: ARG001 - one form
    require(clause.name, path, ("policy",), state)


def _expect(clause: ast.CaseExpect, case: ast.CaseDecl, path: str, state: State) -> None:
    want_bool(clause.expr, "what follows `expect`", _place(case, path), state)


def _said(expr: ast.Expr, what: str, case: ast.CaseDecl, path: str, state: State) -> None:
    """A text, or a ``case.NAME`` of a test for each."""
    if isinstance(expr, ast.Text):
        return
    if _of_case(expr):
        state.type_of(expr, _place(case, path))
        return
    state.error("wrong-type", f"{what} must be a text", expr.span, help='put it in quotes: `"…"`')


def _place(case: ast.CaseDecl, path: str) -> Place:
    return Place(path, "case" if case.for_each is None else "row")


def _of_case(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Ref) and len(expr.name.parts) == 2 and expr.name.parts[0] == "case"


# ---- Results ----------------------------------------------------------------------------------------------------


def type_of_name(expr: ast.Ref, place: Place, state: State) -> Type | None:
    """The type of a name in an ``expect``."""
    if _of_case(expr):
        if place.stage == "row":
            return Type("meta")
        state.error(
            "unknown-name",
            f"there are no rows for `{expr.name}` to come from",
            expr.span,
            help='say where: `test "…" for each "cases.yaml" { … }`',
        )
        return None
    first = expr.name.parts[0]
    if len(expr.name.parts) == 1 and first in RESULTS:
        return Type(RESULTS[first])
    symbol = find(expr.name, place.path, state)
    near = did_you_mean(str(expr.name), list(RESULTS)) if symbol is None else None
    state.error(
        "unknown-name",
        f"a test's result has no `{expr.name}`",
        expr.span,
        help=f"did you mean `{near}`?" if near else "it has " + ", ".join(f"`{word}`" for word in RESULTS),
    )
    return None


def compared(op: str, left: ast.Expr, right: ast.Expr, place: Place, state: State) -> bool:
    """Check a comparison with a result that is a name: ``path``, ``model``, ``status``, ``failure``.

    Returns:
        False when neither side is one, so that it is a comparison like any other.
    """
    for one, other in ((left, right), (right, left)):
        result = _named_result(one)
        if not result:
            continue
        state.types[id(one)] = Type("label")
        if op in _ORDERS:
            state.error("wrong-type", f"`{result}` has no order", one.span, help="compare it with `==` or `!=`")
        elif _of_case(other):
            state.type_of(other, place)
        elif result == "path":
            _models(other, place, state)
        else:
            _value(result, other, place, state)
        return True
    return False


def listed(expr: ast.In, place: Place, state: State) -> bool:
    """Check ``model in [a, b]`` and its like; False when it is a list like any other."""
    result = _named_result(expr.value)
    if not result:
        return False
    state.types[id(expr.value)] = Type("label")
    if result == "path":
        state.error(
            "wrong-type", "`path` is a list itself", expr.value.span, help="compare it: `path == [haiku, sonnet]`"
        )
        return True
    for item in expr.items.items:
        _value(result, item, place, state)
    return True


def _named_result(expr: ast.Expr) -> str:
    if isinstance(expr, ast.Ref) and len(expr.name.parts) == 1 and RESULTS.get(expr.name.parts[0]) == "label":
        return expr.name.parts[0]
    return ""


def _models(expr: ast.Expr, place: Place, state: State) -> None:
    if not isinstance(expr, ast.ListExpr):
        state.error("wrong-type", "`path` is a list of models", expr.span, help="write `path == [haiku, sonnet]`")
        return
    for item in expr.items:
        _value("model", item, place, state)


def _value(result: str, expr: ast.Expr, place: Place, state: State) -> None:
    """What a result is compared with: a model's name, a status, a kind of failure."""
    if result == "model":
        if isinstance(expr, ast.Ref):
            symbol = require(expr.name, place.path, ("model",), state)
            if symbol is not None:
                state.words[id(expr)] = str(expr.name)
                state.types[id(expr)] = Type("label")
            return
        state.error("wrong-type", "models are compared by name", expr.span, help="write `model == haiku`")
        return
    choices = STATUSES if result == "status" else FAILURE_KINDS
    value = word(choices)(expr, place.path, state)
    if isinstance(value, Wrong):
        state.error(value.name, f"`{result}` {value.said}", expr.span, help=value.help)
        return
    state.words[id(expr)] = value
    state.types[id(expr)] = Type("label", choices)


_CLAUSES: dict[type, Callable[..., None]] = {
    ast.CaseQuery: _query,
    ast.CaseMeta: _meta,
    ast.CaseReply: _reply,
    ast.CaseJudge: _judge,
    ast.CaseAsk: _ask,
    ast.CasePolicy: _policy,
    ast.CaseExpect: _expect,
}
