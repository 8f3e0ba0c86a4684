"""What a name means where it stands, and what is said when it means nothing.

Takes: a name and its place. Gives: the symbol, or ``None``. Guarantees: a name that names nothing, or a thing of the
wrong kind, is told once; nothing is told about names whose own declaration is already known to be broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from cascadelang import std
from cascadelang.contracts.spec import Kind, Spec
from cascadelang.diagnostics.model import Fix, Label
from cascadelang.semantics.checked import Symbol, SymbolKind
from cascadelang.semantics.load import place_of
from cascadelang.semantics.state import Place, State
from cascadelang.source import NO_SPAN, Span
from cascadelang.syntax import ast

ANSWERERS: tuple[SymbolKind, ...] = ("model", "tier", "policy")


def a(kind: str) -> str:
    """The kind with its article, as a message says it."""
    return "an alias of a file" if kind == "module" else f"a {kind}"


def either(kinds: Sequence[str]) -> str:
    """``model, tier or policy``."""
    return kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} or {kinds[-1]}"


def lookup(name: ast.Name, path: str, state: State) -> Symbol | None:
    """What the name means, or ``None``; nothing is told and nothing noted."""
    symbol = state.modules[path].names.get(name.parts[0])
    for part in name.parts[1:]:
        if symbol is None or symbol.kind != "module" or not symbol.module:
            return None
        symbol = state.modules[symbol.module].names.get(part)
    return symbol


def find(name: ast.Name, path: str, state: State) -> Symbol | None:
    """What the name means, with nothing told; the declaration being checked depends on it."""
    symbol = lookup(name, path, state)
    if symbol is not None and symbol.kind != "module":
        state.depends(symbol, name.span)
    return symbol


def require(name: ast.Name, path: str, kinds: Sequence[SymbolKind], state: State) -> Symbol | None:
    """What the name means; ``None``, and an error, when it names nothing of the kinds wanted."""
    symbol = lookup(name, path, state)
    if symbol is None:
        unknown(name, path, kinds, state)
        return None
    if symbol.kind not in kinds:
        wrong_kind(name, symbol, kinds, state)
        return None
    state.depends(symbol, name.span)
    return symbol


def wrong_kind(name: ast.Name, symbol: Symbol, kinds: Sequence[str], state: State, help_: str = "") -> None:
    """Tell that a name names something else than what is needed."""
    if symbol.kind == "module" and not help_:
        help_ = f"name something in it: `{name}.NAME`"
    at = place_of(symbol)
    state.error(
        "wrong-kind",
        f"`{name}` is {a(symbol.kind)}, and a {either(kinds)} is needed here",
        name.span,
        label=f"{a(symbol.kind)}",
        help=help_ or f"name a {either(kinds)}",
        related=(Label(at, f"`{symbol.name}` is declared here"),) if at != NO_SPAN else (),
    )


def unknown(
    name: ast.Name,
    path: str,
    kinds: Sequence[SymbolKind],
    state: State,
    *,
    more: Iterable[str] = (),
    what: str = "",
    help_: str = "",
) -> None:
    """Tell that a name names nothing.

    Args:
        name: the name.
        path: the file it stands in.
        kinds: what could have been meant.
        state: the check's tables.
        more: further words that would have been right here (the catalogue's).
        what: what the message calls the thing; the kinds, unless said.
        help_: what to do, when no name is near.
    """
    loaded = state.loaded[path]
    if len(name.parts) > 1:
        _unknown_behind_alias(name, path, kinds, what or either(kinds), state)
        return
    word = name.parts[0]
    if word in loaded.missing or loaded.incomplete:
        return
    behind = _behind_aliases(word, path, kinds, state)
    near = behind[0] if len(behind) == 1 else None
    near = near or state.meant(word, lambda: [*names_of(path, kinds, state), *more])
    state.error(
        "unknown-name",
        f"no {what or either(kinds)} is named `{word}`",
        name.span,
        label=_where(loaded.uses),
        help=f"did you mean `{near}`?" if near else help_ or _advice(word, path, kinds, state),
        fix=Fix(name.span, near, f"change to `{near}`") if near else None,
    )


def names_of(path: str, kinds: Sequence[SymbolKind], state: State) -> list[str]:
    """The names of those kinds that can stand in the file ``path``, aliased ones included. All files are read."""
    known = state.nameable.get((path, tuple(kinds)))
    if known is not None:
        return known
    found = state.nameable[path, tuple(kinds)] = []
    for word, symbol in state.modules[path].names.items():
        if symbol.kind in kinds:
            found.append(word)
        elif symbol.kind == "module" and symbol.module:
            inner = state.modules[symbol.module].names
            found += [f"{word}.{name}" for name, s in inner.items() if s.kind in kinds]
    return found


def _behind_aliases(word: str, path: str, kinds: Sequence[SymbolKind], state: State) -> list[str]:
    """The name as it can be written behind the aliases of the file that have it."""
    names = state.modules[path].names
    return [
        f"{alias}.{word}"
        for alias in names_of(path, ("module",), state)
        if (module := names[alias].module)
        for inner in [state.modules[module].names.get(word)]
        if inner is not None and inner.kind in kinds
    ]


def _unknown_behind_alias(name: ast.Name, path: str, kinds: Sequence[SymbolKind], what: str, state: State) -> None:
    alias = state.modules[path].names.get(name.parts[0])
    loaded = state.loaded[path]
    if alias is None:
        if name.parts[0] in loaded.missing or loaded.incomplete:
            return
        fronts = ("meta", "conversation", "query") if "signal" in kinds else ()
        near = state.meant(
            name.parts[0],
            lambda: [*(n for n, s in state.modules[path].names.items() if s.kind == "module"), *fronts],
        )
        state.error(
            "unknown-name",
            f"no file is used as `{name.parts[0]}`",
            name.span,
            help=f"did you mean `{near}`?" if near else f'say `use "FILE.cl" as {name.parts[0]}`',
        )
        return
    if alias.kind != "module":
        state.error(
            "wrong-kind",
            f"`{name.parts[0]}` is {a(alias.kind)}, and only a file used `as` a name has names behind a dot",
            name.span,
            related=(Label(place_of(alias), f"`{alias.name}` is declared here"),),
            help="leave out the dot and what follows it",
        )
        return
    if not alias.module or state.loaded[alias.module].incomplete:
        return
    if name.parts[1] in state.loaded[alias.module].missing:
        return
    behind = state.modules[alias.module].names
    near = state.meant(name.parts[1], lambda: [n for n, s in behind.items() if s.kind in kinds])
    state.error(
        "unknown-name",
        f"no {what} is named `{name}`",
        name.span,
        label=f'not declared in "{alias.module}"',
        help=f"did you mean `{name.parts[0]}.{near}`?" if near else f"look at what `{alias.module}` declares",
        fix=Fix(name.span, f"{name.parts[0]}.{near}", f"change to `{name.parts[0]}.{near}`") if near else None,
    )


def _where(uses: Sequence[str]) -> str:
    places = ["in this file", *(f'in "{path}"' for path in uses)]
    return f"not declared {either(places)}"


def _advice(word: str, path: str, kinds: Sequence[SymbolKind], state: State) -> str:
    known = names_of(path, kinds, state) if "signal" not in kinds else []
    behind = _behind_aliases(word, path, kinds, state) if known else []
    shipped = _shipped_with(word) if "model" in kinds and not behind else ""
    if shipped:
        return f'`use "{shipped}"` brings in a model of that name'
    if behind:
        return f"say behind which name: `{behind[0]}`"
    if "model" in kinds and not names_of(path, ("model", "tier"), state):
        known = []  # but for policies, among which it stands itself
    if known and len(known) <= 6:
        return f"there {'is' if len(known) == 1 else 'are'} " + ", ".join(f"`{name}`" for name in known)
    if "model" in kinds and not known:
        return 'declare one with `model NAME = PROVIDER("id")`, or bring some in with `use "std/anthropic"`'
    return f"declare it with `{kinds[0]} {word} = …`"


def _shipped_with(word: str) -> str:
    """The shipped file that declares a model of that name; empty when none does."""
    return _shipped_models().get(word, "")


@cache
def _shipped_models() -> dict[str, str]:
    """The shipped files by the models they declare, read once: a file may have thousands of unknown names."""
    found: dict[str, str] = {}
    for name in std.names():
        for word in re.findall(r"^model\s+(\w+)", std.read(name) or "", re.MULTILINE):
            found.setdefault(word, f"std/{name}")
    return found


def told_unsupported(spec: Spec, at: Span, state: State) -> bool:
    """Whether the entry isn't part of this version; an error says so."""
    if not spec.supported:
        return False
    unsupported(spec.name, at, state, spec.supported)
    return True


def unsupported(form: str, at: Span, state: State, instead: str = "") -> None:
    """Tell that a form isn't part of this version, and what there is instead."""
    state.error(
        "not-supported-yet",
        f"`{form}` is not part of this version of cascadelang (0.1)",
        at,
        help=instead or "leave it out for now",
    )


def fault_of(kind: Kind, name: ast.Name, state: State) -> str:
    """Why the catalogue can't give an entry that is there; empty when it isn't there at all."""
    return state.catalog.fault(kind, str(name))


def unknown_entry(name: ast.Name, place: Place, state: State) -> None:
    """Tell that a name is neither declared nor in the catalogue, as far as this stage can see."""
    kinds: tuple[SymbolKind, ...] = ("check", "signal", "tune") if place.stage == "check" else ("signal", "tune")
    entries = state.catalog.names("check" if place.stage == "check" else "signal")
    help_ = ""
    if len(name.parts) == 1:
        word = name.parts[0]
        if place.stage == "check" and state.catalog.spec("signal", word) is not None:
            help_ = f"a signal of the query is written `query.{word}` in a check"
        elif place.stage == "signal" and state.catalog.spec("check", word) is not None:
            help_ = f"`{word}` is a check: it judges an answer, and there is none yet here"
    what = "check or signal" if place.stage == "check" else "signal"
    help_ = help_ or fault_of("check" if place.stage == "check" else "signal", name, state)
    if help_ and not state.loaded[place.path].incomplete:
        state.error("unknown-name", f"no {what} is named `{name}` here", name.span, help=help_)
        return
    unknown(name, place.path, kinds, state, more=entries, what=what)
