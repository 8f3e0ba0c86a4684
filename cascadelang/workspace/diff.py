"""Compares two policies.

Takes: what a user calls them: a policy file, a compiled graph, ``-`` for stdin, ``COMMIT:path`` or a mere commit for
a version in git. Gives: a `Compared`. Guarantees: no model is called; what an old version names is read from the same
commit, and what one without a folder of its own names from the folder of the new one.
"""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cascadelang.source import DiskFiles, FileMissing, Files
from cascadelang.source.files import MAX_FILE_BYTES
from cascadelang.workspace.load import Loaded, load
from cascadelang.workspace.mistake import Mistake, PolicyError

if TYPE_CHECKING:
    from cascadelang.graph.diff.model import Difference
    from cascadelang.graph.model import Graph
    from cascadelang.learning.report import Comparison

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Compared:
    """What changes from one policy to another, and what they are called.

    ``errors`` says what stands against the new one all the same: a requirement that doesn't hold, say.
    ``comparison`` is that on records, where it was asked for.
    """

    old: str
    new: str
    difference: Difference
    errors: PolicyError | None = None
    graphs: tuple[Graph, Graph] | None = None
    comparison: Comparison | None = None

    def on_records(self, records: str, **taken: Any) -> Compared:
        """The same with what changes on recorded answers; takes what `compare_on_records` takes.

        Raises:
            Mistake: as `compare_on_records`.
        """
        from cascadelang.workspace.replay import compare_on_records

        if self.graphs is None:
            raise AssertionError("what was compared is here")
        return replace(self, comparison=compare_on_records(*self.graphs, records, **taken))

    @property
    def same(self) -> bool:
        """Whether both mean the same."""
        return self.difference.same

    def text(self, width: int) -> str:
        """For people, of so many columns."""
        from cascadelang.graph.diff.words import diff_text

        return diff_text(self.difference, width=width)

    def as_json(self) -> dict[str, Any]:
        """As `diff --output json` prints it."""
        from cascadelang.graph.diff.words import diff_json

        said = diff_json(self.difference, self.old, self.new)
        if self.comparison is not None:
            from cascadelang.learning.report_json import comparison_json

            said["on_records"] = comparison_json(self.comparison)
        return said


def compare_policies(
    old: str, new: str, *, old_root: str | None = None, input_tokens: int | None = None, beside: str | None = None
) -> Compared:
    """Compare two policies.

    Args:
        old: the one that was.
        new: the one that is.
        old_root: the folder that what the old one names is relative to.
        input_tokens: the input that costs are compared for.
        beside: the path that both stand at, where they were copied elsewhere; `git diff` does that.

    Raises:
        PolicyError: when one of them has errors and no meaning to compare.
        Mistake: when one can't be read.
    """
    if old == new == STDIN:
        raise Mistake("only one of the two can be read from stdin", usage=True)
    other = {old: new, new: old}
    if beside is not None:
        other = dict.fromkeys(other, beside)
    was = _side(old, other[old], root=old_root, moved=beside is not None)
    is_ = _side(new, other[new], moved=beside is not None)
    from cascadelang.graph.diff.compare import compare

    found = compare(was.graph, is_.graph, input_tokens=input_tokens, old_ranges=_ranges(was), new_ranges=_ranges(is_))
    return Compared(old, new, found, is_.error, (was.graph, is_.graph))


def _side(name: str, other: str, *, root: str | None = None, moved: bool = False) -> Loaded:
    """One side, loaded; ``other`` tells where it stands if it has no place of its own."""
    from cascadelang.workspace.git_files import GitFiles, is_commit

    if name != STDIN and not os.path.exists(name):  # noqa: PTH110 - one look is all
        commit, colon, path = name.partition(":")
        if is_commit(commit):
            return load(_path(path if colon else other), GitFiles(commit), to_look=True)
        if not name.endswith((".cl", ".json")) or (colon and path.endswith(".cl")):
            raise Mistake(f"`{commit if colon else name}` is neither a file nor a commit", usage=True)
    if not moved and root is None and not _is_pipe(name):
        return load(name, to_look=True)
    data = _read(name)
    if data[:1].lstrip() == b"{":
        return load("stdin.json", _Beside({"stdin.json": data}), to_look=True)
    at = _path(other if other.endswith(".cl") and not _is_pipe(other) else "policy.cl")
    if root is not None:
        at = posixpath.join(root.replace(os.sep, "/"), posixpath.basename(at))
    return load(at, _Beside({at: data}), to_look=True)


def _path(name: str) -> str:
    """Where a side stands, without the commit in front of it."""
    if os.path.exists(name) or ":" not in name:  # noqa: PTH110 - the same
        return name
    return name.partition(":")[2]


def _is_pipe(name: str) -> bool:
    """Whether a side has no folder that could be meant: stdin, ``<(command)``."""
    return name == STDIN or name.startswith(("/dev/fd/", "/proc/self/fd/"))


def _read(name: str) -> bytes:
    if name == STDIN:
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        if not data.strip():
            raise Mistake("there is nothing on stdin", usage=True)
        return data
    if _is_pipe(name):
        with open(name, "rb") as pipe:  # noqa: PTH123 - a pipe is no path
            return pipe.read(MAX_FILE_BYTES + 1)
    try:
        return DiskFiles().read_bytes(name)
    except FileMissing as error:
        raise Mistake(f"`{name}` can't be read: {error}", usage=True) from None


class _Beside:
    """The disk's files, with some that were read elsewhere in their places."""

    def __init__(self, files: Mapping[str, bytes], disk: Files | None = None) -> None:
        self._files = files
        self._disk = disk or DiskFiles()

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`."""
        return self._files[path] if path in self._files else self._disk.read_bytes(path)

    def neighbours(self, path: str) -> list[str]:
        """See `Files.neighbours`."""
        return self._disk.neighbours(path)


def _ranges(loaded: Loaded) -> dict[str, tuple[float, float]]:
    """The ranges of a policy's tunes; a graph file has none."""
    if loaded.checked is None:
        return {}
    from cascadelang.graph.compile_expr import literal
    from cascadelang.semantics.locked import declared_tunes

    return {
        name: (float(literal(decl.low)), float(literal(decl.high)))
        for name, decl in declared_tunes(loaded.checked).items()
    }
