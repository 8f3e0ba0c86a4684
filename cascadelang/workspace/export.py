"""Recorded runs written as records.

Takes: which runs, and where to. Gives: a records file. Guarantees: who reads the file meanwhile sees the old one or
the whole new one; when something goes wrong, nothing lies beside it.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, cast

from cascadelang.workspace.mistake import Mistake, StoreMistake
from cascadelang.workspace.traces import search_of, store_of

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Exported:
    """How many records were written, and how many of them have no query, because the store keeps none."""

    records: int
    without_query: int


def export_recorded(target: str, *, limit: int | None = None, start: str = ".", **search: Any) -> Exported:
    """Write what was recorded as records, newest first.

    Args:
        target: ``.jsonl`` or ``.jsonl.gz`` file; ``-`` for stdout.
        limit: at most so many runs.
        start: the file or folder whose settings count.
        search: which runs, as `search_of` takes it.

    Raises:
        Mistake: when nothing is recorded by the settings, the store can't be read, or the file can't be written.
    """
    from cascadelang.learning.export import records_of
    from cascadelang.trace.query import StoreUnusable, whole_runs

    if target != STDOUT and not target.endswith((".jsonl", ".jsonl.gz")):
        raise Mistake(f"`{target}` is no name for records", "write to a `.jsonl` or `.jsonl.gz` file", usage=True)
    where, wanted = store_of(start), search_of(start, **search)
    try:
        records = records_of(whole_runs(where, wanted, limit=limit))
        if target == STDOUT:
            return _written(sys.stdout.buffer, records)
        with _replaced(target) as file:
            return _written(file, records)
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None


def _written(file: IO[bytes], records: Iterable[dict[str, Any]]) -> Exported:
    from cascadelang.trace.json_text import encode

    counts: Counter[bool] = Counter()
    for record in records:
        counts[record["query"] is None] += 1
        file.write(encode(record).encode("utf-8", "replace") + b"\n")
    return Exported(counts.total(), counts[True])


@contextmanager
def _replaced(path: str) -> Iterator[IO[bytes]]:
    """A file that takes the place of the one at ``path`` once it is whole; readable by its owner alone."""
    import gzip

    target = os.path.realpath(path)
    new = f"{target}.{os.getpid()}.cascadelang-new"
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Mistake(f"`{path}` can't be written: {(error.strerror or 'output error').lower()}") from None
    try:
        with os.fdopen(handle, "wb") as raw:
            if path.endswith(".gz"):
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
        os.replace(new, target)  # noqa: PTH105 - as in `replace_file`
    except OSError as error:
        raise Mistake(f"`{path}` can't be written: {(error.strerror or 'output error').lower()}") from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)  # noqa: PTH108 - the same
