"""Lock files: written, checked, and compared with today.

Takes: policy files. Gives: their locks on disk, or what is out of date in them. Guarantees: values under ``tune`` are
kept as long as their tunes are declared; a lock that says nothing new isn't touched, so that its dates are those of
the last change; a lock with mistakes is never written over; no model is called.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lock.compare import differences, missing
from cascadelang.lock.model import Lock, LockedFile, LockedModel, lock_path
from cascadelang.source import DiskFiles, FileMissing, Files
from cascadelang.workspace.find import none_found, policy_files
from cascadelang.workspace.load import prove
from cascadelang.workspace.mistake import Mistake, PolicyError

if TYPE_CHECKING:
    from cascadelang.graph.model import Graph
    from cascadelang.semantics.checked import CheckedPolicy


@dataclass(frozen=True, slots=True)
class Locked:
    """What became of one policy's lock.

    Attributes:
        policy: the policy file.
        path: its lock.
        did: ``written`` anew, ``current`` as it was, ``stale`` when it was only to be checked, or ``nothing`` for a
            file without a policy that can be asked.
        changes: what is new in it, in words.
    """

    policy: str
    path: str
    did: Literal["written", "current", "stale", "nothing"]
    changes: tuple[str, ...] = ()


def lock(paths: Sequence[str], *, check: bool = False, today: date | None = None) -> list[Locked]:
    """Write the locks of the policy files under ``paths``.

    Args:
        paths: files and folders; the working directory when there are none.
        check: write nothing, only say what would be written.
        today: the day that is written; today in UTC unless given.

    Raises:
        PolicyError: when a policy, or the lock that is there, has errors.
        Mistake: when there is no policy file, or a lock can't be written.
    """
    files = policy_files(paths)
    if not files:
        raise none_found(paths)
    day = today or datetime.now(UTC).date()
    found = [_looked(file, day) for file in files]  # all of them, before the first is written
    return [done if check or new is None else _written(done, new) for done, new in found]


def _looked(policy: str, today: date) -> tuple[Locked, Lock | None]:
    """What is to become of a policy's lock, and the new lock if there is to be one."""
    files = DiskFiles()
    proved = prove(policy, files, needs_graph=True)
    checked, graph, path = proved.checked, proved.graph, lock_path(policy)
    if graph is None:
        raise PolicyError(policy, proved.diagnostics, proved.sources)
    if not checked.policies and checked.lock is None:
        return Locked(policy, path, "nothing"), None
    now = today_lock(checked, graph, files, today)
    changes = _changes(checked.lock, now)
    if checked.lock is not None and not changes:
        return Locked(policy, path, "current"), None
    return Locked(policy, path, "stale", changes), now


def _written(done: Locked, lock: Lock) -> Locked:
    from cascadelang.lock.write import lock_text
    from cascadelang.workspace.replace import replace_file

    replace_file(done.path, lock_text(lock), was=None)
    return replace(done, did="written")


def _changes(held: Lock | None, now: Lock) -> tuple[str, ...]:
    """What is new in a lock, in words."""
    if held is None:
        return ("there is no lock yet",)
    gone = [name for name in held.tunes if name not in now.tunes]
    return (
        *(d.message for d in differences(held, now)),
        *(f"the lock has a value for `{name}`, which isn't declared" for name in gone),
    )


def today_lock(checked: CheckedPolicy, graph: Graph, files: Files, today: date) -> Lock:
    """The lock that a policy would get today: its prices and files as they are, its tunes as the lock has them.

    Raises:
        Mistake: when a file that was read can't be read again.
    """
    from cascadelang.catalog.models import data_source
    from cascadelang.semantics.locked import declared_tunes

    models = {
        name: LockedModel(name, graph.providers[model.provider].kind, model.id, model.price)
        for name, model in graph.models.items()
    }
    source, as_of = data_source()
    folder = posixpath.dirname(checked.path)
    hashes = {path: use.sha256 for path, use in checked.files.items()}
    hashes |= {path: _hash(path, files) for path in checked.modules if path != checked.path}
    read = {_relative(path, folder): sha256 for path, sha256 in hashes.items()}
    declared = declared_tunes(checked)
    held = {} if checked.lock is None else checked.lock.tunes
    return Lock(
        locked=today,
        prices_from=source,
        prices_as_of=as_of,
        models=models,
        files={path: LockedFile(path, sha256) for path, sha256 in read.items()},
        tunes={name: tune for name, tune in held.items() if name in declared},
    )


def stale(checked: CheckedPolicy, graph: Graph, files: Files) -> tuple[Diagnostic, ...]:
    """Where a policy's lock is out of date; that there is none, for a policy that can be asked."""
    if checked.lock is None:
        if checked.lock_source is not None or not checked.policies:
            return ()
        return (missing(checked.path),)
    now = today_lock(checked, graph, files, checked.lock.locked)
    return tuple(differences(checked.lock, now))


def _hash(path: str, files: Files) -> str:
    """The hash of a policy file that another one uses."""
    if path.startswith("std/"):
        from cascadelang import std

        text = std.read(path.removeprefix("std/").removesuffix(".cl"))
        if text is not None:
            return hashlib.sha256(text.encode()).hexdigest()
    try:
        return hashlib.sha256(files.read_bytes(path)).hexdigest()
    except FileMissing as error:
        raise Mistake(f"`{path}` can't be read: {error}") from None


def _relative(path: str, folder: str) -> str:
    """A path as a policy in that folder would name it."""
    if path.startswith("std/") or not folder or posixpath.isabs(path) != posixpath.isabs(folder):
        return path
    return posixpath.relpath(path, folder)
