"""Statistics of what was recorded, by policy.

Takes: a policy's name or file, a window, a baseline. Gives: `Stats` with savings and drift. Guarantees: only reads;
an empty store has no statistics, which is no error.
"""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from cascadelang.workspace.mistake import Mistake, StoreMistake
from cascadelang.workspace.traces import store_of, wall_s_of

if TYPE_CHECKING:
    from cascadelang.contracts.price import Price, PriceStep
    from cascadelang.stats.drift import Distributions
    from cascadelang.stats.model import Savings, Stats
    from cascadelang.stats.sums import Row, Sums, Window
    from cascadelang.trace.sql import Connection
    from cascadelang.workspace.policy_file import RecordedFiles

_EVER_WALL_S: Final = 2.0**40
"""Later than any clock shows; the same before 1970 is earlier."""
_SHADOW: Final = re.compile(r" \(shadow .*\)\Z")

_BASELINE: Final = "give two times, `30d..7d`, or a file of what `stats --output json` printed, `october.json`"

HOW: Final = (
    "the tokens of every answer that was given, at the prices of `{model}`, the dearest of the policy's models for"
    " them; less all that was spent"
)


def read_stats(
    policy: str | None = None,
    *,
    since: str | None = "7d",
    until: str | None = None,
    baseline: str | None = None,
    start: str = ".",
) -> list[Stats]:
    """The statistics of each policy that ran in a window, the one that ran most first.

    Args:
        policy: only this one: its name, or its file; ``None`` for all.
        since: from when on: an age (``7d``) or a day (``2026-11-23``); ``None`` from the beginning.
        until: till when, likewise; ``None`` till now.
        baseline: what drift is told against, as `Baseline` takes it; ``None`` for no drift.
        start: the file or folder whose settings count.

    Raises:
        Mistake: when nothing is recorded by the settings, the store can't be read, or a time is none.
    """
    from cascadelang.stats.count import count
    from cascadelang.stats.drift import distributions, drift
    from cascadelang.stats.sums import sums_of_window
    from cascadelang.trace.sql import StoreUnusable, reading
    from cascadelang.workspace.policy_file import RecordedFiles

    where = store_of(start)
    window = window_of(since, until)
    against = None if baseline is None else Baseline(baseline)
    files = RecordedFiles(policy, start=start)
    try:
        with reading(where) as store:
            if store is None:
                return []
            now = sums_of_window(store, window, files.wanted, files.counted_as)
            before = {} if against is None else against.of_each(store, files)
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None
    found = []
    for sums in now:
        stats = replace(count(sums), savings=savings_of(sums, files))
        if against is not None:
            then = before.get((sums.policy, sums.path)) or before.get((sums.policy, ""))
            stats = replace(stats, drift=[] if then is None else drift(distributions(sums), then))
        found.append(stats)
    return found


class Baseline:
    """What drift is told against: a window, or statistics that were kept.

    Args:
        said: ``30d..7d``; or a file that ends in ``.json``, of what `stats --output json` printed.

    Raises:
        Mistake: when it is neither, or the file can't be read.
    """

    def __init__(self, said: str) -> None:
        self._said = said
        self._kept: dict[str, Distributions] | None = None
        if said.endswith(".json"):
            self._kept = _read_kept(said)
        else:
            _baseline_window(said)

    def of_each(self, store: Connection, files: RecordedFiles) -> dict[tuple[str, str], Distributions]:
        """Those of each policy, by its name and its file; a file isn't known of what was kept."""
        from cascadelang.stats.drift import distributions
        from cascadelang.stats.sums import sums_of_window

        if self._kept is not None:
            return {(name, ""): found for name, found in self._kept.items()}
        many = sums_of_window(store, _baseline_window(self._said), files.wanted, files.counted_as)
        return {(sums.policy, sums.path): distributions(sums) for sums in many}


def _read_kept(path: str) -> dict[str, Distributions]:
    import json
    from pathlib import Path

    from cascadelang.stats.drift import kept

    try:
        return kept(json.loads(Path(path).read_bytes()))
    except OSError as error:
        raise Mistake(f"`{path}` can't be read: {(error.strerror or 'input error').lower()}") from None
    except RecursionError:
        raise Mistake(f"`{path}` is no baseline: it is nested too deeply") from None
    except ValueError as error:
        why = "it isn't JSON" if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)) else str(error)
        raise Mistake(f"`{path}` is no baseline: {why}", "`cascadelang stats --output json` prints one") from None


def live_policy(name: str) -> str:
    """The policy that a recorded one belongs to: itself, or the one whose shadow it is."""
    return _SHADOW.sub("", name)


