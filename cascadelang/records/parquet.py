"""Rows of a parquet file, with the columns that records have as fields.

Takes: a path. Gives: each row as a mapping, some held at a time. Guarantees: one file on this machine is read and
nothing else: no pattern of names, no extension that would be fetched; what can't be read is a `ParquetUnusable`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final

_AT_ONCE: Final = 256


class ParquetUnusable(Exception):  # noqa: N818 - it names what is so
    """The file can't be read. ``str()`` of it says why, for people, without the path."""


def rows_of(path: Path, progress: Callable[[int, int], None] | None = None) -> Generator[dict[str, Any]]:
    """The rows, in the file's order.

    Args:
        path: of the file.
        progress: is told, now and then, how many of the file's bytes are read, of how many, by its rows.

    Raises:
        ParquetUnusable: when it can't be read, or `duckdb` isn't installed.
    """
    try:
        import duckdb
    except ImportError:
        raise ParquetUnusable('parquet needs another package: `pip install "cascadelang[data]"`') from None
    if not path.is_file():
        raise ParquetUnusable("there is no such file")
    size = path.stat().st_size
    # Names of files that duckdb would take for patterns are told to be none.
    name = "".join(f"[{c}]" if c in "*?[" else c for c in str(path.resolve()))
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false", "threads": 1}) as reader:
            (many,) = reader.execute("SELECT count(*) FROM read_parquet($path)", {"path": name}).fetchone() or (0,)
            found = reader.execute("SELECT * FROM read_parquet($path)", {"path": name})
            columns = [column[0] for column in found.description or ()]
            done = 0
            while rows := found.fetchmany(_AT_ONCE):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))
                done += len(rows)
                if progress is not None:
                    progress(size * done // max(1, many), size)
    except duckdb.Error as error:
        first = str(error).partition("\n")[0].partition(": ")[2] or "it is no parquet file"
        raise ParquetUnusable(f"{first[:1].lower()}{first[1:]}".replace(str(path.resolve()), path.name)) from None
