"""The sandboxes of this machine; without any, what needs one is skipped, and says so."""

from __future__ import annotations

import pytest

from cascadelang.sandbox.choose import chosen


@pytest.fixture(scope="session")
def sandbox():
    choice = chosen()
    if choice.sandbox is None:
        pytest.skip(f"no sandbox: {choice.why}")
    return choice.sandbox
