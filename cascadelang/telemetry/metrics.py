"""Counts runs for Prometheus: a sink that adds each run that has ended to counters, and hands it on.

Takes: finished runs, and a registry of prometheus-client. Gives: metrics whose names begin with ``cascadelang_``.
Guarantees:

- Nothing of prometheus-client is imported before a `Metrics` is made.
- `Metrics.record` never raises.
- Labels are what a policy file says: policies, models, nodes, arms, signals, kinds. Never a query, an answer, a
  reason or a caller's fact; and of each label at most `MOST` values, of each metric at most `MOST_SERIES` series.
  What is beyond is ``other``, so that whatever runs say can't make series without end.
- Several policies may count into one registry. A file is told by its name without its folders, so that it is the same
  on every machine, and nobody's home is told.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import WeakKeyDictionary

from cascadelang.contracts.trace_sink import Event, RunRecord, TraceSink
from cascadelang.trace.facts import facts_of

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

MOST: Final = 100
"""Values of one label of one metric."""
MOST_SERIES: Final = 1_000
"""Series of one metric, and one more for the rest."""
OTHER: Final = "other"
_MOST_CHARS: Final = 200
_MOST_FORESEEN: Final = 20
_STATUSES: Final = ("accepted", "unchecked", "unmet", "failed", "cancelled")

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
"""The bounds of the histograms' buckets."""

COUNTERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "runs": ("Runs that ended.", ("file", "policy", "status")),
    "run_failures": ("Runs that failed.", ("file", "policy", "kind")),
    "answers": ("Answers that were given.", ("file", "policy", "model")),
    "calls": (
        "Calls of models; outcome is ok, or the kind of failure.",
        ("file", "policy", "model", "purpose", "outcome"),
    ),
    "retries": ("Calls that were made again.", ("file", "policy", "model")),
    "verdicts": ("Verdicts of checks: passed, failed or unknown.", ("file", "policy", "model", "outcome")),
    "routes": ("Arms that were taken.", ("file", "policy", "node", "arm")),
    "escalations": ("Queries that went on to another rung.", ("file", "policy", "from", "to", "because")),
    "unknown_signals": ("Looks at a signal that didn't know it.", ("file", "policy", "signal")),
    "cached": ("Queries answered from what was kept.", ("file", "policy")),
    "tokens": ("Tokens, input or output.", ("file", "policy", "direction")),
    "cost_usd": ("Dollars, where prices are known.", ("file", "policy", "part")),
    "unpriced_runs": ("Runs whose cost isn't known.", ("file", "policy")),
}
"""The counters: what each counts, and its labels. Their names are ``cascadelang_NAME_total``."""

HISTOGRAMS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "run_seconds": ("How long runs took.", ("file", "policy")),
    "call_seconds": ("How long calls of models took.", ("file", "policy", "model")),
}

Policy = tuple[str, str]
"""A policy's file and its name."""

_made: WeakKeyDictionary[CollectorRegistry, _Series] = WeakKeyDictionary()
_making = threading.Lock()


class NoMetrics(Exception):  # noqa: N818 - it names what is so
    """Metrics can't be made here. ``str()`` of it says why, for people."""


class _Capped:
    """One metric, its labels' values and its series bounded."""

    def __init__(self, metric: Any, labels: Sequence[str]) -> None:
        self._metric = metric
        self._known: list[set[str]] = [set() for _ in labels]
        self._children: dict[tuple[str, ...], Any] = {}

    def of(self, *values: str) -> Any:
        """The series of these values of the labels."""
        child = self._children.get(values)
        if child is not None:
            return child
        kept = tuple(self._kept(_label(value), known) for value, known in zip(values, self._known, strict=True))
        if kept not in self._children and len(self._children) >= MOST_SERIES:
            kept = (OTHER,) * len(kept)
        child = self._children.get(kept)
        if child is None:  # remembered by what is kept: of what is given there may be no end
            child = self._children[kept] = self._metric.labels(*kept)
        return child

    @staticmethod
    def _kept(value: str, known: set[str]) -> str:
        if value not in known:
            if len(known) >= MOST:
                return OTHER
            known.add(value)
        return value


