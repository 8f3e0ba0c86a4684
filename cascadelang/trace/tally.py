"""The sums of a batch of runs, and the few rows that stand for many: policies, shapes and their steps.

Takes: runs with their facts. Gives: rows of ``policies``, ``shapes``, ``steps`` and of the tables that sum up.
Guarantees: a batch changes as few rows as there are different ways that its runs went; in one order of rows whoever
writes, so that two writers of PostgreSQL wait for each other and never in a circle.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cascadelang.trace.facts import Step, Way
from cascadelang.trace.json_text import encode
from cascadelang.trace.rows import Counted, path_text
from cascadelang.trace.schema import bucket_of, places_of
from cascadelang.trace.sql import Connection

_MOST_KNOWN: Final = 4_096

_SUMS: Final = (
    "runs, weight, priced, latency_s, cost_usd, answers_usd, judges_usd, classifiers_usd, retries_usd, rejected_usd,"
    " input_tokens, output_tokens, answer_input_tokens, answer_output_tokens"
)
_ADD: Final = "INSERT INTO {table} ({keys}, {sums}) VALUES ({marks}) ON CONFLICT ({keys}) DO UPDATE SET {added}"


class Shape(NamedTuple):
    """The ids of a way that runs went, and of the form of its events; 0 where none is kept."""

    id: int
    policy: int
    form: int = 0


class Shapes:
    """The ids of the shapes and forms that a writer met, so that it looks each up once.

    INVARIANT: it knows only what is committed; `forget` what was found in a transaction that was undone.

    Args:
        storable: as `cascadelang.trace.sql.Database` has it.
        with_forms: whether the forms of events are kept, too.
    """

    def __init__(self, storable: Callable[[Sequence[Any]], tuple[Any, ...]], *, with_forms: bool = True) -> None:
        self._known: dict[Way, Shape] = {}
        self._breaks: int | None = None
        self._storable = storable
        self._with_forms = with_forms

    def forget(self) -> None:
        """Know nothing."""
        self._known.clear()

    def of(self, connection: Connection, ways: Sequence[Way]) -> list[Shape]:
        """The shapes of the ways, made where there are none; inside a transaction."""
        if connection.breaks != self._breaks:
            self._known.clear()
            self._breaks = connection.breaks
        try:
            return [self._known[way] for way in ways]
        except KeyError:
            self._find(connection, list(dict.fromkeys(ways)))
        return [self._known[way] for way in ways]

    def _find(self, connection: Connection, ways: list[Way]) -> None:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        wanted: dict[str, tuple[Way, tuple[Any, ...], list[tuple[Any, ...]]]] = {}
        same: dict[Way, str] = {}
        for way in ways:
            policy = self._storable(way.policy)
            facts = self._storable((*way.ending, path_text(way.path)))
            steps = [
                (*self._storable([str(word) for word in step]), times)
                for step, times in sorted(Counter([*way.steps, *_asked(way.path)]).items(), key=str)
            ]
            sha256 = hashlib.sha256(encode([policy, facts, steps]).encode("utf-8", "replace")).hexdigest()
            same[way] = sha256
            wanted.setdefault(sha256, (way, (*policy, *facts), steps))
        policies: dict[tuple[Any, ...], int] = {}
        found: dict[str, Shape] = {}
        for sha256, (_, facts, steps) in sorted(wanted.items(), key=lambda item: (item[1][1][:3], item[0])):
            if facts[:3] not in policies:
                policies[facts[:3]] = _policy(connection, facts[:3])
            found[sha256] = _shape(connection, sha256, policies[facts[:3]], facts[3:], steps)
        forms = _forms(connection, [self._form(way) for way in ways]) if self._with_forms else {}
        for way in ways:
            self._known[way] = found[same[way]]._replace(form=forms.get(self._form(way), 0))

    def _form(self, way: Way) -> str:
        """The form of a way's events, as it is stored."""
        (form,) = self._storable((encode(way.form),))
        return str(form)


