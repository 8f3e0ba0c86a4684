"""When a call is made again, and how long to wait before it.

Takes: the failure, how often it was tried, the time that is left. Gives: seconds to wait, or that it isn't worth it.
Guarantees: the same seed gives the same waits; a wait never ends after the time that is left.

The back-off is exponential with full range jitter on top of half: ``0.5 s * 2^(n-1)``, at most 20 s, of which
between a half and the whole is waited. A provider's ``Retry-After`` is the least that is waited.
"""

from __future__ import annotations

import random

from cascadelang.contracts.failure import RETRYABLE, CallFailed
from cascadelang.graph.limits import LEAST_OF_WAIT, wait_s


def wait_before_retry(failed: CallFailed, attempt: int, left_s: float, rng: random.Random) -> float | None:
    """Seconds to wait before the next attempt, or ``None`` when none should be made.

    Args:
        failed: why the last attempt failed.
        attempt: its number, from 1.
        left_s: seconds until the call has to be over.
        rng: the run's randomness.
    """
    if failed.kind not in RETRYABLE:
        return None
    waited_s = wait_s(attempt) * (LEAST_OF_WAIT + (1.0 - LEAST_OF_WAIT) * rng.random())
    if failed.retry_after_s is not None:
        waited_s = max(waited_s, failed.retry_after_s)
    return waited_s if waited_s < left_s else None
