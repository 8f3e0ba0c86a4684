"""Reads sums over recorded runs out of a trace store.

Takes: a store, a window of time or a number of newest runs, and which policies. Gives: a `Sums` for each policy, by
the way that runs went. Guarantees: the same from SQLite and from PostgreSQL; a window is read off the sums that the
store keeps (`cascadelang.trace.schema`), so its cost grows with the time it covers, not with the runs in it; the
newest runs are counted from their events, by what counts them when they are recorded.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any, Final, NamedTuple

from cascadelang.trace.rows import RUN_FIELDS, RUN_TABLES, Forms, counted, run_of
from cascadelang.trace.schema import BUCKET_S, place_of
from cascadelang.trace.sql import Connection

SLOTS_MOST: Final = 48
"""Into how many parts a window is cut, at most, to show how rates went over time."""

_SUMMED: Final = (
    "runs, weight, priced, latency_s, cost_usd, answers_usd, judges_usd, classifiers_usd, retries_usd, rejected_usd,"
    " input_tokens, output_tokens, answer_input_tokens, answer_output_tokens"
)
_AT_ONCE: Final = 1_000


class Row(NamedTuple):
    """Sums over some runs; all but ``runs`` by weight. ``priced`` is the weight of those whose cost is known."""

    runs: int = 0
    weight: float = 0.0
    priced: float = 0.0
    latency_s: float = 0.0
    cost_usd: float = 0.0
    answers_usd: float = 0.0
    judges_usd: float = 0.0
    classifiers_usd: float = 0.0
    retries_usd: float = 0.0
    rejected_usd: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    answer_input_tokens: float = 0.0
    answer_output_tokens: float = 0.0

    def plus(self, other: Row) -> Row:
        """The sums over both."""
        return Row._make(a + b for a, b in zip(self, other, strict=True))


class Step(NamedTuple):
    """See ``steps`` in `cascadelang.trace.schema`."""

    kind: str
    node: str
    name: str
    model: str
    outcome: str
    times: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A way that runs went: how they ended, who answered, and what happened."""

    status: str
    failure: str
    model: str
    steps: tuple[Step, ...]


class Window(NamedTuple):
    """A time from one moment to another, in seconds since 1970; it grows to whole tens of minutes."""

    since_wall_s: float
    until_wall_s: float

    def buckets(self) -> tuple[int, int]:
        """The first bucket, and that behind the last one."""
        return floor(self.since_wall_s / BUCKET_S), ceil(self.until_wall_s / BUCKET_S)


@dataclass(slots=True)
class Sums:
    """The sums over the runs of one policy.

    Attributes:
        policy, path: its name and its file.
        recorded: the paths that its file was recorded under.
        graphs: how many different graphs of it ran.
        since_wall_s, until_wall_s: from when to when.
        slot_s: how many seconds a slot of time has.
        slots: how many slots there are.
        rows: by slot and shape.
        shapes: by id.
        latencies: the weight at each `place_of` a latency.
        reasons: how often, by check, outcome and reason.
        signals: the weight, by signal and value.
    """

    policy: str
    path: str
    graphs: int
    since_wall_s: float
    until_wall_s: float
    slot_s: float
    slots: int
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)
    shapes: dict[int, Shape] = field(default_factory=dict)
    latencies: Counter[int] = field(default_factory=Counter)
    reasons: dict[tuple[str, str, str], float] = field(default_factory=lambda: defaultdict(float))
    signals: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    recorded: set[str] = field(default_factory=set)

    def by_shape(self) -> dict[int, Row]:
        """The rows of all slots, by shape."""
        found: dict[int, Row] = {}
        for (_, shape), row in self.rows.items():
            before = found.get(shape)
            found[shape] = row if before is None else before.plus(row)
        return found


Wanted = Callable[[str, str], bool]
"""Whether a policy is asked for, by its name and its file."""
CountedAs = Callable[[str], str]
"""The path that a recorded one is counted under: several may be ways to one file."""


