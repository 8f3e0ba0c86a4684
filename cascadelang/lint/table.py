"""Which rules there are, known without importing them.

Takes: the files of `cascadelang.lint.rules` and the entry points ``cascadelang.rules`` of installed packages. Gives:
an `Entry` for each rule, and the rule itself when it is asked for. Guarantees: the table is made once for each state
of those files and of Python's path, and kept in the user's cache folder as JSON; a cache that is foreign, damaged or
older is made anew; a built-in name can't be taken over by another package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from cascadelang.diagnostics.model import Severity
from cascadelang.lint.rule import Rule
from cascadelang.source.digest import sha256
from cascadelang.source.frozen import dataclass
from cascadelang.source.kept import read_kept, write_kept_beside

FORMAT = 2
"""Raised whenever the cached form changes."""

GROUP = "cascadelang.rules"
_FOLDER = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a rule before it is imported.

    Attributes:
        name: of the rule.
        severity: what its findings are unless the settings say otherwise.
        words: as `Rule.words`.
        needs_graph: as `Rule.needs_graph`.
        module: where it is.
        attribute: what it is called there.
    """

    name: str
    severity: Severity
    words: tuple[str, ...]
    needs_graph: bool
    module: str
    attribute: str = "RULE"


class RuleFaultError(Exception):
    """A rule of another package can't be used; ``str()`` says which and why, in words."""


@cache
def table() -> Mapping[str, Entry]:
    """Every rule by its name: built-in ones in order of the alphabet, then those of other packages.

    Raises:
        RuleFaultError: when a rule of another package can't be imported.
    """
    state = _state()
    path = _cache_path()
    kept = read_kept(path) if path is not None else None
    if isinstance(kept, dict) and kept.get("format") == FORMAT and kept.get("state") == state:
        try:
            if all(_mark(file) == mark for file, mark in kept["files"].items()):
                return {entry.name: entry for entry in map(_entry, kept["rules"])}
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
    found = {entry.name: entry for entry in _built_in()}
    for entry in _foreign():
        found.setdefault(entry.name, entry)
    if path is not None:
        rows = [[e.name, e.severity, [*e.words], e.needs_graph, e.module, e.attribute] for e in found.values()]
        files = {file: _mark(file) for file in map(_file, found.values()) if file}
        write_kept_beside(path, {"format": FORMAT, "state": state, "files": files, "rules": rows})
    return found


def rule(entry: Entry) -> Rule:
    """The rule itself, imported now.

    Raises:
        RuleFaultError: when a rule of another package can't be imported.
    """
    if _is_built_in(entry):
        made = import_module(entry.module).RULE
    else:
        made = _loaded(entry.name, entry.module, entry.attribute)
    assert isinstance(made, Rule)  # noqa: S101 - ours are; others were looked at
    return made


def _state() -> list[list[Any]]:
    """What the table depends on: the rules' files, and the folders in which packages are installed."""
    found: list[list[Any]] = []
    with os.scandir(_FOLDER) as files:
        for file in files:
            if file.name.endswith(".py"):
                at = file.stat()
                found.append([file.name, at.st_mtime_ns, at.st_size])
    found.sort()
    for folder in _search_path():
        try:
            found.append([folder, os.stat(folder).st_mtime_ns, 0])  # noqa: PTH116 - one look is all
        except OSError:
            continue
    return found


def _search_path() -> list[str]:
    """Where Python looks for packages, the working directory aside: it changes all the time."""
    here = os.getcwd()  # noqa: PTH109 - a text is compared
    return [folder for folder in sys.path if folder not in ("", ".", here)]


def _file(entry: Entry) -> str:
    """The file of a rule of another package: it may be edited where it stands."""
    if _is_built_in(entry):
        return ""
    return getattr(sys.modules.get(entry.module), "__file__", None) or ""


def _mark(file: str) -> list[int]:
    """What changes when a file does."""
    try:
        at = os.stat(file)  # noqa: PTH116 - one look is all
    except OSError:
        return []
    return [at.st_mtime_ns, at.st_size]


def _is_built_in(entry: Entry) -> bool:
    return entry.module.startswith(f"{__package__}.rules.")


def _cache_path() -> Path | None:
    """Where this installation's table is kept."""
    from cascadelang.source.folders import cache_folder

    # one for each way of starting Python: each has a path of its own
    installation = f"{FORMAT} {_FOLDER} {sys.prefix} {sys.version_info[:2]} {os.pathsep.join(_search_path())}"
    key = sha256(installation.encode("utf-8", "surrogateescape")).hexdigest()
    try:
        return cache_folder() / f"rules-{key[:24]}.json"
    except (OSError, RuntimeError):
        return None


def _entry(row: list[Any]) -> Entry:
    """A row of the cache."""
    name, severity, words, needs_graph, module, attribute = row
    if severity not in get_args(Severity) or not all(isinstance(w, str) for w in (name, module, attribute, *words)):
        raise ValueError
    return Entry(name, severity, tuple(words), bool(needs_graph), module, attribute)


def _built_in() -> Iterator[Entry]:
    for file in sorted(_FOLDER.glob("*.py")):
        if file.stem.startswith("_"):
            continue
        module = f"{__package__}.rules.{file.stem}"
        made = import_module(module).RULE
        assert made.code.name == file.stem.replace("_", "-")  # noqa: S101 - a mistake in our own source
        yield Entry(made.code.name, made.code.severity, made.words, made.needs_graph, module)


def _foreign() -> Iterator[Entry]:
    """The rules of other packages; what its name is, each says by its `Code`."""
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP)):
        made = _loaded(point.name, point.module, point.attr or "RULE")
        words, needs_graph = tuple(made.words), bool(made.needs_graph)
        attribute = point.attr or "RULE"
        yield Entry(made.code.name, made.code.severity, words, needs_graph, point.module, attribute)


def _loaded(name: str, module: str, attribute: str) -> Rule:
    try:
        made = getattr(import_module(module), attribute)
    except Exception as error:
        raise RuleFaultError(f"the rule `{name}` of another package can't be loaded: {error}") from error
    if not isinstance(made, Rule):
        raise RuleFaultError(f"the rule `{name}` of another package is no rule: `{module}` exports no `{attribute}`")
    return made
