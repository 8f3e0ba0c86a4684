"""Reads a policy file and every file it uses, and merges their names.

Takes: a path. Gives: `State.modules`, each file parsed, with what every name in it means. Guarantees: the file asked
for has a module whatever happens; files that can't be read, circles of ``use`` and names declared twice are errors at
the place that causes them.

A plain ``use`` brings in what the used file declares itself, but not its ``main``: that is what running the file
means, and two files that both run may still use each other's models. Behind an alias (``m.main``) it can be named.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache

from cascadelang import std
from cascadelang.diagnostics.model import Label
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.checked import Module, Symbol, SymbolKind
from cascadelang.semantics.state import Loaded, State
from cascadelang.source import SourceFile, Span
from cascadelang.source.files import beside
from cascadelang.syntax import ast
from cascadelang.syntax.parse import ParseResult, parse
from cascadelang.syntax.read_source import read_source

MOST_USES = 100
"""How many files may use each other in a row."""

RESERVED = frozenset({"meta", "query", "conversation", "case"})
"""Words with a meaning of their own in front of a dot."""

_KINDS: dict[type, SymbolKind] = {
    ast.ProviderDecl: "provider",
    ast.ModelDecl: "model",
    ast.TierDecl: "tier",
    ast.SignalDecl: "signal",
    ast.CheckDecl: "check",
    ast.TuneDecl: "tune",
    ast.PolicyDecl: "policy",
}


def load(path: str, state: State) -> None:
    """Read ``path`` and all it uses."""
    text = _read_root(path, state)
    _load(path, text or "", state, ())


def canonical(path: str) -> str:
    """The one path of a file: shipped files are ``std/NAME.cl``, however they were named."""
    return f"{path.removesuffix('.cl')}.cl" if path.startswith("std/") else path


def _read_root(path: str, state: State) -> str | None:
    found = read_source(path, state.files)
    if isinstance(found, SourceFile):
        return found.text
    if found.name == "missing-file" and path.startswith("std/"):
        shipped = std.read(path.removeprefix("std/").removesuffix(".cl"))
        if shipped is not None:
            return shipped
    state.tell(found)
    return None


def _load(path: str, text: str, state: State, above: tuple[str, ...]) -> None:
    source = SourceFile(path, text)
    parsed = _parsed_shipped(source) if path.startswith("std/") else parse(source)
    state.diagnostics.extend(parsed.diagnostics)
    state.doubtful.extend(parsed.doubtful)
    loaded = state.loaded[path] = Loaded(parsed.damaged, incomplete=parsed.nameless)
    state.modules[path] = Module(parsed.file, source, loaded.names)
    _declare_own(path, parsed.file, state)
    loaded.names.update(loaded.declared)
    for use in parsed.file.decls:
        if isinstance(use, ast.Use):
            _use(use, path, state, (*above, path))


@cache
def _parsed_shipped(source: SourceFile) -> ParseResult:
    """A file that ships with the package, parsed once however many files use it: what is parsed never changes."""
    return parse(source)


def _declare_own(path: str, file: ast.PolicyFile, state: State) -> None:
    declared = state.loaded[path].declared
    mains = 0
    for decl in file.decls:
        kind = _KINDS.get(type(decl))
        if kind is None:
            continue
        assert not isinstance(decl, (ast.Use, ast.RequireDecl, ast.AlertDecl, ast.CaseDecl))  # noqa: S101 - by kind
        symbol = Symbol(kind, decl.name, path, decl)
        state.loaded[path].everything.append(symbol)
        if isinstance(decl, ast.PolicyDecl) and decl.bare:
            mains += 1
        if decl.name in RESERVED:
            _reserved(decl.name, decl.name_span, state)
            state.loaded[path].missing |= {decl.name}
        elif decl.name in declared:
            _twice(symbol, declared[decl.name], mains, state)
        else:
            declared[decl.name] = symbol


def _reserved(name: str, at: Span, state: State) -> None:
    state.error(
        "reserved-name",
        f"`{name}` can't be declared: the word has a meaning of its own",
        at,
        label=f"`{name}.` stands in front of other names",
        help="choose another name",
    )


def place_of(symbol: Symbol) -> Span:
    """Where a symbol's name is written; a bare strategy is its own place."""
    decl = symbol.decl
    if decl is None:
        return Span(symbol.path, 0, 0)
    if isinstance(decl, ast.Use):
        return decl.alias_span
    if isinstance(decl, ast.PolicyDecl) and decl.bare:
        return Span(decl.span.path, decl.span.start, min(decl.span.end, decl.span.start + 1))
    return getattr(decl, "name_span", decl.span)


def _twice(symbol: Symbol, first: Symbol, mains: int, state: State) -> None:
    is_main = symbol.name == "main" and symbol.kind == "policy" and first.kind == "policy" and mains > 0
    if is_main and any(part.path == symbol.path for part in state.doubtful):
        return  # a mistake can cut a policy in two, whose second half then looks like one
    state.error(
        "duplicate-name",
        "the file has two policies `main`: a bare strategy is one"
        if is_main
        else f"`{symbol.name}` is declared twice",
        place_of(symbol),
        label="declared again here",
        related=(Label(place_of(first), "first declared here"),),
        help="name the other one with `policy NAME = …`" if is_main else "give one of the two another name",
    )


