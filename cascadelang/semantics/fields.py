"""Fields in braces: of a model, of a ``with``, of a test's reply; and the rules each field keeps.

Takes: a record and the fields it may have. Gives: their values by field. Guarantees: an unknown field, a field given
twice and a value of the wrong type or out of range are errors, never ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, get_args

from cascadelang.contracts.price import Price
from cascadelang.contracts.spec import Capability
from cascadelang.diagnostics.model import Fix, Label
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.constants import number, whole
from cascadelang.semantics.state import State
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast

CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
RETRY_MOST = 10


@dataclass(frozen=True)
class Wrong:
    """Why a value can't be taken: the diagnostic's name, what is wrong with it, and what would be right."""

    name: str
    said: str
    help: str


Reader = Callable[[ast.Expr, str, State], Any]
"""Gives a field's value, or `Wrong`."""


@dataclass(frozen=True)
class Field:
    """A field: what its value is stored as, and how it is read."""

    key: str
    read: Reader


def read_fields(
    record: ast.Record, fields: Mapping[str, Field], of: str, path: str, state: State
) -> tuple[dict[str, Any], dict[str, ast.Entry]]:
    """The values of a record's fields by `Field.key`, and the first entry of each name, right or wrong.

    Args:
        record: the braces.
        fields: what may stand in them, by the user's word.
        of: whose fields they are, for messages: ``a model``.
        path: the file they stand in.
        state: the check's tables.
    """
    values: dict[str, Any] = {}
    for name, entry in entries_of(record, list(fields), of, state).items():
        field = fields.get(name)
        if field is None:
            continue
        value = field.read(entry.value, path, state)
        if isinstance(value, Wrong):
            state.error(value.name, f"`{name}` {value.said}", entry.value.span, help=value.help)
        else:
            values[field.key] = value
    return values, {entry.key: entry for entry in reversed(record.entries)}


def entries_of(record: ast.Record, names: list[str], of: str, state: State) -> dict[str, ast.Entry]:
    """A record's entries by name, each name once; unknown and repeated ones are told."""
    found: dict[str, ast.Entry] = {}
    for entry in record.entries:
        if entry.key not in names:
            near = did_you_mean(entry.key, names)
            state.error(
                "unknown-field",
                f"{of} has no `{entry.key}`",
                entry.key_span,
                help=f"did you mean `{near}`?" if near else "it has " + ", ".join(f"`{name}`" for name in names),
                fix=Fix(entry.key_span, near, f"change to `{near}`") if near else None,
            )
        elif entry.key in found:
            state.error(
                "duplicate-field",
                f"`{entry.key}` is given twice",
                entry.key_span,
                related=(Label(found[entry.key].key_span, "first given here"),),
                help="leave one out",
            )
        else:
            found[entry.key] = entry
    return found


# ---- Readers ----------------------------------------------------------------------------------------------------


def integer(low: int, high: int | None = None) -> Reader:
    """Whole numbers from ``low`` to ``high``."""
    said = f"from {low} to {high}" if high is not None else f"of {low} or more"

    def read(expr: ast.Expr, path: str, state: State) -> int | Wrong:  # noqa: ARG001 - the readers' one signature
        value = whole(expr)
        if value is None:
            return Wrong("wrong-type", "must be a whole number", f"give a whole number {said}")
        if value < low or (high is not None and value > high):
            return Wrong("out-of-range", f"must be a whole number {said}", f"give a whole number {said}")
        return value

    return read


def decimal(low: float, high: float) -> Reader:
    """Numbers from ``low`` to ``high``; a tune gives the one it holds."""

    def read(expr: ast.Expr, path: str, state: State) -> float | Wrong:
        value = None if isinstance(expr, ast.Percent) else number(expr, path, state)
        if value is None:
            return Wrong("wrong-type", "must be a number", f"give a number from {low:g} to {high:g}")
        if not low <= value <= high:
            return Wrong(
                "out-of-range",
                f"must be a number from {low:g} to {high:g}",
                f"give a number from {low:g} to {high:g}",
            )
        return float(value)

    return read


def span_of_time(expr: ast.Expr, path: str, state: State) -> float | Wrong:  # noqa: ARG001 - one signature
    """A duration above zero, in seconds."""
    if not isinstance(expr, ast.Duration):
        return Wrong("wrong-type", "must be a duration", "give a number with a unit: `10s`, `250ms`, `2m`")
    if expr.value_s <= 0:
        return Wrong("out-of-range", "must be longer than nothing", "give a duration above zero: `10s`")
    return float(expr.value_s)


def text(expr: ast.Expr, path: str, state: State) -> str | Wrong:  # noqa: ARG001 - the readers' one signature
    """A text."""
    if not isinstance(expr, ast.Text):
        return Wrong("wrong-type", "must be a text", 'put it in quotes: `"…"`')
    return expr.value


