"""The alerts of a policy file, asked of what its runs recorded.

Takes: a policy file. Gives: the state of each alert. Guarantees: only reads; an alert looks at the newest runs of the
file's policies, shadows aside, as many as it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from cascadelang.workspace.mistake import Mistake, StoreMistake
from cascadelang.workspace.stats import Baseline
from cascadelang.workspace.traces import store_of

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from cascadelang.graph.model import Graph, GraphAlert
    from cascadelang.stats.alerts import AlertState
    from cascadelang.stats.model import Drift
    from cascadelang.stats.sums import Sums
    from cascadelang.trace.sql import Connection

VERSION: Final = 1
TIMES: Final = 10
MOST: Final = 10_000
"""An alert's baseline is, unless one is given, the runs before its own: ten times as many, at most so many more."""


class Alerts:
    """The alerts of a policy file.

    Args:
        path: the file, or a graph that `compile` printed.
        baseline: what drift is told against, as `Baseline` takes it; ``None`` for the runs before the alert's.
        start: whose settings count; the file's unless said.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when it has no alert, nothing is recorded by the settings, or the baseline is no window.
    """

    def __init__(self, path: str, *, baseline: str | None = None, start: str | None = None) -> None:
        from cascadelang.workspace.load import load
        from cascadelang.workspace.policy_file import RecordedFiles

        self.path = path
        self._files = RecordedFiles(file=path)
        self.graph: Graph = load(path, to_look=True).graph
        if not self.graph.alerts:
            what = f"`{path}` has no alert"
            raise Mistake(what, 'write one: `alert "opus is asked often" when escalation(opus) > 40%`')
        self._where = store_of(path if start is None else start)
        self._baseline = None if baseline is None else Baseline(baseline)

    def look(self) -> list[AlertState]:
        """The state of each, in the order of the file.

        Raises:
            Mistake: when the store can't be read.
        """
        from cascadelang.trace.sql import StoreUnusable, reading

        try:
            with reading(self._where) as store:
                newest = {over: self._newest(over, store) for over in {alert.over for alert in self.graph.alerts}}
                return [newest[alert.over].state(alert) for alert in self.graph.alerts]
        except StoreUnusable as error:
            raise StoreMistake(str(error)) from None

    def register(self, registry: CollectorRegistry) -> None:
        """Have their state told to Prometheus whenever it scrapes this registry of prometheus-client."""
        from cascadelang.telemetry.metrics import tell_alerts

        tell_alerts(registry, self.path, self.look)

    def exposition(self, states: list[AlertState]) -> str:
        """The states in Prometheus's text format.

        Raises:
            Mistake: when prometheus-client isn't installed.
        """
        try:
            from prometheus_client import CollectorRegistry, generate_latest
        except ImportError:
            raise Mistake("prometheus-client isn't installed", '`pip install "cascadelang[server]"`') from None
        from cascadelang.telemetry.metrics import tell_alerts

        registry = CollectorRegistry()
        tell_alerts(registry, self.path, lambda: states)
        return generate_latest(registry).decode("utf-8")

    def _newest(self, over: int, store: Connection | None) -> _Newest:
        """The newest runs of the file's policies."""
        from cascadelang.stats.sums import sums_of_newest

        found = None if store is None else sums_of_newest(store, over, self._wanted)
        if store is None or found is None:
            return _Newest(None, lambda: None)
        sums, oldest = found
        return _Newest(sums, lambda: self._drift(over, sums, oldest, store))

    def _wanted(self, name: str, path: str) -> bool:
        """Whether a recorded policy is one of the file's."""
        return name in self.graph.policies and self._files.is_file(path)

    def _drift(self, over: int, now: Sums, oldest: int, store: Connection) -> list[Drift] | None:
        """What has moved; ``None`` where the baseline has fewer runs than the alert looks at."""
        from cascadelang.stats.drift import added, distributions, drift
        from cascadelang.stats.sums import sums_of_newest

        if self._baseline is not None:
            many = self._baseline.of_each(store, self._files)
            mine = [found for (name, _), found in many.items() if name in self.graph.policies]
            return drift(distributions(now), added(mine)) if mine else None
        found = sums_of_newest(store, min(TIMES * over, over + MOST), self._wanted, before=oldest)
        if found is None or sum(row.weight for row in found[0].rows.values()) < over:
            return None
        return drift(distributions(now), distributions(found[0]))


class _Newest:
    """So many of the newest runs, which several alerts may look at: counted once, and drift told when it is asked."""

    def __init__(self, sums: Sums | None, drifts: Callable[[], list[Drift] | None]) -> None:
        from cascadelang.stats.count import count

        self._stats = None if sums is None else count(sums)
        self._tell = drifts

    @cached_property
    def _drifts(self) -> list[Drift] | None:
        return self._tell()

    def state(self, alert: GraphAlert) -> AlertState:
        """The state of an alert over them."""
        from cascadelang.stats.alerts import asks_drift, evaluate

        return evaluate(alert, self._stats, self._drifts if asks_drift(alert) else None)


def alerts_json(states: list[AlertState]) -> Mapping[str, Any]:
    """What `watch --output json` prints; see docs/alerts.md."""
    return {"version": VERSION, "alerts": [asdict(state) for state in states]}
