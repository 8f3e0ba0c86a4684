"""How far what runs look like has moved from a baseline.

Takes: the `Distributions` of two `Sums`, or of what was kept of one. Gives: a `Drift` for each signal, for the arms
that were taken and for the models that answered. Guarantees: pure; nothing but sums is needed.

Population stability index (Siddiqi, "Credit Risk Scorecards", 2006): the sum over bins of
``(now - before) * ln(now / before)``, of shares. Bins: each label, truth value or text is one; numbers fall into ten,
cut where tenths of the *baseline* end; what wasn't known is one of its own. Half a run is added to every bin, so that
an empty one isn't infinite. The customary reading: under `LITTLE` nothing has moved, from `MUCH` on it has.

Two-sample tests: Pearson's chi-square of the two rows of counts, labels that are expected fewer than five times
together as one (Cochran, "Some methods for strengthening the common χ² tests", 1954); for numbers
Kolmogorov-Smirnov, with the asymptotic p of Stephens ("Use of the Kolmogorov-Smirnov … statistics without extensive
tables", 1970). Numbers are kept to two digits, which makes the latter cautious. In a sampled store shares are by
weight, and a side counts for as many runs as it keeps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import exp, inf, isfinite, lgamma, log, sqrt
from typing import Any, Final, NamedTuple

from cascadelang.stats.model import VERSION, Drift
from cascadelang.stats.sums import Sums, value_of

LITTLE: Final = 0.1
"""A population stability index under this is no drift."""
MUCH: Final = 0.25
"""One from this on is."""
SURE: Final = 0.01
"""A p under this says that it isn't chance."""

BINS: Final = 10
MOVED_MOST: Final = 3
EXPECTED_LEAST: Final = 5
_LEAST_WEIGHT: Final = 1e-6
_MOST_WEIGHT: Final = 1e15
"""Nobody has so many queries, and sums and squares of as many are finite."""
UNKNOWN: Final = "null"
NOBODY: Final = "none"

Shares = Mapping[str, float]


class Distributions(NamedTuple):
    """What can be told of drift, of some runs.

    Attributes:
        signals: the weight, by signal and value.
        arms: that of each arm that was taken.
        models: that of each model that answered.
        scale: by how much a weight becomes runs; 0 where there are none.
    """

    signals: Mapping[str, Shares]
    arms: Shares
    models: Shares
    scale: float


def distributions(sums: Sums) -> Distributions:
    """Those of the runs that were summed up."""
    return Distributions(sums.signals, _arms(sums), _models(sums), _scale(sums))


def kept(found: object) -> dict[str, Distributions]:
    """The distributions of each policy, by its name, in what ``stats --output json`` printed; of one name together.

    Raises:
        ValueError: if it isn't that. ``str()`` of it says why.
    """
    if not isinstance(found, dict) or found.get("version") != VERSION or not isinstance(found.get("policies"), list):
        raise ValueError("it isn't what `cascadelang stats --output json` prints")
    policies: dict[str, Distributions] = {}
    try:
        for stats in found["policies"]:
            name, new = stats["policy"], _kept(stats)
            policies[name] = added([policies[name], new]) if name in policies else new
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise ValueError("a policy in it has no statistics") from None
    return policies


def _kept(stats: Mapping[str, Any]) -> Distributions:
    models = {model["model"]: _weight(model["answered"]) for model in stats["models"] if model["answered"]}
    queries = _weight(stats["queries"])
    rest = queries - sum(models.values())
    if rest > 1e-9 * queries:
        models[NOBODY] = rest
    arms: dict[str, float] = defaultdict(float)
    for arm in stats["arms"]:
        arms[f"{arm['node']} {arm['arm']}"] += _weight(arm["queries"])
    signals = {
        signal["name"]: {str(value): _weight(weight) for value, weight in signal["values"].items()}
        for signal in stats["signals"]
    }
    return Distributions(signals, arms, models, _weight(stats["runs"]) / queries if queries else 0.0)


def _weight(value: Any) -> float:
    """A weight.

    Raises:
        ValueError, TypeError: if it is none.
    """
    weight = float(value)
    if weight and not _LEAST_WEIGHT <= weight <= _MOST_WEIGHT:
        raise ValueError
    return weight


def added(many: Sequence[Distributions]) -> Distributions:
    """Several as one."""
    signals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    arms: dict[str, float] = defaultdict(float)
    models: dict[str, float] = defaultdict(float)
    runs = 0.0
    for one in many:
        runs += one.scale * sum(one.models.values())
        for name, values in one.signals.items():
            for value, weight in values.items():
                signals[name][value] += weight
        for whole, part in ((arms, one.arms), (models, one.models)):
            for name, weight in part.items():
                whole[name] += weight
    queries = sum(models.values())
    return Distributions(signals, arms, models, runs / queries if queries else 0.0)


