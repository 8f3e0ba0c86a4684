"""Finds runs in a trace store.

Takes: where a store is, and a `Search`. Gives: the runs that fit, newest first. Guarantees: the same runs from SQLite
and from PostgreSQL, but that SQLite knows small and capital letters of ASCII only; nothing that is looked for is ever
a pattern or part of the SQL; pages that follow one another by `after` neither repeat nor leave out a run, whatever is
recorded or pruned meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import islice
from typing import Any, Final, Literal

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.source.frozen import dataclass
from cascadelang.trace.json_text import encode
from cascadelang.trace.rows import RUN_FIELDS, RUN_TABLES, Forms, run_of
from cascadelang.trace.sql import EVERY, Connection, Database

Comparison = Literal["<", "<=", "=", ">=", ">"]
Verdict = Literal["passed", "failed", "unknown"]

_FIELDS: Final = RUN_FIELDS.count(",") + 1
_STARTED: Final = 4
"""Where `RUN_FIELDS` has ``runs.started_wall_s``."""
_ASKED: Final = (
    "EXISTS (SELECT 1 FROM steps WHERE steps.shape = shapes.id AND steps.kind = 'asked' AND steps.model = ?)"
)
_SOON_S: Final = 60.0
"""How much later than the end of its run a shadow may begin, by a clock that may be set meanwhile."""
_AT_ONCE: Final = 500
"""Rows that are looked at together where more has to be known of each than SQL can say."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A number compared with another; what isn't known compares with nothing."""

    comparison: Comparison
    value: float


@dataclass(frozen=True, slots=True)
class Search:
    """Which runs; all that is said has to fit.

    Attributes:
        policy: the policy's name.
        policy_paths: the recorded paths of its file, any of them; ``None`` for every file.
        model: one that was asked for an answer.
        status: how it ended.
        failure: the kind of failure it ended in.
        verdict: what some check came to.
        check: a part of the condition that was checked; with ``verdict``, the one that came to it.
        text: a part of the query or of the answer, in any case.
        cost_usd: bounds on its dollars.
        cost_unknown: only runs with a call whose price isn't known.
        latency_s: bounds on its seconds.
        since_wall_s, until_wall_s: it began then or later, and before then, in seconds since 1970.
        meta: facts of the caller; numbers and booleans fit what they are written as.
    """

    policy: str | None = None
    policy_paths: tuple[str, ...] | None = None
    model: str | None = None
    status: str | None = None
    failure: str | None = None
    verdict: Verdict | None = None
    check: str | None = None
    text: str | None = None
    cost_usd: tuple[Bound, ...] = ()
    cost_unknown: bool = False
    latency_s: tuple[Bound, ...] = ()
    since_wall_s: float | None = None
    until_wall_s: float | None = None
    meta: Mapping[str, str] = field(default_factory=dict)


def find_in(
    store: Connection, at: Database, search: Search, after: tuple[float, int] | None, limit: int | None
) -> list[RunRecord]:
    """The runs that fit, newest first, without their events.

    Args:
        store: a connection that reads.
        at: the store it reads.
        search: what is looked for.
        after: when a run began, and its number: only runs that come after it in the list.
        limit: at most so many; ``None`` for all.
    """
    found: list[RunRecord] = []
    for row in _rows(store, *_conditions(at, search), after, limit if not search.meta else None):
        payload = None if row[_FIELDS + 1] is None else (*row[_FIELDS + 2 :], "{}")
        run = run_of(row[:_FIELDS], payload=payload)
        if all(_fits(run.meta, name, value) for name, value in search.meta.items()):
            found.append(run)
            if len(found) == limit:
                break
    return found


def whole_in(store: Connection, at: Database, search: Search, limit: int | None) -> Iterator[tuple[RunRecord, float]]:
    """The runs that fit, newest first, with their events, each with its weight; some are held at a time.

    Takes what `find_in` takes.
    """
    left = EVERY if limit is None else limit
    forms = Forms(store)
    rows = _rows(store, *_conditions(at, search), None, limit if not search.meta else None)
    while page := list(islice(rows, _AT_ONCE)):
        marks = ", ".join("?" for _ in page)
        told = {
            run: (weight, events, None if query is None else (query, answer, meta, texts))
            for run, weight, events, query, answer, meta, texts in store.rows(
                "SELECT runs.id, runs.weight, events.events, query, answer, meta, texts FROM runs"  # noqa: S608 - marks
                " LEFT JOIN events ON events.run = runs.id LEFT JOIN payloads ON payloads.run = runs.id"
                f" WHERE runs.id IN ({marks})",
                [row[_FIELDS] for row in page],
            )
        }
        for row in page:
            if row[_FIELDS] not in told:  # pruned meanwhile
                continue
            weight, events, payload = told[row[_FIELDS]]
            run = run_of(row[:_FIELDS], forms, events, payload)
            if all(_fits(run.meta, name, value) for name, value in search.meta.items()):
                yield run, weight
                left -= 1
                if not left:
                    return