def _label(value: str) -> str:
    """What a label can hold: not too long, and all of it UTF-8, or no metric at all could be told."""
    value = value[:_MOST_CHARS]
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _file(path: str) -> str:
    """A file's name, without its folders or its project."""
    return re.split(r"[/\\:]", path)[-1]


class _Series:
    """The metrics of one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter as Counting
        from prometheus_client import Histogram

        self.lock = threading.Lock()
        self.counters = {
            name: _Capped(Counting(f"cascadelang_{name}", says, labels, registry=registry), labels)
            for name, (says, labels) in COUNTERS.items()
        }
        self.histograms = {
            name: _Capped(Histogram(f"cascadelang_{name}", says, labels, registry=registry, buckets=SECONDS), labels)
            for name, (says, labels) in HISTOGRAMS.items()
        }

    def foresee(self, file: str, policies: Iterable[str]) -> None:
        """Have the runs of policies told before there are any."""
        for policy in policies:
            for status in _STATUSES:
                self._add("runs", file, policy, status, amount=0.0)

    def count(self, run: RunRecord) -> None:
        """Add a run."""
        policy = (_file(run.policy_path), run.policy)
        facts = facts_of(run)
        add = self._add
        add("runs", *policy, run.status)
        if run.failure:
            add("run_failures", *policy, run.failure)
        if run.model:
            add("answers", *policy, run.model)
        add("tokens", *policy, "input", amount=run.input_tokens)
        add("tokens", *policy, "output", amount=run.output_tokens)
        if run.cost_usd is None:
            add("unpriced_runs", *policy)
        for part in ("answers", "judges", "classifiers", "retries", "rejected"):
            usd = getattr(facts, f"{part}_usd")
            if usd > 0:
                add("cost_usd", *policy, part, amount=usd)
        self.histograms["run_seconds"].of(*policy).observe(max(0.0, run.latency_s))
        for event in run.events:
            tell = _TELL.get(event.kind)
            if tell is not None:
                tell(self, policy, event)

    def _add(self, name: str, *labels: str, amount: float = 1.0) -> None:
        self.counters[name].of(*labels).inc(amount)

    def call(self, policy: Policy, event: Event) -> None:
        """A call, answered or failed."""
        data = event.data
        model = str(data.get("model", ""))
        outcome = "ok" if event.kind == "call" else str(data.get("kind", ""))
        self._add("calls", *policy, model, str(data.get("purpose", "answer")), outcome)
        took_s = data.get("latency_s")
        if isinstance(took_s, int | float):
            self.histograms["call_seconds"].of(*policy, model).observe(max(0.0, took_s))

    def retry(self, policy: Policy, event: Event) -> None:
        """A call that is made again."""
        self._add("retries", *policy, str(event.data.get("model", "")))

    def check(self, policy: Policy, event: Event) -> None:
        """A verdict."""
        data = event.data
        outcome = "unknown" if data.get("unknown") else str(data.get("outcome", ""))
        self._add("verdicts", *policy, str(data.get("model", "")), outcome)

    def route(self, policy: Policy, event: Event) -> None:
        """A choice, and what it didn't know."""
        self._add("routes", *policy, event.node, str(event.data.get("arm", "")))
        for name, value in event.data.get("because", {}).items():
            if value is None:
                self._add("unknown_signals", *policy, name)

    def escalate(self, policy: Policy, event: Event) -> None:
        """A query that goes on."""
        data = event.data
        self._add("escalations", *policy, *(str(data.get(name, "")) for name in ("from", "to", "because")))

    def cached(self, policy: Policy, event: Event) -> None:
        """An answer that was there."""
        if event.data.get("model"):
            self._add("cached", *policy)


_TELL: Final[dict[str, Callable[[_Series, Policy, Event], None]]] = {
    "call": _Series.call,
    "call_failed": _Series.call,
    "retry": _Series.retry,
    "check": _Series.check,
    "route": _Series.route,
    "escalate": _Series.escalate,
    "cached": _Series.cached,
}


