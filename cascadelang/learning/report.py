"""A policy over records in figures, and two policies compared on the same ones.

Takes: tallies. Gives: `Report` and `Comparison`, with their JSON forms (``docs/replay.schema.json``). Guarantees: a
figure is over the records for which all that it is made of is known, and says how many those are; figures of two
policies, or of a policy and a single model, are over the same records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from cascadelang.learning.impute import Imputed
from cascadelang.learning.resample import Estimate, Figure, Sample, mcnemar, mean, percentile, ratio
from cascadelang.learning.tally import Columns, Tally

REPLAY_VERSION: Final = 1
What = Literal["quality", "cost_usd", "latency_s"]
WHATS: Final[tuple[What, ...]] = ("quality", "cost_usd", "latency_s")


@dataclass(frozen=True, slots=True)
class Single:
    """What asking one model alone would have come to, on the records that hold its answer.

    Attributes:
        recorded: the records' name of it.
        name: the policy's, or again the records' where the policy doesn't declare it.
        count: in how many records it has a quality.
        quality, cost_usd, latency_s: means.
        of_quality, of_cost: the policy's as a share of its, on the same records.
    """

    recorded: str
    name: str
    count: int
    quality: Estimate
    cost_usd: Estimate
    latency_s: Estimate
    of_quality: Estimate
    of_cost: Estimate


@dataclass(frozen=True, slots=True)
class Gap:
    """The share of the gap between two models' qualities that the policy recovers (PGR)."""

    weak: str
    strong: str
    recovered: Estimate


@dataclass(frozen=True)
class Report:
    """One policy over records.

    Attributes:
        policy, path, records: what ran, of which file, over which.
        tally: the counts.
        quality, cost_usd, latency_s: means a query.
        graded, priced, timed: over how many records those are.
        latency_p50_s, latency_p95_s: of the timed ones.
        singles: the models that records hold, the cheapest first.
        best: the one of `singles` with the best quality among those that all graded records hold.
        gap: between the two ends that were named, or the only two there are.
        resamples, seed: of the intervals.
        imputed: what was filled in; ``None`` where that wasn't asked for.
    """

    policy: str
    path: str
    records: str
    tally: Tally
    quality: Estimate
    cost_usd: Estimate
    latency_s: Estimate
    graded: int
    priced: int
    timed: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    singles: tuple[Single, ...]
    best: Single | None
    gap: Gap | None
    resamples: int
    seed: int
    imputed: Imputed | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A record that the two policies don't answer alike."""

    id: str
    query: str
    old_path: tuple[str, ...]
    new_path: tuple[str, ...]
    old_quality: float | None
    new_quality: float | None
    old_cost_usd: float | None
    new_cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both, over the records for which both have it: means, and the mean of new less old."""

    what: What
    count: int
    old: Estimate
    new: Estimate
    change: Estimate


@dataclass(frozen=True)
class Comparison:
    """Two policies on the same records, paired.

    Attributes:
        policy, records: what was compared, over which file.
        read, observed: how many records came, and how many held all that either asked for.
        missing: what the others lack.
        differences: of quality, cost and latency.
        paths, answers: how many records were answered on another way, and by another model.
        better, worse: how many have a better, and a worse quality.
        p_value: of McNemar's exact test, where every quality is 0 or 1.
        changes: those that changed most.
        resamples, seed: of the intervals.
        imputed: what was filled in for the two, the old first; empty where that wasn't asked for.
    """

    policy: str
    records: str
    read: int
    observed: int
    missing: Counter[str]
    differences: tuple[Difference, ...]
    paths: int
    answers: int
    better: int
    worse: int
    p_value: float | None
    resamples: int
    seed: int
    changes: tuple[Change, ...] = field(default=())
    imputed: tuple[Imputed, ...] = ()


class _Masked:
    """Columns of a sample over the records for which all of some columns are known."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._masks: dict[tuple[int, ...], tuple[list[bool], int, int]] = {}
        self._cut: dict[tuple[int, int], int] = {}

    def places(self, *columns: Sequence[float]) -> tuple[list[int], int, int]:
        """The place of each column where all are known, that of the ones that count them, and how many there are."""
        key = tuple(sorted({id(column) for column in columns}))
        if key not in self._masks:
            known = [all(v == v for v in row) for row in zip(*columns, strict=True)]  # noqa: PLR0124 - not unknown
            for seen, place, count in self._masks.values():
                if seen == known:
                    self._masks[key] = (seen, place, count)
                    break
            else:
                self._masks[key] = (known, self._sample.add([float(k) for k in known]), sum(known))
        known, of, count = self._masks[key]
        return [self._place(column, known, of) for column in columns], of, count

    def _place(self, column: Sequence[float], known: list[bool], of: int) -> int:
        key = (id(column), of)
        if key not in self._cut:
            self._cut[key] = self._sample.add([v if k else 0.0 for v, k in zip(column, known, strict=True)])
        return self._cut[key]


