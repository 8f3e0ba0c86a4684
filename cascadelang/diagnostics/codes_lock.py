"""Diagnostics about the lock file beside a policy."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

_POLICY: Final = """\
model small = openai("small") { price: $1 / $4 }
model large = openai("large") { price: $4 / $16 }
tune long = 200 in 50 .. 800
policy main = route tokens > long -> large else small
"""
_REQUIRE: Final = "require main for input <= 1k {{ cost <= ${} }}\n"

CODES: Final = (
    Code(
        "invalid-lock",
        "error",
        "a lock file that can't be read",
        "The lock beside the policy is no YAML, has a key that isn't known or a value of the wrong type, or was "
        "written by a newer cascadelang. The line is told.",
        "What a lock says and nobody understands would be silently without effect, a calibrated value among it.",
        "# policy.lock.yaml says `vresion: 1`\n" + _POLICY,
        _POLICY,
    ),
    Code(
        "missing-lock",
        "error",
        "a policy without a lock file, under `lint --locked`",
        "`lint --locked` was asked to hold the policy to its lock, and there is none beside it. `cascadelang lock` "
        "writes it; it belongs into version control.",
        "Nothing says at which prices the policy was reviewed, or with which files.",
        "# there is no policy.lock.yaml\n" + _POLICY,
        "# `cascadelang lock policy.cl` wrote policy.lock.yaml\n" + _POLICY,
    ),
    Code(
        "outdated-lock",
        "error",
        "a lock file that isn't true any more, under `lint --locked`",
        "A price, a model or a file that the policy reads isn't what it was when the lock was written. Look at what "
        "changed; `cascadelang lock` writes it down.",
        "Someone reviewed what the policy costs and reads; since then it changed, perhaps with nobody looking.",
        "# policy.lock.yaml has `large` at $2 / $8\n" + _POLICY,
        "# `cascadelang lock policy.cl` wrote policy.lock.yaml anew\n" + _POLICY,
    ),
    Code(
        "locked-out-of-range",
        "error",
        "a value in the lock that lies outside the range of its `tune`",
        "The lock's value of a `tune` is used in place of the one in the policy, and it lies outside the range that "
        "the policy declares.",
        "The range is what the author allows; a value outside it was calibrated for another declaration, or is a "
        "typing mistake.",
        "# policy.lock.yaml has `long` at 1200\n" + _POLICY,
        "# policy.lock.yaml has `long` at 340\n" + _POLICY,
    ),
    Code(
        "price-breaks-requirement",
        "error",
        "a `require` that a changed price breaks",
        "The bound held at the prices that the lock has, and doesn't at today's. What is paid is today's price, so "
        "that is the one that counts.",
        "The policy is as it was, and what it can cost isn't: a bound that someone relies on is gone.",
        "# policy.lock.yaml has `large` at $2 / $8\n" + _POLICY + _REQUIRE.format(0.02),
        _POLICY + _REQUIRE.format(0.03),
        along=("outdated-lock",),
    ),
)
