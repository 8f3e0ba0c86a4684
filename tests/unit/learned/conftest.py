"""Learned files that tests begin with."""

from __future__ import annotations

from typing import Any

import pytest


def router() -> dict[str, Any]:
    """A router of every kind of feature but an embedding."""
    return {
        "cascadelang": "learned 1",
        "gives": "label",
        "outputs": ["easy", "hard"],
        "bias": [0.5, -0.5],
        "temperature": 2.0,
        "least": 0.6,
        "features": [
            {"kind": "words", "n": [1, 2], "bits": 10, "at": [3, 700], "weights": [[0.1, 0.2], [-0.1, 4]]},
            {"kind": "chars", "of": "query", "n": [3], "bits": 8, "at": [9], "weights": [[0.25], [-0.25]]},
            {
                "kind": "numbers",
                "names": ["query.words", "query.has_code"],
                "log": [True, False],
                "mean": [2.0, 0.1],
                "scale": [1.0, 0.5],
                "missing": [None, 0.0],
                "weights": [[-1.0, 0.5], [1.0, 0.25]],
            },
        ],
        "made": {
            "on": "2026-11-24",
            "records": {"easy": 40, "hard": 30},
            "data": "sha256:1f",
            "models": ["small-1"],
            "by": "a test",
        },
    }


@pytest.fixture
def a_router() -> dict[str, Any]:
    return router()