def drift(now: Distributions, before: Distributions) -> list[Drift]:
    """What has moved, the most first; empty where one side has no runs."""
    if not now.scale or not before.scale:
        return []
    scales = (now.scale, before.scale)
    found = [
        compare(name, now.signals.get(name, {}), before.signals.get(name, {}), *scales)
        for name in now.signals.keys() | before.signals.keys()
    ]
    found.append(compare("arms", now.arms, before.arms, *scales, labels=True))
    found.append(compare("models", now.models, before.models, *scales, labels=True))
    return sorted((one for one in found if one is not None), key=lambda one: (-one.psi, one.of))


def compare(
    of: str, now: Shares, before: Shares, scale_now: float = 1.0, scale_before: float = 1.0, *, labels: bool = False
) -> Drift | None:
    """Two distributions; `None` where one has nothing in it.

    Args:
        of: what they are distributions of.
        now: the weight of each value; a value is JSON, or a plain name where ``labels``.
        before: likewise.
        scale_now: by how much a weight of ``now`` becomes runs.
        scale_before: by how much one of ``before`` does.
        labels: values are names, whatever they look like.
    """
    size_now, size_before = sum(now.values()), sum(before.values())
    if size_now <= 0 or size_before <= 0:
        return None
    numbers = None if labels else _numbers(now, before)
    if numbers is None:
        binned_now, binned_before = dict(now), dict(before)
    else:
        edges = _edges(numbers[1])
        binned_now = _binned(numbers[0], edges, now.get(UNKNOWN, 0.0))
        binned_before = _binned(numbers[1], edges, before.get(UNKNOWN, 0.0))
    runs_now = {name: weight * scale_now for name, weight in binned_now.items()}
    runs_before = {name: weight * scale_before for name, weight in binned_before.items()}
    if numbers is not None and numbers[0] and numbers[1]:
        test = "Kolmogorov-Smirnov"
        statistic, p = kolmogorov_smirnov(numbers[0], numbers[1], scale_now, scale_before)
    else:
        test = "chi-square"
        statistic, p = chi_square(runs_now, runs_before)
    return Drift(
        of=of,
        psi=stability_index(runs_now, runs_before),
        test=test,
        statistic=statistic,
        p=p,
        now=size_now * scale_now,
        before=size_before * scale_before,
        moved=_moved(binned_now, binned_before),
    )


def stability_index(now: Shares, before: Shares) -> float:
    """The population stability index of two rows of counts."""
    names = sorted(now.keys() | before.keys())
    size_now = sum(now.values()) + 0.5 * len(names)
    size_before = sum(before.values()) + 0.5 * len(names)
    total = 0.0
    for name in names:
        a = (now.get(name, 0.0) + 0.5) / size_now
        b = (before.get(name, 0.0) + 0.5) / size_before
        total += (a - b) * log(a / b)
    return max(0.0, total)


def chi_square(now: Shares, before: Shares) -> tuple[float, float]:
    """Pearson's statistic of two rows of counts, and its p."""
    size_now, size_before = sum(now.values()), sum(before.values())
    both = size_now + size_before
    columns: list[tuple[float, float]] = []
    rare = [0.0, 0.0]
    for name in sorted(now.keys() | before.keys()):
        a, b = now.get(name, 0.0), before.get(name, 0.0)
        if (a + b) * min(size_now, size_before) / both < EXPECTED_LEAST:
            rare[0] += a
            rare[1] += b
        else:
            columns.append((a, b))
    if sum(rare) > 0:
        columns.append((rare[0], rare[1]))
    if len(columns) < 2:
        return 0.0, 1.0
    statistic = 0.0
    for a, b in columns:
        expected_now, expected_before = (a + b) * size_now / both, (a + b) * size_before / both
        statistic += (a - expected_now) ** 2 / expected_now + (b - expected_before) ** 2 / expected_before
    return statistic, upper_gamma((len(columns) - 1) / 2, statistic / 2)


def kolmogorov_smirnov(
    now: Mapping[float, float], before: Mapping[float, float], scale_now: float = 1.0, scale_before: float = 1.0
) -> tuple[float, float]:
    """The largest distance of the two cumulative shares, and its p."""
    weight_now, weight_before = sum(now.values()), sum(before.values())
    reached_now = reached_before = farthest = 0.0
    for value in sorted(now.keys() | before.keys()):
        reached_now += now.get(value, 0.0)
        reached_before += before.get(value, 0.0)
        farthest = max(farthest, abs(reached_now / weight_now - reached_before / weight_before))
    size_now, size_before = weight_now * scale_now, weight_before * scale_before
    root = sqrt(size_now * size_before / (size_now + size_before))
    return farthest, _kolmogorov((root + 0.12 + 0.11 / root) * farthest)


