"""A cache by meaning that takes queries for the same which aren't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CachedNode
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_LEAST: Final = 0.97
"""Of the pairs in `docs/signals.md` that want different answers and have the same numbers, a third is as near."""


class LowLikeness(Rule):
    """See its code."""

    code = Code(
        "low-likeness",
        "warning",
        "a cache by meaning whose threshold lets other questions through",
        "`cached … similar` gives an answer that was made for another query. The encoder sees what a text is about, "
        "not what it denies or whom it names: `Is it safe …` and `Is it unsafe …` are at 0.98, two days of the week "
        "at 0.95, two languages at 0.90. Below 0.97 most questions of one form are the same to it. Where a wrong "
        "neighbour does no harm, allow it with a comment.",
        "Callers get the answer to somebody else's question, and nothing checks it.",
        'use "std/anthropic"\npolicy main = haiku cached 1d similar 0.9\n',
        'use "std/anthropic"\npolicy main = haiku cached 1d similar 0.98\n',
        more_good=('use "std/anthropic"\npolicy main = haiku cached 1d\n',),
    )
    words = ("cached", "similar")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a threshold."""
        for node in subject.nodes(CachedNode):
            if node.similar is not None and node.similar < _LEAST:
                yield self.found(
                    f"queries at {node.similar:g} are often other questions: another name, a `not`, a word moved",
                    subject.suffix_span(node),
                    help="say `similar 0.98`, or leave `similar` out: the same query is found anyway",
                )


RULE = LowLikeness()