def sums_of_window(
    store: Connection, window: Window, wanted: Wanted, counted_as: CountedAs = lambda path: path
) -> list[Sums]:
    """The sums of each policy that ran in a window, the one that ran most first.

    Args:
        store: where.
        window: the time.
        wanted: which policies.
        counted_as: what makes recorded paths one; unless given, each is a file of its own.
    """
    first, behind = _clip(store, *window.buckets())
    width = max(1, ceil((behind - first) / SLOTS_MOST))
    policies = _policies(store, wanted)
    shapes = _shapes(store, policies)
    found = _Found(policies, counted_as, first, behind, width)
    summed = ", ".join(f"sum({name})" for name in _SUMMED.split(", "))
    look = (
        f"SELECT shape, (bucket - ?) / ?, {summed} FROM tallies WHERE bucket >= ? AND bucket < ?"  # noqa: S608 - names of ours
        " GROUP BY 1, 2"
    )
    for shape, slot, *row in store.rows(look, (first, width, first, behind)):
        if shape in shapes:
            policy, known = shapes[shape]
            sums = found.of(policy)
            sums.rows[int(slot), shape] = Row(*row)
            sums.shapes[shape] = known
    _with_details(store, found, first, behind)
    many = list(found.sums.values())
    _with_steps(store, many)
    return sorted(many, key=lambda sums: (-sum(row.weight for row in sums.rows.values()), sums.policy, sums.path))


class _Found:
    """The sums of each policy, by name and file; different versions of it are one."""

    def __init__(
        self,
        policies: Mapping[int, tuple[str, str, str]],
        counted_as: CountedAs,
        first: int,
        behind: int,
        width: int,
    ) -> None:
        self.policies = policies
        self._as = {path: counted_as(path) for _, path, _ in policies.values()}
        self.sums: dict[tuple[str, str], Sums] = {}
        self._graphs: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._time = (
            first * BUCKET_S,
            behind * BUCKET_S,
            float(width * BUCKET_S),
            max(1, ceil((behind - first) / width)),
        )

    def of(self, policy: int) -> Sums:
        """Those of a policy, by its id."""
        name, recorded, graph = self.policies[policy]
        path = self._as[recorded]
        sums = self.sums.get((name, path))
        if sums is None:
            sums = self.sums[name, path] = Sums(name, path, 0, *self._time)
        sums.recorded.add(recorded)
        self._graphs[name, path].add(graph)
        sums.graphs = len(self._graphs[name, path])
        return sums


def _with_details(store: Connection, found: _Found, first: int, behind: int) -> None:
    """Add latencies, reasons and signals."""
    within = " WHERE bucket >= ? AND bucket < ?"
    look = f"SELECT policy, place, sum(weight) FROM latencies{within} GROUP BY policy, place"  # noqa: S608 - names of ours
    for policy, place, weight in store.rows(look, (first, behind)):
        if policy in found.policies:
            found.of(policy).latencies[place] += weight
    keys = "policy, name, outcome, reason"
    look = f"SELECT {keys}, sum(weight) FROM reasons{within} GROUP BY {keys}"  # noqa: S608 - names of ours
    for policy, name, outcome, reason, weight in store.rows(look, (first, behind)):
        if policy in found.policies:
            found.of(policy).reasons[name, outcome, reason] += weight
    keys = "policy, name, value"
    look = f"SELECT {keys}, sum(weight) FROM signals{within} GROUP BY {keys}"  # noqa: S608 - names of ours
    for policy, name, value, weight in store.rows(look, (first, behind)):
        if policy in found.policies:
            found.of(policy).signals[name][value] += weight