def _kolmogorov(x: float) -> float:
    """The upper tail of Kolmogorov's distribution."""
    if x < 0.2:  # the sum doesn't settle, and the tail is 1 to twelve digits
        return 1.0
    total = 2 * sum((-1.0) ** (k - 1) * exp(-2 * (k * x) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, total))


def upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x), for a > 0.

    The series of DLMF 8.7.1 under x = a + 1, the continued fraction of DLMF 8.9.2 above it.
    """
    if x <= 0:
        return 1.0
    front = a * log(x) - x - lgamma(a)
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > 1e-15 * abs(total):
            n += 1
            term *= x / n
            total += term
        return min(1.0, max(0.0, 1 - total * exp(front)))
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b or tiny)
        c = b + step / c or tiny
        change = d * c
        fraction *= change
        if abs(change - 1) < 1e-15:
            break
    return min(1.0, max(0.0, fraction * exp(front)))


def _scale(sums: Sums) -> float:
    runs = sum(row.runs for row in sums.rows.values())
    weight = sum(row.weight for row in sums.rows.values())
    return runs / weight if weight > 0 else 0.0


def _numbers(now: Shares, before: Shares) -> tuple[dict[float, float], dict[float, float]] | None:
    """Both sides by number; `None` where a known value is none."""
    sides: list[dict[float, float]] = []
    for side in (now, before):
        numbers: dict[float, float] = defaultdict(float)
        for text, weight in side.items():
            if text == UNKNOWN:
                continue
            value = value_of(text)
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                return None
            numbers[float(value)] += weight
        sides.append(numbers)
    return (sides[0], sides[1]) if sides[0] or sides[1] else None


def _edges(before: Mapping[float, float]) -> list[float]:
    """The upper ends of the bins but the last: where tenths of the baseline end."""
    total, reached = sum(before.values()), 0.0
    edges: list[float] = []
    for value, weight in sorted(before.items()):
        reached += weight
        if reached >= total * (len(edges) + 1) / BINS and len(edges) < BINS - 1:
            edges.append(value)
            while len(edges) < BINS - 1 and reached >= total * (len(edges) + 1) / BINS:
                edges.append(value)
    return sorted(set(edges))


def _binned(numbers: Mapping[float, float], edges: list[float], unknown: float) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    ends = [*edges, inf]
    for value, weight in numbers.items():
        at = next(at for at, end in enumerate(ends) if value <= end)
        found[_bin_said(edges, at)] += weight
    if unknown:
        found[UNKNOWN] += unknown
    return found


def _bin_said(edges: list[float], at: int) -> str:
    """``≤ 3``, ``3 to 7``, ``> 7``."""
    if not edges:
        return "any"
    if at == 0:
        return f"≤ {edges[0]:g}"
    return f"> {edges[-1]:g}" if at == len(edges) else f"{edges[at - 1]:g} to {edges[at]:g}"


def _moved(now: Shares, before: Shares) -> list[tuple[str, float, float]]:
    """The values whose share moved most: value, share before, share now."""
    size_now, size_before = sum(now.values()), sum(before.values())
    found = [
        (name, before.get(name, 0.0) / size_before, now.get(name, 0.0) / size_now)
        for name in now.keys() | before.keys()
    ]
    moved = sorted((one for one in found if one[1] != one[2]), key=lambda one: (-abs(one[2] - one[1]), one[0]))
    return moved[:MOVED_MOST]


def _weighed(sums: Sums, names: Iterable[tuple[int, str]]) -> dict[str, float]:
    rows = sums.by_shape()
    found: dict[str, float] = defaultdict(float)
    for shape, name in names:
        found[name] += rows[shape].weight
    return found


def _arms(sums: Sums) -> dict[str, float]:
    """The arms that were taken: ``node arm``."""
    return _weighed(
        sums,
        (
            (id_, f"{step.node} {step.name}")
            for id_, shape in sums.shapes.items()
            for step in shape.steps
            if step.kind == "route"
        ),
    )


def _models(sums: Sums) -> dict[str, float]:
    """The models that answered; `NOBODY` where none did."""
    return _weighed(sums, ((id_, shape.model or NOBODY) for id_, shape in sums.shapes.items()))