class Metrics:
    """A `TraceSink` that counts runs, and hands them on to another.

    Args:
        next_: takes each run first.
        registry: where the metrics are; those of several policies are the same.
        path: of the policies' file, as runs will have it.
        policies: whose runs they will be. They are counted from 0, for Prometheus takes the first value that it sees
            for no increase.

    Raises:
        NoMetrics: when prometheus-client isn't installed, or the registry has other metrics of these names.
    """

    def __init__(
        self, next_: TraceSink, registry: CollectorRegistry, path: str = "", policies: Iterable[str] = ()
    ) -> None:
        self._next = next_
        self._series = _series_of(registry)
        with self._series.lock:
            self._series.foresee(_file(path), list(policies)[:_MOST_FORESEEN])

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""
        self._next.record(run)
        try:
            with self._series.lock:
                self._series.count(run)
        except Exception:  # noqa: BLE001, S110 - counting never fails a run: a caller's own metric may raise anything
            pass

    def close(self) -> None:
        """See `TraceSink.close`."""
        self._next.close()


def _series_of(registry: CollectorRegistry) -> _Series:
    with _making:
        found = _made.get(registry)
        if found is None:
            try:
                found = _made[registry] = _Series(registry)
            except ImportError:
                raise NoMetrics('they need `pip install "cascadelang[server]"`') from None
            except ValueError as error:
                raise NoMetrics(f"the registry can't take them: {str(error)[:200]}") from None
        return found


# ---- Alerts -----------------------------------------------------------------------------------------------------


class State(Protocol):
    """What of an alert is told; `cascadelang.stats.alerts.AlertState` is one."""

    @property
    def words(self) -> str:
        """What the alert says."""
        ...

    @property
    def state(self) -> str:
        """``holds``, ``quiet``, or anything else: neither."""
        ...

    @property
    def queries(self) -> float:
        """How many queries it looked at."""
        ...


Look = Callable[[], Iterable[State]]
"""Gives the states of a policy's alerts; what it raises makes ``cascadelang_alerts_readable`` 0."""

_collectors: WeakKeyDictionary[CollectorRegistry, AlertCollector] = WeakKeyDictionary()


def tell_alerts(registry: CollectorRegistry, policy_path: str, look: Look) -> None:
    """Have a registry tell the state of a policy's alerts; a policy that is there already is told by this instead.

    Args:
        registry: of prometheus-client. However many policies it tells of, each metric stands in it once, as the text
            format asks.
        policy_path: of the file, whose name is their ``file`` label; the path is, where several have that name.
        look: see `Look`; called when Prometheus scrapes.
    """
    with _making:
        collector = _collectors.get(registry)
        if collector is None:
            collector = _collectors[registry] = AlertCollector()
            registry.register(collector)
        collector.add(policy_path, look)


class AlertCollector:
    """Tells Prometheus the state of policies' alerts, asked when it scrapes."""

    def __init__(self) -> None:
        self._looks: dict[str, Look] = {}

    def add(self, policy_path: str, look: Look) -> None:
        """Tell of a policy, too."""
        self._looks = {**self._looks, policy_path: look}

    def describe(self) -> Iterator[Metric]:
        """Nothing in advance: the store isn't read when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The gauges: 1 where an alert holds, 0 where it doesn't, none where it waits or isn't known."""
        from prometheus_client.core import GaugeMetricFamily

        holds = GaugeMetricFamily("cascadelang_alert_holds", "1 where the alert holds.", labels=("file", "alert"))
        queries = GaugeMetricFamily(
            "cascadelang_alert_queries", "How many queries the alert looked at.", labels=("file", "alert")
        )
        readable = GaugeMetricFamily(
            "cascadelang_alerts_readable", "0 where what was recorded can't be read.", labels=("file",)
        )
        names = Counter(map(_file, self._looks))
        for path, look in self._looks.items():
            file = _label(_file(path) if names[_file(path)] == 1 else path)
            try:
                states = list(look())
            except Exception:  # noqa: BLE001 - a scrape of other metrics goes on
                readable.add_metric((file,), 0)
                continue
            readable.add_metric((file,), 1)
            # of alerts that say the same, which are one series, one that holds is told
            for words, state in {_label(one.words): one for one in sorted(states, key=_holds)}.items():
                queries.add_metric((file, words), state.queries)
                if state.state in {"holds", "quiet"}:
                    holds.add_metric((file, words), float(_holds(state)))
        yield from (readable, holds, queries)


def _holds(state: State) -> bool:
    return state.state == "holds"
