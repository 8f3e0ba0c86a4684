"""The sandboxes of this machine; one that isn't there or doesn't work is skipped, and says why."""

from __future__ import annotations

import asyncio
import sys

import pytest


@pytest.fixture(scope="session", params=["bubblewrap", "sandlock"])
def sandbox(request):
    if sys.platform != "linux":
        pytest.skip("sandboxes are Linux's")
    from cascadelang.sandbox import bubblewrap, choose, landlock

    those = bubblewrap.found() if request.param == "bubblewrap" else landlock.found()
    why = "it isn't installed"
    for one in those:
        why = asyncio.run(choose._why_not(one))
        if not why:
            return one
    return pytest.skip(f"no {request.param}: {why}")
