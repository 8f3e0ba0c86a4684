"""Binds the arguments of catalogue entries: ``logprob(mean)``, ``contains(["a", "b"])``, ``judge(m, "rubric.md")``.

Takes: a call and the entry's spec. Gives: the call's type, and a `BoundCall` in `State.calls` when all is right.
Guarantees: every argument is one that the entry takes, given once, of the right type; files are read and noted.

Values in `BoundCall.args` are JSON values, but for three kinds of parameter: a ``model`` is the `Symbol` it names, an
``expr`` is the `ast.Expr` (typed, in the same tables), and ``bool_weights`` is a tuple of ``(ast.Ref, weight)``, one
`ast.Ref` per signal (typed, in the same tables). A ``regex`` is ``{"pattern": …, "flags": …}``, ``texts`` and
``labels`` are lists, ``bands`` is a list of ``[label, below]`` whose last ``below`` is ``None``; files of examples
are ``{"file": path, "texts": […]}`` and ``{"file": path, "topics": {label: […]}}``, and a learned file is
``{"file": path, "learned": its value}``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from cascadelang.contracts.spec import Param, Spec
from cascadelang.diagnostics.model import Fix, Label
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.arguments import BAD, convert, wrong_learned
from cascadelang.semantics.checked import BoundCall, Type
from cascadelang.semantics.constants import number
from cascadelang.semantics.resolve import told_unsupported
from cascadelang.semantics.state import Place, State
from cascadelang.semantics.types import SAID
from cascadelang.source import Span
from cascadelang.syntax import ast

EntryKind = Literal["signal", "check"]
_FILES = ("file", "text_or_file", "json_file", "schema_file", "examples_file", "topics_file", "learned_file")
_NO_SCHEMA = "not a valid JSON Schema: "
_SCATTERED = ("bool_weights", "bands")
"""Parameters that take arguments by the user's own words."""


def bare(expr: ast.Ref, spec: Spec, state: State) -> Type:
    """The type of an entry that stands without parentheses."""
    kind: EntryKind = "check" if spec.kind == "check" else "signal"
    if told_unsupported(spec, expr.span, state):
        return _gives(spec, {})
    missing = [param for param in spec.params if param.required]
    if missing or not spec.bare:
        state.error(
            "missing-argument",
            f"`{spec.name}` needs to be told {_listing(missing) if missing else 'more'}",
            expr.span,
            help=f"write `{usage(spec)}`",
        )
        return _gives(spec, {})
    scope: Literal["query", "conversation"] = "conversation" if expr.name.parts[0] == "conversation" else "query"
    state.calls[id(expr)] = BoundCall(kind, spec, {p.name: p.default for p in spec.params}, scope)
    return _gives(spec, {})


def prefixed(expr: ast.Ref | ast.Call, args: tuple[ast.Arg, ...], place: Place, state: State) -> Type | None:
    """The type of ``query.tokens``, ``conversation.tokens``, ``conversation.contains("…")``."""
    first, *rest = expr.name.parts
    if not rest and first in state.loaded[place.path].missing:
        return None
    if not rest:
        state.error(
            "wrong-kind",
            f"`{first}` needs the name of a signal behind a dot",
            expr.name.span,
            help=f"name one: `{first}.tokens`",
        )
        return None
    word = rest[0]
    spec = state.catalog.spec("signal", word) if len(rest) == 1 else None
    if spec is None:
        near = did_you_mean(word, state.catalog.names("signal"))
        symbol = state.modules[place.path].names.get(word)
        declared = symbol is not None and symbol.kind == "signal"
        state.error(
            "unknown-name",
            f"no built-in signal is named `{'.'.join(rest)}`",
            expr.name.span,
            help=f"`{word}` is declared in the file: write it without `{first}.`"
            if declared
            else f"did you mean `{first}.{near}`?"
            if near
            else "there are " + ", ".join(f"`{name}`" for name in state.catalog.names("signal")),
            fix=Fix(expr.name.span, f"{first}.{near}", f"change to `{first}.{near}`")
            if near and not declared
            else None,
        )
        return None
    if isinstance(expr, ast.Ref):
        return bare(expr, spec, state)
    return _bind(expr, args, spec, place, state)


def call(expr: ast.Call, spec: Spec, place: Place, state: State) -> Type | None:
    """The type of an entry with arguments."""
    return _bind(expr, expr.args, spec, place, state)


