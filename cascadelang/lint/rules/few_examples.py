"""Examples too few to tell labels apart by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.learned_files import learned_files
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.semantics.checked import BoundCall
from cascadelang.source import Span
from cascadelang.syntax import ast
from cascadelang.syntax.visit import walk

LEAST: Final = 8
"""Examples a label: what few-shot classifiers over sentence embeddings are commonly measured with."""


class FewExamples(Rule):
    """See its code."""

    code = Code(
        "few-examples",
        "warning",
        "a signal by meaning, or a learned file, with too few examples of a label",
        "`nearest` and `similar` know a topic by its examples and `learned` by those it was trained on. Under eight "
        "of a label, the number that few-shot classifiers over sentence embeddings start from (SetFit, "
        "arXiv:2209.11055), how near a query is says as much about the wording of the examples as about the topic.",
        "Queries of that label are routed by chance, and the confident ones are the wrong ones.",
        (
            'use "std/anthropic"\n# topics.yaml has two examples of `billing` and eight of `technical`\n'
            'signal topic = nearest("topics.yaml")\nroute topic == billing -> haiku else opus\n'
        ),
        (
            'use "std/anthropic"\n# until there are more examples, say it by words\n'
            'signal billing = contains(["invoice", "refund"])\nroute billing -> haiku else opus\n'
        ),
        more_bad=(
            (
                'use "std/anthropic"\nsignal greeting = similar("greetings.txt")\n'
                "route greeting > 0.8 -> haiku else opus\n"
            ),
        ),
        more_good=(
            (
                'use "std/anthropic"\nsignal failing = similar("errors.txt")\n'
                "route failing >= 0.4 -> opus else haiku\n"
            ),
        ),
        files={
            "topics.yaml": "billing:\n- where is my invoice\n- I was charged twice\ntechnical:\n"
            + "".join(f"- error {number} in the app\n" for number in range(1, 9)),
            "greetings.txt": "hello\ngood morning\n",
            "errors.txt": "".join(f"error {number} in the app\n" for number in range(1, 9)),
        },
    )
    words = ("nearest|similar|learned",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a use."""
        checked = subject.checked
        for decl in subject.module.file.decls:
            for node in walk(decl):
                call = checked.calls.get(id(node))
                if call is not None and isinstance(node, ast.Call):
                    yield from self._told(call.spec.name, _counts(call), node.span)
        for _, learned, span in learned_files(subject):
            yield from self._told("learned", learned["made"]["records"], span)

    def _told(self, name: str, counts: Mapping[str, int], span: Span) -> Iterator[Diagnostic]:
        few = {label: number for label, number in counts.items() if number < LEAST}
        if few:
            yield self._few(name, few, span)

    def _few(self, name: str, few: Mapping[str, int], span: Span) -> Diagnostic:
        said = ", ".join(f"{number} of `{label}`" if label else str(number) for label, number in few.items())
        one = sum(few.values()) == 1
        if name == "learned":
            return self.found(
                f"`learned` was trained on too few records: {said}",
                span,
                help=f"train it on {LEAST} of each at least",
            )
        return self.found(
            f"`{name}` has {'only one example' if one and '' in few else f'too few examples: {said}'}",
            span,
            help=f"write at least {LEAST} {'of each label' if '' not in few else 'of them'}, as different as the "
            "queries will be",
        )


def _counts(call: BoundCall) -> Mapping[str, int]:
    """How many examples a signal has of each label; of one without a name for `similar`."""
    name = call.spec.name
    if name == "similar":
        return {"": len(call.args["examples"]["texts"])}
    if name == "nearest":
        return {label: len(texts) for label, texts in call.args["topics"]["topics"].items()}
    return {}


RULE = FewExamples()
