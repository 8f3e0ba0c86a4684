"""Vectors of many texts, kept on disk so that they are computed once.

Takes: an embedder and texts. Gives: their vectors, in order. Guarantees: what is read is whole and made by that
embedder, else it is as if it weren't there; nothing that is read can run anything; two processes may write at once; a
folder that can't be written is no error; the folder doesn't grow without limit.

One file holds the vectors of one list of texts, and is named by a hash of the list and the embedder's name. When a
list is new, those of its texts that stand in another list that was kept lately are taken from there: after an example
was added to ten thousand, one is embedded.

A file is, in this order: the words ``cascadelang vectors 1`` and a line end; a line of JSON with ``embedder``,
``size`` and ``count``; ``count`` digests of 16 bytes, one a text; ``count`` rows of ``size`` little-endian 32-bit
floats; a BLAKE2b digest of 32 bytes over all before it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.embedder import Embedder
from cascadelang.source.folders import cache_folder
from cascadelang.source.kept import read_kept_bytes, write_kept_bytes

if TYPE_CHECKING:
    from cascadelang.contracts.embedder import Vectors

MOST_FILES: Final = 200
"""Lists kept; beyond, those that weren't used for longest go."""

MOST_BYTES: Final = 1_000_000_000
"""Bytes kept, likewise."""

_MAGIC: Final = b"cascadelang vectors 1\n"
_DIGEST: Final = 16
_SUM: Final = 32
_MOST_FILE_BYTES: Final = 400_000_000
_BATCH: Final = 256
_LATELY: Final = 4
_MOST_SIZE: Final = 65_536
_SUFFIX: Final = ".vectors"
_DAY_S: Final = 86_400.0
_MINUTE_S: Final = 60.0


def vectors_of(embedder: Embedder, texts: Sequence[str], folder: Path | None = None) -> Vectors:
    """The vectors of texts, from the disk where they are kept, else embedded and kept.

    It reads files and computes: a coroutine calls it through `off_loop`.

    Args:
        embedder: embeds what isn't kept.
        texts: in any order; the same one may be there twice.
        folder: where vectors are kept; the user's cache by default.
    """
    import numpy as np

    home = _home(folder)
    digests = [_digest(text) for text in texts]
    path = home / f"{_named(embedder.name, digests)}{_SUFFIX}"
    kept = _read(path, embedder.name)
    if kept is not None and kept[0] == digests and kept[1].shape[1] == embedder.size:
        _touch(path)
        return kept[1]
    known = _known(home, embedder, set(digests))
    found = np.empty((len(texts), embedder.size), dtype=np.float32)
    new: dict[bytes, list[int]] = {}
    for at, digest in enumerate(digests):
        row = known.get(digest)
        if row is None:
            new.setdefault(digest, []).append(at)
        else:
            found[at] = row
    waiting = list(new.values())
    for begin in range(0, len(waiting), _BATCH):
        batch = waiting[begin : begin + _BATCH]
        for places, row in zip(batch, embedder.embed([texts[at[0]] for at in batch]), strict=True):
            found[places] = row
    _write(path, embedder.name, digests, found)
    return found


def kept_vectors(by: str, texts: Sequence[str], folder: Path | None = None) -> Vectors | None:
    """The vectors that something other than an `Embedder` made of just these texts, where they are kept.

    Args:
        by: what made them.
        texts: in order.
        folder: as for `vectors_of`.
    """
    digests = [_digest(text) for text in texts]
    path = _home(folder) / f"{_named(by, digests)}{_SUFFIX}"
    kept = _read(path, by)
    if kept is None or kept[0] != digests:
        return None
    _touch(path)
    return kept[1]


def keep_vectors(by: str, texts: Sequence[str], rows: Vectors, folder: Path | None = None) -> None:
    """Keep vectors for `kept_vectors`."""
    digests = [_digest(text) for text in texts]
    _write(_home(folder) / f"{_named(by, digests)}{_SUFFIX}", by, digests, rows)


def _home(folder: Path | None) -> Path:
    return (cache_folder() / "vectors") if folder is None else folder