def usage(spec: Spec) -> str:
    """How an entry is written: ``judge(model, rubric)``."""
    words = [param.name for param in spec.params if param.required and param.type not in _SCATTERED]
    words += ["NAME: weight, …" for param in spec.params if param.type == "bool_weights"]
    words += ["LABEL: below, …, LABEL" for param in spec.params if param.type == "bands"]
    return f"{spec.name}({', '.join(words)})"


def _listing(params: list[Param]) -> str:
    return " and ".join(f"`{param.name}`" for param in params)


def _gives(spec: Spec, values: dict[str, Any]) -> Type:
    """The type an entry gives; a label's values come from its arguments."""
    labels: tuple[str, ...] = ()
    if spec.gives == "label":
        for param in spec.params:
            value = values.get(param.name, BAD)
            if value is BAD or value is None:
                continue
            if param.type == "labels":
                labels = tuple(value)
            elif param.type == "bands":
                labels = tuple(label for label, _ in value)
            elif param.type == "topics_file":
                labels = tuple(value["topics"])
            elif param.type == "learned_file":
                if value["learned"]["gives"] != "label":
                    return Type("score")
                labels = tuple(value["learned"]["outputs"])
    return Type(spec.gives, labels)


def _bind(expr: ast.Call, args: tuple[ast.Arg, ...], spec: Spec, place: Place, state: State) -> Type | None:
    off = told_unsupported(spec, expr.span, state)
    given, scattered, sound = _deal(args, spec, state)
    values: dict[str, Any] = {}
    for param in spec.params:
        if param.type in _SCATTERED and scattered:
            gather = _weights if param.type == "bool_weights" else _bands
            values[param.name] = gather(scattered, place, state)
        elif off and param.type in _FILES:
            # Rules may look at the file, but one that nothing will read isn't missed: one mistake, one error.
            told = len(state.diagnostics)
            values[param.name] = (
                convert(given[param.name].value, param, spec.name, place, state) if param.name in given else BAD
            )
            del state.diagnostics[told:]
        elif param.name in given:
            values[param.name] = convert(given[param.name].value, param, spec.name, place, state)
        else:
            values[param.name] = param.default
            if param.required and sound:
                sound = False
                _tell_missing(expr, spec, param, state)
    sound = sound and all(value is not BAD for value in values.values())
    if sound and not off:
        sound = _no_problems(expr, spec, values, given, state)
    if sound:
        kind: EntryKind = "check" if spec.kind == "check" else "signal"
        whole = expr.name.parts[0] == "conversation"
        if spec.needs_vary:
            spec = replace(spec, needs=state.catalog.needs(spec.kind, spec.name, values))
        state.calls[id(expr)] = BoundCall(kind, spec, values, "conversation" if whole else "query")
    found = _gives(spec, values)
    # Labels that were told to be wrong aren't missed anywhere else.
    missed = found.value == "label" and not found.labels
    # Nor is a value by the form that another kind of file would have given it.
    missed = missed or any(param.type == "learned_file" for param in spec.params)
    return None if missed and not sound else found


def _tell_missing(expr: ast.Call, spec: Spec, param: Param, state: State) -> None:
    state.error(
        "missing-argument",
        f"`{spec.name}` needs to be told its `{param.name}`",
        expr.span,
        help=f"write `{usage(spec)}`",
        notes=(f"`{param.name}`: {param.doc}",) if param.doc else (),
    )


def _deal(args: tuple[ast.Arg, ...], spec: Spec, state: State) -> tuple[dict[str, ast.Arg], list[ast.Arg], bool]:
    """Which argument goes to which parameter: those by parameter, those scattered, and whether all is well."""
    params = {param.name: param for param in spec.params if param.type not in _SCATTERED}
    scatters = {param.type for param in spec.params if param.type in _SCATTERED}
    free = list(params)
    given: dict[str, ast.Arg] = {}
    scattered: list[ast.Arg] = []
    sound = True
    for arg in args:
        if arg.name and arg.name not in params:
            if scatters:
                scattered.append(arg)
                continue
            sound = False
            near = did_you_mean(arg.name, list(params))
            state.error(
                "unknown-argument",
                f"`{spec.name}` takes no `{arg.name}`",
                arg.span,
                help=f"did you mean `{near}`?" if near else _takes(spec),
            )
            continue
        name = arg.name or (free[0] if free else "")
        if not name:
            if "bands" in scatters:
                scattered.append(arg)
                continue
            sound = False
            state.error("unknown-argument", f"`{spec.name}` takes no further argument", arg.span, help=_takes(spec))
            continue
        if name in given:
            sound = False
            state.error(
                "duplicate-argument",
                f"`{name}` is given twice",
                arg.span,
                related=(Label(given[name].span, "first given here"),),
                help="leave one out",
            )
            continue
        free.remove(name)
        given[name] = arg
    return given, scattered, sound


