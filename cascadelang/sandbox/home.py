"""The Python that contained code gets: the interpreter, its standard library, and what that needs of the system.

Takes: the Python that runs. Gives: what has to be shown read-only, and where. Guarantees: nothing of installed
packages is among it, and nothing is shown at a path of the host but the folders of system libraries and the rules of
time zones.
"""

from __future__ import annotations

import os
import struct
import sys
from functools import cache
from pathlib import Path
from typing import Final

from cascadelang.source.frozen import dataclass

ROOT: Final = "/python"
ZONES: Final = "/usr/share/zoneinfo"
"""The rules of time zones, which the standard library looks for there."""


@dataclass(frozen=True, slots=True)
class Home:
    """What is shown of Python.

    Attributes:
        executable: the interpreter's path inside.
        shown: pairs of a path on the host and the path inside, read-only.
        hidden: folders inside that are covered by empty ones.
        library_path: folders with shared libraries, inside.
    """

    executable: str
    shown: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]
    library_path: tuple[str, ...]


@cache
def home() -> Home:
    """What is shown of the Python that runs; of the one that a virtual environment was made from.

    Raises:
        OSError: when it can't be read.
    """
    binary = os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)
    library = os.path.realpath(os.path.split(os.__file__)[0])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    inside = f"{ROOT}/lib/{version}"
    shown = [(binary, f"{ROOT}/bin/{version}"), (library, inside)]
    hidden = [f"{inside}/{name}" for name in ("site-packages", "dist-packages") if (Path(library) / name).is_dir()]
    folders: dict[str, None] = {}
    for mapped in _mapped():
        folder, name = os.path.split(mapped)
        if name.startswith("libpython"):
            shown.append((mapped, f"{ROOT}/lib/{name}"))
        elif name.startswith(("libc.", "libc-", "libm.", "libm-", "ld-musl")):
            folders[folder] = None
    shown += [(folder, folder) for folder in folders]
    loader = _loader(binary)
    if loader and os.path.split(loader)[0] not in folders:
        shown.append((loader, loader))
    if Path(ZONES).is_dir():
        shown.append((ZONES, ZONES))
    return Home(f"{ROOT}/bin/{version}", tuple(shown), tuple(hidden), (f"{ROOT}/lib", *folders))


def _mapped() -> list[str]:
    """The shared libraries of this process, each once."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    found = dict.fromkeys(line[line.index("/") :] for line in lines if "/" in line)
    return [path for path in found if ".so" in path or "ld-musl" in path]


def _loader(binary: str) -> str:
    """The program that loads shared libraries for a 64-bit ELF file (its ``PT_INTERP``); empty when it has none."""
    data = Path(binary).read_bytes()[: 1 << 16]
    if data[:5] != b"\x7fELF\x02":
        return ""
    order = "<" if data[5] == 1 else ">"
    start, size, count = *struct.unpack_from(f"{order}Q", data, 32), *struct.unpack_from(f"{order}HH", data, 54)
    for number in range(count):
        kind, _, offset, _, _, length = struct.unpack_from(f"{order}IIQQQQ", data, start + number * size)
        if kind == 3:
            return data[offset : offset + length].rstrip(b"\0").decode()
    return ""