def _forms(connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
    """The ids of forms, made where there are none."""
    found: dict[str, int] = {}
    for sha256, form in sorted({hashlib.sha256(form.encode()).hexdigest(): form for form in wanted}.items()):
        look = "SELECT id FROM forms WHERE sha256 = ?"
        rows = connection.rows(look, (sha256,))
        if not rows:
            add = "INSERT INTO forms (sha256, form) VALUES (?, ?) ON CONFLICT DO NOTHING"
            connection.execute(add, (sha256, form))
            rows = connection.rows(look, (sha256,))
        found[form] = int(rows[0][0])
    return found


def _asked(path: tuple[str, ...]) -> list[Step]:
    return [("asked", "", "", model, "") for model in path]


def _policy(connection: Connection, facts: tuple[Any, ...]) -> int:
    look = "SELECT id FROM policies WHERE name = ? AND path = ? AND graph_sha256 = ?"
    found = connection.rows(look, facts)
    if not found:
        add = "INSERT INTO policies (name, path, graph_sha256) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        connection.execute(add, facts)
        found = connection.rows(look, facts)
    return int(found[0][0])


def _shape(
    connection: Connection, sha256: str, policy: int, facts: tuple[Any, ...], steps: list[tuple[Any, ...]]
) -> Shape:
    look = "SELECT id FROM shapes WHERE sha256 = ?"
    found = connection.rows(look, (sha256,))
    if not found:
        add = (
            "INSERT INTO shapes (sha256, policy, status, failure, model, path) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING"
        )
        new = connection.execute(add, (sha256, policy, *facts))
        found = connection.rows(look, (sha256,))
        if new:
            id_ = found[0][0]
            columns = ("shape", "number", "kind", "node", "name", "model", "outcome", "times")
            connection.insert("steps", columns, [(id_, number, *step) for number, step in enumerate(steps)])
    return Shape(int(found[0][0]), policy)


class Tally:
    """The sums over some runs."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[int, int], list[float]] = {}
        self._latencies: dict[tuple[int, int, int], list[float]] = {}
        self._reasons: dict[tuple[Any, ...], list[float]] = {}
        self._signals: dict[tuple[Any, ...], list[float]] = {}

    def add(self, runs: Iterable[Counted], shapes: Iterable[Shape]) -> None:
        """Count more runs, each with its shape: those of one shape, bucket and weight together."""
        by_shape: dict[Shape, list[Counted]] = {}
        for run, shape in zip(runs, shapes, strict=True):
            group = by_shape.get(shape)
            if group is None:
                by_shape[shape] = [run]
            else:
                group.append(run)
        for shape, alike in by_shape.items():
            starts, weights = [run.started_wall_s for run in alike], [run.weight for run in alike]
            first = bucket_of(min(starts))
            if first == bucket_of(max(starts)) and weights.count(weights[0]) == len(weights):
                self._add(first, shape, weights[0], alike)
                continue
            split: dict[tuple[int, float], list[Counted]] = {}
            for run, start, weight in zip(alike, starts, weights, strict=True):
                split.setdefault((bucket_of(start), weight), []).append(run)
            for (bucket, weight), some in split.items():
                self._add(bucket, shape, weight, some)

    def _add(self, bucket: int, shape: Shape, weight: float, runs: list[Counted]) -> None:
        """Count runs of one shape, bucket and weight."""
        columns = zip(*runs, strict=True)  # all of them: a tuple of each run's figures would be one more to collect
        _, latency_s, _, cost_usd, *others = list(columns)[2:15]
        priced = [usd for usd in cost_usd if usd is not None]
        sums = [len(priced), sum(latency_s), sum(priced), *map(sum, others)]
        row = [len(runs), len(runs) * weight, *(weight * each for each in sums)]
        before = self._tallies.get((bucket, shape.id))
        self._tallies[bucket, shape.id] = row if before is None else [a + b for a, b in zip(before, row, strict=True)]
        for place, times in Counter(places_of(latency_s)).items():
            _add_to(self._latencies, (bucket, shape.policy, place), times * weight, times)
        for reasons, times in Counter([run.reasons for run in runs]).items():
            for reason in reasons:
                _add_to(self._reasons, (bucket, shape.policy, *reason), times * weight, times)
        for signals, times in Counter([run.signals for run in runs]).items():
            for signal in signals:
                _add_to(self._signals, (bucket, shape.policy, *signal), times * weight, times)

    def write(self, connection: Connection, storable: Callable[[Sequence[Any]], tuple[Any, ...]]) -> None:
        """Add the sums to those of the store; inside a transaction."""
        for table, keys, sums, rows in (
            ("tallies", "bucket, shape", _SUMS, self._tallies),
            ("latencies", "bucket, policy, place", "runs, weight", self._latencies),
            ("reasons", "bucket, policy, name, outcome, reason", "times, weight", self._reasons),
            ("signals", "bucket, policy, name, value", "runs, weight", self._signals),
        ):
            if rows:
                connection.many(_adding(table, keys, sums), _ordered(rows, storable))


def _add_to(rows: dict[Any, list[float]], key: tuple[Any, ...], weight: float, times: int) -> None:
    sums = rows.get(key)
    if sums is None:
        rows[key] = [times, weight]
    else:
        sums[0] += times
        sums[1] += weight


def _ordered(
    rows: Mapping[Any, list[float]], storable: Callable[[Sequence[Any]], tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """The rows in the order of their keys, as they are stored: two that become one are added in turn."""
    return sorted((*storable(key), *sums) for key, sums in rows.items())


def _adding(table: str, keys: str, sums: str) -> str:
    names = sums.split(", ")
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)
    marks = ", ".join("?" * (len(keys.split(", ")) + len(names)))
    return _ADD.format(table=table, keys=keys, sums=sums, marks=marks, added=added)
