"""A learned file as values.

INVARIANT: what `read_learned` makes is whole: every list of weights is as long as what it belongs to, every number is
finite, every name is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from cascadelang.source.frozen import dataclass

FORMAT: Final = "learned 1"
"""What the field ``cascadelang`` of a file says: the form and its version."""

Gives = Literal["label", "score", "scores"]
Of = Literal["query", "answer"]


@dataclass(frozen=True, slots=True)
class Grams:
    """Hashed n-grams of words or characters.

    Attributes:
        unit: what is counted: words, or characters (with the spaces between words).
        of: of which text.
        n: the lengths of the n-grams, each 1 to 8.
        bits: there are ``2 ** bits`` buckets.
        at: the buckets that have weights, rising.
        weights: for each output, a weight for each bucket of ``at``.
    """

    unit: Literal["words", "chars"]
    of: Of
    n: tuple[int, ...]
    bits: int
    at: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers about the query or the answer.

    Attributes:
        names: which.
        log: for each, whether ``log(1 + x)`` is taken first (of ``-x`` with a minus in front below zero).
        mean, scale: for each, what is then taken away, and what the rest is divided by.
        missing: for each, what it is taken to be where it isn't known; ``None``: the file then says nothing.
        weights: for each output, a weight for each name.
    """

    names: tuple[str, ...]
    log: tuple[bool, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    missing: tuple[float | None, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Dense:
    """The query's embedding.

    Attributes:
        embedder: the name of the embedder whose vectors the weights are for.
        weights: for each output, a weight for each number of a vector.
    """

    embedder: str
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """Of what a file was made.

    Attributes:
        on: the day, as ``2026-11-24``.
        records: how many records of each label; of a score, of ``right`` and ``wrong``; of ``scores``, of each model.
        data: a hash of the records; empty when the file doesn't say.
        models: ids of the models whose answers the records hold.
        by: the program that made it; empty when the file doesn't say.
    """

    on: str
    records: Mapping[str, int] = field(default_factory=dict)
    data: str = ""
    models: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Learned:
    """A learned file.

    Attributes:
        gives, outputs: see the package's docstring.
        bias: for each output.
        temperature: what the sums are divided by before they become probabilities; above 0.
        least: of ``label``: the probability below which the best label is unknown.
        features: what the sums are of.
        made: of what it was made.
    """

    gives: Gives
    outputs: tuple[str, ...]
    bias: tuple[float, ...]
    temperature: float
    least: float
    features: tuple[Grams | Numbers | Dense, ...]
    made: Made
