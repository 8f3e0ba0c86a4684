"""The process in which work on answers is done; started by `_worker`, as a script.

Takes, on its input: the module path, then tasks, each as four bytes of length and JSON. Gives, on its output, what
they found, in the same form. Guarantees: a task that takes longer than its limit ends the process, also when nobody
is left to kill it; the end of its input ends it, and so does a minute without a task.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from typing import Any

MOST_BYTES = 1536 * 1024 * 1024
"""The most memory it may have, address space included."""

IDLE_S = 60
GRACE_S = 1.0


def main() -> None:
    """Do tasks until there are none."""
    output = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)  # what a library prints is no reply
    source = 0
    _limit()
    sys.path[:] = json.loads(_read(source) or b"[]")
    while _waits(source):
        message = _read(source)
        if not message:
            return
        asked = json.loads(message)
        _alarm(asked["limit_s"] + GRACE_S)
        reply, spent = _done(asked["task"], asked["given"])
        _alarm(0)
        written = json.dumps(reply).encode()
        output.write(len(written).to_bytes(4, "big") + written)
        output.flush()
        if spent:
            return


def _done(task: str, given: Any) -> tuple[dict[str, Any], bool]:
    """What a task found, and whether the process has had enough."""
    try:
        work = importlib.import_module(f"cascadelang.checks._work_{task}")
        value, reason = work.work(given)
    except MemoryError:
        return {"value": None, "reason": "it takes more memory than it may have"}, True
    except RecursionError:
        return {"value": None, "reason": "it is nested too deeply"}, False
    except Exception as error:  # noqa: BLE001 - a library's fault is unknown, with its reason
        return {"value": None, "reason": f"it can't be worked out: {type(error).__name__}: {str(error)[:200]}"}, False
    return {"value": value, "reason": reason}, False


def _read(source: int) -> bytes:
    """One message; empty at the end of the input."""
    return _exactly(source, int.from_bytes(_exactly(source, 4), "big"))


def _exactly(source: int, wanted: int) -> bytes:
    parts: list[bytes] = []
    while wanted:
        part = os.read(source, min(wanted, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def _waits(source: int) -> bool:
    """Whether there is a next task, or the end: wait for it, a minute at most where that can be done."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([source], [], [], IDLE_S)[0])


def _alarm(seconds: float) -> None:
    with contextlib.suppress(ImportError, AttributeError):
        import signal

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        for what, most in (
            (resource.RLIMIT_AS, MOST_BYTES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
