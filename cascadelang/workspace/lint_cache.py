"""Keeps what lint found, file by file, for as long as everything it depended on stays the same.

Takes: a path and how it is linted. Gives: the findings of the last time, if they still hold. Guarantees: they hold
only if every file that was read has the same content, every file that was looked for and wasn't there still isn't,
and cascadelang itself, the folders of Python's packages, the levels of rules and, where a rule asked for it, the day
are the same. What policies read is compared by SHA-256, our own files by size and date. An entry is plain JSON with a
checksum, in a folder that is the user's alone; one that is damaged, foreign or about something else counts as none.
Writers don't disturb each other. What wasn't used for `KEEP_S` seconds goes, and so do the oldest beyond `MOST`
entries.

Hardly anything is imported here: a run whose files are all known reads them, compares and is done.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascadelang.source import DiskFiles, FileMissing
from cascadelang.source.digest import sha256
from cascadelang.source.kept import is_own_folder, read_kept_bytes, write_kept_bytes
from cascadelang.workspace.lint_file import Findings, Needs, RecordingFiles, from_data, mark_of, to_data

if TYPE_CHECKING:
    from cascadelang.lint.levels import Levels

FORMAT = 1
"""Raised whenever the form of an entry changes."""

KEEP_S = 30 * 24 * 3600
MOST = 20_000
_DAY_S = 24 * 3600
_PACKAGE = Path(__file__).parent.parent


class LintCache:
    """What is kept, for one run: contents are read and marked once, however many files use them."""

    def __init__(self, *, locked: bool) -> None:
        self._locked = locked
        self._folder = _folder()
        self._tool = _tool() if self._folder else ""
        self._cwd = os.getcwd()  # noqa: PTH109 - a text is all that is needed
        self._marks: dict[str, str] = {}
        self._listings: dict[str, str] = {}
        self._stored = False

    def find(self, path: str, levels: Levels | None) -> Findings | None:
        """What is known of a file, if it still holds."""
        if self._folder is None:
            return None
        key = self._key(path, levels)
        file = f"{self._folder}/{key}.json"
        data = read_kept_bytes(file)
        entry = _opened(data) if data is not None else None
        try:
            if entry is None or entry["key"] != key or entry["tool"] != self._tool or not self._holds(entry):
                return None
            findings = from_data(entry["found"])
        except (TypeError, ValueError, KeyError, AttributeError):
            return None
        _touch(file)
        return findings

    def store(self, path: str, levels: Levels | None, findings: Findings, needs: Needs) -> None:
        """Keep what was found."""
        if self._folder is None:
            return
        key = self._key(path, levels)
        entry = {
            "key": key,
            "tool": self._tool,
            "files": dict(needs.files),
            "folders": dict(needs.folders),
            "day": needs.day,
            "found": to_data(findings),
        }
        write_kept_bytes(Path(f"{self._folder}/{key}.json"), _sealed(entry))
        if not self._stored:
            self._stored = True
            _prune(self._folder)

    def _key(self, path: str, levels: Levels | None) -> str:
        """What tells one question from others: where it is asked, about what, and how."""
        asked = [FORMAT, self._cwd, path, levels_data(levels), self._locked]
        return sha256(json.dumps(asked).encode()).hexdigest()[:40]

    def _holds(self, entry: Mapping[str, Any]) -> bool:
        """Whether all that an entry depends on is as it was."""
        if entry["day"] and entry["day"] != _today():
            return False
        return all(self._mark(path) == mark for path, mark in entry["files"].items()) and all(
            self._listing(path) == mark for path, mark in entry["folders"].items()
        )

    def _mark(self, path: str) -> str:
        if path not in self._marks:
            try:
                self._marks[path] = mark_of(DiskFiles().read_bytes(path))
            except FileMissing as why:
                self._marks[path] = mark_of(why)
        return self._marks[path]

    def _listing(self, path: str) -> str:
        if path not in self._listings:
            files = RecordingFiles()
            files.neighbours(path)
            self._listings[path] = files.listed[path]
        return self._listings[path]


def levels_data(levels: Levels | None) -> list[Any] | None:
    """The levels of rules as plain data, in one order."""
    if levels is None:
        return None
    select = None if levels.select is None else sorted(levels.select)
    return [sorted(levels.named.items()), select, sorted(levels.ignore)]


def levels_from(data: Any) -> Levels | None:
    """The levels that `levels_data` gave."""
    if data is None:
        return None
    from cascadelang.lint.levels import Levels

    named, select, ignore = data
    return Levels(dict(named), None if select is None else frozenset(select), frozenset(ignore))


# ---- Entries


def _sealed(entry: Mapping[str, Any]) -> bytes:
    """An entry with its checksum in front."""
    body = json.dumps(entry, separators=(",", ":")).encode()
    return sha256(body).hexdigest().encode() + b"\n" + body


def _opened(data: bytes) -> dict[str, Any] | None:
    """The entry, if its checksum is right."""
    seal, _, body = data.partition(b"\n")
    if sha256(body).hexdigest().encode() != seal:
        return None
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _folder() -> Path | None:
    """Where entries are; ``None`` where there is no folder that is the user's alone."""
    from cascadelang.source.folders import cache_folder

    try:
        folder = cache_folder() / "lint"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if is_own_folder(folder) else None


def _tool() -> str:
    """What stands for cascadelang as it is installed, and for the packages beside it."""
    from cascadelang.syntax.tables import grammar_path
    from cascadelang.version import __version__

    state = sha256(f"{FORMAT} {__version__} {sys.version} {_PACKAGE}\n".encode())
    here = os.getcwd()  # noqa: PTH109 - a text is compared
    for line in sorted([*_files(_PACKAGE), *_folders(path for path in sys.path if path not in ("", ".", here))]):
        state.update(line.encode("utf-8", "surrogateescape"))
    grammar = grammar_path().stat()
    state.update(f"{grammar.st_size} {grammar.st_mtime_ns}".encode())
    return state.hexdigest()


def _files(folder: Path | str) -> Iterable[str]:
    """A line for every file of a package, with its size and date."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                at = entry.stat()
                yield f"{entry.path} {at.st_size} {at.st_mtime_ns}\n"


def _folders(paths: Iterable[str]) -> Iterable[str]:
    """A line for every folder that packages are in: its date changes when one is added or taken away."""
    for path in paths:
        try:
            yield f"{path} {os.stat(path).st_mtime_ns}\n"  # noqa: PTH116 - a text is all that is needed
        except OSError:
            continue


def _today() -> str:
    """The day, as rules count it."""
    at = time.gmtime()
    return f"{at.tm_year:04}-{at.tm_mon:02}-{at.tm_mday:02}"


def _touch(file: str) -> None:
    """Note that an entry was used, once a day."""
    try:
        if time.time() - os.stat(file).st_mtime > _DAY_S:  # noqa: PTH116 - lint looks at thousands
            os.utime(file)
    except OSError:
        return


def _prune(folder: Path) -> None:
    """Once a day, take out what wasn't used for long, and the oldest where there are too many."""
    mark = folder / "pruned"
    now = time.time()
    try:
        if mark.is_file() and now - mark.stat().st_mtime < _DAY_S:
            return
        write_kept_bytes(mark, b"")
        with os.scandir(folder) as entries:
            dated = sorted((entry.stat().st_mtime, entry.path) for entry in entries if entry.name != mark.name)
        for number, (used, path) in enumerate(reversed(dated)):
            if number >= MOST or now - used > KEEP_S:
                os.unlink(path)  # noqa: PTH108 - a text is all that is needed
    except OSError:  # another run prunes too
        return
