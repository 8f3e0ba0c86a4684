"""Policies that are beyond all measure, through the real command line."""

from __future__ import annotations

import pytest
from misbehaving import Machine


def test_long_chains_of_tiers(machine: Machine):
    lines = ['use "std/anthropic"', "tier t0 = fallback [haiku, sonnet]"]
    lines += [f"tier t{n} = fallback [t{n - 1}, opus]" for n in range(1, 2_000)]
    machine.write("policy.cl", "\n".join([*lines, "policy main = t1999\n"]))
    for name in ("lint", "compile", "explain", "graph"):
        done = machine.cl(name, "policy.cl", timeout_s=120)
        assert done.code in {0, 1}
        assert "Traceback" not in done.out + done.err
        assert "bug" not in done.err


@pytest.mark.parametrize("width", [20_000])
def test_wide_policies(machine: Machine, width: int):
    words = " or ".join(f"words > {n}" for n in range(width))
    machine.write("policy.cl", f'use "std/anthropic"\nsignal s = {words}\npolicy main = route s -> opus else haiku\n')
    done = machine.cl("lint", "policy.cl", timeout_s=120)
    assert done.code in {0, 1}
    assert "Traceback" not in done.out + done.err
    assert "bug" not in done.err
