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


def test_differences_of_long_chains(machine: Machine):
    def chain(first: str, each: str) -> str:
        lines = [f"tier t0 = {first}", *(f"tier t{n} = fallback [t{n - 1}, {each}]" for n in range(1, 300))]
        return "\n".join(['use "std/anthropic"', *lines, "policy main = t299\n"])

    machine.write("old.cl", chain("haiku", "opus"))
    machine.write("new.cl", chain("sonnet", "opus"))
    machine.write("other.cl", chain("haiku", "sonnet"))
    done = machine.cl("diff", "old.cl", "new.cl", timeout_s=120)
    assert done.code == 1
    assert "tier t0\n  is now `sonnet`, it was `haiku`" in done.out
    done = machine.cl("diff", "old.cl", "other.cl", timeout_s=120)
    assert done.code == 1
    assert done.out.count("is now `sonnet`, it was `opus`") == 299


@pytest.mark.parametrize("width", [20_000])
def test_wide_policies(machine: Machine, width: int):
    words = " or ".join(f"words > {n}" for n in range(width))
    machine.write("policy.cl", f'use "std/anthropic"\nsignal s = {words}\npolicy main = route s -> opus else haiku\n')
    done = machine.cl("lint", "policy.cl", timeout_s=120)
    assert done.code in {0, 1}
    assert "Traceback" not in done.out + done.err
    assert "bug" not in done.err