def report(
    tally: Tally,
    *,
    policy: str,
    path: str,
    records: str,
    ends: tuple[str, str] | None = None,
    resamples: int | None = None,
    seed: int = 0,
    imputed: Imputed | None = None,
) -> Report:
    """The figures of a tally.

    Args:
        tally: all records in it.
        policy: see `Report`.
        path: see `Report`.
        records: see `Report`.
        ends: the records' names of a weak and a strong model, to say how much of the gap is recovered.
        resamples: see `Sample`.
        seed: see `Sample`.
        imputed: see `Report`.
    """
    tally.close()
    sample = Sample(resamples, seed)
    masked = _Masked(sample)
    own = tally.own
    means: dict[What, tuple[int, int, int]] = {}
    for what in WHATS:
        (place,), of, count = masked.places(getattr(own, what))
        means[what] = place, of, count
    shares = {name: _shares(masked, own, columns) for name, columns in tally.singles.items()}
    if ends is None and len(tally.singles) == 2:
        ends = _two_ends(tally)
    gap_places = None
    if ends is not None:
        low, high = tally.singles[ends[0]].quality, tally.singles[ends[1]].quality
        gap_places, _, _ = masked.places(own.quality, low, high)

    def estimate(at: tuple[int, int, int]) -> Estimate:
        return sample.estimate(mean(at[0], at[1])) if at[2] else Estimate(None)

    singles = []
    for name, places in shares.items():
        (q, q_own), (c, c_own), s = places
        singles.append(
            Single(
                name,
                tally.labels.get(name, name),
                q[2],
                estimate(q),
                estimate(c),
                estimate(s),
                sample.estimate(ratio(q_own, q[0])),
                sample.estimate(ratio(c_own, c[0])),
            )
        )
    singles.sort(key=lambda single: (single.cost_usd.value is None, single.cost_usd.value or 0.0, single.name))
    most = max((single.count for single in singles), default=0)
    whole = [single for single in singles if single.count == most and single.quality.value is not None]
    gap = None
    if ends is not None and gap_places is not None:
        weak, strong = (tally.labels.get(end, end) for end in ends)
        gap = Gap(weak, strong, sample.estimate(_recovered(*gap_places)))
    times = [s for s in own.latency_s if s == s]  # noqa: PLR0124 - not unknown
    return Report(
        policy=policy,
        path=path,
        records=records,
        tally=tally,
        **{what: estimate(means[what]) for what in WHATS},
        graded=means["quality"][2],
        priced=means["cost_usd"][2],
        timed=means["latency_s"][2],
        latency_p50_s=percentile(times, 0.5),
        latency_p95_s=percentile(times, 0.95),
        singles=tuple(singles),
        best=max(whole, key=lambda single: single.quality.value or 0.0, default=None),
        gap=gap,
        resamples=sample.resamples,
        seed=seed,
        imputed=imputed,
    )


Places = tuple[int, int, int]


def _shares(masked: _Masked, own: Columns, single: Columns) -> tuple[tuple[Places, int], tuple[Places, int], Places]:
    """Where a model's quality and cost stand, each with the policy's on the same records; and where its latency."""
    (q, q_own), q_of, q_count = masked.places(single.quality, own.quality)
    (c, c_own), c_of, c_count = masked.places(single.cost_usd, own.cost_usd)
    (s,), s_of, s_count = masked.places(single.latency_s)
    return ((q, q_of, q_count), q_own), ((c, c_of, c_count), c_own), (s, s_of, s_count)


def _two_ends(tally: Tally) -> tuple[str, str] | None:
    """The only two models, the worse first; ``None`` where no quality is known, or they are alike."""
    found = []
    for name, columns in tally.singles.items():
        known = [q for q in columns.quality if q == q]  # noqa: PLR0124 - not unknown
        if not known:
            return None
        found.append((sum(known) / len(known), name))
    (low, weak), (high, strong) = sorted(found)
    return (weak, strong) if low < high else None


def _recovered(own: int, weak: int, strong: int) -> Figure:
    """The share of the gap between two models' qualities: RouteLLM's PGR (Ong et al., 2024, arXiv:2406.18665)."""

    def figure(sums: Sequence[float]) -> float | None:
        gap = sums[strong] - sums[weak]
        return (sums[own] - sums[weak]) / gap if gap else None

    return figure


def _change(was: int, is_: int, of: int) -> Figure:
    """The mean of one column less another."""
    return lambda sums: (sums[is_] - sums[was]) / sums[of] if sums[of] else None


def compared(
    old: Columns,
    new: Columns,
    *,
    resamples: int | None = None,
    seed: int = 0,
) -> tuple[tuple[Difference, ...], int, int, float | None, int]:
    """Two policies' columns over the same records.

    Returns:
        The differences; how many qualities are better, and worse; the p-value of McNemar's exact test where every
        quality is 0 or 1; and how many resamples were drawn.
    """
    sample = Sample(resamples, seed)
    masked = _Masked(sample)
    places = {what: masked.places(getattr(old, what), getattr(new, what)) for what in WHATS}
    found = []
    for what, ((was, is_), of, count) in places.items():
        if not count:
            found.append(Difference(what, 0, Estimate(None), Estimate(None), Estimate(None)))
            continue
        change = sample.estimate(_change(was, is_, of))
        found.append(Difference(what, count, sample.estimate(mean(was, of)), sample.estimate(mean(is_, of)), change))
    pairs = [(a, b) for a, b in zip(old.quality, new.quality, strict=True) if a == a and b == b]  # noqa: PLR0124
    better = sum(b > a for a, b in pairs)
    worse = sum(b < a for a, b in pairs)
    exact = bool(pairs) and all(a in {0.0, 1.0} and b in {0.0, 1.0} for a, b in pairs)
    return tuple(found), better, worse, mcnemar(better, worse) if exact else None, sample.resamples
