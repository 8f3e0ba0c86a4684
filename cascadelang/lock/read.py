"""Reads a lock file.

Takes: its text. Gives: a `Lock`, or what is wrong with it, each at its line. Guarantees: never raises; a key
that isn't known, a value of the wrong type and a version that is newer are errors, so that nothing in a lock is
silently without effect. YAML is read by PyYAML's safe loader into nodes with their places; no tag makes an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, NoReturn, TypeVar

import yaml

from cascadelang.contracts.price import Price, PriceStep
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.lock.model import LOCK_VERSION, Lock, LockedFile, LockedModel, LockedTune
from cascadelang.source import SourceFile, Span

LONGEST: Final = 1_000_000
"""Characters of a lock file that are read."""

_SHA: Final = re.compile(r"sha256:[0-9a-f]{64}")
_AGAIN: Final = "put it right, or take the file away and run `cascadelang lock`; values under `tune` are lost then"

T = TypeVar("T")


def read_lock(source: SourceFile) -> Lock | tuple[Diagnostic, ...]:
    """The lock in a file's text, or everything that is wrong with it."""
    return _Reading(source).lock()


class _Wrong(Exception):  # noqa: N818 - it names what happened
    """A value that can't be taken; it was told."""


class _Reading:
    """One lock file while it is read; `told` grows."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.told: list[Diagnostic] = []

    def lock(self) -> Lock | tuple[Diagnostic, ...]:
        try:
            root = self._root()
            fields = self._fields(root, "the lock", ("version", "locked", "prices", "files", "tune"))
            self._version(fields.get("version"), root)
            locked = self._get(fields, "locked", self._day)
            prices = self._prices(fields.get("prices"))
            files = self._each(fields.get("files"), self._file)
            tunes = self._each(fields.get("tune"), self._tune)
        except _Wrong:
            return tuple(self.told)
        if locked is None and not self.told:
            self._tell("`locked` is missing: the day the lock was written", self._at(root))
        if self.told or locked is None:
            return tuple(self.told)
        source, as_of, models, models_span = prices
        files_span = self._at(fields["files"]) if "files" in fields else self._at(root)
        return Lock(locked, source, as_of, models, files, tunes, models_span, files_span)

    # ---- Parts --------------------------------------------------------------------------------------------------

    def _root(self) -> yaml.Node:
        text = self.source.text
        if len(text) > LONGEST:
            self._fail(f"the lock file has more than {LONGEST:,} characters", Span(self.source.path, 0, 0))
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None and not text[mark.index :].strip() and error.context_mark is not None:
                mark = error.context_mark  # what is open at the end, rather than the end
            at = min(mark.index, len(text)) if mark is not None else 0
            conflict = re.search(r"^(?:<{7}|={7}|>{7})", text, re.MULTILINE)
            if conflict is not None:
                end = text.find("\n", conflict.start())
                span = Span(self.source.path, conflict.start(), end if end >= 0 else len(text))
                help_ = "finish the merge, then run `cascadelang lock`"
                self._fail("the lock file holds an unfinished merge", span, help_)
            span = Span(self.source.path, at, min(at + 1, len(text)))
            self._fail(f"the lock file is no YAML: {error.problem or error}", span)
        except yaml.reader.ReaderError as error:
            at = min(error.position, len(text))
            self._fail("the lock file holds a character that YAML doesn't allow", Span(self.source.path, at, at + 1))
        except RecursionError:
            self._fail("the lock file is nested too deeply", Span(self.source.path, 0, 0))
        if root is None:
            self._fail("the lock file is empty", Span(self.source.path, 0, 0))
        return root

    def _version(self, node: yaml.Node | None, root: yaml.Node) -> None:
        if node is None:
            self._fail("`version` is missing", self._at(root), f"a lock starts with `version: {LOCK_VERSION}`")
        version = self._whole(node)
        if version > LOCK_VERSION:
            self._fail(
                f"the lock is of version {version}, and this cascadelang reads version {LOCK_VERSION}",
                self._at(node),
                "update cascadelang: a newer one wrote the lock",
            )
        if version < LOCK_VERSION:
            self._fail(f"there is no version {version} of locks", self._at(node))

    def _prices(self, node: yaml.Node | None) -> tuple[str, str, dict[str, LockedModel], Span]:
        if node is None:
            return "", "", {}, Span(self.source.path, 0, 0)
        fields = self._fields(node, "`prices`", ("source", "as_of", "models"))
        source = self._get(fields, "source", self._text) or ""
        as_of = self._get(fields, "as_of", self._day)
        models = self._each(fields.get("models"), self._model)
        span = self._at(fields["models"]) if "models" in fields else self._at(node)
        return source, as_of.isoformat() if as_of else "", models, span

    def _model(self, name: str, key: yaml.Node, node: yaml.Node) -> LockedModel:
        known = ("provider", "id", "price", "input", "output", "cached", "steps")
        fields = self._fields(node, f"the model `{name}`", known)
        provider = self._needs(fields, "provider", name, key, self._text)
        id_ = self._needs(fields, "id", name, key, self._text)
        span = self._at(key)
        if "price" in fields:
            if self._text(fields["price"]) != "unknown":
                help_ = "write `price: unknown`, or `input:` and `output:` in dollars per million tokens"
                self._fail(f"the `price` of `{name}` can only be `unknown`", self._at(fields["price"]), help_)
            return LockedModel(name, provider, id_, None, span)
        into = self._needs(fields, "input", name, key, self._dollars)
        out = self._needs(fields, "output", name, key, self._dollars)
        steps = tuple(self._step(name, step) for step in self._items(fields.get("steps")))
        price = Price(into, out, self._get(fields, "cached", self._dollars), steps)
        return LockedModel(name, provider, id_, price, span)

    def _step(self, name: str, node: yaml.Node) -> PriceStep:
        fields = self._fields(node, f"a step of `{name}`", ("above", "input", "output", "cached"))
        above = self._needs(fields, "above", name, node, self._whole)
        into = self._needs(fields, "input", name, node, self._dollars)
        out = self._needs(fields, "output", name, node, self._dollars)
        return PriceStep(above, into, out, self._get(fields, "cached", self._dollars))

    def _file(self, name: str, key: yaml.Node, node: yaml.Node) -> LockedFile:
        return LockedFile(name, self._hash(node), self._at(key))

    def _tune(self, name: str, key: yaml.Node, node: yaml.Node) -> LockedTune:
        name_span = self._at(key)
        if isinstance(node, yaml.ScalarNode):  # `strict: 0.83`, by hand
            return LockedTune(name, self._number(node), span=self._at(node), name_span=name_span)
        known = ("value", "calibrated", "records", "data", "models", "target", "guarantee")
        fields = self._fields(node, f"the tune `{name}`", known)
        value = self._needs(fields, "value", name, key, self._number)
        return LockedTune(
            name,
            value,
            self._get(fields, "calibrated", self._day),
            self._get(fields, "records", self._whole),
            self._get(fields, "data", self._hash) or "",
            tuple(self._text(item) for item in self._items(fields.get("models"))),
            self._get(fields, "target", self._text) or "",
            self._get(fields, "guarantee", self._text) or "",
            self._at(fields["value"]),
            name_span,
        )

    # ---- Forms --------------------------------------------------------------------------------------------------

    def _fields(self, node: yaml.Node, what: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        """A mapping's values by key; keys that aren't known are told."""
        found: dict[str, yaml.Node] = {}
        strange = False
        for name, key, value in self._pairs(node, what):
            if name in known:
                found[name] = value
                continue
            near = did_you_mean(name, known)
            help_ = f"did you mean `{near}`?" if near else "there are " + ", ".join(f"`{k}`" for k in known)
            self._tell(f"{what} has no key `{name}`", self._at(key), help_)
            strange = True
        if strange:
            raise _Wrong  # what is missing may be what was meant
        return found

    def _pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(f"{what} must be a mapping: `key: value`, each on its line", self._at(node))
        seen: set[str] = set()
        for key, value in node.value:
            name = self._text(key)
            if name in seen:
                self._fail(f"`{name}` stands in {what} twice", self._at(key), "leave one out")
            seen.add(name)
            yield name, key, value

    def _each(self, node: yaml.Node | None, read: Callable[[str, yaml.Node, yaml.Node], T]) -> dict[str, T]:
        """A mapping of names, each read; one that is wrong is told and left out."""
        found: dict[str, T] = {}
        if node is None or self._is_null(node):
            return found
        for name, key, value in self._pairs(node, "this part"):
            try:
                found[name] = read(name, key, value)
            except _Wrong:
                continue
        return found

    def _items(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._fail("this must be a list", self._at(node))
        return list(node.value)

    def _get(self, fields: dict[str, yaml.Node], name: str, read: Callable[[yaml.Node], T]) -> T | None:
        return read(fields[name]) if name in fields else None

    def _needs(
        self, fields: dict[str, yaml.Node], name: str, owner: str, at: yaml.Node, read: Callable[[yaml.Node], T]
    ) -> T:
        if name not in fields:
            self._fail(f"`{owner}` has no `{name}`", self._at(at))
        return read(fields[name])

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fail("this must be a text", self._at(node))
        return str(node.value)

    def _number(self, node: yaml.Node) -> Decimal:
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        try:
            value = Decimal(node.value) if plain else Decimal("NaN")
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            self._fail("this must be a number", self._at(node))
        return value

    def _dollars(self, node: yaml.Node) -> Decimal:
        value = self._number(node)
        if value < 0:
            self._fail("a price can't be under 0", self._at(node))
        return value

    def _whole(self, node: yaml.Node) -> int:
        value = self._number(node)
        if value != value.to_integral_value() or not 0 <= value <= 10**15:
            self._fail("this must be a whole number, 0 or more", self._at(node))
        return int(value)

    def _day(self, node: yaml.Node) -> date:
        text = self._text(node)
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._fail(f"`{text}` is not a day", self._at(node), "write it as `2026-11-24`")

    def _hash(self, node: yaml.Node) -> str:
        text = self._text(node)
        if not _SHA.fullmatch(text):
            self._fail("this must be a hash: `sha256:` and 64 digits from 0 to f", self._at(node))
        return text.removeprefix("sha256:")

    # ---- Telling ------------------------------------------------------------------------------------------------

    @staticmethod
    def _is_null(node: yaml.Node) -> bool:
        return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"

    def _at(self, node: yaml.Node) -> Span:
        """The first line of a node."""
        start, end = node.start_mark.index, node.end_mark.index
        line_end = self.source.text.find("\n", start)
        if 0 <= line_end < end:
            end = line_end
        return Span(self.source.path, start, max(start, end))

    def _tell(self, message: str, span: Span, help_: str = _AGAIN) -> None:
        self.told.append(Diagnostic("invalid-lock", "error", message, span, help=help_))

    def _fail(self, message: str, span: Span, help_: str = _AGAIN) -> NoReturn:
        self._tell(message, span, help_)
        raise _Wrong
