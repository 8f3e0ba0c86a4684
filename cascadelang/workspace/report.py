"""What a report is made of: one policy's recorded runs, told to somebody who wasn't there.

Takes: a policy, a window, records where quality is to be told. Gives: `Findings`. Guarantees: only reads, and calls
nothing; every figure is one of `cascadelang.stats` or of `replay`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from cascadelang.pages.charts import Flow
from cascadelang.workspace.mistake import Mistake, StoreMistake
from cascadelang.workspace.traces import find_recorded, store_of

if TYPE_CHECKING:
    from cascadelang.contracts.trace_sink import RunRecord
    from cascadelang.graph.model import Graph
    from cascadelang.learning.report import Report
    from cascadelang.stats.model import Slot, Stats
    from cascadelang.stats.sums import Shape, Sums, Window
    from cascadelang.trace.sql import Connection

ENDS: Final = {
    "accepted": ("accepted", 3),
    "unchecked": ("not checked", 6),
    "unmet": ("not good enough", 2),
    "failed": ("no answer", 5),
    "cancelled": ("cancelled", 5),
}
"""How runs end, in plain words, with the colour of it."""

ARMS_MOST: Final = 7
"""Arms that are drawn; the others are one."""
_ALL: Final = "all queries"
_OTHERS: Final = "other arms"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report tells.

    Attributes:
        stats: the statistics of the window.
        flows: where queries went.
        without_top: the share of queries for which the dearest model was never asked; ``None`` where there is none.
        singles_usd: what each model alone would have cost for the same answers; empty where that isn't known.
        latencies: seconds, and the share of queries that took no longer.
        samples: some runs with their events.
        replayed: the policy over records, where there are some.
        drawing: the policy as SVG, or as Mermaid's text; empty where its file isn't here.
        drawn: whether it is SVG.
        others: other policies that ran in the window.
    """

    stats: Stats
    flows: Sequence[Flow]
    without_top: float | None
    singles_usd: Mapping[str, float]
    latencies: Sequence[tuple[float, float]]
    samples: Sequence[RunRecord]
    replayed: Report | None
    drawing: str
    drawn: bool
    others: Sequence[str]


def findings(
    policy: str | None = None,
    *,
    since: str | None = "30d",
    until: str | None = None,
    records: str | None = None,
    named: Mapping[str, str] | None = None,
    samples: int = 6,
    start: str = ".",
) -> Findings:
    """What the runs of one policy come to.

    Args:
        policy: its name or its file; ``None`` for the one that ran most.
        since: from when on: an age, a day, or ``None`` from the beginning.
        until: till when; ``None`` till now.
        records: recorded answers with their quality, for cost against quality.
        named: by the policy's name of a model, the records' name of it, where they differ.
        samples: how many runs are shown with their texts.
        start: the file or folder whose settings count.

    Raises:
        Mistake: when nothing was recorded, the store can't be read, or a time is none.
    """
    from cascadelang.stats.count import count
    from cascadelang.stats.sums import sums_of_window
    from cascadelang.trace.query import policy_paths
    from cascadelang.trace.sql import StoreUnusable, reading
    from cascadelang.workspace.policy_file import RecordedFiles, shown_path
    from cascadelang.workspace.stats import live_policy, savings_of, singles_usd, window_of

    window = window_of(since, until)
    files = RecordedFiles(policy, start=start)

    def wanted(name: str, path: str) -> bool:
        return files.wanted(name, path) or files.wanted(live_policy(name), path)

    try:
        with reading(store_of(start)) as store:
            found = [] if store is None else sums_of_window(store, window, wanted, files.counted_as)
            paths = {} if store is None else _paths(store)
        elsewhere = "" if found else files.elsewhere(policy_paths(store_of(start)))
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None
    live = [sums for sums in found if live_policy(sums.policy) == sums.policy] or found
    if not live:
        what = "nothing" if policy is None else f"no run of `{policy}`"
        look = "`--since all` looks at everything; `cascadelang traces list` shows what there is"
        raise Mistake(f"{what} is recorded in this window", elsewhere or look)
    sums = live[0]
    beside = [
        one for one in found if one not in live and (live_policy(one.policy), one.path) == (sums.policy, sums.path)
    ]
    stats = _with_shadows(replace(count(sums), savings=savings_of(sums, files)), [count(one) for one in beside])
    graph = _graph(files.here(sums.path))
    drawing, drawn = ("", False) if graph is None else _drawing(graph, sums.policy)
    paths_shown = {one.path for one in live}
    return Findings(
        stats,
        flows(sums, paths, graph),
        _without(sums, paths, stats.savings.model),
        singles_usd(sums, files),
        _latencies(sums),
        _samples(sums, stats.statuses, window, samples, start),
        None if records is None else _replayed(sums, files.here(sums.path), records, named),
        drawing,
        drawn,
        [f"{one.policy} ({shown_path(one.path, paths_shown)})" for one in live[1:]],
    )


