"""What checking finds out: a policy file with its names resolved, its calls bound and its values typed.

An AST plus tables; nothing is written onto AST nodes. Tables about single nodes are keyed by ``id(node)``: the nodes
live as long as the `CheckedPolicy` that holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any, Literal

from cascadelang.contracts.price import Price
from cascadelang.contracts.spec import Capability, Spec, ValueType
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lock.model import Lock
from cascadelang.source import SourceFile
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast

SymbolKind = Literal["provider", "model", "tier", "signal", "check", "tune", "policy", "module"]


@dataclass(frozen=True, eq=False)
class Symbol:
    """One declared name.

    Attributes:
        kind: what was declared; ``module`` is an alias of ``use … as``.
        name: the name as declared, without any alias.
        path: the file it was declared in.
        decl: its declaration; ``None`` for a module.
        module: the aliased file's path, for a module.
    """

    kind: SymbolKind
    name: str
    path: str
    decl: ast.Decl | None = None
    module: str = ""


@dataclass(frozen=True, eq=False)
class Module:
    """One file and what its names mean in it: its own declarations and all that plain ``use`` brings in."""

    file: ast.PolicyFile
    source: SourceFile
    names: Mapping[str, Symbol]


@dataclass(frozen=True)
class FileUse:
    """A file the policy reads: its path, the SHA-256 of its bytes, and its text."""

    path: str
    sha256: str
    text: str


@dataclass(frozen=True, eq=False)
class BoundCall:
    """A catalogue entry used in an expression, its arguments bound.

    Attributes:
        kind: ``signal`` or ``check``.
        spec: the entry.
        args: every parameter by name, defaults written out, as JSON values; files read in, a model as the
            `Symbol` it names, a tune as the number it holds. A ``regex`` is ``{"pattern", "flags"}``; ``bands`` is a
            list of ``[label, below]``, the last ``below`` being ``None``; an ``expr`` is the `ast.Expr` itself and
            ``bool_weights`` a tuple of ``(ast.Ref, weight)``, both typed in the same tables.
        scope: ``query`` or ``conversation`` for signals.
    """

    kind: Literal["signal", "check"]
    spec: Spec
    args: Mapping[str, Any]
    scope: Literal["query", "conversation"] = "query"


@dataclass(frozen=True)
class Type:
    """The type of an expression. ``labels`` are a label's possible values, where they are known."""

    value: ValueType
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProviderInfo:
    """A configured provider: the kind it is of, its settings with defaults, and where its key comes from.

    ``key_env`` is the name of an environment variable, never a key. ``folder`` is what the paths among the settings
    are relative to, empty for a kind that takes none.
    """

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    key_env: str = ""
    folder: str = ""


@dataclass(frozen=True)
class ModelInfo:
    """A declared model with everything written out.

    ``price`` is ``None`` when it isn't known; a local model's is ``FREE``. ``system`` is the system prompt's text.
    """

    name: str
    provider: ProviderInfo
    id: str
    max_tokens: int
    timeout_s: float
    retry: int
    price: Price | None = None
    context: int | None = None
    can: frozenset[Capability] | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    effort: str | None = None
    system: str = ""


@dataclass(frozen=True, eq=False)
class CheckedPolicy:
    """A file that was checked. It can be compiled when no diagnostic is an error.

    Attributes:
        path: the file asked for.
        modules: every file that takes part, by path; the one asked for is ``modules[path]``.
        diagnostics: everything found, in source order, file by file, syntax errors included.
        calls: bound calls by ``id`` of the `ast.Call` or `ast.Ref` node.
        types: types by ``id`` of the expression node.
        models: what each model declaration says, by ``id`` of the `ast.ModelDecl`.
        files: every other file that was read, by path.
        policies: names of the policies a caller can ask for, ``main`` first when there is one.
        words: bare names that stand for themselves, by ``id`` of the `ast.Ref`: a label or a language compared with a
            signal (``topic == billing``), a signal's ``else`` label, a status, failure or model in an ``expect``.
            What is in here names no declaration, even where one has the same name.
        settings: what each ``with`` sets, by ``id`` of the `ast.With`, by the names that `ModelInfo` has for it.
        lock: the lock file beside the policy, where there is one without mistakes.
        lock_source: its text, also of one with mistakes.
        tuned: the values that the lock gives to tunes, by ``id`` of the `ast.TuneDecl`.
    """

    path: str
    modules: Mapping[str, Module]
    diagnostics: tuple[Diagnostic, ...]
    calls: Mapping[int, BoundCall]
    types: Mapping[int, Type]
    models: Mapping[int, ModelInfo]
    files: Mapping[str, FileUse]
    policies: tuple[str, ...]
    words: Mapping[int, str] = field(default_factory=dict)
    settings: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    lock: Lock | None = None
    lock_source: SourceFile | None = None
    tuned: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it can be compiled."""
        return all(d.severity != "error" for d in self.diagnostics)

    def resolve(self, name: ast.Name, path: str) -> Symbol | None:
        """What a name means in the file ``path``: its symbol, or ``None`` when it names nothing."""
        symbol = self.modules[path].names.get(name.parts[0])
        for part in name.parts[1:]:
            if symbol is None or symbol.kind != "module":
                return None
            symbol = self.modules[symbol.module].names.get(part)
        return symbol
