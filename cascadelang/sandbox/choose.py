"""Which containment this machine has: chosen once a process, by running something in it.

Takes: the machine. Gives: the containment to use, or why there is none. Guarantees: one is chosen only after a
program that was run in it could do none of what it shouldn't: read the host's files, reach its network, write.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from functools import cache
from importlib.util import find_spec
from typing import Final, Protocol

from cascadelang.sandbox.limits import Ended, Limits
from cascadelang.source.frozen import dataclass

INSTALL: Final = 'pip install "cascadelang[sandbox]", or the package `bubblewrap` of your system'

_PROBE_S: Final = 10.0
_PROBE: Final = """
import os, socket, sys
wrong = []
file, port = sys.stdin.read().split("\\n")
for path in ("/etc/passwd", "/home", "/root", "/proc/1/environ", file):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).close()
        wrong.append("reads " + path)
    except OSError:
        pass
for path in ("/written", sys.prefix + "/written", "/dev/written"):
    try:
        open(path, "w").close()
        wrong.append("writes " + path)
    except OSError:
        pass
try:
    other = socket.create_connection(("127.0.0.1", int(port)), 1)
    wrong.append("connects")
except OSError:
    pass
if {k for k in os.environ} - {"LD_LIBRARY_PATH", "LANG", "LC_CTYPE", "HOME", "TMPDIR", "PWD", "PATH"}:
    wrong.append("sees the environment")
print("contained" if not wrong else ", ".join(wrong))
"""


class Sandbox(Protocol):
    """A kind of containment.

    Attributes:
        name: for people.
    """

    name: str

    async def python(self, source: str, given: bytes, limits: Limits) -> Ended:
        """Run Python source with its standard library; ``given`` is its standard input."""
        ...

    async def program(self, path: str, given: bytes, limits: Limits) -> Ended:
        """Run a program of the host."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The containment to use; without one, ``why`` says what is wrong with each that is installed."""

    sandbox: Sandbox | None
    why: str = ""


@cache
def installed() -> tuple[str, ...]:
    """What is installed, by name, without running any of it: cheap, and no promise that it works."""
    if sys.platform != "linux":
        return ()
    from cascadelang.sandbox.bubblewrap import found

    names = [each.name for each in found()]
    return (*names, "sandlock") if find_spec("sandlock") is not None else tuple(names)


_CHOOSING = threading.Lock()
_CHOSEN: list[Choice] = []


def chosen() -> Choice:
    """What to use on this machine; the first time it takes as long as it takes to run something in it.

    It may be asked with an event loop running, which then waits, once.
    """
    with _CHOOSING:
        if not _CHOSEN:
            # a thread of its own, for this one may have a loop that runs
            thread = threading.Thread(target=lambda: _CHOSEN.append(asyncio.run(_choose())), daemon=True)
            thread.start()
            thread.join()
        return _CHOSEN[0]


async def _choose() -> Choice:
    if sys.platform != "linux":
        return Choice(None, f"there is no sandbox for {sys.platform}, only for Linux")
    from cascadelang.sandbox import landlock
    from cascadelang.sandbox.bubblewrap import found

    those: list[Sandbox] = [*found(), *landlock.found()]
    wrong: list[str] = []
    for sandbox in those:
        why = await _why_not(sandbox)
        if not why:
            return Choice(sandbox)
        wrong.append(f"{sandbox.name}: {why}")
    return Choice(None, f"no sandbox works here ({'; '.join(wrong)})" if wrong else f"there is no sandbox: {INSTALL}")


async def _why_not(sandbox: Sandbox) -> str:
    """Why a sandbox can't be used; empty when it works."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:  # which it must not be able to reach
            given = f"{__file__}\n{server.getsockname()[1]}".encode()
            ended = await sandbox.python(_PROBE, given, Limits(time_s=_PROBE_S))
    except Exception as error:  # noqa: BLE001 - whatever it is, this one isn't used
        return str(error) or type(error).__name__
    if ended.why != "itself":
        return "what is run in it doesn't end"
    said = ended.output.decode("utf-8", "replace").strip()
    if said == "contained":
        return ""
    return f"what is run in it {said}" if said else json.dumps(ended.errors[:200] or f"exit code {ended.code}")
