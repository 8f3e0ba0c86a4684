"""A run as rows of the trace store, and back.

Takes: a `RunRecord`. Gives: its rows. Guarantees: whatever stands in a record can be stored: text that UTF-8 can't
hold is stored with replacement characters, and what JSON can't hold as its words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from cascadelang.contracts.trace_sink import EVENTS_VERSION, Event, RunRecord
from cascadelang.trace.events import TEXT_KEY, events_from_json
from cascadelang.trace.facts import Way, facts_of

RUN_FIELDS: Final = (
    "runs.trace_id, policies.name, policies.path, policies.graph_sha256, runs.started_wall_s, runs.latency_s,"
    " shapes.status, shapes.failure, shapes.model, shapes.path, runs.cost_usd, runs.input_tokens, runs.output_tokens"
)
"""The columns that `run_of` takes, of the tables `RUN_TABLES`."""
RUN_TABLES: Final = "runs JOIN shapes ON shapes.id = runs.shape JOIN policies ON policies.id = shapes.policy"

Row = tuple[Any, ...]

_new: Final = tuple.__new__
_OPTIONS: Final = orjson.OPT_PASSTHROUGH_SUBCLASS


def encode(value: Any) -> str:
    """JSON of a value: by `orjson`, which takes a tenth of `json`'s time, and by `json` where that can't hold it.

    Raises:
        ValueError, RecursionError: if it can't be had: a value is in itself.
    """
    try:
        return orjson.dumps(value, None, _OPTIONS).decode()
    except TypeError:
        pass
    try:  # not at once, for it takes longer where all keys are texts, too
        return orjson.dumps(
            value, None, _OPTIONS | orjson.OPT_NON_STR_KEYS
        ).decode()  # slower, also where there are none
    except TypeError:  # an integer of more than 64 bits, half of a surrogate pair, a type it doesn't know
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


UNCOUNTABLE: Final = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What `counted` raises of a run that can't be stored: a caller's facts that are no JSON, events of another's."""


class Counted(NamedTuple):
    """A run that is ready to be written.

    Thousands may wait, and each collection of garbage looks at every container: what a run has of them is few.

    Attributes:
        trace_id, way: of the run.
        figures: the columns of ``runs`` from ``started_wall_s`` to ``answer_output_tokens``.
        events: JSON.
        query, answer: as they are.
        meta, texts: JSON.
        reasons, signals: as `Facts` has them.
    """

    trace_id: str
    way: Way
    figures: tuple[Any, ...]
    events: str
    query: str
    answer: str
    meta: str
    texts: str
    reasons: tuple[tuple[str, str, str], ...]
    signals: dict[str, Any]


def counted(run: RunRecord, weight: float = 1.0) -> Counted:
    """Count a run, which stands for so many, and write its JSON.

    Raises one of `UNCOUNTABLE` when it can't be stored.
    """
    (
        way,
        events,
        texts,
        answers,
        judges,
        classifiers,
        retries,
        rejected,
        answer_in,
        answer_out,
        reasons,
        signals,
    ) = facts_of(run)
    figures = (
        run.started_wall_s,
        run.latency_s,
        weight,
        run.cost_usd,
        answers,
        judges,
        classifiers,
        retries,
        rejected,
        run.input_tokens,
        run.output_tokens,
        answer_in,
        answer_out,
    )
    meta = encode(dict(run.meta)) if run.meta else "{}"
    told = encode(texts) if texts else "{}"
    why = _same(tuple(reasons)) if reasons else ()
    return _new(
        Counted, (run.trace_id, way, figures, encode(events), run.query, run.answer, meta, told, why, signals)
    )


@lru_cache(maxsize=4_096)
def _same(reasons: tuple[tuple[str, str, str], ...]) -> tuple[tuple[str, str, str], ...]:
    """One object for all equal ones."""
    return reasons


def run_row(run: Counted, id_: int, shape: int, version: int = EVENTS_VERSION) -> Row:
    """The run's row of ``runs``."""
    return (id_, run.trace_id, shape, *run.figures, version)


Rows = tuple[list[Row], list[Row], list[Row]]
"""Rows of ``runs``, ``events`` and ``payloads``, of the same runs in the same order."""


def rows_of(runs: Sequence[Counted], ids: Sequence[int], shapes: Sequence[int]) -> Rows:
    """The rows of runs."""
    return (
        list(map(run_row, runs, ids, shapes)),
        [(id_, run.events) for run, id_ in zip(runs, ids, strict=True)],
        [(id_, run.query, run.answer, run.meta, run.texts) for run, id_ in zip(runs, ids, strict=True)],
    )


@lru_cache(maxsize=1_024)
def path_text(path: tuple[str, ...]) -> str:
    """A path as JSON; a policy has few different ones."""
    return encode(path)


def run_of(row: Sequence[Any], events: str | None, payload: Sequence[str] | None) -> RunRecord:
    """Back from rows; ``row`` holds the columns of `RUN_FIELDS`, ``payload`` query, answer, meta and texts."""
    query, answer, meta, texts = payload or ("", "", "{}", "{}")
    steps = events_from_json(json.loads(events)) if events else ()
    told: dict[str, str] = json.loads(texts)
    if told:
        steps = tuple(
            Event(kind, node, at_s, {**data, TEXT_KEY: told[str(number)]} if str(number) in told else data)
            for number, (kind, node, at_s, data) in enumerate(steps)
        )
    return RunRecord(
        trace_id=row[0],
        policy=row[1],
        policy_path=row[2],
        graph_sha256=row[3],
        started_wall_s=row[4],
        latency_s=row[5],
        status=row[6],
        failure=row[7],
        model=row[8],
        path=tuple(json.loads(row[9])),
        cost_usd=row[10],
        input_tokens=row[11],
        output_tokens=row[12],
        query=query,
        answer=answer,
        meta=json.loads(meta),
        events=steps,
    )
