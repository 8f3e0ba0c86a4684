"""What contained Python does first: sees whether anybody waits for it, and keeps itself to its limits, for good.

Takes: a pipe's end, `Limits`. Gives: source text that is put before what is to be run. Guarantees: limits are lowered
in both their values, so that nothing that comes later can raise them.
"""

from __future__ import annotations

from cascadelang.sandbox.limits import Limits

_TEXT = """
import resource as _resource
for _name, _most in {limits!r}.items():
    _what = getattr(_resource, "RLIMIT_" + _name, None)
    if _what is not None:
        _hard = _resource.getrlimit(_what)[1]
        _most = _most if _hard == _resource.RLIM_INFINITY else min(_most, _hard)
        _resource.setrlimit(_what, (_most, _most))
del _resource
"""


def limiting(limits: Limits) -> str:
    """Source text that sets the limits of the process it runs in."""
    values = {
        "AS": limits.memory_bytes,
        "CPU": int(limits.time_s) + 2,
        "FSIZE": limits.disk_bytes,
        "NOFILE": 64,
        "NPROC": limits.processes,
        "CORE": 0,
        "MSGQUEUE": 0,
        "MEMLOCK": 0,
    }
    return _TEXT.format(limits=values)


_OUTLIVING = """
import os as _os
_os.set_blocking({watched}, False)
try:
    _os.read({watched}, 1)
except BlockingIOError:
    _os.close({watched})
else:
    _os._exit(1)
del _os
"""


def outliving(watched: int) -> str:
    """Source text that ends its process when the other end of a pipe is closed already: nobody is left to end it."""
    return _OUTLIVING.format(watched=watched)