def window_of(since: str | None, until: str | None) -> Window:
    """From when to when: from the first run unless said, and till now; till the last run where neither is said.

    All there is holds what was recorded by a clock that was ahead, or had begun anew, too.

    Raises:
        Mistake: when a time is none, or it ends before it begins.
    """
    import time

    from cascadelang.stats.sums import Window

    first = -_EVER_WALL_S if since is None else wall_s_of(since)
    last = wall_s_of(until) if until is not None else _EVER_WALL_S if since is None else time.time()
    if first >= last:
        raise Mistake("the window ends before it begins", "`--since 30d --until 7d`, say", usage=True)
    return Window(first, last)


def _baseline_window(baseline: str) -> Window:
    """``30d..7d``, or ``30d``: from then till now.

    Raises:
        Mistake: when it is none.
    """
    first, dots, last = baseline.partition("..")
    try:
        if first and (last or not dots):
            return window_of(first, last or None)
    except Mistake as mistake:
        raise Mistake(f"`{baseline}` is no baseline: {mistake.message}", _BASELINE, usage=True) from None
    raise Mistake(f"`{baseline}` is no baseline", _BASELINE, usage=True)


# ---- Savings ----------------------------------------------------------------------------------------------------


def savings_of(sums: Sums, files: RecordedFiles) -> Savings:
    """What a policy saved against its top rung, by the prices of its file as it is now."""
    from cascadelang.stats.model import Savings
    from cascadelang.workspace.policy_file import shown_path

    try:
        prices = _prices(live_policy(sums.policy), files.here(sums.path))
    except Mistake:
        return Savings(unknown=f"`{shown_path(sums.path)}` can't be read here, so its models' prices aren't known")
    if prices is None:
        return Savings(unknown=f"`{shown_path(sums.path)}` has no policy `{sums.policy}` any more")
    nameless = sorted(name for name, price in prices.items() if price is None)
    if nameless:
        return Savings(unknown=f"the price of `{nameless[0]}` isn't known")
    return savings({name: price for name, price in prices.items() if price is not None}, sums)


def savings(prices: dict[str, Price], sums: Sums) -> Savings:
    """What was saved, by the prices of the models that the policy can ask for an answer."""
    from cascadelang.stats.model import Savings, share

    rows = [(row, bool(sums.shapes[id_].model)) for id_, row in sums.by_shape().items()]
    if any(row.priced < row.weight * (1 - 1e-9) for row, _ in rows):
        return Savings(unknown="what some of the runs cost isn't known")
    answered = [row for row, answered in rows if answered and row.answer_output_tokens + row.answer_input_tokens > 0]
    if not answered or not prices:
        return Savings(unknown="no query was answered")
    costs = {name: sum(_usd(price, row) for row in answered) for name, price in prices.items()}
    model = max(sorted(costs), key=costs.__getitem__)
    top_usd, spent_usd = costs[model], sum(row.cost_usd for row, _ in rows)
    return Savings(
        model, top_usd, spent_usd, top_usd - spent_usd, share(top_usd - spent_usd, top_usd), HOW.format(model=model)
    )


def singles_usd(sums: Sums, files: RecordedFiles) -> dict[str, float]:
    """What each model that a policy can ask would have cost for the answers that were given, counted as savings are.

    Empty where that isn't known.
    """
    try:
        prices = _prices(live_policy(sums.policy), files.here(sums.path)) or {}
    except Mistake:
        return {}
    rows = [row for id_, row in sums.by_shape().items() if sums.shapes[id_].model]
    answered = [row for row in rows if row.answer_output_tokens + row.answer_input_tokens > 0]
    return {name: sum(_usd(price, row) for row in answered) for name, price in prices.items() if price is not None}


def _usd(price: Price, row: Row) -> float:
    """What the answers of a shape would have cost; where prices go by the input's size, its mean decides."""
    held: Price | PriceStep = price
    for step in price.steps:
        if row.answer_input_tokens / row.weight > step.above:
            held = step
    return (float(held.input) * row.answer_input_tokens + float(held.output) * row.answer_output_tokens) * 1e-6


def _prices(policy: str, path: str) -> dict[str, Price | None] | None:
    """The prices of the models that a policy can ask for an answer; `None` where its file has no such policy."""
    from cascadelang.graph.model import CallNode
    from cascadelang.graph.walk import in_order
    from cascadelang.workspace.load import load

    if not path:
        raise Mistake("the policy has no file")
    graph = load(path, to_look=True).graph
    root = graph.policies.get(policy)
    if root is None:
        return None
    nodes = [graph.nodes[id_] for id_ in in_order(graph, [root])]
    return {node.model: graph.models[node.model].price for node in nodes if isinstance(node, CallNode)}


# ---- JSON -------------------------------------------------------------------------------------------------------


def stats_json(found: list[Stats]) -> dict[str, Any]:
    """What `stats --output json` prints; see docs/stats.md."""
    from cascadelang.stats.model import VERSION

    return {"version": VERSION, "policies": [asdict(stats) for stats in found]}