def texts(expr: ast.Expr, path: str, state: State) -> tuple[str, ...] | Wrong:  # noqa: ARG001 - one signature
    """A text or a list of texts, none of them empty."""
    items = expr.items if isinstance(expr, ast.ListExpr) else (expr,)
    found = tuple(item.value for item in items if isinstance(item, ast.Text) and item.value)
    if len(found) < len(items):
        return Wrong("wrong-type", "must be a text or a list of texts", 'write `"END"` or `["END", "STOP"]`')
    return found


def word(choices: tuple[str, ...]) -> Reader:
    """One bare word of ``choices``, with or without quotes."""
    listed = ", ".join(f"`{choice}`" for choice in choices)

    def read(expr: ast.Expr, path: str, state: State) -> str | Wrong:  # noqa: ARG001 - the readers' one signature
        given = _word(expr)
        if given in choices:
            return given
        near = did_you_mean(given, choices) if given else None
        said = f"can't be `{given}`" if given else f"must be one of {listed}"
        return Wrong("unknown-choice", said, f"did you mean `{near}`?" if near else f"choose one of {listed}")

    return read


def _word(expr: ast.Expr) -> str:
    if isinstance(expr, ast.Ref) and len(expr.name.parts) == 1:
        return expr.name.parts[0]
    return expr.value if isinstance(expr, ast.Text) else ""


def capabilities(expr: ast.Expr, path: str, state: State) -> frozenset[Capability] | Wrong:  # noqa: ARG001 - as above
    """A list of what a model can."""
    listed = ", ".join(f"`{capability}`" for capability in CAPABILITIES)
    if not isinstance(expr, ast.ListExpr):
        return Wrong("wrong-type", "must be a list", "write `can: [logprobs, json]`")
    found: set[Capability] = set()
    for item in expr.items:
        given = _word(item)
        known = next((capability for capability in CAPABILITIES if capability == given), None)
        if known is None:
            near = did_you_mean(given, CAPABILITIES) if given else None
            return Wrong(
                "unknown-choice",
                f"can't hold `{given}`" if given else f"must hold words out of {listed}",
                f"did you mean `{near}`?" if near else f"choose out of {listed}",
            )
        found.add(known)
    # Alternatives per token come with the tokens' own probabilities.
    return frozenset(found | {"logprobs"}) if "top_logprobs" in found else frozenset(found)


def price(expr: ast.Expr, path: str, state: State) -> Price | Wrong:  # noqa: ARG001 - the readers' one signature
    """``$1 / $5``: dollars per million tokens in and out."""
    sides: tuple[ast.Expr, ast.Expr] | None = None
    if isinstance(expr, ast.Price):
        sides = (expr.input, expr.output)
    elif isinstance(expr, ast.Arith) and expr.op == "/":
        sides = (expr.left, expr.right)
    if sides is None or not isinstance(sides[0], ast.Money) or not isinstance(sides[1], ast.Money):
        return Wrong("wrong-type", "must be two amounts", "write dollars per million tokens in and out: `$1 / $5`")
    if sides[0].value < 0 or sides[1].value < 0:
        return Wrong("out-of-range", "must not be less than nothing", "write `$0 / $0` for a model that is free")
    return Price(Decimal(sides[0].value), Decimal(sides[1].value))


def truth(expr: ast.Expr, path: str, state: State) -> bool | Wrong:  # noqa: ARG001 - the readers' one signature
    """``true`` or ``false``."""
    if not isinstance(expr, ast.Bool):
        return Wrong("wrong-type", "must be true or false", "write `true` or `false`")
    return expr.value


CALL_FIELDS: dict[str, Field] = {
    "max_tokens": Field("max_tokens", integer(1)),
    "timeout": Field("timeout_s", span_of_time),
    "temperature": Field("temperature", decimal(0, 2)),
    "top_p": Field("top_p", decimal(0, 1)),
    "seed": Field("seed", integer(-(2**63), 2**63 - 1)),
    "stop": Field("stop", texts),
    "effort": Field("effort", word(EFFORTS)),
    "system": Field("system", text),
}
"""What one call can be told."""

WITH_FIELDS: dict[str, Field] = {**CALL_FIELDS, "stop_early": Field("stop_early", truth)}
"""The fields of ``with``."""

MODEL_FIELDS: dict[str, Field] = {
    **CALL_FIELDS,
    "retry": Field("retry", integer(0, RETRY_MOST)),
    "price": Field("price", price),
    "context": Field("context", integer(1)),
    "can": Field("can", capabilities),
}
"""What a model can be told."""
