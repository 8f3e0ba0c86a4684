"""What recorded runs say about how often each way of a policy was taken, and how long its calls were.

Takes: where a trace store is, and which policy. Gives: `Recorded`. Guarantees: never writes; everything is weighted,
so that a sampled store gives the same shares; counts are as `cascadelang.trace.schema` keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cascadelang.trace.rows import Forms
from cascadelang.trace.schema import BUCKET_S
from cascadelang.trace.sql import Where, as_recorded, reading

SAMPLE: Final = 2_000
"""The newest runs, so many, say how many tokens calls have."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Weighted counts of one policy's runs.

    Attributes:
        runs: how many runs.
        kept: how many of them are kept; each stands for as many as the store's sampling has it.
        arms: by node and arm.
        checks: by node, model whose answer it was, and whether it passed.
        calls, failures, retries: by model; failures are attempts.
        hits: by node: answers that were kept.
        tokens: by model: tokens in and out of a call for an answer, on the average.
        asking: likewise of calls that judge or classify.
        sampled: how many runs the tokens are from.
    """

    runs: float
    kept: int
    arms: Mapping[tuple[str, str], float]
    checks: Mapping[tuple[str, str, bool], float]
    calls: Mapping[str, float]
    failures: Mapping[str, float]
    retries: Mapping[str, float]
    hits: Mapping[str, float]
    tokens: Mapping[str, tuple[float, float]]
    asking: Mapping[str, tuple[float, float]]
    sampled: int


_STEPS: Final = (
    "SELECT steps.kind, steps.node, steps.name, steps.model, steps.outcome, sum(steps.times * tallies.weight)"
    " FROM tallies JOIN shapes ON shapes.id = tallies.shape JOIN policies ON policies.id = shapes.policy"
    " JOIN steps ON steps.shape = shapes.id WHERE policies.id IN ({ids}) AND tallies.bucket >= ?"
    " AND steps.kind IN ('route', 'check', 'call', 'call_failed', 'retry', 'cached')"
    " GROUP BY steps.kind, steps.node, steps.name, steps.model, steps.outcome"
)
_RUNS: Final = (
    "SELECT sum(tallies.weight), sum(tallies.runs) FROM tallies JOIN shapes ON shapes.id = tallies.shape"
    " JOIN policies ON policies.id = shapes.policy WHERE policies.id IN ({ids}) AND tallies.bucket >= ?"
)
_EVENTS: Final = (
    "SELECT events.events, runs.weight FROM runs JOIN shapes ON shapes.id = runs.shape"
    " JOIN policies ON policies.id = shapes.policy JOIN events ON events.run = runs.id"
    " WHERE policies.id IN ({ids}) AND runs.started_wall_s >= ? ORDER BY runs.started_wall_s DESC LIMIT ?"
)


def recorded_rates(
    where: Where, policy: str, wanted: Callable[[str], bool], since_wall_s: float = 0.0
) -> Recorded | None:
    """What was recorded of a policy, by its name; ``None`` when nothing was.

    Args:
        where: the store.
        policy: its name.
        wanted: whether a recorded policy's file is its file.
        since_wall_s: only runs that began then or later, counted from the whole ten minutes that holds it.

    Raises:
        StoreUnusable: if it can't be read as a trace store.
    """
    first = int(since_wall_s // BUCKET_S)
    with reading(where) as store:
        if store is None:
            return None
        named = store.rows("SELECT id, path FROM policies WHERE name = ?", (policy,))
        ids = [id_ for id_, path in named if wanted(path)]
        marks = ", ".join("?" * len(ids))
        runs, kept = store.rows(_RUNS.format(ids=marks), (*ids, first))[0] if ids else (None, None)
        if not runs:
            return None
        steps = store.rows(_STEPS.format(ids=marks), (*ids, first))
        events = store.rows(_EVENTS.format(ids=marks), (*ids, first * float(BUCKET_S), SAMPLE))
        with as_recorded(where):
            answers, asking = _tokens(Forms(store), events)
    arms: dict[tuple[str, str], float] = {}
    checks: dict[tuple[str, str, bool], float] = {}
    by_model: dict[str, dict[str, float]] = {"call": {}, "call_failed": {}, "retry": {}}
    hits: dict[str, float] = {}
    for kind, node, name, model, outcome, times in steps:
        if kind == "route":
            arms[node, name] = arms.get((node, name), 0.0) + times
        elif kind == "check":
            key = (node, model, outcome == "passed")
            checks[key] = checks.get(key, 0.0) + times
        elif kind == "cached":
            hits[node] = hits.get(node, 0.0) + times
        else:
            by_model[kind][model] = by_model[kind].get(model, 0.0) + times
    return Recorded(
        float(runs),
        int(kept),
        arms,
        checks,
        by_model["call"],
        by_model["call_failed"],
        by_model["retry"],
        hits,
        answers,
        asking,
        len(events),
    )


def _tokens(
    forms: Forms,
    rows: list[tuple[Any, ...]],
) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
    """Tokens in and out by model: of answers, and of what is asked beside them."""
    sums: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for text, weight in rows:
        for kind, _, _, data in forms.events(text):
            if kind != "call":
                continue
            beside = data.get("purpose") in ("judge", "ask")
            total = sums[beside].setdefault(data["model"], [0.0, 0.0, 0.0])
            total[0] += weight
            total[1] += weight * data["input_tokens"]
            total[2] += weight * data["output_tokens"]
    answers, asking = ({name: (t[1] / t[0], t[2] / t[0]) for name, t in one.items() if t[0]} for one in sums)
    return answers, asking
