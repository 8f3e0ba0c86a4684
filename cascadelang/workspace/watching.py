"""Which tests to run again when files change.

Takes: paths, and a look at the disk whenever asked. Gives: the policy files whose tests are to be run again: new
ones, and those that read a file which has changed, come or gone since they were tested. Guarantees: nothing is read
but times and sizes; a file that a policy looked for in vain counts, so that writing it is noticed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cascadelang.source.files import DiskFiles
from cascadelang.workspace.find import policy_files

Stamp = tuple[int, int, int] | None


class NotedFiles(DiskFiles):
    """The disk, remembering what was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, Stamp] = {}

    def read_bytes(self, path: str) -> bytes:
        """See `Files.read_bytes`. The stamp is taken before: what changes while it is read is read again."""
        self.asked.setdefault(path, stamp(path))
        return super().read_bytes(path)


def stamp(path: str) -> Stamp:
    """What is different when a file is: its time, its size and its place on the disk; ``None`` when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - polled
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watch:
    """What each policy file under some paths read when it was last tested."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._read: dict[str, dict[str, Stamp]] = {}

    def changed(self) -> tuple[list[str], list[str]]:
        """The policy files to test, in order, and all there are."""
        there = policy_files(self._paths)
        self._read = {path: self._read[path] for path in there if path in self._read}  # one that comes back is new
        now: dict[str, Stamp] = {}
        stale = []
        for path in there:
            read = self._read.get(path)
            if read is None:
                stale.append(path)
                continue
            for name, before in read.items():
                if name not in now:
                    now[name] = stamp(name)
                if now[name] != before:
                    stale.append(path)
                    break
        return stale, there

    def tested(self, path: str, files: NotedFiles) -> None:
        """A file was tested, reading these."""
        self._read[path] = {**files.asked, path: files.asked.get(path, stamp(path))}
