"""One process, run to its end or ended: without blocking the event loop, and leaving nothing behind.

Takes: what to start, its input, its limits on time and output. Gives: `Ended`. Guarantees: the process is in a
session of its own and inherits nothing but the file descriptors it is given; when its time is over, when it writes
too much, when somebody says that its files are too many or when the caller is cancelled, its whole process group is
killed and waited for. It has ended when it has, also where something that it started still holds its output open;
that isn't waited for.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from cascadelang.sandbox.limits import Ended

_ERRORS_BYTES: Final = 4096
_PIECE_BYTES: Final = 1 << 16
_LOOK_S: Final = 0.05
_LAST_S: Final = 0.4
"""How long what is killed may take to be gone, and what has ended to be heard out: others may hold its output open.
It is less than what a check has beyond its limit until it is cancelled."""


async def run(  # noqa: PLR0917 - all that starting a process hangs on
    argv: Sequence[str],
    given: bytes,
    time_s: float,
    output_bytes: int,
    env: Mapping[str, str],
    cwd: str = "/",
    fds: Sequence[int] = (),
    too_many_files: Callable[[], bool] | None = None,
) -> Ended:
    """Start it, feed it, and wait for its end.

    ``too_many_files`` is asked now and then, and ends it.

    Raises:
        OSError: when it can't be started.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(env),
        cwd=cwd,
        pass_fds=tuple(fds),
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("all three are pipes")
    output, errors = bytearray(), bytearray()
    feeding = asyncio.create_task(_feed(process.stdin, given))
    hearing = asyncio.create_task(_take(process.stderr, errors, _ERRORS_BYTES, keep_reading=True))
    reading = asyncio.create_task(_take(process.stdout, output, output_bytes, keep_reading=False))
    ending = asyncio.create_task(_ended(process))
    counting = asyncio.create_task(_until(too_many_files))
    try:
        async with asyncio.timeout(time_s):
            await asyncio.wait((reading, ending, counting), return_when=asyncio.FIRST_COMPLETED)
            if counting.done():
                return Ended("files", 0, bytes(output), _text(errors))
            await asyncio.wait((reading,), timeout=_LAST_S)
            if reading.done() and reading.result():
                return Ended("output", 0, bytes(output), _text(errors))
            await asyncio.wait((ending, counting), return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                return Ended("files", 0, bytes(output), _text(errors))
            await asyncio.wait((hearing,), timeout=_LAST_S)
        return Ended("itself", ending.result(), bytes(output), _text(errors))
    except TimeoutError:
        return Ended("time", 0, bytes(output), _text(errors))
    finally:
        _kill(process)
        try:
            await _gone(process.stdout, ending, (feeding, reading))
        finally:
            for task in (feeding, reading, hearing, ending, counting):
                task.cancel()
            # else its pipes stay open for as long as others hold them
            process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001


async def _ended(process: asyncio.subprocess.Process) -> int:
    """Its exit code, once it has ended; asyncio tells that only when its pipes are closed, too."""
    waiting = asyncio.create_task(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait((waiting,), timeout=_LOOK_S)
        return process.returncode
    finally:
        waiting.cancel()


async def _until(too_many_files: Callable[[], bool] | None) -> None:
    """Wait until it says so."""
    if too_many_files is None:
        await asyncio.get_running_loop().create_future()
        return
    while not too_many_files():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(_LOOK_S)


async def _gone(stdout: asyncio.StreamReader, ending: asyncio.Task[int], others: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for the end of what was killed: until it is reaped, and all that held its output are gone, or a moment."""
    for task in others:
        task.cancel()
    await asyncio.wait(others)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_S):
            await asyncio.wait((ending,))
            while await stdout.read(_PIECE_BYTES):
                pass


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill the process group: also after the process itself has ended, for others may be left in it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _feed(pipe: asyncio.StreamWriter, given: bytes) -> None:
    with suppress(ConnectionError, BrokenPipeError):
        pipe.write(given)
        await pipe.drain()
    with suppress(ConnectionError, BrokenPipeError, OSError):
        pipe.close()
        await pipe.wait_closed()


async def _take(pipe: asyncio.StreamReader, into: bytearray, most: int, *, keep_reading: bool) -> bool:
    """Read to the end, or until there is more than the most; whether there was."""
    full = False
    while piece := await pipe.read(_PIECE_BYTES):
        full = full or len(into) + len(piece) > most
        into += piece[: most - len(into)]
        if full and not keep_reading:
            return True
    return full


def _text(data: bytearray) -> str:
    return data.decode("utf-8", "replace").strip()
