"""A rung that asks the same as the one below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.model import CallNode, Graph, GraphNode
from cascadelang.graph.order import successors_first
from cascadelang.graph.walk import children
from cascadelang.lint.gates import cascades
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class RepeatedRung(Rule):
    """See its code."""

    code = Code(
        "repeated-rung",
        "warning",
        "a rung that asks the same model in the same way again",
        "Two rungs in a row ask the same model with the same settings, the cascade carries nothing on, and both "
        "answers have to pass the same check. The second answer differs from the first by chance only.",
        "What was turned down is paid for twice. A call that failed is repeated by `retry`, not by a rung.",
        'use "std/anthropic"\npolicy main = cascade [haiku, haiku, opus] until json\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, haiku, opus] until json carry reasons\n',
        more_bad=(
            (
                'use "std/anthropic"\ntier cheap = haiku with { effort: low }\n'
                "policy main = cascade [cheap, haiku with { effort: low }, opus] until json\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = cascade [haiku, haiku with { effort: high }, opus] until json\n',
            'use "std/anthropic"\npolicy main = cascade [haiku until json, haiku until not empty, opus]\n',
        ),
    )
    words = ("cascade",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding for all rungs in a row that ask the same."""
        forms = Forms(subject.graph)
        for node, source in cascades(subject):
            if node.carry is not None:
                continue
            first = 0
            for number in range(1, len(node.rungs) + 1):
                if number < len(node.rungs):
                    below, here = node.rungs[number - 1 : number + 1]
                    if here.until == below.until and forms.of(here.node) == forms.of(below.node):
                        continue
                again = number - 1 - first
                if again:
                    they, them = ("this rung asks", "it") if again == 1 else (f"{again} rungs in a row ask", "them")
                    yield self.found(
                        f"{they} the same as the one below {them}",
                        source.rungs[first + 1].span,
                        label="" if again == 1 else "the first of them",
                        related=(Label(source.rungs[first].span, "the same model, settings and check"),),
                        help=f"take {them} out, or change something: `with {{ … }}`, a check of its own, "
                        "`carry reasons`",
                    )
                first = number


class Forms:
    """What nodes do, without where they stand: a number each, the same for nodes that do the same."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    def of(self, id_: str) -> int:
        """The number of what a node does."""
        nodes = self._graph.nodes
        for each in successors_first([id_], lambda one: [] if one in self._known else children(nodes[one])):
            if each not in self._known:
                said = self._said(nodes[each])
                self._known[each] = self._numbers.setdefault(said, len(self._numbers))
        return self._known[id_]

    def _said(self, node: GraphNode) -> str:
        """A node written out, what is inside it by its numbers."""
        if isinstance(node, CallNode):
            return node.model
        below = iter([self._known[child] for child in children(node)])
        fields = [getattr(node, name) for name in node.__match_args__ if name not in ("id", "place")]
        return repr([node.kind, *(_without_ids(field, below, self._graph) for field in fields)])


def _without_ids(value: Any, below: Iterator[Any], graph: Graph) -> Any:
    """A field of a node, the ids of other nodes replaced by what these do."""
    if isinstance(value, str) and value in graph.nodes:
        return next(below, "")
    if isinstance(value, (list, tuple)):
        return [_without_ids(item, below, graph) for item in value]
    if isinstance(value, dict):
        return {key: _without_ids(item, below, graph) for key, item in value.items()}
    if hasattr(value, "node") and hasattr(type(value), "__match_args__"):
        return [_without_ids(getattr(value, name), below, graph) for name in value.__match_args__]
    return value


RULE = RepeatedRung()
