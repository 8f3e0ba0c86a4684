"""Diagnostics come in the order of the file, whichever pass found them."""

from __future__ import annotations

from cascadelang.source import MemoryFiles
from cascadelang.workspace.load import prove

TEXT = """\
model a = openai("gpt-4.1")
require main { calls <= 0 }
policy main = a within $0.0000001
require main { latency <= 1ms }
"""


def test_proofs_stand_among_limits_in_the_order_of_the_file():
    found = prove("policy.cl", MemoryFiles({"policy.cl": TEXT})).diagnostics
    assert [d.name for d in found] == ["unproved-requirement", "within-too-small", "unproved-requirement"]
    assert [d.span.start for d in found] == sorted(d.span.start for d in found)
