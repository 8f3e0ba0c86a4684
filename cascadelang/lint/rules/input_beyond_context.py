"""A requirement for inputs that a model can't take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.model import Graph, Requirement, RouteByNode, RouteNode
from cascadelang.graph.walk import conditions, in_order, uses_of
from cascadelang.lint.calls import call_sites
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.syntax import ast

_LENGTHS: Final = frozenset({"tokens", "words", "chars", "lines"})


class InputBeyondContext(Rule):
    """See its code."""

    code = Code(
        "input-beyond-context",
        "warning",
        "a `require` for inputs that a model can't take",
        "The requirement is for inputs of so many tokens, and with its `max_tokens` a model of the policy can't hold "
        "them. Policies that route by length aren't told: the model may never see such inputs.",
        "The bound holds, but not as one would read it: the largest of these inputs fail at this model with "
        "`context_length`.",
        'model small = openai("small") { context: 8k, price: $1 / $2 }\npolicy main = small\n'
        "require main for input <= 16k { cost <= $0.03 }\n",
        'model small = openai("small") { context: 8k, price: $1 / $2 }\npolicy main = small\n'
        "require main for input <= 6k { cost <= $0.03 }\n",
        more_bad=(
            (
                'model small = openai("small") { context: 8k, price: $1 / $2 }\npolicy main = small\n'
                "require main for input <= 7k { cost <= $0.03, calls <= 1 }\n"
            ),
        ),
        more_good=(
            (
                'model small = openai("small") { context: 8k, price: $1 / $2 }\n'
                'model large = openai("large") { context: 128k, price: $1 / $2 }\n'
                "policy main = route conversation.tokens > 4k -> large else small\n"
                "require main for input <= 16k { cost <= $0.03 }\n"
            ),
            (
                'model odd = openai("unheard-of") { price: $1 / $2 }\npolicy main = odd\n'
                "require main for input <= 2M { cost <= $3 }\n"
            ),
        ),
    )
    words = ("require", "for")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a ``require`` and model."""
        told: set[tuple[int, str]] = set()
        for requirement in subject.graph.requirements:
            decl = _written(requirement, subject)
            if decl is None or decl.input_limit is None or requirement.input_tokens is None:
                continue
            if _routes_by_length(requirement.node, subject.graph):
                continue
            for site in call_sites(subject, (requirement.node,)):
                context, answer = site.model.context, site.values["max_tokens"]
                room = None if context is None else context - answer
                if room is None or room >= requirement.input_tokens or (id(decl), site.model.name) in told:
                    continue
                if site.node is None or room <= 0:  # that it has no room at all is told elsewhere
                    continue
                told.add((id(decl), site.model.name))
                yield self.found(
                    f"`{site.model.name}` takes no more than {room:,} tokens of input: it holds {context:,}, and its "
                    f"answer may have {answer:,}",
                    decl.input_limit.span,
                    help="route long inputs to a model that can take them (`conversation.tokens > … -> …`), or "
                    "require it for shorter ones",
                    related=(Label(subject.span(site.node.place), "asked here"),),
                )


def _written(requirement: Requirement, subject: Subject) -> ast.RequireDecl | None:
    """The declaration that a requirement stands in, in the file that was asked for."""
    place = requirement.place
    if place is None:
        return None
    for decl in subject.declarations(ast.RequireDecl):
        if decl.span.path == place.path and decl.span.start <= place.start and place.end <= decl.span.end:
            return decl
    return None


def _routes_by_length(root: str, graph: Graph) -> bool:
    """Whether some route below a node asks how long the query is."""
    routes = [graph.nodes[id_] for id_ in in_order(graph, [root])]
    asked = [expr for node in routes if isinstance(node, (RouteNode, RouteByNode)) for expr in conditions(node)]
    return any(graph.uses[id_].entry in _LENGTHS for id_ in uses_of(graph, asked))


RULE = InputBeyondContext()
