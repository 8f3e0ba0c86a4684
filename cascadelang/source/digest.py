"""SHA-256, without what loading OpenSSL costs at the start.

`hashlib` loads OpenSSL to find its fastest code: two milliseconds and more, for the few kilobytes that lint hashes.
Python's own C code gives the same digests; the modules it is in are those that the standard `random` takes its hash
from, for the same reason. An interpreter built without them takes `hashlib`'s.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

__all__ = ["sha256"]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:
        from hashlib import sha256
