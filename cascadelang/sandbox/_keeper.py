"""Runs one program in sandlock, for `landlock`: a program of its own, which shares its standard streams with it.

Takes, as its one argument: JSON with the command, the settings of ``sandlock.Sandbox`` and who started it. Gives: the
program's exit code. Guarantees: when whoever started it dies, it does, and with it the program.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main() -> int:
    """Run it, and wait for its end."""
    given = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != given["parent"]:
        return 1
    from sandlock import Sandbox

    result = Sandbox(**given["settings"]).popen(given["command"]).wait()
    ended_by = int(result.signal or -1)
    return 128 + ended_by if ended_by > 0 else int(result.exit_code) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
