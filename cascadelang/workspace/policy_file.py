"""Which file a recorded run's policy is of: what the record holds, and what a record's words mean here.

Takes: a file as it was named, and the settings. Gives: `recorded_path`, and for what was recorded `RecordedFiles`.
Guarantees: one file has one recorded path, from whichever folder and by whichever way it is named, unless the way
leads over a link; two files have two, unless the settings say that they are one; nothing is written.

What a record holds:

``/srv/support/support.cl``
    The whole path. Links stay as they are: ``/srv/current/support.cl`` is one policy, whichever release it leads to.
``acme:policies/support.cl``
    Where the setting ``trace_project`` names a project: the path below the folder of its settings, with ``/``. It is
    the same on every host and in every checkout.
``hmac:26b1…/support.cl``, ``sha256:3fa9…/support.cl``
    Where texts are kept as hashes, or not at all, the folder's hash: folders tell the names of users and customers.
``support.cl``, ``./support.cl``
    As it was typed, in records of older versions.
"""

# ruff: noqa: PTH100, PTH110, PTH117, PTH118, PTH119, PTH120, PTH121, PTH123, PTH206 - paths are texts here, as typed

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Final

from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from cascadelang.trace.privacy import Keep
    from cascadelang.workspace.config import Config

_PROJECT: Final = re.compile(r"[A-Za-z0-9][\w.-]+", re.ASCII)
_HASHED: Final = 8
"""Digits of a folder's SHA-256, where no key is given."""


def recorded_path(file: str, config: Config, compiled_from: str = "") -> str:
    """What the record of a run holds as its policy's file.

    Args:
        file: the policy, or a graph that `compile` printed.
        config: the settings for it.
        compiled_from: the file that the graph says it was compiled from, as it was named then.
    """
    full = absolute(_source(file, compiled_from) or file)
    if config.trace_project:
        return _storable(f"{config.trace_project}:{_below(_project_folder(full, config), full)}")
    from cascadelang.workspace.traces import privacy_of

    if config.trace_keep == "text":
        return _storable(privacy_of(config).kept(full) if config.trace_redact else full)
    folder, name = os.path.split(full)
    if config.trace_keep == "hashes":
        return _storable(f"{privacy_of(config).kept(folder)}/{name}")
    import hashlib
    import hmac

    of = folder.encode("utf-8", "surrogatepass")
    key = config.trace_key.encode("utf-8", "replace")
    hashed = hmac.new(key, of, "sha256") if key else hashlib.sha256(of)
    return _storable(f"sha256:{hashed.hexdigest()[:_HASHED]}/{name}")


def _recorded_paths(file: str, config: Config) -> set[str]:
    """Under which paths a file's runs may be recorded: settings may have been others then."""
    from dataclasses import replace

    from cascadelang.workspace.traces import has_key

    paths: set[str] = set()
    for key, project in product({config.trace_key, ""}, {config.trace_project, ""}):
        then = replace(config, trace_key=key, trace_project=project)
        keeps: tuple[Keep, ...] = ("text", "numbers", "hashes") if has_key(then) else ("text", "numbers")
        paths |= {recorded_path(file, replace(then, trace_keep=keep)) for keep in keeps}
    return paths


def check_project(name: str, where: str) -> str:
    """The name of a project.

    Raises:
        Mistake: when it is none.
    """
    if name and not _PROJECT.fullmatch(name):
        help_ = 'letters, digits, `.`, `_` and `-`, two at least: `trace_project = "acme-support"`'
        raise Mistake(f"{where} is `{name}`, which is no name for a project", help_)
    return name


def absolute(file: str) -> str:
    """The whole path of a file, over the links that it was reached by.

    A shell that went through a link knows the way it took (``PWD``), while the system only knows where that led.
    """
    plain = os.path.abspath(file)
    if os.path.isabs(file) and ".." not in file:
        return plain
    ways = [os.path.normpath(os.path.join(os.environ.get("PWD", ""), file)), plain]
    for way in ways:
        if os.path.isabs(way) and _same_file(way, file):
            return way
    return os.path.realpath(file) if os.path.exists(file) else plain


