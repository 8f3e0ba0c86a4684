"""Counts what runs did together.

Takes: `Sums`. Gives: `Stats`, without savings and drift. Guarantees: pure; every figure is one that a look at each
run's events gives, too (quantiles of latency to 2 %).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from cascadelang.stats.model import Arm, Check, Cost, Latency, Model, Reason, Rung, Signal, Slot, Stats, share
from cascadelang.stats.sums import Row, Shape, Step, Sums
from cascadelang.trace.schema import latency_at

REASONS_MOST: Final = 5
"""How many reasons of a check are given."""
VALUES_MOST: Final = 1_000
"""How many values of a signal are given: enough to be a baseline later."""

PARTS: Final = ("answers", "judges", "classifiers", "retries", "rejected")

Weighed = list[tuple[Shape, float]]


def count(sums: Sums) -> Stats:
    """The statistics of one policy."""
    rows = sums.by_shape()
    weighed = [(sums.shapes[id_], row.weight) for id_, row in rows.items()]
    total = Row()
    for row in rows.values():
        total = total.plus(row)
    queries = total.weight
    escalated = sum(weight for shape, weight in weighed if _escalated(shape))
    cached = sum(weight for shape, weight in weighed if _cached(shape))
    return Stats(
        policy=sums.policy,
        path=sums.path,
        graphs=sums.graphs,
        since_wall_s=sums.since_wall_s,
        until_wall_s=sums.until_wall_s,
        runs=int(total.runs),
        queries=queries,
        statuses=_most(_tallied((shape.status, weight) for shape, weight in weighed)),
        failures=_most(_tallied((shape.failure, weight) for shape, weight in weighed if shape.failure)),
        arms=_arms(weighed),
        escalated=escalated,
        escalation_rate=share(escalated, queries),
        escalated_to=_most(_escalated_to(weighed)),
        rungs=_rungs(weighed),
        checks=_checks(weighed, sums.reasons),
        models=_models(weighed, queries),
        cost=_cost(total),
        latency=_latency(total, sums.latencies),
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        answer_input_tokens=total.answer_input_tokens,
        answer_output_tokens=total.answer_output_tokens,
        signals=_signals(sums.signals),
        cached=cached,
        cached_rate=share(cached, queries),
        slot_s=sums.slot_s,
        over_time=_over_time(sums),
    )


def _tallied(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for name, weight in pairs:
        found[name] += weight
    return found


def _most(found: Mapping[str, float], number: int | None = None) -> dict[str, float]:
    """The largest first, and by name."""
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:number])


def _escalated(shape: Shape) -> bool:
    return any(step.kind == "escalate" for step in shape.steps)


def _escalated_to(weighed: Weighed) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for shape, weight in weighed:
        for name in {step.model for step in shape.steps if step.kind == "escalate"}:
            found[name] += weight
    return found


def _cached(shape: Shape) -> bool:
    return any(step.kind == "cached" and step.model for step in shape.steps)


def _arms(weighed: Weighed) -> list[Arm]:
    taken: dict[tuple[str, str, str], float] = defaultdict(float)
    came: dict[str, float] = defaultdict(float)
    for shape, weight in weighed:
        for step in shape.steps:
            if step.kind == "route":
                taken[step.node, step.name, step.model] += weight * step.times
                came[step.node] += weight * step.times
    arms = [Arm(node, arm, to, times, share(times, came[node])) for (node, arm, to), times in taken.items()]
    return sorted(arms, key=lambda arm: (arm.node, arm.arm == "else", -arm.queries, arm.arm, arm.to))


# ---- Rungs ------------------------------------------------------------------------------------------------------


def _rungs(weighed: Weighed) -> list[Rung]:
    """The rungs of each node that anything escalated at, or that gave verdicts."""
    onward: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for shape, _ in weighed:
        for step in shape.steps:
            if step.kind == "escalate":
                onward[step.node][step.name].add(step.model)
                onward[step.node][step.model]
            elif step.kind == "check":
                onward[step.node]
    found = []
    for node, moves in sorted(onward.items()):
        at = _Node(node, _in_order(moves))
        for shape, weight in weighed:
            at.add(shape, weight)
        found += at.rungs()
    return found


class _Node:
    """A node with rungs, and which of them ways entered and left."""

    def __init__(self, node: str, names: list[str]) -> None:
        self._node = node
        self._names = names
        self._entered: dict[str, float] = defaultdict(float)
        self._left: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def add(self, shape: Shape, weight: float) -> None:
        """Count the runs of one way."""
        came: Counter[str] = Counter()
        went: Counter[str] = Counter()
        for step in shape.steps:
            if step.kind == "escalate" and step.node == self._node:
                went[step.name] += step.times
                came[step.model] += step.times
                self._left[step.name][step.outcome] += weight * step.times
        came.update(list((went - came).elements()) if went else _first(shape.steps, self._node, self._names))
        for name, times in came.items():
            self._entered[name] += weight * times

    def rungs(self) -> list[Rung]:
        """In order, as far as it is known."""
        found = []
        for name in [*self._names, *sorted(self._entered.keys() - set(self._names))]:
            entered, left = self._entered[name], sum(self._left[name].values())
            found.append(Rung(self._node, name, entered, left, share(left, entered), _most(self._left[name])))
        return found


def _is_under(step: Step, name: str) -> bool:
    """Whether it happened at a node of that name, or inside it."""
    return step.node == name or step.node.startswith(name + ".")


def _first(steps: Collection[Step], node: str, names: list[str]) -> list[str]:
    """The rung that a way which never escalated at a node came to, as a list; empty where it never came there."""
    here = [step for step in steps if step.node == node or step.node.startswith(node + ".")]
    for step in here:
        if step.kind == "route" and step.node == node and step.model in names:
            return [step.model]
    for name in names:  # before what verdicts say: another rung's model may be among those that answer here
        if any(_is_under(step, name) for step in here):
            return [name]
    under = [step for step in here if step.node != node]
    verdict = next((step for step in here if step.kind == "check" and step.node == node), None)
    if verdict and (found := _by_verdict(verdict, steps, under, names)):
        return [found]
    for step in under:
        if step.kind in {"call", "call_failed", "skip"} and step.model in names:
            return [step.model]
    return names[:1] if under else _in_tier(steps, node, names)


def _in_tier(steps: Collection[Step], node: str, names: list[str]) -> list[str]:
    """The tier that answered, as a list, where all that a way left of it was told at the tier's own nodes.

    Empty where a choice around the node led elsewhere: then the tier stands there, too.
    """
    for step in steps:
        around = step.kind == "route" and node.startswith(step.node + ".")
        if around and node != step.model and not node.startswith(step.model + "."):
            return []
    return [name for name in names if any(_is_under(step, name) for step in steps)][:1]


def _by_verdict(verdict: Step, steps: Collection[Step], under: Collection[Step], names: list[str]) -> str:
    """The rung whose answer got a verdict: the model, unless it answered in a tier that is a rung; "" if neither."""
    shared = [name for name in names if any(_is_under(step, name) for step in steps)]
    if verdict.model in names and (not shared or any(step.model == verdict.model for step in under)):
        return verdict.model
    return next(iter(shared), "" if names else verdict.model)


def _in_order(moves: Mapping[str, set[str]]) -> list[str]:
    """The rungs from the first to the last, as far as the moves between them tell."""
    behind = {name: {other for other in to if other != name} for name, to in moves.items()}
    order: list[str] = []
    while behind:
        free = sorted(name for name in behind if not any(name in to for to in behind.values()))
        name = (free or sorted(behind))[0]
        order.append(name)
        del behind[name]
    return order


# ---- The rest ---------------------------------------------------------------------------------------------------


def _checks(weighed: Weighed, reasons: Mapping[tuple[str, str, str], float]) -> list[Check]:
    verdicts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for shape, weight in weighed:
        for step in shape.steps:
            if step.kind == "check":
                verdicts[step.name][step.outcome] += weight * step.times
    given: dict[str, list[Reason]] = defaultdict(list)
    for (check, outcome, reason), times in reasons.items():
        if reason:
            given[check].append(Reason(outcome, reason, times))
    found = []
    for check, of in verdicts.items():
        most = sorted(given[check], key=lambda reason: (-reason.times, reason.outcome, reason.reason))[:REASONS_MOST]
        rate = share(of["passed"], sum(of.values()))
        found.append(Check(check, of["passed"], of["failed"], of["unknown"], rate, most))
    return sorted(found, key=lambda check: (-(check.passed + check.failed + check.unknown), check.check))


def _models(weighed: Weighed, queries: float) -> list[Model]:
    answered = _tallied((shape.model, weight) for shape, weight in weighed if shape.model)
    calls: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    failed: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    retries: dict[str, float] = defaultdict(float)
    judged: dict[str, float] = defaultdict(float)
    rejected: dict[str, float] = defaultdict(float)
    for shape, weight in weighed:
        for step in shape.steps:
            times = weight * step.times
            if step.kind == "call":
                calls[step.model][step.name] += times
            elif step.kind == "call_failed":
                failed[step.model][step.outcome] += times
            elif step.kind == "retry":
                retries[step.model] += times
            elif step.kind == "check":
                judged[step.model] += times
                rejected[step.model] += 0.0 if step.outcome == "passed" else times
    names = {name for name in (*answered, *calls, *failed) if name}
    models = [
        Model(
            name,
            answered.get(name, 0.0),
            share(answered.get(name, 0.0), queries),
            _most(calls[name]),
            _most(failed[name]),
            retries[name],
            rejected[name],
            judged[name],
        )
        for name in names
    ]
    return sorted(models, key=lambda model: (-model.answered, -sum(model.calls.values()), model.model))


def _cost(total: Row) -> Cost:
    unknown = max(0.0, total.weight - total.priced)
    known = unknown < 1e-9 * max(1.0, total.weight)
    parts = {
        "answers": total.answers_usd,
        "judges": total.judges_usd,
        "classifiers": total.classifiers_usd,
        "retries": total.retries_usd,
        "rejected": total.rejected_usd,
    }
    return Cost(
        known_usd=total.cost_usd,
        unknown=0.0 if known else unknown,
        total_usd=total.cost_usd if known else None,
        per_query_usd=share(total.cost_usd, total.priced),
        parts_usd=parts,
    )


def _latency(total: Row, latencies: Mapping[int, float]) -> Latency:
    return Latency(share(total.latency_s, total.weight), *(quantile(latencies, q) for q in (0.50, 0.95, 0.99)))


def quantile(latencies: Mapping[int, float], q: float) -> float | None:
    """The least latency that a share of ``q`` of the runs didn't exceed, in seconds, to within 2 %."""
    wanted = q * sum(latencies.values())
    reached = 0.0
    for place, weight in sorted(latencies.items()):
        reached += weight
        if reached >= wanted * (1 - 1e-12):
            return latency_at(place)
    return None


