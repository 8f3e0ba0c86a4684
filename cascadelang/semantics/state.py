"""What the passes of one check share: where they read from, and the tables they fill.

Takes: files, the catalogue and the known models. Gives: tables that grow while the passes run; `check` freezes them
into a `CheckedPolicy`. Guarantees: the same mistake at the same place is told once; none is told in a
part of a file that the parser couldn't make sense of.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Literal

from cascadelang.catalog.models import KnownModel
from cascadelang.contracts.spec import Catalog
from cascadelang.diagnostics.model import Diagnostic, Fix, Label
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.lock.model import Lock
from cascadelang.semantics.checked import (
    BoundCall,
    FileUse,
    ModelInfo,
    Module,
    ProviderInfo,
    Symbol,
    SymbolKind,
    Type,
)
from cascadelang.source import FileMissing, Files, SourceFile, Span
from cascadelang.source.files import beside
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast
from cascadelang.syntax.read_source import decode

KnownModels = Callable[[str, str, str], KnownModel | None]
"""Looks a model up by provider kind, base URL (empty for the kind's own) and model id."""

Stage = Literal["signal", "check", "case", "row", "alert"]
"""When an expression is evaluated: before generating, on an answer, after a test's run, after that of a row, on what
runs recorded."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression or strategy stands: its file, and when it is evaluated."""

    path: str
    stage: Stage = "signal"

    @property
    def tested(self) -> bool:
        """Whether it is about the result of a test."""
        return self.stage in ("case", "row")


class Loaded:
    """A file while it is being checked.

    Attributes:
        names: what every name in it means: the `Module`'s own table, still open.
        declared: its own declarations and aliases, by name; the first of each name.
        everything: all its declarations that have names, in order, also those whose name was taken.
        missing: names whose declaration was begun but couldn't be taken; it was told why.
        incomplete: a plain ``use`` of it failed, or the name of a declaration couldn't be made out, so any unknown
            name may be meant for it.
        uses: the paths of what it uses plainly, as written.
    """

    __slots__ = ("declared", "everything", "incomplete", "missing", "names", "uses")

    def __init__(self, missing: frozenset[str], *, incomplete: bool) -> None:
        self.names: dict[str, Symbol] = {}
        self.declared: dict[str, Symbol] = {}
        self.everything: list[Symbol] = []
        self.missing = missing
        self.incomplete = incomplete
        self.uses: list[str] = []


Typer = Callable[[ast.Expr, Place, "State"], Type | None]


MOST_LOOKS = 40_000
"""Names that are compared with unknown ones, for did-you-mean, in one check: some tenths of a second. Where hundreds
of names are unknown among hundreds, the last of them get no suggestion."""


class State:
    """The tables of one check. Each pass reads and fills them; none takes anything out again."""

    def __init__(self, files: Files, catalog: Catalog, known_models: KnownModels, typer: Typer) -> None:
        self._typer = typer
        self.files = files
        self.catalog = catalog
        self.known_models = known_models
        self.modules: dict[str, Module] = {}
        self.loaded: dict[str, Loaded] = {}
        self.diagnostics: list[Diagnostic] = []
        self.calls: dict[int, BoundCall] = {}
        self.types: dict[int, Type] = {}
        self.models: dict[int, ModelInfo] = {}
        self.providers: dict[int, ProviderInfo] = {}
        self.reads: dict[str, FileUse] = {}
        self.words: dict[int, str] = {}
        self.settings: dict[int, dict[str, Any]] = {}
        self.answerers: dict[int, list[ModelInfo]] = {}
        self.nameable: dict[tuple[str, tuple[SymbolKind, ...]], list[str]] = {}
        self.declared_types: dict[int, Type | None] = {}
        self.kept: list[ast.Expr] = []
        self.owner: Symbol | None = None
        self.lock: Lock | None = None
        self.lock_source: SourceFile | None = None
        self.tuned: dict[int, Decimal] = {}
        self.edges: dict[Symbol, list[tuple[Symbol, Span]]] = {}
        self.doubtful: list[Span] = []
        self._looks_left = MOST_LOOKS
        self._told: set[tuple[str, Span, str]] = set()

    def error(
        self,
        name: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",  # noqa: A002 - the diagnostic's own word
        notes: tuple[str, ...] = (),
        related: tuple[Label, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        """Tell a mistake, once."""
        self.tell(Diagnostic(name, "error", message, span, label, help, notes, related, fix))

    def tell(self, diagnostic: Diagnostic) -> None:
        """As `error`, of a mistake that is put into words."""
        key = (diagnostic.name, diagnostic.span, diagnostic.message)
        if key not in self._told and not (self.doubtful and self._in_doubt(diagnostic.span)):
            self._told.add(key)
            self.diagnostics.append(diagnostic)

    def _in_doubt(self, span: Span) -> bool:
        """Whether a place is in a part of a file with a mistake that the parser has told."""
        return any(part.path == span.path and part.start <= span.start < part.end for part in self.doubtful)

    def meant(self, word: str, candidates: Callable[[], Sequence[str]]) -> str | None:
        """As `did_you_mean`, as long as there is time for it."""
        if self._looks_left < 0:
            return None
        names = candidates()
        self._looks_left -= len(names)
        return did_you_mean(word, names) if self._looks_left >= 0 else None

    def hide(self, span: Span) -> None:
        """Mask a secret in the text that is handed on, so that no rendered line shows it."""
        module = self.modules[span.path]
        text = module.source.text
        masked = "*" * (span.end - span.start)
        source = SourceFile(span.path, f"{text[: span.start]}{masked}{text[span.end :]}")
        self.modules[span.path] = Module(module.file, source, module.names)

    def type_of(self, expr: ast.Expr, place: Place) -> Type | None:
        """The type of an expression, as `expressions.type_of`: how the passes beneath that one reach it."""
        return self._typer(expr, place, self)

    def depends(self, symbol: Symbol, span: Span) -> None:
        """Note that the declaration being checked refers to ``symbol`` at ``span``."""
        if self.owner is not None:
            self.edges.setdefault(self.owner, []).append((symbol, span))

    def read_bytes(self, name: ast.Text, path: str) -> bytes | None:
        """The bytes of the file that ``name`` in the file ``path`` means; ``None``, and an error, if unreadable."""
        if not name.value.strip():
            self.error("missing-file", "the path is empty", name.span, help="name a file")
            return None
        file = beside(path, name.value)
        try:
            return self.files.read_bytes(file)
        except FileMissing as why:
            near = did_you_mean(posixpath.basename(file), self.files.neighbours(file))
            folder = posixpath.dirname(name.value)
            self.error(
                "missing-file",
                f"`{name.value}` can't be read: {why}",
                name.span,
                label=f"looked for at {file}" if file != name.value else "",
                help=f"did you mean `{posixpath.join(folder, near)}`?"
                if near
                else "paths are relative to the policy file that names them"
                if "no such" in str(why)
                else "name a file that can be read",
            )
            return None

    def decode(self, name: ast.Text, data: bytes) -> str | None:
        """The bytes of the file that ``name`` means, as text; ``None``, and an error, if they aren't UTF-8."""
        text = decode(name.value, data, name.span)
        if isinstance(text, str):
            return text
        self.tell(text)
        return None

    def read_text(self, name: ast.Text, path: str) -> str | None:
        """The text of a file that the policy reads, noted with its hash; ``None``, and an error, if unreadable."""
        data = self.read_bytes(name, path)
        if data is None:
            return None
        text = self.decode(name, data)
        if text is None:
            return None
        import hashlib

        file = beside(path, name.value)
        self.reads[file] = FileUse(file, hashlib.sha256(data).hexdigest(), text)
        return text
