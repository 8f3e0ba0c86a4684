"""A fallback that goes down with its one provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CallNode, FallbackNode
from cascadelang.graph.walk import in_order
from cascadelang.graph.wording import provider_wording
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_OUTAGES: Final = frozenset({"timeout", "connection", "server"})
"""What a provider's models fail with together; a rate limit is often one model's own."""
_AT_HAND: Final = frozenset({"local", "scripted", "replay"})
"""Kinds that are down with this machine only."""


class OneProviderFallback(Rule):
    """See its code."""

    code = Code(
        "one-provider-fallback",
        "warning",
        "a `fallback` whose members are all at one provider",
        "What most often makes a call fail is a provider that is down or slow, and then its other models fail, too. "
        "A fallback that only moves on for what may be one model's own matter "
        "(`when rate_limit or context_length or content_filter`) isn't told.",
        "The policy looks as if it survived an outage, and doesn't.",
        'use "std/anthropic"\npolicy main = fallback [haiku, sonnet] within 2m\n',
        'use "std/anthropic"\nuse "std/openai"\npolicy main = fallback [haiku, luna] within 110s\n',
        more_good=(
            'use "std/anthropic"\npolicy main = fallback [sonnet, haiku] when rate_limit\n',
            'use "std/anthropic"\npolicy main = fallback [haiku, sonnet] when context_length or content_filter\n',
            'use "std/local"\npolicy main = fallback [qwen, smollm]\n',
        ),
    )
    words = ("fallback",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a fallback."""
        graph = subject.graph
        for node in subject.nodes(FallbackNode):
            if len(node.members) < 2 or (node.when is not None and not _OUTAGES & set(node.when)):
                continue
            inside = (graph.nodes[id_] for id_ in in_order(graph, node.members))
            providers = {graph.models[call.model].provider for call in inside if isinstance(call, CallNode)}
            if len(providers) != 1:
                continue
            (name,) = providers
            if graph.providers[name].kind not in _AT_HAND:
                yield self.found(
                    f"all members are at one provider, `{provider_wording(name)}`",
                    subject.span(node.place),
                    label="when it is down, so are they all",
                    help="put in a model of another provider",
                )


RULE = OneProviderFallback()
