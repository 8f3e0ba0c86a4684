"""``agrees`` with the model that answered."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lint.gates import gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class SelfAgreement(Rule):
    """See its code."""

    code = Code(
        "self-agreement",
        "warning",
        "an answer compared with another of the same model",
        "`agrees(MODEL)` asks another model the same query, and compares its final answer. Here the only model that "
        "can answer in the rung is that model itself, asked once more with the settings of its declaration.",
        "A model repeats its mistakes, at temperature 0 word for word: the gate passes what it should catch.",
        'use "std/anthropic"\npolicy main = cascade [haiku until agrees(haiku), opus]\n',
        'use "std/anthropic"\nuse "std/openai"\npolicy main = cascade [haiku until agrees(luna), opus]\n',
        more_bad=(
            (
                'use "std/anthropic"\ncheck same = not empty and agrees(haiku)\n'
                "policy main = cascade [haiku with { max_tokens: 200 } until same, opus]\n"
            ),
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = cascade [haiku until agree(3) >= 1, opus] within 90s\n',
            # the other member of the tier can have answered
            (
                'use "std/anthropic"\nuse "std/openai"\ntier cheap = fallback [haiku, luna]\n'
                "policy main = cascade [cheap until agrees(luna), opus] within 90s\n"
            ),
        ),
        along=(),
    )
    words = ("agrees", "cascade")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a comparison: at the first such rung."""
        graph = subject.graph
        told: set[str] = set()
        for gate in gates(subject):
            models = [graph.models[name] for name in subject.answering[gate.node.rungs[gate.rung].node]]
            for use in subject.measure.gate(gate.node, gate.rung):
                if use.entry != "agrees" or not use.model_args or use.id in told:
                    continue
                other = graph.models[str(use.args[use.model_args[0]])]
                if all((model.provider, model.id) == (other.provider, other.id) for model in models):
                    told.add(use.id)
                    yield self.found(
                        f"`{other.name}` is compared with itself",
                        subject.span(use.place),
                        related=(Label(gate.source.rungs[gate.rung].span, "the only model that answers here"),),
                        help="name another model, best of another family; or ask for samples: `agree(3) >= 1`",
                    )


RULE = SelfAgreement()