def _signals(signals: Mapping[str, Mapping[str, float]]) -> list[Signal]:
    found = []
    for name, values in sorted(signals.items()):
        looked, unknown = sum(values.values()), values.get("null", 0.0)
        found.append(Signal(name, looked, unknown, share(unknown, looked), _most(values, VALUES_MOST)))
    return found


def _over_time(sums: Sums) -> list[Slot]:
    by_slot: dict[int, list[tuple[Shape, Row]]] = defaultdict(list)
    for (slot, shape), row in sums.rows.items():
        by_slot[slot].append((sums.shapes[shape], row))
    found = []
    for slot in range(sums.slots):
        here = by_slot.get(slot, [])
        queries = sum(row.weight for _, row in here)
        found.append(
            Slot(
                since_wall_s=sums.since_wall_s + slot * sums.slot_s,
                queries=queries,
                escalated=sum(row.weight for shape, row in here if _escalated(shape)),
                unmet=sum(row.weight for shape, row in here if shape.status == "unmet"),
                failed=sum(row.weight for shape, row in here if shape.status == "failed"),
                cost_usd=sum(row.cost_usd for _, row in here),
                priced=sum(row.priced for _, row in here),
                latency_mean_s=share(sum(row.latency_s for _, row in here), queries),
            )
        )
    return found
