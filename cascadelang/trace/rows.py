"""A run as rows of the trace store, and back.

Takes: a `RunRecord`. Gives: its rows. Guarantees: whatever stands in a record can be stored: text that UTF-8 can't
hold is stored with replacement characters, and what JSON can't hold as its words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from cascadelang.contracts.trace_sink import EVENTS_VERSION, Event, RunRecord
from cascadelang.trace.events import TEXT_KEY, events_from_json

RUN_COLUMNS: Final = (
    "trace_id, policy, policy_path, graph_sha256, started_wall_s, latency_s, status, failure, model, path,"
    " cost_usd, input_tokens, output_tokens, events_version"
)
TABLES: Final = (
    f"runs (id, {RUN_COLUMNS})",
    "events (run, events)",
    "payloads (run, query, answer, meta, texts)",
)
"""The tables and columns that the three rows of a run go into, in the order of `rows_of`."""

Row = tuple[Any, ...]


def _encoder() -> Callable[[Any], str]:
    """Writes JSON as ``json.dumps`` does, but is set up once: setting it up costs as much as half an encoding."""
    settings = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return settings.encode
    # the last three: keys aren't sorted, none are skipped, NaN is written as such
    write = make(None, str, json.encoder.encode_basestring, None, ":", ",", False, False, True)  # noqa: FBT003

    def encode(value: Any) -> str:
        return "".join(write(value, 0))

    return encode


_encode: Final = _encoder()


def rows_of(run: RunRecord, id_: int) -> tuple[Row, Row, Row]:
    """The run's rows of ``runs``, ``events`` and ``payloads``."""
    texts: dict[str, str] = {}
    steps: list[Event] = list(run.events)
    for number, (kind, node, at_s, data) in enumerate(steps):
        if TEXT_KEY in data:
            facts_only = dict(data)
            texts[str(number)] = facts_only.pop(TEXT_KEY)
            steps[number] = Event(kind, node, at_s, facts_only)
    facts = (
        id_,
        run.trace_id,
        run.policy,
        run.policy_path,
        run.graph_sha256,
        run.started_wall_s,
        run.latency_s,
        run.status,
        run.failure,
        run.model,
        _path(run.path),
        run.cost_usd,
        run.input_tokens,
        run.output_tokens,
        EVENTS_VERSION,
    )
    meta = _encode(dict(run.meta)) if run.meta else "{}"
    return facts, (id_, _encode(steps)), (id_, run.query, run.answer, meta, _encode(texts) if texts else "{}")


@lru_cache(maxsize=1_024)
def _path(path: tuple[str, ...]) -> str:
    """A path as JSON; a policy has few different ones."""
    return _encode(path)


def storable(row: Row) -> Row:
    """The row without what SQLite's UTF-8 can't hold."""
    return tuple(v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in row)


def run_of(row: Sequence[Any], events: str | None, payload: Sequence[str] | None) -> RunRecord:
    """Back from rows; ``row`` holds the columns of `RUN_COLUMNS`, ``payload`` query, answer, meta and texts."""
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
