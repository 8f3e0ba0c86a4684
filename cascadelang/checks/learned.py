"""What a trained scorer says of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.checks._answer_numbers import ANSWER_NUMBERS, answer_numbers, needs_of
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Capability, Param, Spec
from cascadelang.learned.model import Learned as File
from cascadelang.learned.model import Numbers
from cascadelang.learned.numbers import query_numbers
from cascadelang.learned.read import WrongLearned, read_learned
from cascadelang.learned.serve import Facts, Predictor

_MOST_CHARS: Final = 200_000
"""Of a longer answer so much is read for its n-grams."""

_TABLE: Final = "\n".join(f"| `{name}` | {said} |" for name, said in ANSWER_NUMBERS.items())


class Learned:
    """``learned("scorer.json")``."""

    spec: ClassVar[Spec] = Spec(
        name="learned",
        kind="check",
        summary="how likely the answer is right, by a trained scorer",
        doc=f"""
A probability, 0 to 1, from a file that was trained on recorded answers: a [learned file](learned.md) that gives a
`score`. It calls nothing, and takes about a millisecond for a page of text. What it can know of an answer, beside the
numbers about the query and the n-grams of both texts:

| number | of the answer |
|---|---|
{_TABLE}

What isn't known is taken to be what the file says for it (`missing`); where the file says nothing, the check is
unknown, with the name of what is missing. A scorer that reads log probabilities needs a model that gives them.

A scorer is worth what its records were like: it knows the models, the kind of questions and the prompts that it was
trained on, and no others. `examples/data/scorer.json` was made by `examples/data/train_scorer.py` from 180 answers of
three small local models; [What checks are worth](evidence.md) says how well it does on prompts that it hasn't seen.
Take it for the form, and train one on your own records.
""",
        gives="score",
        params=(Param("scorer", "learned_file", "the trained scorer: `.json`", required=True),),
        needs_vary=True,
        bare=False,
        examples=('learned("scorer.json") >= 0.8', 'not truncated and learned("scorer.json") >= 0.6'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._predictor = Predictor(_read(args))
        self._names = self._predictor.wants

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the file."""
        try:
            learned = _read(args)
        except WrongLearned as wrong:
            return [str(wrong)]
        if learned.gives != "score":
            return [f"it gives `{learned.gives}`, and a check needs a file that gives `score`"]
        if Predictor(learned).embeds:
            return ["it reads an `embedding`, which a check doesn't: train it without"]
        return []

    @staticmethod
    def needs(args: Mapping[str, Any]) -> frozenset[Capability]:
        """What a model has to give for the numbers that the file reads."""
        blocks = _read(args).features
        return needs_of(name for block in blocks if isinstance(block, Numbers) for name in block.names)

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        numbers = {**query_numbers(answer.query, self._names), **answer_numbers(answer, self._names)}
        found = self._predictor.predict(Facts(answer.query.text, answer.text[:_MOST_CHARS], numbers))
        if not found.values:
            return Finding(None, f"the scorer can't tell: {found.reason}")
        value = found.values["score"]
        return Finding(value, f"the scorer gives {value:.2f}")


def _read(args: Mapping[str, Any]) -> File:
    return read_learned(args["scorer"]["learned"], ANSWER_NUMBERS)


CHECK = Learned
