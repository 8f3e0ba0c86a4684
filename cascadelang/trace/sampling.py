"""Which runs are kept where not all are.

Takes: a run and a share. Gives: whether it is kept. Guarantees: whatever was unmet, failed or was cancelled is kept;
of the rest, which ended well, the share is, and each that is kept weighs 1 / share, so that rates of weights are
those of all runs. The choice hangs on the trace id alone, and is the same wherever it is made; a shadow's run is kept
when its live run would have been.
"""

from __future__ import annotations

import zlib
from typing import Final

from cascadelang.contracts.trace_sink import RunRecord

WELL: Final = frozenset({"accepted", "unchecked"})
"""The statuses of runs that ended well."""


def is_kept(run: RunRecord, sample: float) -> bool:
    """Whether a run that ended well is among those that are kept."""
    id_ = run.trace_id
    if run.events and run.events[0].kind == "shadow":
        id_ = str(run.events[0].data.get("of", id_))
    return zlib.crc32(id_.encode("utf-8", "replace")) < sample * 2**32