def _with_shadows(stats: Stats, shadows: Sequence[Stats]) -> Stats:
    """The same, where what ran beside the policy for the record is paid for, too: whoever pays sees all of it."""
    if not shadows:
        return stats
    cost, saved = stats.cost, stats.savings
    usd = sum(one.cost.known_usd for one in shadows)
    known = all(one.cost.total_usd is not None for one in shadows)
    stats = replace(stats, over_time=_slots_with_shadows(stats.over_time, shadows))
    known_usd, queries = cost.known_usd + usd, stats.queries - cost.unknown
    whole = replace(
        cost,
        known_usd=known_usd,
        total_usd=known_usd if known and cost.total_usd is not None else None,
        per_query_usd=known_usd / queries if known and queries > 0 else None,
        parts_usd={**cost.parts_usd, "shadows": usd},
    )
    if saved.saved_usd is None or saved.spent_usd is None:
        return replace(stats, cost=whole)
    if not known:
        from cascadelang.stats.model import Savings

        return replace(stats, cost=whole, savings=Savings(unknown="what some of its shadow's runs cost isn't known"))
    left = saved.saved_usd - usd
    how = f"{saved.how}, its shadow's runs included"
    share = left / saved.top_usd if saved.top_usd else None
    less = replace(saved, spent_usd=saved.spent_usd + usd, saved_usd=left, share=share, how=how)
    return replace(stats, cost=whole, savings=less)


def _slots_with_shadows(slots: Sequence[Slot], shadows: Sequence[Stats]) -> list[Slot]:
    """The parts of the window with what shadows spent in each; where that isn't known, the part's cost isn't.

    A shadow begins when its query is answered. What one spent in a part without a query goes to the last part that
    has some.
    """
    found = list(slots)
    last = next((at for at, slot in enumerate(found) if slot.queries), 0)
    for at, slot in enumerate(slots):
        if slot.queries:
            last = at
        for shadow in shadows:
            its, to = shadow.over_time[at], found[last]
            known = its.priced >= its.queries * (1 - 1e-9)
            found[last] = replace(to, cost_usd=to.cost_usd + its.cost_usd, priced=to.priced if known else 0.0)
    return found


# ---- Where queries went -----------------------------------------------------------------------------------------


def flows(sums: Sums, paths: Mapping[int, tuple[str, ...]], graph: Graph | None) -> list[Flow]:
    """Where queries went: the arm of the outermost choice, each model that was asked in turn, the end.

    ``paths``: by shape, who was asked, in turn.
    """
    names = {} if graph is None else _arm_names(graph)
    ways = [(_way(sums.shapes[id_], paths.get(id_, ()), names), row.weight) for id_, row in sums.by_shape().items()]
    arms: dict[str, float] = {}
    for (arm, _, _), weight in ways:
        arms[arm] = arms.get(arm, 0.0) + weight
    shown = set(sorted(arms, key=lambda arm: -arms[arm])[:ARMS_MOST])
    longest = max(len(models) for (_, models, _), _ in ways)
    amounts: dict[tuple[tuple[int, str], tuple[int, str]], float] = {}
    for (arm, models, end), weight in ways:
        places = [(0, _ALL)]
        places += [(1, arm if arm in shown else _OTHERS)] if arm else []
        places += [(2 + at, model) for at, model in enumerate(models)]
        places.append((2 + longest, ENDS.get(end, (end, 6))[0]))
        for source, target in pairwise(places):
            amounts[source, target] = amounts.get((source, target), 0.0) + weight
    comes: dict[tuple[int, str], float] = {(0, _ALL): 0.0}
    for (_, target), amount in amounts.items():
        comes[target] = comes.get(target, 0.0) + amount
    rank = {name: at for at, (name, _) in enumerate(ENDS.values())}
    order = sorted(comes, key=lambda place: (place[0], rank.get(place[1], -1), -comes[place], place[1]))
    at = {place: number for number, place in enumerate(order)}
    colours = dict(ENDS.values())
    return [
        Flow(source, target, amount, colours.get(target[1], 1 if source[0] < 2 else 4))
        for (source, target), amount in sorted(amounts.items(), key=lambda item: (at[item[0][0]], at[item[0][1]]))
    ]


