"""Runs one program in sandlock, for `landlock`: a program of its own, which shares its standard streams with it.

Takes, as its one argument: JSON with the command, the settings of ``sandlock.Sandbox`` and who started it. Gives: the
program's exit code. Guarantees: when whoever started it dies, it does, and with it the program; neither has
capabilities, also where root starts them.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITIES_3: Final = 0x20080522
"""The form of capset(2) with two words a set (``_LINUX_CAPABILITY_VERSION_3``)."""


def main() -> int:
    """Run it, and wait for its end."""
    given = json.loads(sys.argv[1])
    system = ctypes.CDLL(None)
    system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != given["parent"] or not _gives_up_capabilities(system):
        return 1
    from sandlock import Sandbox

    result = Sandbox(**given["settings"]).popen(given["command"]).wait()
    ended_by = int(result.signal or -1)
    return 128 + ended_by if ended_by > 0 else int(result.exit_code) & 0xFF


def _gives_up_capabilities(system: ctypes.CDLL) -> bool:
    """Give up all capabilities for good, those that starting a program as root would bring back included."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    none = (ctypes.c_uint32 * 6)()
    return not system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) and not system.capset(header, none)


if __name__ == "__main__":
    sys.exit(main())