def _takes(spec: Spec) -> str:
    if any(param.type in _SCATTERED for param in spec.params):
        return f"write `{usage(spec)}`"
    names = [param.name for param in spec.params]
    return f"it takes {', '.join(f'`{name}`' for name in names)}" if names else "it takes none: leave it out"


def _weights(args: list[ast.Arg], place: Place, state: State) -> Any:
    """``has_code: 0.4, long: 0.3``, as references to signals with weights."""
    parts: list[tuple[ast.Ref, float]] = []
    sound = True
    for arg in args:
        at = Span(arg.span.path, arg.span.start, arg.span.start + len(arg.name))
        ref = ast.Ref(ast.Name((arg.name,), at), at)
        state.kept.append(ref)
        kind = state.type_of(ref, place)
        weight = number(arg.value, place.path, state)
        sound = sound and kind is not None
        if kind is not None and kind.value not in ("bool", "score", "share"):
            sound = False
            state.error(
                "wrong-type",
                f"a part of a score must be true or false or a score, and `{arg.name}` is {SAID[kind.value]}",
                at,
                help=f"declare a signal that compares it: `signal NAME = {arg.name} > …`",
            )
        if any(arg.name == seen.name.parts[0] for seen, _ in parts):
            sound = False
            state.error("duplicate-argument", f"`{arg.name}` is given twice", at, help="leave one out")
        if weight is None or weight <= 0:
            sound = False
            state.error(
                "out-of-range",
                f"the weight of `{arg.name}` must be a number above 0",
                arg.value.span,
                help=f"write `{arg.name}: 0.4`",
            )
            continue
        parts.append((ref, float(weight)))
    return tuple(parts) if sound else BAD


def _bands(args: list[ast.Arg], place: Place, state: State) -> Any:
    """``easy: 0.3, medium: 0.7, hard``: labels with the value each ends below, the last without one."""
    example = "write the labels from low to high, the last without a limit: `band(x, easy: 0.3, medium: 0.7, hard)`"
    bands: list[list[Any]] = []
    for position, arg in enumerate(args):
        last = position == len(args) - 1
        if arg.name and not last:
            below = number(arg.value, place.path, state)
            if below is None:
                state.error("wrong-type", f"the limit of `{arg.name}` must be a number", arg.value.span, help=example)
                return BAD
            if bands and float(below) <= bands[-1][1]:
                state.error(
                    "out-of-range",
                    f"the limit of `{arg.name}` must be above that of `{bands[-1][0]}`",
                    arg.value.span,
                    help=example,
                )
                return BAD
            bands.append([arg.name, float(below)])
        elif last and not arg.name and isinstance(arg.value, ast.Ref) and len(arg.value.name.parts) == 1:
            bands.append([arg.value.name.parts[0], None])
        else:
            said = "the last label takes no limit" if last and arg.name else "only the last label has no limit"
            state.error("wrong-type", said, arg.span, help=example)
            return BAD
    words = [label for label, _ in bands]
    if len(words) < 2 or len(set(words)) < len(words):
        said = "a band needs two labels or more" if len(words) < 2 else "a label is given twice"
        state.error("wrong-type", said, args[0].span.to(args[-1].span), help=example)
        return BAD
    return bands


def _no_problems(expr: ast.Call, spec: Spec, values: dict[str, Any], given: dict[str, ast.Arg], state: State) -> bool:
    """Ask the catalogue what else is wrong with the arguments."""
    found = state.catalog.problems(spec.kind, spec.name, values)
    files = [arg for name, arg in given.items() if _param(spec, name).type == "schema_file"]
    # With another argument it may be that which is wrong.
    learned = next((arg.value for name, arg in given.items() if _param(spec, name).type == "learned_file"), None)
    learned = learned if len(given) == 1 else None
    for problem in found:
        if files:
            state.error(
                "invalid-schema",
                f"the file can't be used as a JSON Schema: {problem.removeprefix(_NO_SCHEMA)}",
                files[0].value.span,
                help="correct the schema",
            )
        elif isinstance(learned, ast.Text):
            wrong_learned(learned, problem, state)
        else:
            state.error("wrong-type", f"`{spec.name}` can't take this: {problem}", expr.span, help=_takes(spec))
    return not found


def _param(spec: Spec, name: str) -> Param:
    return next(param for param in spec.params if param.name == name)