def prune(folder: Path, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> None:
    """Take away the lists that weren't used for longest, until what is left is within limits."""
    listed: list[tuple[float, int, Path]] = []
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                stat = path.stat()
                if path.suffix == _SUFFIX:
                    listed.append((stat.st_mtime, stat.st_size, path))
                elif path.name.startswith(".kept-") and stat.st_mtime < time.time() - _DAY_S:
                    path.unlink()  # what a writer that was killed left behind
    listed.sort(reverse=True)
    total = 0
    for number, (_, size, path) in enumerate(listed):
        total += size
        if number >= most_files or total > most_bytes:
            with suppress(OSError):
                path.unlink()


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _named(by: str, digests: Sequence[bytes]) -> str:
    whole = blake2b(f"{by}\n".encode("utf-8", "surrogatepass"), digest_size=_DIGEST)
    for digest in digests:
        whole.update(digest)
    return whole.hexdigest()


def _read(path: Path, by: str) -> tuple[list[bytes], Vectors] | None:
    """The digests and vectors of a file; ``None`` for one that isn't there, is damaged or made by another."""
    import numpy as np

    data = _read_whole(path)
    if data is None:
        return None
    line_end = data.find(b"\n", len(_MAGIC))
    try:
        said = json.loads(data[len(_MAGIC) : line_end])
        count, size = int(said["count"]), int(said["size"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if said.get("embedder") != by or count < 0 or not 0 < size <= _MOST_SIZE:
        return None
    rows_at = line_end + 1 + count * _DIGEST
    if len(data) != rows_at + count * size * 4 + _SUM:
        return None
    digests = [data[at : at + _DIGEST] for at in range(line_end + 1, rows_at, _DIGEST)]
    rows = np.frombuffer(data, dtype="<f4", count=count * size, offset=rows_at)
    if not bool(np.isfinite(rows).all()):
        return None
    # a copy, for where the rows stand in the file no processor reads floats quickly
    return digests, rows.reshape(count, size).astype(np.float32, copy=True)


def _read_whole(path: Path) -> bytes | None:
    """The bytes of a file of ours that is as it was written."""
    data = read_kept_bytes(path, _MOST_FILE_BYTES)
    if data is None or len(data) < len(_MAGIC) + _SUM or not data.startswith(_MAGIC):
        return None
    return data if blake2b(memoryview(data)[:-_SUM], digest_size=_SUM).digest() == data[-_SUM:] else None


def _write(path: Path, by: str, digests: Sequence[bytes], rows: Vectors) -> None:
    said = {"embedder": by, "size": rows.shape[1], "count": len(digests)}
    body = b"".join([_MAGIC, json.dumps(said).encode(), b"\n", *digests, rows.astype("<f4", copy=False).tobytes()])
    if len(body) + _SUM > _MOST_FILE_BYTES:
        return
    write_kept_bytes(path, body + blake2b(body, digest_size=_SUM).digest())
    prune(path.parent)


def _known(folder: Path, embedder: Embedder, wanted: set[bytes]) -> Mapping[bytes, Vectors]:
    """Vectors of wanted texts that stand in the lists which were used last."""
    listed: list[tuple[float, Path]] = []
    with suppress(OSError):
        for path in folder.iterdir():
            if path.suffix == _SUFFIX:
                with suppress(OSError):
                    listed.append((path.stat().st_mtime, path))
    found: dict[bytes, Vectors] = {}
    for _, path in sorted(listed, reverse=True)[:_LATELY]:
        kept = _read(path, embedder.name)
        if kept is not None and kept[1].shape[1] == embedder.size:
            found.update((digest, row) for digest, row in zip(*kept, strict=True) if digest in wanted)
        if len(found) == len(wanted):
            break
    return found


def _touch(path: Path) -> None:
    """Note that a list is in use, for `prune`; at most once a minute, so that reading mostly reads."""
    with suppress(OSError):
        if path.stat().st_mtime < time.time() - _MINUTE_S:
            os.utime(path)
