"""A model asked where to go that costs more than the way it chooses can save."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CatalogUse, GraphNode, RouteByNode, RouteNode
from cascadelang.graph.walk import children
from cascadelang.graph.wording import dollars
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.lint.typical import MIDDLE, SIZES, Size, answer_costs, asking_cost

MOST_SHARE: Final = 0.7
"""From this share on it is told: that so many queries go the cheapest way is rare."""


class DearAsk(Rule):
    """See its code."""

    code = Code(
        "dear-ask",
        "warning",
        "an `ask` that costs more than routing can save",
        "An `ask` costs `j` for every query. Sending a query the cheapest way instead of the dearest saves `s`, so "
        "asking saves money only if the share of queries that go the cheapest way is over `j / s`. It is told when "
        "that share is 70% or more for queries of 200, 1,000 and 4,000 tokens with answers of 200, 400 and 800. Ways "
        "of one price are left alone: there, something else than money is chosen.",
        "The router costs more than it saves, and every answer waits for it.",
        (
            'use "std/anthropic"\n'
            'signal kind = ask(opus, "How hard is this question?", [easy, hard])\n'
            "policy main = route by kind easy -> haiku else sonnet\n"
        ),
        (
            'use "std/anthropic"\n'
            'signal kind = ask(haiku, "How hard is this question?", [easy, hard])\n'
            "policy main = route by kind easy -> haiku else sonnet\n"
        ),
        more_good=(
            (
                'use "std/anthropic"\n'
                'signal kind = ask(sonnet, "Which kind of request is this?", [code, prose])\n'
                "policy main = route by kind code -> sonnet with { effort: high } else sonnet\n"
            ),
        ),
    )
    words = ("ask", "route")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a route."""
        routes: list[GraphNode] = [*subject.nodes(RouteNode), *subject.nodes(RouteByNode)]
        for node in routes:
            asks = [use for use in subject.measure.asked(node) if use.entry == "ask"]
            if len(asks) != 1:
                continue  # several are asked one after the other, and only where the ones before left it open
            sums = [_sums(subject, node, asks[0], size) for size in SIZES]
            found = [one for one in sums if one is not None]
            if len(found) < len(sums) or any(saved <= 0 or asked / saved < MOST_SHARE for asked, saved in found):
                continue
            asked, saved = found[SIZES.index(MIDDLE)]
            share = f"{asked / saved:.0%}"
            sizes = f"a query of {MIDDLE.query:,} tokens and an answer of {MIDDLE.answer}"
            saving = f"the cheapest way saves at most {dollars(saved)} over the dearest"
            yield self.found(
                f"asking `{asks[0].args['model']}` pays only if at least {share} of the queries go the cheapest way"
                if asked < saved
                else f"asking `{asks[0].args['model']}` costs more than the cheapest way saves",
                subject.span(asks[0].place),
                help="ask a cheaper model, or tell the queries apart by what is free: words, length, `has_code`",
                notes=(f"for {sizes}, asking costs about {dollars(asked)}, and {saving}",),
            )


def _sums(subject: Subject, node: GraphNode, use: CatalogUse, size: Size) -> tuple[float, float] | None:
    """What asking costs, and what the cheapest way saves at most over the dearest; ``None`` when it isn't known."""
    asked = asking_cost(subject.graph, use, size)
    ways = [answer_costs(subject, child, size) for child in children(node)]
    known = [costs for costs in ways if costs is not None]
    if asked is None or len(known) < len(ways):
        return None
    return asked, max(map(sum, known)) - min(map(min, known))


RULE = DearAsk()
