"""Diagnostics about what the graph proves: bounds that don't hold, limits that let nothing through."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

CODES: Final = (
    Code(
        "unproved-requirement",
        "error",
        "a `require` that doesn't hold for every run",
        "Some run could cost, call or take more than the bound allows; the notes say which, step by step. Retries, "
        "judges, fallbacks and what `carry` adds are counted, each at its most. A bound on the cost can't be proved "
        "while a model's price isn't known.",
        "A bound that is written down and doesn't hold is worse than none: someone relies on it.",
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json\nrequire main { calls <= 1 }\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json\nrequire main { calls <= 2 }\n',
    ),
    Code(
        "within-too-small",
        "error",
        "a `within` that lets no call through",
        "A call is made only when the most it can cost, all its attempts and all its `max_tokens` counted, fits what "
        "is left. Here not even the cheapest first call does.",
        "Every query would end without an answer.",
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json within $0.000001\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, opus] until json within $1\n',
    ),
)
