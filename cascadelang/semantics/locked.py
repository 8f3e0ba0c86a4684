"""Reads the lock beside a policy file and takes the values of tunes from it.

Takes: the path of the file asked for, its modules loaded. Gives: `State.lock` and `State.tuned`. Guarantees: a value
is taken only for a tune that is declared, and only from within its range; without a lock nothing is read and YAML
isn't imported. Locks of files that are only used don't count: a policy is tuned as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lock.model import Lock, lock_path
from cascadelang.semantics.checked import CheckedPolicy, Module
from cascadelang.semantics.constants import written
from cascadelang.semantics.names import Names
from cascadelang.semantics.state import State
from cascadelang.source import FileMissing, SourceFile, Span
from cascadelang.syntax import ast
from cascadelang.syntax.read_source import decode


def read_locked(path: str, state: State) -> None:
    """Read the lock of the policy file at ``path``, if there is one."""
    lock = _read(lock_path(path), state)
    if lock is None:
        return
    state.lock = lock
    if not lock.tunes:
        return
    declared = _tunes(path, state.modules)
    for name, held in lock.tunes.items():
        decl = declared.get(name)
        if decl is None:
            continue
        low, high = written(decl.low), written(decl.high)
        if low is None or high is None or low >= high:
            continue  # what is wrong with the declaration is told there
        if low <= held.value <= high:
            state.tuned[id(decl)] = held.value
            continue
        state.error(
            "locked-out-of-range",
            f"the lock has `{name}` at {held.value}, outside the range it is declared with",
            held.span,
            related=(Label(decl.low.span.to(decl.high.span), f"the range of `{name}`"),),
            help=f"give `{name}` a value from {low} to {high}, or take it out of the lock",
        )


def declared_tunes(checked: CheckedPolicy) -> dict[str, ast.TuneDecl]:
    """Every declared tune of a policy's files, by the name that the file asked for has for it."""
    return _tunes(checked.path, checked.modules)


def _tunes(path: str, modules: Mapping[str, Module]) -> dict[str, ast.TuneDecl]:
    names = Names(path, modules)
    symbols = {symbol for module in modules.values() for symbol in module.names.values() if symbol.kind == "tune"}
    return {names.of(symbol): symbol.decl for symbol in symbols if isinstance(symbol.decl, ast.TuneDecl)}


def _read(file: str, state: State) -> Lock | None:
    try:
        data = state.files.read_bytes(file)
    except FileMissing as why:
        if "no such" not in str(why):
            state.error("invalid-lock", f"`{file}` can't be read: {why}", Span(file, 0, 0))
        return None
    text = decode(file, data, Span(file, 0, 0))
    if isinstance(text, Diagnostic):
        state.error("invalid-lock", text.message, text.span, label=text.label, help=text.help)
        return None
    from cascadelang.lock.read import read_lock

    state.lock_source = SourceFile(file, text)
    found = read_lock(state.lock_source)
    if isinstance(found, Lock):
        return found
    for diagnostic in found:
        state.tell(diagnostic)
    return None
