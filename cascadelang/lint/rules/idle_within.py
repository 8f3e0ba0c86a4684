"""A limit in time that is far from all that can happen inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import WithinNode
from cascadelang.graph.wording import seconds
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_TIMES: Final = 2
"""How many times the longest time a limit has to be for it to be told."""


class IdleWithin(Rule):
    """See its code."""

    code = Code(
        "idle-within",
        "warning",
        "a `within` in time that is at least twice as long as all it limits can take",
        "By their timeouts, the calls inside take at most half as long as the limit allows, so it never stops "
        "anything. A limit only somewhat above what they can take is let be: it is there for the day a timeout is "
        "raised. Limits in money aren't told: what a call costs grows with its input.",
        "It reads as if it protected the caller, and it doesn't.",
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until json within 10m\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until json within 90s\n',
        more_good=(
            'use "std/anthropic"\npolicy main = haiku within 60s\n',
            'use "std/anthropic"\npolicy main = haiku within 90s\n',
            'use "std/anthropic"\npolicy main = haiku with { timeout: 5m } within 4m\n',
        ),
    )
    words = ("within",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a limit."""
        for node in subject.nodes(WithinNode):
            if node.time_s is None:
                continue
            most_s = subject.bounds[node.child].latency_most_s
            if most_s is not None and _TIMES * most_s <= node.time_s:
                yield self.found(
                    f"`within {seconds(node.time_s)}` never stops anything: all inside takes at most "
                    f"{seconds(most_s)}",
                    subject.suffix_span(node),
                    help=f"set it under {seconds(most_s)}, or take "
                    + ("it out" if node.cost_usd is None else f"`{seconds(node.time_s)}` out"),
                )


RULE = IdleWithin()