def shadows_of(store: Connection, at: Database, run: RunRecord) -> list[RunRecord]:
    """The runs that were made beside a run, or went on after it, oldest first, without their events.

    Such a run names the one it belongs to in its first event, its policy's name begins with that of the other's, and
    it began while that ran, or when it ended. There is one only where ``run``, with its events, says so or was
    cancelled.
    """
    if run.status != "cancelled" and not any(event.kind == "shadow" for event in run.events):
        return []
    told = at.has_text("events.events")
    name = run.policy.rpartition(" (shadow ")[0] or run.policy  # a shadow's own shadows are named like its own run
    rows = store.rows(
        f"SELECT {RUN_FIELDS} FROM {RUN_TABLES} JOIN events ON events.run = runs.id"  # noqa: S608 - values are bound
        f" WHERE policies.path = ? AND runs.started_wall_s BETWEEN ? AND ? AND runs.trace_id <> ? AND {told}"
        " AND (substr(policies.name, 1, ?) = ? OR substr(policies.name, 1, ?) = ?)"
        " ORDER BY runs.started_wall_s, runs.id LIMIT 50",
        (
            run.policy_path,
            run.started_wall_s,
            run.started_wall_s + run.latency_s + _SOON_S,
            run.trace_id,
            encode(run.trace_id),
            *_beginning(f"{name} (shadow "),
            *_beginning(f"{name} (cached "),
        ),
    )
    return [run_of(row) for row in rows]


def _beginning(text: str) -> tuple[int, str]:
    return len(text), text


def _conditions(at: Database, search: Search) -> tuple[list[str], list[Any]]:
    """The conditions that SQL can say, and their values."""
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("policies.name = ?", search.policy),
        (_ASKED, search.model),
        ("shapes.status = ?", search.status),
        ("shapes.failure = ?", search.failure),
        ("runs.started_wall_s >= ?", search.since_wall_s),
        ("runs.started_wall_s < ?", search.until_wall_s),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if search.policy_paths is not None:
        marks = ", ".join("?" for _ in search.policy_paths)
        conditions.append(f"policies.path IN ({marks})" if marks else "1 = 0")
        values += search.policy_paths
    for column, bounds in (("runs.cost_usd", search.cost_usd), ("runs.latency_s", search.latency_s)):
        for bound in bounds:
            conditions.append(f"{column} {bound.comparison} ?")
            values.append(bound.value)
    if search.cost_unknown:
        conditions.append("runs.cost_usd IS NULL")
    if search.verdict is not None or search.check is not None:
        conditions.append(_checked(at, search, values))
    if search.text is not None:
        conditions.append(f"({at.has_text('payloads.query')} OR {at.has_text('payloads.answer')})")
        values += [search.text, search.text]
    for name in search.meta:
        conditions.append(at.has_text("payloads.meta"))  # to look at fewer; `_fits` is exact
        values.append(encode(name))
    return conditions, values


def _checked(at: Database, search: Search, values: list[Any]) -> str:
    """That a check was made as the search says; adds its values."""
    of = "SELECT 1 FROM steps WHERE steps.shape = shapes.id AND steps.kind = 'check'"
    if search.verdict is not None:
        of += " AND steps.outcome = ?"
        values.append(search.verdict)
    if search.check is not None:
        of += f" AND {at.has_text('steps.name')}"
        values.append(search.check)
    return f"EXISTS ({of})"


def _rows(
    store: Connection, conditions: list[str], values: list[Any], after: tuple[float, int] | None, limit: int | None
) -> Iterator[tuple[Any, ...]]:
    """Rows of `RUN_FIELDS`, the run's number, that of its texts, and these; newest first, some at a time."""
    left = EVERY if limit is None else limit
    while left > 0:
        page, bound = list(conditions), list(values)
        if after is not None:
            page.append("(runs.started_wall_s < ? OR (runs.started_wall_s = ? AND runs.id < ?))")
            bound += [after[0], after[0], after[1]]
        only = f" WHERE {' AND '.join(page)}" if page else ""
        number = min(left, _AT_ONCE)
        rows = store.rows(
            f"SELECT {RUN_FIELDS}, runs.id, payloads.run, query, answer, meta FROM {RUN_TABLES}"  # noqa: S608 - bound
            f" LEFT JOIN payloads ON payloads.run = runs.id{only}"
            " ORDER BY runs.started_wall_s DESC, runs.id DESC LIMIT ?",
            (*bound, number),
        )
        yield from rows
        if len(rows) < number:
            return
        left -= len(rows)
        after = (rows[-1][_STARTED], rows[-1][_FIELDS])


def _fits(meta: Mapping[str, Any], name: str, wanted: str) -> bool:
    """Whether a fact is as it is looked for: a text as it stands, all else as JSON writes it."""
    if name not in meta:
        return False
    value = meta[name]
    if isinstance(value, str):
        return value == wanted
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return bool(value == json.loads(wanted)) and wanted.strip().lower() not in {"true", "false"}
        except (ValueError, RecursionError):
            return False
    return json.dumps(value) == wanted