def _use(use: ast.Use, path: str, state: State, above: tuple[str, ...]) -> None:
    """Load what ``use`` names, unless it is loaded, and bring its names into the file ``path``."""
    target = canonical(beside(path, use.path.value))
    loaded = state.loaded[path]
    found = target if _fetch(use, target, path, state, above) else ""
    if use.alias:
        if use.alias in RESERVED:
            _reserved(use.alias, use.alias_span, state)
            loaded.missing |= {use.alias}
        else:
            _bring(Symbol("module", use.alias, path, use, found), use, use.alias_span, loaded, state)
        return
    loaded.uses.append(use.path.value)
    if not found:
        loaded.incomplete = True
        return
    used = state.loaded[found]
    loaded.missing |= used.missing
    loaded.incomplete |= used.incomplete
    for symbol in used.declared.values():
        if symbol.kind != "module" and symbol.name != "main":
            _bring(symbol, use, use.path.span, loaded, state)


def _fetch(use: ast.Use, target: str, path: str, state: State, above: tuple[str, ...]) -> bool:
    """Whether the used file is loaded, after loading it if need be."""
    if target in above:
        circle = [*above[above.index(target) :], target]
        state.error(
            "use-circle",
            f"`{path}` uses itself" if len(circle) == 2 else "files use each other in a circle",
            use.path.span,
            label=" → ".join(circle),
            help="leave it out" if len(circle) == 2 else "move what both need into a third file",
        )
        return False
    if target in state.modules:
        return True
    text = _shipped(use, target, state) if target.startswith("std/") else _beside(use, target, path, state)
    if text is None:
        return False
    if len(above) >= MOST_USES:
        state.error(
            "too-deep",
            f"files use each other more than {MOST_USES} deep",
            use.path.span,
            help="use the files that are needed from one file",
        )
        return False
    _load(target, text, state, above)
    return True


def _shipped(use: ast.Use, target: str, state: State) -> str | None:
    """The text of a file that ships with the package."""
    text = std.read(target.removeprefix("std/").removesuffix(".cl"))
    if text is None:
        near = did_you_mean(use.path.value.removesuffix(".cl"), [f"std/{name}" for name in std.names()])
        state.error(
            "missing-file",
            f"no file `{use.path.value}` ships with cascadelang",
            use.path.span,
            help=f"did you mean `{near}`?"
            if near
            else "there are " + ", ".join(f"`std/{name}`" for name in std.names()),
        )
    return text


def _beside(use: ast.Use, target: str, path: str, state: State) -> str | None:
    """The text of a user's own file."""
    data = state.read_bytes(use.path, path)
    text = None if data is None else state.decode(use.path, data)
    if text is not None and not target.endswith(".cl"):
        # With a mistake, the line that holds it is shown; no line of a file of another kind is to be.
        state.error(
            "missing-file",
            f"`{use.path.value}` is not a policy file",
            use.path.span,
            help="the name of a policy file ends in `.cl`",
        )
        return None
    return text


def _bring(symbol: Symbol, use: ast.Use, at: Span, loaded: Loaded, state: State) -> None:
    """Enter a name that ``use`` brings in, unless it is taken."""
    taken = loaded.names.get(symbol.name)
    if taken is None:
        loaded.names[symbol.name] = symbol
        if symbol.kind == "module":
            loaded.declared[symbol.name] = symbol
        return
    if loaded.declared.get(symbol.name) is taken and taken.kind != "module" and symbol.kind != "module":
        state.error(
            "duplicate-name",
            f'`{symbol.name}` is declared here and in "{use.path.value}"',
            place_of(taken),
            label="declared here",
            related=(Label(use.path.span, f'"{use.path.value}" declares it too'), Label(place_of(symbol), "there")),
            help="give it another name, or use the file behind a name: "
            f'`use "{use.path.value}" as {_alias_for(use.path.value)}`',
        )
        return
    behind = f'use the file behind a name: `use "{use.path.value}" as {_alias_for(use.path.value)}`'
    if symbol.kind == "module":
        label, help_ = "declared again here", "choose another name behind `as`"
        related: tuple[Label, ...] = (Label(place_of(taken), "first declared here"),)
    elif taken is symbol:
        label, help_, related = "", "leave one out", ()
    else:
        label, help_ = "brought in again here", behind
        related = (Label(place_of(taken), "first declared here"), Label(place_of(symbol), "and here"))
    again = f'"{use.path.value}" is used twice'
    state.error(
        "duplicate-name",
        again if taken is symbol else f"`{symbol.name}` is declared twice",
        at,
        label=label,
        related=related,
        help=help_,
    )


def _alias_for(path: str) -> str:
    stem = posixpath.basename(path).removesuffix(".cl")
    return re.sub(r"\W", "_", stem) or "m"
