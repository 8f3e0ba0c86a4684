"""Lints files in several processes.

Takes: files with their levels, and how many processes. Gives: each file's findings, in order. Guarantees: what comes
back is what one process would give, whichever process gave it; where a process can't be started or fails, its files
are linted here; no process outlives the call, also after Ctrl-C.

A worker is a fresh interpreter with the same search path, so that it is the same on every platform; it reads its
share of the work from its standard input and writes plain JSON to a file without a name. Starting one takes as long
as linting some dozen small files: fewer than `LEAST` files a process aren't spread.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any

from cascadelang.workspace.lint_file import Findings, from_data, lint_file, to_data
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    import subprocess

    from cascadelang.lint.levels import Levels
    from cascadelang.workspace.lint_cache import LintCache

Work = tuple[str, "Levels | None"]
Done = Findings | Mistake

LEAST = 40
"""Files a process must have to do, where nobody says how many processes there should be."""

_WORKER = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from cascadelang.workspace.lint_spread import work; work(sys.stdin.buffer, sys.stdout.buffer)"
)


def processes(files: int, jobs: int | None) -> int:
    """How many processes lint so many files.

    Args:
        files: how many there are to lint.
        jobs: how many the user wants; ``None`` leaves it to the number of files and cores.
    """
    if getattr(sys, "frozen", False) or not sys.executable:  # there is no interpreter to start
        return 1
    if jobs is not None:
        return max(1, min(jobs, files))
    return max(1, min(_cores(), files // LEAST))


def spread(todo: Sequence[Work], many: int, cache: LintCache | None, *, locked: bool) -> list[Done]:
    """Lint files in ``many`` processes, this one among them.

    Args:
        todo: the files.
        many: how many processes.
        cache: where findings are kept; every process does that for its own files.
        locked: as `prove`.

    Returns:
        For each file what was found, or the mistake that kept it from being looked at.
    """
    order = sorted(range(len(todo)), key=lambda at: (-_size(todo[at][0]), at))
    shares = [order[number::many] for number in range(many)]
    done: dict[int, Done] = {}
    started: list[tuple[list[int], subprocess.Popen[bytes], IO[bytes]]] = []
    try:
        for share in shares[1:]:
            worker = _started([todo[at] for at in share], locked=locked, keep=cache is not None)
            if worker is not None:
                started.append((share, *worker))
        for at in shares[0]:
            done[at] = attempt(*todo[at], cache, locked=locked)
        for share, process, out in started:
            process.wait()
            out.seek(0)
            done.update(zip(share, _results(out), strict=False))
    finally:
        for _, process, out in started:
            if process.poll() is None:
                process.kill()
                process.wait()
            out.close()
    return [done[at] if at in done else attempt(*todo[at], cache, locked=locked) for at in range(len(todo))]


def attempt(path: str, levels: Levels | None, cache: LintCache | None, *, locked: bool) -> Done:
    """Lint one file here, and keep what was found."""
    try:
        findings, needs = lint_file(path, levels, locked=locked)
    except Mistake as mistake:
        return mistake
    if cache is not None and needs is not None:
        cache.store(path, levels, findings, needs)
    return findings


def work(asked: IO[bytes], out: IO[bytes]) -> None:
    """What a worker does: lint what it is asked to, and write a line for each file."""
    import gc
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever started it says that it was cancelled
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    from cascadelang.workspace.lint_cache import LintCache, levels_from

    told = json.loads(asked.read())
    cache = LintCache(locked=told["locked"]) if told["keep"] else None
    for path, levels in told["files"]:
        done = attempt(path, levels_from(levels), cache, locked=told["locked"])
        if isinstance(done, Mistake):
            line: list[Any] = ["mistake", done.message, done.help, done.usage]
        else:
            line = ["found", to_data(done)]
        out.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    out.flush()


def _started(files: Sequence[Work], *, locked: bool, keep: bool) -> tuple[subprocess.Popen[bytes], IO[bytes]] | None:
    """A worker with its share of the work, and the file it writes to; ``None`` where none can be started."""
    import subprocess
    import tempfile

    from cascadelang.workspace.lint_cache import levels_data

    told = {"files": [[path, levels_data(levels)] for path, levels in files], "locked": locked, "keep": keep}
    try:
        out = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when the worker is done
    except OSError:  # there is no folder for files that come and go: everything may only be read, say
        return None
    command = [sys.executable, "-P", "-c", _WORKER, json.dumps(sys.path)]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL
        )
    except OSError:
        out.close()
        return None
    try:
        assert process.stdin is not None  # noqa: S101 - it was asked for
        with process.stdin as stdin:
            stdin.write(json.dumps(told).encode())
    except OSError:  # it is gone already: what it doesn't write is linted here
        return process, out
    except BaseException:
        process.kill()
        process.wait()
        out.close()
        raise
    return process, out


def _results(out: IO[bytes]) -> list[Done]:
    """What a worker wrote, up to where it may have failed."""
    found: list[Done] = []
    for line in out:
        try:
            kind, *rest = json.loads(line)
            found.append(Mistake(rest[0], rest[1], usage=bool(rest[2])) if kind == "mistake" else from_data(*rest))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            break
    return found


def _size(path: str) -> int:
    """How large a file is, for even shares."""
    try:
        return os.stat(path).st_size  # noqa: PTH116 - one look is all
    except (OSError, ValueError):
        return 0


_cores: Callable[[], int] = (
    (lambda: len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else (lambda: os.cpu_count() or 1)
)
"""How many cores this process may use."""
