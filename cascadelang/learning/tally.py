"""What a policy came to over records, counted as they come.

Takes: each record with its `Replayed`. Gives: `Tally`, columns of numbers and counts. Guarantees: it holds a few
numbers a record and no texts; the counts don't depend on the order of the records.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Usage
from cascadelang.contracts.price import Price
from cascadelang.graph import model as g
from cascadelang.graph.cost import cost_of
from cascadelang.graph.outline import told_as
from cascadelang.graph.wording import wording

if TYPE_CHECKING:
    from cascadelang.contracts.trace_sink import Event
    from cascadelang.learning.replay import Replayed
    from cascadelang.records.read import Record, RecordedAnswer

UNKNOWN: Final = math.nan
"""Stands in a column where a number isn't known."""


class Columns:
    """Quality, cost in US dollars and latency in seconds, one a record; `UNKNOWN` where one isn't known."""

    __slots__ = ("cost_usd", "latency_s", "quality")

    def __init__(self, missing: int = 0) -> None:
        self.quality = array("d", [UNKNOWN]) * missing
        self.cost_usd = array("d", [UNKNOWN]) * missing
        self.latency_s = array("d", [UNKNOWN]) * missing

    def __len__(self) -> int:
        return len(self.quality)

    def add(self, quality: float | None, cost_usd: float | None, latency_s: float | None) -> None:
        """Add a record's."""
        self.quality.append(UNKNOWN if quality is None else quality)
        self.cost_usd.append(UNKNOWN if cost_usd is None else cost_usd)
        self.latency_s.append(UNKNOWN if latency_s is None else latency_s)

    def fill(self, many: int) -> None:
        """Make it so long, with nothing known."""
        for _ in range(many - len(self.quality)):
            self.add(None, None, None)


class Tally:
    """Counts of one policy over records.

    Args:
        graph: what runs.
        names: by the policy's name of a model, the names that records may have it under.

    Attributes:
        read: how many records came.
        recorded: the models that records hold answers of.
        observed: how many held all that the policy asked for; all else is counted over these.
        missing: what the others lack, with how many do.
        own: the policy's columns.
        singles: by the records' name of each model, its columns: what asking it alone would have come to.
        labels: by the records' name of a model, what the policy calls it.
        statuses: how runs ended.
        paths: the models asked for an answer, in order.
        asked: in how many runs each model was asked for an answer.
        answered: in how many the answer is that model's.
        arms: by node and arm, how often it was taken.
        reached: by cascade and rung, how often it came to it.
        escalated: by node, from and to.
        verdicts: by check and what it came to: passed, failed, unknown.
        estimated: how many costs are by an estimate of tokens.
    """

    def __init__(self, graph: g.Graph, names: Mapping[str, tuple[str, ...]]) -> None:
        self.read = 0
        self.observed = 0
        self.recorded: set[str] = set()
        self.missing: Counter[str] = Counter()
        self.own = Columns()
        self.singles: dict[str, Columns] = {}
        self.labels: dict[str, str] = {}
        self.statuses: Counter[str] = Counter()
        self.paths: Counter[tuple[str, ...]] = Counter()
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.arms: Counter[tuple[str, str]] = Counter()
        self.reached: Counter[tuple[str, str]] = Counter()
        self.escalated: Counter[tuple[str, str, str]] = Counter()
        self.verdicts: Counter[tuple[str, str]] = Counter()
        self.estimated = 0
        self._graph = graph
        self._first = _first_rungs(graph)
        self._prices: dict[str, tuple[Price | None, str]] = {}
        for name, spec in graph.models.items():
            for known in names[name]:
                self.labels.setdefault(known, name)
                self._prices.setdefault(known, (spec.price, spec.system))

    def add(self, record: Record, replayed: Replayed) -> None:
        """Count a record."""
        self.read += 1
        self.recorded.update(record.answers)
        if replayed.missing:
            self.missing[replayed.missing] += 1
            return
        before = self.observed
        self.observed += 1
        self.own.add(replayed.quality, replayed.cost_usd, replayed.latency_s)
        for name, answer in record.answers.items():
            columns = self.singles.get(name)
            if columns is None:
                columns = self.singles[name] = Columns(before)
            elif len(columns) != before:
                columns.fill(before)
            columns.add(answer.quality, self._cost(name, record, answer), answer.latency_s)
        self.statuses[replayed.status] += 1
        self.paths[replayed.path] += 1
        for model in set(replayed.path):
            self.asked[model] += 1
        if replayed.model:
            self.answered[replayed.model] += 1
        self.estimated += replayed.estimated
        self._follow(replayed.events)

    def arm_words(self, node: str, arm: str) -> str:
        """What an arm is called: the condition of one that events know by its number."""
        here = self._graph.nodes[node]
        if not isinstance(here, g.RouteNode) or not arm.isdigit():
            return arm
        return wording(here.arms[int(arm) - 1].condition, self._graph)

    def close(self) -> None:
        """Make all columns equally long, once there is no record left."""
        for columns in self.singles.values():
            columns.fill(self.observed)

    def _cost(self, name: str, record: Record, answer: RecordedAnswer) -> float | None:
        """What an answer cost: as recorded, else by its tokens, counted or estimated, and the policy's price."""
        if answer.cost_usd is not None:
            return answer.cost_usd
        price, system = self._prices.get(name, (None, ""))
        if price is None:
            return None
        input_tokens, output_tokens = answer.input_tokens, answer.output_tokens
        if output_tokens is None:
            if answer.text is None:
                return None
            output_tokens = estimate_tokens(answer.text)
        if input_tokens is None:
            texts = (system, *(message.text for message in record.query.messages))
            input_tokens = sum(map(estimate_tokens, texts))
        return cost_of(price, Usage(input_tokens, output_tokens))

    def _follow(self, events: list[Event]) -> None:
        """Count arms, rungs and verdicts."""
        at: dict[str, str] = {}
        for kind, node, _, data in events:
            if kind == "check":
                outcome = "unknown" if "unknown" in data else data["outcome"]
                self.verdicts[data["check"], outcome] += 1
                if node in self._first and node not in at:
                    self._reach(at, node, self._first[node])
            elif kind == "route":
                if node in self._first:
                    self._reach(at, node, data["to"])
                else:
                    self.arms[node, data["arm"]] += 1
            elif kind == "escalate":
                if node not in at:
                    self._reach(at, node, data["from"])
                self._reach(at, node, data["to"])
                self.escalated[node, data["from"], data["to"]] += 1

    def _reach(self, at: dict[str, str], node: str, label: str) -> None:
        at[node] = label
        self.reached[node, label] += 1


def _first_rungs(graph: g.Graph) -> dict[str, str]:
    """By cascade, what events call its first rung."""
    cascades = (node for node in graph.nodes.values() if isinstance(node, g.CascadeNode))
    return {node.id: told_as(graph, node.rungs[0].node) for node in cascades}
