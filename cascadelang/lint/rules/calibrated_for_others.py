"""A tune whose value was found for other models than it is used with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.model import CallNode, CascadeNode, Graph, GraphExpr
from cascadelang.graph.walk import conditions, in_order, tunes_of, uses_of
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.semantics.locked import declared_tunes

_POLICY: Final = """\
model small = openai("small-2") { price: $1 / $4 }
model large = openai("large") { price: $4 / $16 }
tune sure = 0.8 in 0.5 .. 0.99
policy main = cascade [small, large] until json or judge(large, "Is it right?") >= sure
"""


class CalibratedForOthers(Rule):
    """See its code."""

    code = Code(
        "calibrated-for-others",
        "warning",
        "a `tune` whose value was calibrated for other models",
        "The lock says with which models the value of the `tune` was found, and the policy uses it with one that "
        "isn't among them: one whose answers it decides about, one that judges them, or one that it routes to.",
        "How sure a model says it is, and how strict a judge is, differ from model to model. A threshold that was "
        "found for one says little about another.",
        "# policy.lock.yaml says that `sure` was calibrated with small-1 and large\n" + _POLICY,
        "# policy.lock.yaml says that `sure` was calibrated with small-2 and large\n" + _POLICY,
    )
    words = ("tune", "models:")  # the second one stands in locks only

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a tune, where it is declared."""
        lock = subject.lock
        if lock is None or not any(tune.models for tune in lock.tunes.values()):
            return
        graph = subject.graph
        used = _models_by_tune(graph)
        for name, decl in declared_tunes(subject.checked).items():
            held = lock.tunes.get(name)
            if held is None or not held.models:
                continue
            others = [model for model in used.get(name, {}) if graph.models[model].id not in held.models]
            if others:
                known = ", ".join(f"`{id_}`" for id_ in held.models)
                said = ", ".join(f"`{model}` ({graph.models[model].id})" for model in others)
                yield self.found(
                    f"`{name}` is used with {said}, and was calibrated for {known}",
                    decl.name_span,
                    help="calibrate it with these models, and put the value and their ids into the lock",
                    related=(Label(held.name_span, "the value that is used"),),
                )


def _models_by_tune(graph: Graph) -> dict[str, dict[str, None]]:
    """The models that each tune decides about: that answer what it judges, judge with it, or are routed to by it."""
    found: dict[str, dict[str, None]] = {}

    def note(exprs: list[GraphExpr], nodes: list[str]) -> None:
        tunes = tunes_of(graph, exprs)
        if not tunes:
            return
        below = [graph.nodes[id_] for id_ in in_order(graph, nodes)]
        models = [node.model for node in below if isinstance(node, CallNode)]
        for use in (graph.uses[id_] for id_ in uses_of(graph, exprs)):
            models += [str(use.args[argument]) for argument in use.model_args]
        for tune in tunes:
            found.setdefault(tune, {}).update(dict.fromkeys(models))

    for id_, node in graph.nodes.items():
        if isinstance(node, CascadeNode):
            for rung in node.rungs:
                note([] if rung.until is None else [rung.until], [rung.node])
            note([] if node.start is None else [node.start], [id_])
        else:
            note(conditions(node), [id_])
    return found


RULE = CalibratedForOthers()