def sums_of_newest(
    store: Connection, number: int, wanted: Wanted, before: int | None = None
) -> tuple[Sums, int] | None:
    """The sums over the newest runs of some policies together, and the id of the oldest of them.

    Args:
        store: where.
        number: how many runs, by weight: the newest of those that stand for so many.
        wanted: which policies.
        before: only runs that were recorded before the one of this id.

    Returns:
        `None` where there is no run.
    """
    policies = _policies(store, wanted)
    if not policies:
        return None
    marks = ", ".join("?" * len(policies))
    look = (
        f"SELECT runs.id, runs.shape, runs.weight, events.events, {RUN_FIELDS} FROM {RUN_TABLES}"  # noqa: S608 - values are bound
        f" LEFT JOIN events ON events.run = runs.id WHERE runs.id < ? AND policies.id IN ({marks})"
        " ORDER BY runs.id DESC LIMIT ?"
    )
    last = 2**62 if before is None else before
    name, path, _ = next(iter(policies.values()))
    sums = Sums(name, path, 1, 0.0, 0.0, 0.0, 1)
    times: list[float] = []
    reached, forms = 0.0, Forms(store)
    while reached < number and (rows := store.rows(look, (last, *policies, _AT_ONCE))):
        for row in rows:
            if reached >= number:
                break
            last = row[0]
            reached += row[2]
            times.append(_count(sums, forms, row))
    if not times:
        return None
    sums.since_wall_s, sums.until_wall_s = min(times), max(times)
    _with_steps(store, [sums])
    return sums, last


def _count(sums: Sums, forms: Forms, row: tuple[Any, ...]) -> float:
    """Add one run; when it began."""
    _, shape, weight, events, *fields = row
    try:
        run = counted(run_of(fields, forms, events), weight)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # events that another hand spoilt
        run = counted(run_of((*fields[:9], "[]", *fields[10:])), weight)
    wall_s, latency_s, _, cost_usd, *others = run.figures
    figures = (1.0, 0.0 if cost_usd is None else 1.0, latency_s, cost_usd or 0.0, *others)
    new = Row(1, *(weight * each for each in figures))
    key = (0, shape)
    sums.rows[key] = sums.rows[key].plus(new) if key in sums.rows else new
    sums.shapes.setdefault(shape, Shape(fields[6], fields[7], fields[8], ()))
    sums.latencies[place_of(latency_s)] += weight
    for reason in run.reasons:
        sums.reasons[reason] += weight
    for name, value in run.signals:
        sums.signals[name][value] += weight
    return float(wall_s)


def _policies(store: Connection, wanted: Wanted) -> dict[int, tuple[str, str, str]]:
    """Name, file and graph of each policy that is asked for, by its id."""
    rows = store.rows("SELECT id, name, path, graph_sha256 FROM policies ORDER BY id")
    return {id_: (name, path, graph) for id_, name, path, graph in rows if wanted(name, path)}


def _clip(store: Connection, first: int, behind: int) -> tuple[int, int]:
    """The buckets of a window in which anything was recorded."""
    look = "SELECT min(bucket), max(bucket) FROM tallies WHERE bucket >= ? AND bucket < ?"
    low, high = store.rows(look, (first, behind))[0]
    return (first, first + 1) if low is None else (max(first, low), min(behind, high + 1))


def _shapes(store: Connection, policies: Mapping[int, Any]) -> dict[int, tuple[int, Shape]]:
    """Policy and shape, without its steps, by the shape's id."""
    rows = store.rows("SELECT id, policy, status, failure, model FROM shapes")
    return {
        id_: (policy, Shape(status, failure, model, ()))
        for id_, policy, status, failure, model in rows
        if policy in policies
    }


def _with_steps(store: Connection, many: Iterable[Sums]) -> None:
    """Give the shapes their steps."""
    steps: dict[int, list[Step]] = defaultdict(list)
    wanted = {shape for sums in many for shape in sums.shapes}
    if not wanted:
        return
    for shape, *step in store.rows("SELECT shape, kind, node, name, model, outcome, times FROM steps"):
        if shape in wanted:
            steps[shape].append(Step(*step))
    for sums in many:
        for id_, shape in sums.shapes.items():
            sums.shapes[id_] = Shape(shape.status, shape.failure, shape.model, tuple(steps[id_]))


def value_of(text: str) -> Any:
    """A signal's value as it was kept: JSON, or its words where another hand wrote it."""
    try:
        return json.loads(text)
    except ValueError:
        return text
