"""Figures, however large they are."""

from __future__ import annotations

import pytest

from cascadelang.graph.wording import dollars


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "$0"),
        (0.00012345, "$0.000124"),
        (1.001, "$1.01"),
        (1e15, "$1000000000000000"),
        (1e30, "$1" + "0" * 30),
        (1e300, "$1" + "0" * 300),
    ],
)
def test_dollars(value: float, words: str):
    assert dollars(value) == words