def _way(shape: Shape, path: Sequence[str], names: Mapping[tuple[str, str], str]) -> tuple[str, tuple[str, ...], str]:
    """Arm, models in turn, end; a model that is asked twice in a row is there once."""
    routes = sorted((len(step.node), step.node, step.name) for step in shape.steps if step.kind == "route")
    arm = ""
    if routes:
        _, node, name = routes[0]
        arm = names.get((node, name), f"arm {name}" if name.isdigit() else name)
    kept = ["kept answer"] if any(step.kind == "cached" and step.model for step in shape.steps) else []
    return arm, tuple(model for model, _ in groupby([*path, *kept])), shape.status


def _paths(store: Connection) -> dict[int, tuple[str, ...]]:
    """By shape, who was asked, in turn; nobody where that can't be read."""
    found = {}
    for id_, kept in store.rows("SELECT id, path FROM shapes"):
        try:
            found[id_] = tuple(str(model) for model in json.loads(kept))
        except (ValueError, TypeError):
            found[id_] = ()
    return found


def _without(sums: Sums, paths: Mapping[int, tuple[str, ...]], model: str) -> float | None:
    """The share of queries for which a model was never asked for an answer."""
    rows = sums.by_shape()
    total = sum(row.weight for row in rows.values())
    if not model or not total:
        return None
    return sum(row.weight for id_, row in rows.items() if model not in paths.get(id_, ())) / total


def _arm_names(graph: Graph) -> dict[tuple[str, str], str]:
    """What the arms of a graph are called, by node and arm."""
    from cascadelang.graph.model import SplitNode
    from cascadelang.graph.spend_rates import arms
    from cascadelang.graph.wording import share_wording

    found = {(arm.node, arm.arm): arm.words for ways in arms(graph, list(graph.nodes)).values() for arm in ways}
    for node in graph.nodes.values():
        if isinstance(node, SplitNode):
            found.update({(node.id, str(n)): share_wording(s.share) for n, s in enumerate(node.shares, 1)})
    return found


def _latencies(sums: Sums) -> list[tuple[float, float]]:
    """Seconds, and the share of queries that took no longer."""
    from cascadelang.trace.schema import latency_at

    total = sum(sums.latencies.values())
    found, so_far = [], 0.0
    for place in sorted(sums.latencies):
        so_far += sums.latencies[place]
        found.append((latency_at(place), so_far / total))
    return found


# ---- What stands beside -----------------------------------------------------------------------------------------


def _graph(path: str) -> Graph | None:
    """The graph of the policy's file as it is now; ``None`` where it can't be had."""
    from cascadelang.workspace.load import load

    try:
        return load(path, to_look=True).graph if path else None
    except Mistake:
        return None


def _drawing(graph: Graph, policy: str) -> tuple[str, bool]:
    """The policy as SVG where a layout program is there, else as Mermaid's text; which it is. Without the others."""
    from cascadelang.graph.errors import GraphError
    from cascadelang.graph.export_mermaid import to_mermaid
    from cascadelang.graph.export_svg import to_svg

    if policy in graph.policies:
        graph = replace(graph, policies={policy: graph.policies[policy]}, requirements=[])
    try:
        return to_svg(graph), True
    except GraphError:
        return to_mermaid(graph), False


def _samples(sums: Sums, statuses: Mapping[str, float], window: Window, number: int, start: str) -> list[RunRecord]:
    """The newest runs of each kind of end, the rarer ends first, and some that went up a rung."""
    from cascadelang.trace.query import Search, StoreUnusable, find_runs

    if not number:
        return []
    chosen: dict[str, None] = {}
    each = max(1, number // 3)
    its = Search(
        policy=sums.policy,
        policy_paths=tuple(sorted(sums.recorded)),
        since_wall_s=window.since_wall_s,
        until_wall_s=window.until_wall_s,
    )
    for status in (one for one in ("failed", "unmet", "accepted", "unchecked") if statuses.get(one)):
        try:
            runs = find_runs(store_of(start), replace(its, status=status), limit=50)
        except StoreUnusable as error:
            raise StoreMistake(str(error)) from None
        for run in sorted(runs, key=lambda run: -len(run.path))[:each]:
            chosen[run.trace_id] = None
    return [find_recorded(id_, start=start) for id_ in list(chosen)[:number]]


def _replayed(sums: Sums, file: str, records: str, named: Mapping[str, str] | None) -> Report:
    from cascadelang.workspace.replay import replay

    found = replay(file, records, policy=sums.policy, named=named)
    if not found.graded:
        raise Mistake(
            f"no answer in `{records}` has a `quality`", "leave `--on` out, or add what each answer is worth"
        )
    return found
