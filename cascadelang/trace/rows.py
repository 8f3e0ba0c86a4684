"""A run as rows of the trace store, and back.

Takes: a `RunRecord`. Gives: its rows. Guarantees: whatever stands in a record can be stored: text that UTF-8 can't
hold is stored with replacement characters, and what JSON can't hold as its words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cascadelang.contracts.trace_sink import EVENTS_VERSION, Event, RunRecord
from cascadelang.trace.events import events_from_json
from cascadelang.trace.facts import Way, facts_of
from cascadelang.trace.forms import TEXT_KEY, events_of
from cascadelang.trace.json_text import encode
from cascadelang.trace.sql import Connection

RUN_FIELDS: Final = (
    "runs.trace_id, policies.name, policies.path, policies.graph_sha256, runs.started_wall_s, runs.latency_s,"
    " shapes.status, shapes.failure, shapes.model, shapes.path, runs.cost_usd, runs.input_tokens, runs.output_tokens"
)
"""The columns that `run_of` takes, of the tables `RUN_TABLES`."""
RUN_TABLES: Final = "runs JOIN shapes ON shapes.id = runs.shape JOIN policies ON policies.id = shapes.policy"

Row = tuple[Any, ...]

_new: Final = tuple.__new__

UNCOUNTABLE: Final = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What `counted` raises of a run that can't be stored: a caller's facts that are no JSON, events of another's."""


class Counted(NamedTuple):
    """A run that is ready to be written.

    Thousands may wait, and each collection of garbage looks at every container: what a run has of them is few.

    Attributes:
        trace_id, way: of the run.
        started_wall_s, …, answer_output_tokens: columns of ``runs``.
        own: what of its events is its own, as JSON.
        query, answer: as they are.
        meta, texts: JSON; of the texts, ``null`` for what is the answer.
        reasons, signals: as `Facts` has them.
    """

    trace_id: str
    way: Way
    started_wall_s: float
    latency_s: float
    weight: float
    cost_usd: float | None
    answers_usd: float
    judges_usd: float
    classifiers_usd: float
    retries_usd: float
    rejected_usd: float
    input_tokens: int
    output_tokens: int
    answer_input_tokens: int
    answer_output_tokens: int
    own: str
    query: str
    answer: str
    meta: str
    texts: str
    reasons: tuple[tuple[str, str, str], ...]
    signals: tuple[tuple[str, str], ...]

    @property
    def figures(self) -> tuple[Any, ...]:
        """The columns of ``runs`` from ``started_wall_s`` to ``answer_output_tokens``."""
        return self[2:15]


def counted(run: RunRecord, weight: float = 1.0) -> Counted:
    """Count a run, which stands for so many, and write its JSON.

    Raises one of `UNCOUNTABLE` when it can't be stored.
    """
    (
        way,
        own,
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
    answer = run.answer
    return _new(
        Counted,
        (
            run.trace_id,
            way,
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
            encode(own),
            run.query,
            answer,
            encode(dict(run.meta)) if run.meta else "{}",
            encode([None if text == answer else text for text in texts]) if texts else "[]",
            reasons,
            signals,
        ),
    )


def run_row(run: Counted, id_: int, shape: int, version: int = EVENTS_VERSION) -> Row:
    """The run's row of ``runs``."""
    return (id_, run.trace_id, shape, *run[2:15], version)  # `figures`, without the call


Rows = tuple[Iterable[Row], Iterable[Row], Iterable[Row]]
"""Rows of ``runs``, ``events`` and ``payloads``, of the same runs in the same order."""


def rows_of(runs: Sequence[Counted], ids: Sequence[int], shapes: Sequence[int], forms: Sequence[int]) -> Rows:
    """The rows of runs, each made when it is asked for: thousands at once would set off collections of garbage."""
    return (
        map(run_row, runs, ids, shapes),
        ((id_, f"[{form},{run.own}]") for run, id_, form in zip(runs, ids, forms, strict=True)),
        ((id_, run.query, run.answer, run.meta, run.texts) for run, id_ in zip(runs, ids, strict=True)),
    )


@lru_cache(maxsize=1_024)
def path_text(path: tuple[str, ...]) -> str:
    """A path as JSON; a policy has few different ones."""
    return encode(path)


class Forms:
    """The one reader of ``events``: of what is written now, and of what older versions wrote, which had no forms.

    Args:
        store: a connection that reads, from which each form is read once.
    """

    def __init__(self, store: Connection) -> None:
        self._store = store
        self._known: dict[int, str] = {}

    def events(self, events: str | None, texts: str | None = None, answer: str = "") -> tuple[Event, ...]:
        """The events of a run.

        Args:
            events: the column; ``None`` gives none.
            texts: the column of ``payloads``; without it, the events have no texts.
            answer: of the run.

        Raises:
            ValueError, TypeError, KeyError, AttributeError, RecursionError: if that isn't what was recorded.
        """
        found = json.loads(events) if events else []
        said: Any = json.loads(texts) if texts else []
        if found and isinstance(found[0], int):
            form, own = found
            return events_of(self._form(form), own, said or [], answer)
        steps = events_from_json(found)
        if not said:
            return steps
        return tuple(
            Event(kind, node, at_s, {**data, TEXT_KEY: said[str(number)]} if str(number) in said else data)
            for number, (kind, node, at_s, data) in enumerate(steps)
        )

    def _form(self, id_: int) -> str:
        form = self._known.get(id_)
        if form is None:
            found = self._store.rows("SELECT form FROM forms WHERE id = ?", (id_,))
            if not found:
                raise ValueError("a run's form isn't there")
            form = self._known[id_] = str(found[0][0])
        return form


def run_of(
    row: Sequence[Any], forms: Forms | None = None, events: str | None = None, payload: Sequence[str] | None = None
) -> RunRecord:
    """Back from rows.

    Args:
        row: the columns of `RUN_FIELDS`.
        forms: of the store; without them, there are no events.
        events: the column.
        payload: query, answer, meta and texts, where they are there.

    Raises:
        ValueError, TypeError, KeyError, AttributeError, RecursionError: if that isn't what was recorded.
    """
    query, answer, meta, texts = payload or ("", "", "{}", "")
    steps = () if forms is None else forms.events(events, texts, answer)
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
