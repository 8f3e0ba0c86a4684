"""Lets the tests in this folder import the loopback servers of `tests/conformance`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))
