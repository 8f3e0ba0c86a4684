"""A judge that grades its own answers."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lint.gates import gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.source import Span


class SelfJudge(Rule):
    """See its code."""

    code = Code(
        "self-judge",
        "warning",
        "a judge that is the model being judged",
        "The gate of a rung asks a model to judge, and the answer it judges can be that model's own. Models "
        "recognise what they wrote, and score it higher than others do (Panickssery, Bowman and Feng, "
        "arXiv:2404.13076).",
        "Its mistakes look right to it, so they pass: the gate is weakest where it should be strongest.",
        (
            'use "std/anthropic"\n'
            'policy main = cascade [haiku, opus] until judge(haiku, "is every claim supported?") >= 0.8\n'
        ),
        (
            'use "std/anthropic"\n'
            'policy main = cascade [sonnet, opus] until judge(haiku, "is every claim supported?") >= 0.8\n'
        ),
        more_bad=(
            (
                'use "std/anthropic"\nuse "std/openai"\ntier cheap = fallback [haiku, terra]\n'
                'check right = not empty and judge(haiku, "is it right?") >= 0.8\n'
                "policy main = cascade [cheap until right, opus] within 90s\n"
            ),
        ),
        more_good=(
            # the last rung's paid gate isn't asked under `otherwise last`
            'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until judge(sonnet, "is it right?") >= 0.8\n',
        ),
        along=(),
    )
    words = ("judge", "cascade")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a judge, with every rung whose answers may be its own."""
        graph = subject.graph
        judged: dict[str, list[tuple[Span, str]]] = {}
        for gate in gates(subject):
            for use in subject.measure.gate(gate.node, gate.rung):
                if use.entry != "judge":
                    continue
                judge = graph.models[str(use.args[use.model_args[0]])]
                for name in subject.answering[gate.node.rungs[gate.rung].node]:
                    model = graph.models[name]
                    if (model.provider, model.id) == (judge.provider, judge.id):
                        rung = gate.source.rungs[gate.rung].span
                        judged.setdefault(use.id, []).append((rung, model.name))
                        break
        for id_, rungs in judged.items():
            use = graph.uses[id_]
            yield self.found(
                f"`{use.args[use.model_args[0]]}` judges answers of its own",
                subject.span(use.place),
                related=tuple(Label(span, f"`{name}` can answer here") for span, name in dict.fromkeys(rungs)),
                help="let another model judge, best of another family; or give this rung a gate of its own",
            )


RULE = SelfJudge()
