"""Lets the tests in this folder import `servers` and `adapters` beside them, and keeps their clean-up cheap."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def _collect_only_what_tests_leave() -> Iterator[None]:
    """Every test collects garbage to see what it left open; what the imports made needn't be walked each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
