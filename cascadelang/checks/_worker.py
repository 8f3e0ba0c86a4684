"""Work on answers in processes that can be killed.

Takes: the name of a task (a module ``cascadelang.checks._work_NAME``), what it is given, a time limit. Gives: what it
found. Guarantees: a hostile answer costs at most the limit: the process is killed then, or when the caller is
cancelled, and the next work gets another; neither the event loop nor the interpreter is ever held up. A process is
started with the first work and kept for further work, ends by itself after a minute without any, and with this
interpreter, however that ends. Works in any number of event loops and threads, and after a fork.

The process has this interpreter's module path and nothing of its environment. It can't write to files, and has at
most `MOST_BYTES` of memory, where the system has such limits. It is no sandbox: only parsers run in it, never an
answer's code.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cascadelang.contracts.check import Finding

MOST_AT_ONCE: Final = 4
"""Further work waits, and what it waits counts."""

MOST_IDLE: Final = 2

_MAIN: Final = Path(__file__).with_name("_worker_main.py")
_LENGTH_BYTES: Final = 4
_LOOK_S: Final = 0.05

_slots = threading.BoundedSemaphore(MOST_AT_ONCE)
_lock = threading.Lock()
_idle: list[subprocess.Popen[bytes]] = []
_busy: set[subprocess.Popen[bytes]] = set()


async def worked(task: str, given: Mapping[str, Any], limit_s: float) -> Finding:
    """What a task finds.

    Args:
        task: which: ``math``, say.
        given: what it is given, as JSON can hold it.
        limit_s: seconds it may take, the start of a process included.

    Returns:
        What the task found; unknown with the reason when it couldn't be worked out.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Finding] = loop.create_future()
    job = _Job(json.dumps({"task": task, "given": given, "limit_s": limit_s}).encode())

    def tell(found: Finding) -> None:
        if not ended.done():
            ended.set_result(found)

    def run() -> None:
        found = job.run()
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=run, name="cascadelang-work", daemon=True).start()
    try:
        done, _ = await asyncio.wait((ended,), timeout=limit_s)
        return ended.result() if done else Finding(None, f"it took longer than {limit_s:g}s")
    finally:
        if not ended.done():
            job.stop()
            await asyncio.wait((ended,), timeout=1)


class _Job:
    """One piece of work, done by a thread that can be stopped."""

    def __init__(self, message: bytes) -> None:
        self._message = len(message).to_bytes(_LENGTH_BYTES, "big") + message
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Have the thread end soon: its process is killed."""
        with _lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def run(self) -> Finding:
        slots = _slots
        while not slots.acquire(timeout=_LOOK_S):
            if self._stopped:
                return Finding(None, "it was stopped")
        try:
            return self._worked()
        finally:
            slots.release()

    def _worked(self) -> Finding:
        while True:
            kept = self._take()
            if self._process is None:
                return Finding(None, "it was stopped, or no process could be started for it")
            process: subprocess.Popen[bytes] | None = self._process
            reply = b""
            with contextlib.suppress(OSError, ValueError):
                reply = _exchanged(self._process, self._message)
            with _lock:
                _busy.discard(self._process)
                self._process = None
                if process is not None and reply and len(_idle) < MOST_IDLE and not self._stopped:
                    _idle.append(process)
                    process = None
            if process is not None:
                _end(process)
            if reply:
                return _finding(reply)
            if not kept or self._stopped:  # one that was kept may just have ended by itself
                return Finding(None, "it is too much to be worked out: the process gave up")

    def _take(self) -> bool:
        """Get a process; whether it is one that was kept."""
        with _lock:
            if self._stopped:
                return False
            if _idle:
                self._process = _idle.pop()
                _busy.add(self._process)
                return True
        with contextlib.suppress(OSError, ValueError):
            process = _started()
            with _lock:
                self._process = process
                _busy.add(process)
                if self._stopped:
                    process.kill()
        return False


def _started() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", "-B", "-X", "utf8", str(_MAIN)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root of this drive
        env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
        start_new_session=True,
    )
    path = json.dumps([os.path.abspath(folder) for folder in sys.path]).encode()  # noqa: PTH100 - `""` is a folder, too
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    try:
        process.stdin.write(len(path).to_bytes(_LENGTH_BYTES, "big") + path)
        process.stdin.flush()
    except OSError:
        _end(process)
        raise
    return process


def _exchanged(process: subprocess.Popen[bytes], message: bytes) -> bytes:
    """The reply to a message; empty when the process ended."""
    if process.stdin is None or process.stdout is None:
        return b""
    process.stdin.write(message)
    process.stdin.flush()
    length = process.stdout.read(_LENGTH_BYTES)
    wanted = int.from_bytes(length, "big") if len(length) == _LENGTH_BYTES else 0
    reply = process.stdout.read(wanted)
    return reply if wanted and len(reply) == wanted else b""


def _finding(reply: bytes) -> Finding:
    try:
        said = json.loads(reply)
        return Finding(said["value"], str(said["reason"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Finding(None, "the process replied with something else")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def end_idle() -> None:
    """End the processes that are kept for further work."""
    with _lock:
        ending, _idle[:] = list(_idle), []
    for process in ending:
        _end(process)


def _end_all() -> None:
    with _lock:
        busy = list(_busy)
    for process in busy:
        process.kill()
    end_idle()


def _forget() -> None:
    """In the child of a fork: the processes are the parent's."""
    global _slots, _lock
    # either may be held by a thread that isn't in the child
    _slots, _lock = threading.BoundedSemaphore(MOST_AT_ONCE), threading.Lock()
    for process in (*_idle, *_busy):
        process.returncode = 0  # it isn't ours to wait for
    _idle.clear()
    _busy.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
