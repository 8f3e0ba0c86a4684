"""Lets the tests in this folder import what stands beside them, and the random policies."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "property")]
