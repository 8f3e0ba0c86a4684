"""A setting that every call inside sets otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CallNode, CascadeNode, RetryNode, WithNode
from cascadelang.graph.walk import children
from cascadelang.graph.wording import settings_wording
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class IdleWith(Rule):
    """See its code."""

    code = Code(
        "idle-with",
        "warning",
        "a `with` or `retry` that reaches no call",
        "An inner `with` wins over an outer one, and an inner `retry` over an outer one. Here every call inside has "
        "an inner one that says the same field.",
        "Whoever changes the outer one expects that something changes.",
        'use "std/anthropic"\npolicy main = haiku with { max_tokens: 100 } with { max_tokens: 500 }\n',
        'use "std/anthropic"\npolicy main = haiku with { max_tokens: 500 }\n',
        more_bad=(
            (
                'use "std/anthropic"\n'
                "policy main = cascade [haiku retry 2, sonnet retry 1] until json retry 3 within 90s\n"
            ),
            (
                'use "std/anthropic"\ntier cold = haiku with { effort: low, max_tokens: 100 }\n'
                "policy main = cold with { max_tokens: 500 }\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = cascade [haiku retry 2, sonnet] until json retry 3 within 90s\n',
            (
                # the judge's calls are tried three times more
                'use "std/anthropic"\nuse "std/openai"\n'
                'check right = judge(luna, "is it right?") >= 0.8\n'
                "policy main = cascade [haiku retry 1, opus retry 1] until right retry 3 within 90s\n"
            ),
            (
                'use "std/anthropic"\n'
                "policy main = cascade [haiku with { max_tokens: 100 }, opus] until json with { max_tokens: 500 }\n"
            ),
        ),
    )
    words = ("with {|with{|retry",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a suffix."""
        suffixes: list[WithNode | RetryNode] = [*subject.nodes(WithNode), *subject.nodes(RetryNode)]
        for node in suffixes:
            own = dict(node.settings) if isinstance(node, WithNode) else {"retry": node.times}
            idle = [name for name in own if not _reaches(subject, node.child, name)]
            if not idle:
                continue
            whole = len(idle) == len(own)
            said = (
                f"`{_words(own) if isinstance(node, WithNode) else f'retry {node.times}'}`"
                if whole
                else ", ".join(f"`{name.removesuffix('_s')}`" for name in idle)
            )
            yield self.found(
                f"{said} reaches no call: every one inside has one of its own",
                subject.suffix_span(node),
                help="take it out, or the inner ones",
            )


def _reaches(subject: Subject, start: str, name: str) -> bool:
    """Whether a setting around a node holds for any call in it; ``retry`` does for those of its judges, too."""
    graph, measure = subject.graph, subject.measure
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        id_ = waiting.pop()
        node = graph.nodes[id_]
        if isinstance(node, CallNode):
            return True
        if (isinstance(node, WithNode) and name in node.settings) or (
            isinstance(node, RetryNode) and name == "retry"
        ):
            continue
        if name == "retry":
            uses = measure.asked(node)
            if isinstance(node, CascadeNode):
                uses = [*uses, *(use for at in range(len(node.rungs)) for use in measure.gate(node, at))]
            if any(use.calls != 0 for use in uses):
                return True
        if id_ not in seen:
            seen.add(id_)
            waiting += children(node)
    return False


def _words(settings: Mapping[str, object]) -> str:
    return settings_wording(dict(settings))


RULE = IdleWith()