class RecordedFiles:
    """What recorded paths mean here, and which of them are asked for.

    Args:
        policy: a policy's name, or its file (``.cl``, ``.json``); ``None`` for all.
        file: the file, whatever its name ends in.
        start: the file or folder whose settings count where no file is asked for.
    """

    def __init__(self, policy: str | None = None, *, file: str | None = None, start: str = ".") -> None:
        self._policy = policy
        self._start = start
        self.file = policy if file is None and policy is not None and policy.endswith((".cl", ".json")) else file
        self._labels: dict[str, str] = {}
        self._by_path: dict[str, str] = {}

    def wanted(self, name: str, path: str) -> bool:
        """Whether a recorded policy is asked for, by its name and its path."""
        if self.file is not None:
            return self.is_file(path)
        return self._policy in {None, name}

    def is_file(self, path: str) -> bool:
        """Whether a recorded path is that of the file that is asked for."""
        return any(same(path) for same in self._files)

    def is_namesake(self, path: str) -> bool:
        """Whether a recorded path isn't that of the file, but has its name."""
        name = os.path.basename(self.file or "")
        return re.split(r"[/\\:]", path)[-1] == name and not self.is_file(path)

    def elsewhere(self, paths: Iterable[str]) -> str:
        """What to do about recorded paths that aren't the file's but have its name; "" where there is none."""
        found = next(filter(self.is_namesake, paths), None) if self.file is not None else None
        if found is None:
            return ""
        return f"runs of `{path_from_here(found)}` are: is it this policy elsewhere, give both one `trace_project`"

    def counted_as(self, path: str) -> str:
        """The path under which runs of a recorded path are counted: ways to one file are one."""
        found = self._by_path.get(path)
        if found is None:
            found = self._by_path[path] = self._counted_as(path)
        return found

    def here(self, path: str) -> str:
        """The file on this machine that a recorded path means; the path itself where none is known."""
        if self.file is not None and self.is_file(path):
            return self.file
        project, colon, below = path.partition(":")
        if colon and project == self._config.trace_project:
            folder = _project_folder(os.path.join(absolute("."), "x"), self._config)
            return os.path.join(folder, *below.split("/"))
        return path

    def _counted_as(self, path: str) -> str:
        if self.file is not None and _exists(self.file) and self.is_file(path):
            from cascadelang.workspace.traces import has_key

            if self._config.trace_keep == "hashes" and not has_key(self._config):
                return path
            return recorded_path(self.file, self._config, _compiled_from(self.file))
        if not path or not _exists(path):
            return path
        whole = path if os.path.isabs(path) else absolute(path)
        return self._labels.setdefault(os.path.normcase(os.path.realpath(whole)), whole)

    @cached_property
    def _config(self) -> Config:
        from cascadelang.workspace.config import read

        return read(self.file if self.file is not None else self._start)

    @cached_property
    def _files(self) -> list[Callable[[str], bool]]:
        file = self.file or ""
        source = _source(file, _compiled_from(file))
        files = [file, source] if source else [file]
        ours = {file}.union(*(_recorded_paths(each, self._config) for each in files))
        return [lambda path: path in ours, *map(_leads_to, files)]


def shown_path(path: str, among: Iterable[str] = ()) -> str:
    """A recorded path as people are shown it: from the current folder where it lies inside.

    One that lies elsewhere is cut to its last parts: the folder and the file, and what tells it from the others.

    Args:
        path: what was recorded.
        among: other recorded paths that are shown beside it.
    """
    inside = path_from_here(path)
    if inside != path or not os.path.isabs(path):
        return inside
    parts = path.split(os.sep)
    others = {other for other in among if other != path}
    for number in range(2, len(parts) - 1):
        tail = os.sep.join(parts[-number:])
        if not any(other.endswith(os.sep + tail) or other == tail for other in others):
            return f"…{os.sep}{tail}"
    return path


def path_from_here(path: str) -> str:
    """A recorded path from the current folder where it lies inside, else whole."""
    for folder in (absolute("."), os.path.realpath(".")):
        start = folder.rstrip(os.sep) + os.sep
        if path.startswith(start):
            return path[len(start) :]
    return path


def _leads_to(file: str) -> Callable[[str], bool]:
    """Whether a path that was recorded leads to a file.

    What older versions recorded is as it was typed, in a folder that isn't recorded: a path that ends the file's is
    taken for it, unless it leads to another file from here.
    """
    full = absolute(file)
    ways = {os.path.normcase(way) for way in (full, os.path.abspath(file), os.path.realpath(file))}

    def same(path: str) -> bool:
        if not path:
            return False
        here = os.path.abspath(path)
        if os.path.normcase(here) in ways:
            return True
        if _exists(path):
            return os.path.normcase(os.path.realpath(path)) in ways
        return not os.path.isabs(path) and ":" not in path and full.endswith(os.sep + os.path.normpath(path))

    return same


def _source(file: str, compiled_from: str) -> str:
    """The policy that a graph file was compiled from, where it is still there; else nothing.

    It was named from a folder that the graph doesn't tell: the graph's own is tried, and the one above it.
    """
    if not compiled_from or not file.endswith(".json"):
        return ""
    own = os.path.dirname(absolute(file))
    for folder in (own, os.path.dirname(own)):
        way = os.path.normpath(os.path.join(folder, compiled_from))
        if _exists(way):
            return way
    return ""


def _compiled_from(file: str) -> str:
    """The file that a graph file says it was compiled from; nothing where it can't be read."""
    if not file.endswith(".json"):
        return ""
    import json

    try:
        with open(file, encoding="utf-8") as graph:
            said = json.load(graph)
    except (OSError, ValueError, RecursionError):
        return ""
    path = said.get("path") if isinstance(said, dict) else None
    return path if isinstance(path, str) else ""


def _project_folder(full: str, config: Config) -> str:
    """The folder that a project's paths are told from: that of its settings, else of its repository, else its own."""
    if config.found:
        return os.path.dirname(config.found)
    own = folder = os.path.dirname(full)
    while folder != os.path.dirname(folder):
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        folder = os.path.dirname(folder)
    return own


def _below(folder: str, full: str) -> str:
    """A file's path below a folder, with ``/``; its name alone where it isn't below it."""
    for base, file in ((folder, full), (os.path.realpath(folder), os.path.realpath(full))):
        start = base.rstrip(os.sep) + os.sep
        if os.path.normcase(file).startswith(os.path.normcase(start)):
            return file[len(start) :].replace(os.sep, "/")
    return os.path.basename(full)


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except (OSError, ValueError):
        return False


def _same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _storable(text: str) -> str:
    """As the trace store keeps texts."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
