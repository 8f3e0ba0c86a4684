"""Serves a learned file: what it tells of a query, or of an answer to it.

Takes: a `Learned` and the facts. Gives: a probability for each output, or why there is none. Guarantees: never
raises, but where the package that an ``embedding`` needs isn't installed; what isn't known and has no ``missing``
value leaves it unknown, with the reason; the same facts give the same probabilities on every machine, up to the last
bits.

The sum of an output is its bias and, for each feature, weight times value. All sums are divided by the temperature. A
label's probabilities are the softmax of the sums, those of ``score`` and ``scores`` their sigmoid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from cascadelang.learned.grams import grams
from cascadelang.learned.model import Dense, Grams, Learned, Numbers
from cascadelang.source.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a query, and of an answer where there is one.

    Attributes:
        query: the query's text.
        answer: the answer's text.
        numbers: the numbers that the file may name (`Predictor.wants` says which it does); ``None``: not known.
    """

    query: str
    answer: str = ""
    numbers: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a file tells.

    Attributes:
        values: the probability of each output, in the file's order; empty where it tells nothing.
        reason: why it tells nothing.
    """

    values: Mapping[str, float]
    reason: str = ""

    @property
    def best(self) -> str:
        """The most probable output, the first of several; empty where there is none."""
        return max(self.values, key=self.values.__getitem__, default="")


Adds = Callable[[Facts, list[float]], str]
"""Adds what a feature is worth to the sums; gives why it can't, or the empty text."""


class Predictor:
    """A learned file, made ready.

    Attributes:
        learned: the file.
        wants: the names of the numbers it needs.
        embeds: it needs the query's embedding, so that predicting computes for milliseconds.
    """

    def __init__(self, learned: Learned) -> None:
        self.learned = learned
        self.wants = frozenset(
            name for block in learned.features if isinstance(block, Numbers) for name in block.names
        )
        self.embeds = any(isinstance(block, Dense) for block in learned.features)
        self._adds = [_adder(block) for block in learned.features]

    def missing(self) -> str:
        """What has to be installed first; empty when nothing has."""
        if not self.embeds:
            return ""
        from cascadelang.embedding.built_in import missing_package

        return missing_package()

    def predict(self, facts: Facts) -> Prediction:
        """The probability of each output."""
        learned = self.learned
        sums = list(learned.bias)
        for add in self._adds:
            why = add(facts, sums)
            if why:
                return Prediction({}, why)
        sums = [one / learned.temperature for one in sums]
        shares = _softmax(sums) if learned.gives == "label" else [_sigmoid(one) for one in sums]
        return Prediction(dict(zip(learned.outputs, shares, strict=True)))


def _softmax(sums: Sequence[float]) -> list[float]:
    most = max(sums)
    powers = [math.exp(one - most) for one in sums]
    total = sum(powers)
    return [power / total for power in powers]


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    power = math.exp(value)
    return power / (1.0 + power)


def _adder(block: Grams | Numbers | Dense) -> Adds:
    if isinstance(block, Grams):
        return _gram_adder(block)
    return _number_adder(block) if isinstance(block, Numbers) else _dense_adder(block)


def _gram_adder(block: Grams) -> Adds:
    columns = dict(zip(block.at, zip(*block.weights, strict=True), strict=True))
    of_answer, outputs = block.of == "answer", range(len(block.weights))

    def add(facts: Facts, sums: list[float]) -> str:
        text = facts.answer if of_answer else facts.query
        get = columns.get
        for bucket, much in grams(text, block.unit, block.n, block.bits).items():
            weights = get(bucket)
            if weights is not None:
                for output in outputs:
                    sums[output] += weights[output] * much
        return ""

    return add


def _number_adder(block: Numbers) -> Adds:
    columns = list(zip(*block.weights, strict=True))
    rows = list(zip(block.names, block.log, block.mean, block.scale, block.missing, columns, strict=True))

    def add(facts: Facts, sums: list[float]) -> str:
        for name, log, mean, scale, missing, weights in rows:
            value = facts.numbers.get(name)
            if value is None or not math.isfinite(value):
                if missing is None:
                    return f"`{name}` isn't known"
                value = missing
            if log:
                value = math.copysign(math.log1p(abs(value)), value)
            even = (value - mean) / scale
            for output, weight in enumerate(weights):
                sums[output] += weight * even
        return ""

    return add


def _dense_adder(block: Dense) -> Adds:
    import threading

    lock = threading.Lock()
    made: list[Any] = []

    def add(facts: Facts, sums: list[float]) -> str:
        import numpy as np

        from cascadelang.embedding.built_in import built_in

        embedder = built_in()
        if embedder.name != block.embedder:
            return f"it was made with the embedder `{block.embedder}`, and here is `{embedder.name}`"
        with lock:
            if not made:
                made.append(np.asarray(block.weights, dtype=np.float32))
        if made[0].shape[1] != embedder.size:
            return f"it has weights for {made[0].shape[1]} numbers of an embedding, and there are {embedder.size}"
        (row,) = embedder.embed([facts.query])
        for output, worth in enumerate(made[0] @ row):
            sums[output] += float(worth)
        return ""

    return add
