"""Containment by sandlock: Landlock, and a filter of system calls that a process of ours watches over.

Takes: Python source or a program, its input and limits. Gives: how it ended. Guarantees: see `cascadelang.sandbox`;
nothing at all can be written to. Needs no namespaces, but Linux 6.12 with Landlock (ABI 6):
`sandlock <https://github.com/multikernel/sandlock>`_.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from cascadelang.sandbox.boot import limiting
from cascadelang.sandbox.home import home
from cascadelang.sandbox.limits import Ended, Limits
from cascadelang.sandbox.process import run
from cascadelang.sandbox.turns import in_turn

_PROGRAMS: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_KEEPER: Final = Path(__file__).with_name("_keeper.py")


class Sandlock:
    """Runs things in sandlock.

    Attributes:
        name: for people.
    """

    name = "sandlock"

    async def python(self, source: str, given: bytes, limits: Limits) -> Ended:
        """Run Python source, by the Python that runs this, with its standard library and nothing else."""
        shown = [path for path, _ in home().shown]
        binary, library = shown[0], shown[1]
        hidden = [os.path.join(library, name) for name in ("site-packages", "dist-packages")]  # noqa: PTH118 - texts
        command = [binary, "-I", "-S", "-B", "-X", "utf8", "-c", limiting(limits) + source]
        return await self._run(
            shown, [path for path in hidden if os.access(path, os.F_OK)], command, "/", given, limits
        )

    async def program(self, path: str, given: bytes, limits: Limits) -> Ended:
        """Run a program of the host, by its whole path: it sees the system's programs, and the folder it lies in."""
        folder = os.path.split(path)[0]
        binary = home().shown[0][0]
        shown = [*(pair[0] for pair in home().shown), *_PROGRAMS, folder]
        start = f"import os\nos.chdir({folder!r})\nos.execv({path!r}, [{path!r}])\n"
        command = [binary, "-I", "-S", "-B", "-c", limiting(limits) + start]
        return await self._run(shown, [], command, folder, given, limits, processes=limits.processes)

    async def _run(  # noqa: PLR0917 - one step of the two above
        self,
        shown: Sequence[str],
        hidden: Sequence[str],
        command: Sequence[str],
        folder: str,
        given: bytes,
        limits: Limits,
        processes: int = 1,
    ) -> Ended:
        settings: dict[str, Any] = {
            "fs_readable": [path for path in (*shown, *_DEVICES) if os.access(path, os.F_OK)],
            "fs_writable": ["/dev/null"],
            "fs_denied": list(hidden),
            "max_memory": limits.memory_bytes,
            "max_processes": processes,
            "no_coredump": True,
            "clean_env": True,
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder},
            "cwd": folder,
            "extra_deny_syscalls": ["memfd_create"],
        }
        said = json.dumps({"parent": os.getpid(), "settings": settings, "command": list(command)})
        argv = [sys.executable, "-I", str(_KEEPER), said]

        async def start(time_s: float) -> Ended:
            return await run(argv, given, time_s, limits.output_bytes, {})

        return await in_turn(limits.time_s, start)


def found() -> list[Sandlock]:
    """Sandlock, where it is installed."""
    return [Sandlock()] if find_spec("sandlock") is not None else []
