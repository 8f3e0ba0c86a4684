"""Checks a policy file: reads it and all it uses, resolves its names, types its expressions, binds its arguments.

Takes: a path, and where to read files, the catalogue and known models from. Gives: a `CheckedPolicy` with everything
found. Guarantees: it never raises for what a file says, and it reads nothing but through the files given (and the
``std/`` files that ship with the package). One mistake gives one error: what hangs on a mistake is silent.

The passes, in order:

1. `load`: read and parse the files, merge their names; `locked`: take the values of tunes from the lock.
2. `models`: what every provider and model says.
3. `order`, `declared`, `expressions`, `compare`, `bind`: types of signals, checks and tunes, each worked out once.
4. `strategies`, `bounds`, `cases`, `alerts`: tiers, policies, requirements, tests and alerts.
5. `circles`: nothing needs itself.
6. `capabilities`: models can give what their gates need, and limits in money have prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cascadelang.contracts.spec import Catalog
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.semantics import expressions
from cascadelang.semantics.alerts import check_alert
from cascadelang.semantics.bounds import check_require
from cascadelang.semantics.capabilities import check_capabilities
from cascadelang.semantics.cases import check_case
from cascadelang.semantics.checked import CheckedPolicy, Symbol
from cascadelang.semantics.circles import tell_circles
from cascadelang.semantics.declared import type_of_declared
from cascadelang.semantics.load import load
from cascadelang.semantics.locked import read_locked
from cascadelang.semantics.models import check_model, provider_of
from cascadelang.semantics.order import needed_first
from cascadelang.semantics.state import KnownModels, State
from cascadelang.semantics.strategies import check_strategy
from cascadelang.source import Files
from cascadelang.syntax import ast


def check(path: str, files: Files, catalog: Catalog, known_models: KnownModels) -> CheckedPolicy:
    """Check the policy file at ``path``.

    Args:
        path: the file; what it names is relative to its folder.
        files: where files are read from.
        catalog: which providers, checks and signals exist. Where it has them, its ``capabilities(provider)``,
            ``key_env(provider)`` and ``problems(kind, name, args)`` are asked too.
        known_models: prices and capabilities by provider kind, base URL and model id.
    """
    state = State(files, catalog, known_models, expressions.type_of)
    load(path, state)
    read_locked(path, state)
    symbols = [symbol for module in state.loaded.values() for symbol in module.everything]
    for symbol in needed_first(symbols, state):
        _guarded(symbol, state)
    for module_path, module in state.modules.items():
        for decl in module.file.decls:
            _loose(decl, module_path, state)
    tell_circles(symbols, state)
    for symbol in symbols:
        check_capabilities(symbol, state)
    return _frozen(path, state)


def _guarded(symbol: Symbol, state: State) -> None:
    """Check one declaration; one that is nested beyond all reason is told, not raised."""
    try:
        _declaration(symbol, state)
    except RecursionError:
        _too_deep(symbol.decl, state)
    finally:
        state.owner = None


def _declaration(symbol: Symbol, state: State) -> None:
    decl = symbol.decl
    if isinstance(decl, (ast.SignalDecl, ast.CheckDecl, ast.TuneDecl)):
        type_of_declared(symbol, state)
        return
    state.owner = symbol
    if isinstance(decl, ast.ProviderDecl):
        provider_of(symbol, state)
    elif isinstance(decl, ast.ModelDecl):
        check_model(symbol, state)
    elif isinstance(decl, (ast.TierDecl, ast.PolicyDecl)):
        check_strategy(decl.strategy, symbol.path, state)


def _loose(decl: ast.Decl, path: str, state: State) -> None:
    """Check a declaration without a name."""
    try:
        if isinstance(decl, ast.RequireDecl):
            check_require(decl, path, state)
        elif isinstance(decl, ast.CaseDecl):
            check_case(decl, path, state)
        elif isinstance(decl, ast.AlertDecl):
            check_alert(decl, path, state)
    except RecursionError:
        _too_deep(decl, state)


def _too_deep(decl: ast.Decl | None, state: State) -> None:
    if decl is not None:
        state.error(
            "too-deep",
            "the declaration is nested too deeply",
            decl.span,
            help="give the inner parts names of their own",
        )


def in_order(path: str, files: Iterable[str], found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics in the order of the files, that at ``path`` first, the lock last, and of the places in them."""
    order = {file: position for position, file in enumerate([path, *(other for other in files if other != path)])}
    return tuple(
        sorted(found, key=lambda d: (order.get(d.span.path, len(order)), d.span.start, d.span.end, d.name)),
    )


def _frozen(path: str, state: State) -> CheckedPolicy:
    return CheckedPolicy(
        path=path,
        modules=state.modules,
        diagnostics=in_order(path, state.modules, state.diagnostics),
        calls=state.calls,
        types=state.types,
        models=state.models,
        files=state.reads,
        policies=tuple(_policies(path, state)),
        words=state.words,
        settings=state.settings,
        lock=state.lock,
        lock_source=state.lock_source,
        tuned=state.tuned,
    )


def _policies(path: str, state: State) -> Iterator[str]:
    names = [name for name, symbol in state.loaded[path].declared.items() if symbol.kind == "policy"]
    if "main" in names:
        yield "main"
    yield from (name for name in names if name != "main")
