"""Diagnostics about the comments that allow what a rule warns of."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

_FALLBACK = """use "std/anthropic"
"""
_LONG = "policy main = cascade [haiku, sonnet] until words <= 200"

CODES: Final = (
    Code(
        "unknown-allow",
        "warning",
        "a `# cl: allow(…)` that names no rule",
        "The comment allows something that isn't a rule, or isn't written as `# cl: allow(NAME) because REASON`. "
        "Only what lint's rules say can be allowed; an error of the language can't.",
        "Whoever reads the comment believes that something is switched off.",
        f"{_FALLBACK}# cl: allow(lenght-only-gate) because answers here are one-liners\npolicy main = haiku\n",
        f"{_FALLBACK}# cl: allow(length-only-gate) because answers here are one-liners\n{_LONG}\n",
        more_bad=(
            f"{_FALLBACK}# cl: alow(length-only-gate) because answers here are one-liners\npolicy main = haiku\n",
            f"{_FALLBACK}# cl: allow(unknown-name) because it comes later\npolicy main = haiku\n",
            f"{_FALLBACK}# CL: allow(length-only-gate) because answers here are one-liners\npolicy main = haiku\n",
        ),
    ),
    Code(
        "unreasoned-allow",
        "warning",
        "a `# cl: allow(…)` that doesn't say why",
        "The comment silences what it names all the same, but behind the names there is no `because …`.",
        "In half a year nobody knows whether it may go.",
        f"{_FALLBACK}# cl: allow(length-only-gate)\n{_LONG}\n",
        f"{_FALLBACK}# cl: allow(length-only-gate) because the caller cuts longer answers off\n{_LONG}\n",
    ),
    Code(
        "unused-allow",
        "warning",
        "a `# cl: allow(…)` that silences nothing",
        "Nothing is wrong where the comment stands, so it has no effect any more. It silences what is found on its "
        "own line, or when it stands alone, on the next line or in the declaration that begins there.",
        "It would silence the next such mistake, which nobody has looked at.",
        f"{_FALLBACK}# cl: allow(length-only-gate) because answers here are one-liners\npolicy main = haiku\n",
        f"{_FALLBACK}policy main = haiku\n",
    ),
)
