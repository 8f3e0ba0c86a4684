"""What calls typically cost: for rules that weigh one way against another, where bounds say only the worst.

Takes: a graph or a `Subject`, and a size of query and answer. Gives: dollars. Guarantees: what isn't known is
``None``, never zero. The sizes are assumptions, written down here; a rule that uses them says something only when it
holds for all of them.
"""

from __future__ import annotations

from typing import Final

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Usage
from cascadelang.graph.cost import cost_of
from cascadelang.graph.model import CatalogUse, Graph, ModelSpec
from cascadelang.lint.subject import Subject
from cascadelang.source.frozen import dataclass

VERDICT_TOKENS: Final = 60
"""What a judge writes: a sentence and a score, as JSON."""

INSTRUCTION_TOKENS: Final = 250
"""What a judge is told beside the rubric, the query and the answer."""

ASKING_TOKENS: Final = 170
"""What a model is told that is asked for a label, beside the question and the query."""

LABEL_TOKENS: Final = 10
"""What a model writes that is asked for a label."""


@dataclass(frozen=True, slots=True)
class Size:
    """A query with its answer, in tokens."""

    query: int
    answer: int


SIZES: Final = (Size(200, 200), Size(1_000, 400), Size(4_000, 800))
"""A short question, a longer one, and one about a document."""

MIDDLE: Final = SIZES[1]
"""The size that messages speak of."""


def call_cost(model: ModelSpec, input_tokens: int, output_tokens: int) -> float | None:
    """What one call costs; its answer has no more tokens than the model may write."""
    if model.price is None:
        return None
    output = min(output_tokens, model.max_tokens)
    return cost_of(model.price, Usage(input_tokens + estimate_tokens(model.system), output))


def answer_costs(subject: Subject, node: str, size: Size) -> list[float] | None:
    """What each model that may answer in a node's place costs for its own answer; ``None`` when one isn't known."""
    models = subject.graph.models
    costs = [call_cost(models[name], size.query, size.answer) for name in subject.answering[node]]
    known = [cost for cost in costs if cost is not None]
    return known if len(known) == len(costs) and known else None


def judging_cost(graph: Graph, use: CatalogUse, size: Size) -> float | None:
    """What one judgement of an answer costs; ``None`` when it isn't known, or the entry is no ``judge``."""
    if use.entry != "judge" or len(use.model_args) != 1:
        return None
    beside = INSTRUCTION_TOKENS + estimate_tokens(str(use.args.get("rubric", "")))
    model = graph.models[str(use.args[use.model_args[0]])]
    return call_cost(model, size.query + size.answer + beside, VERDICT_TOKENS)


def asking_cost(graph: Graph, use: CatalogUse, size: Size) -> float | None:
    """What asking a model for a label costs; ``None`` when it isn't known, or the entry is no ``ask``."""
    if use.entry != "ask" or len(use.model_args) != 1:
        return None
    beside = ASKING_TOKENS + estimate_tokens(str(use.args.get("question", "")))
    return call_cost(graph.models[str(use.args[use.model_args[0]])], size.query + beside, LABEL_TOKENS)
