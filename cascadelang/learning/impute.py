"""Figures in the place of answers that aren't recorded, where somebody asked for it.

Takes: records, and a method. Gives: by the policy's name of each model, a `StandIn`: figures without a text.
Guarantees: nothing is made up of a model that no record holds an answer of; whatever looks at a stand-in's text or
log probabilities finds that they aren't recorded. What is filled in is an assumption, and every report counts it.

``mean`` takes an answer that isn't there to be like the model's recorded ones: right where it is missing by chance,
and too good or too bad where it is missing for a reason, as in traces of a cascade. ``worst`` and ``best`` take its
quality to be 0 and 1, which assumes nothing: over these records the quality lies between the two (Manski, 1990,
"Nonparametric Bounds on Treatment Effects"). Costs and times aren't bounded so: they are the most and the least that
is recorded of the model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from cascadelang.records.read import RecordedAnswer

if TYPE_CHECKING:
    from cascadelang.records.read import Record

Method = Literal["mean", "worst", "best"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
_FIGURES: Final = ("cost_usd", "input_tokens", "output_tokens", "latency_s")


@dataclass(frozen=True, slots=True)
class StandIn:
    """What an answer of a model is taken to be where a record has none.

    Attributes:
        answer: its figures; it has no text.
        of: how many recorded answers they are made of.
    """

    answer: RecordedAnswer
    of: int


class Imputed:
    """What was filled in, counted.

    Attributes:
        method: how.
        stand_ins: by the policy's name of a model.
        records: in how many records an answer was filled in.
        answers: of which models, with how many of each.
    """

    def __init__(self, method: Method, stand_ins: Mapping[str, StandIn]) -> None:
        self.method = method
        self.stand_ins = stand_ins
        self.records = 0
        self.answers: Counter[str] = Counter()

    def add(self, models: Collection[str]) -> None:
        """Count a record, with the models whose answers to it were filled in."""
        self.records += bool(models)
        self.answers.update(models)


def stand_ins(records: Iterable[Record], names: Mapping[str, tuple[str, ...]], method: Method) -> dict[str, StandIn]:
    """What answers of each model are taken to be where they are missing.

    Args:
        records: all of them.
        names: by the policy's name of a model, the names that records may have it under, the likeliest first.
        method: the means of the recorded answers, or the worst or best of each figure; the worst quality is 0, the
            best 1, whatever is recorded.
    """
    seen = {name: _Seen() for name in names}
    for record in records:
        for name, known in names.items():
            answer = next((found for each in known if (found := record.answers.get(each)) is not None), None)
            if answer is not None:
                seen[name].add(answer)
    return {name: StandIn(each.answer(method), each.many) for name, each in seen.items() if each.many}


class _Seen:
    """The recorded answers of one model: of each figure its sum, least, most and number."""

    def __init__(self) -> None:
        self.many = 0
        self._figures = {name: _Figure() for name in ("quality", *_FIGURES)}

    def add(self, answer: RecordedAnswer) -> None:
        self.many += 1
        for name, figure in self._figures.items():
            value = getattr(answer, name)
            if value is not None:
                figure.add(value)

    def answer(self, method: Method) -> RecordedAnswer:
        take = _TAKE[method]
        said: dict[str, Any] = {name: take(self._figures[name]) for name in _FIGURES if self._figures[name].many}
        for name in ("input_tokens", "output_tokens"):
            if name in said:
                said[name] = round(said[name])
        quality = self._figures["quality"]
        if method != "mean":
            said["quality"] = float(method == "best")
        elif quality.many:
            said["quality"] = quality.mean()
        return RecordedAnswer(said)


class _Figure:
    __slots__ = ("_sums", "least", "many", "most")

    def __init__(self) -> None:
        self.many = 0
        self.least, self.most = math.inf, -math.inf
        self._sums: list[float] = []

    def add(self, value: float) -> None:
        self.many += 1
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        self._sums.append(value)
        if len(self._sums) > 1_000:
            self._sums = [math.fsum(self._sums)]

    def mean(self) -> float:
        return math.fsum(self._sums) / self.many


_TAKE: Final[Mapping[Method, Callable[[_Figure], float]]] = {
    "mean": _Figure.mean,
    "worst": lambda figure: figure.most,
    "best": lambda figure: figure.least,
}
"""Of costs, tokens and times, of which less is better."""
