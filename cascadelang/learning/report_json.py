"""A `Report` and a `Comparison` as JSON values, version 1 (``docs/replay.schema.json``).

Takes: either. Gives: what ``--output json`` prints. Guarantees: only finite numbers; what isn't known is null.
"""

from __future__ import annotations

from typing import Any

from cascadelang.learning.impute import Imputed
from cascadelang.learning.report import REPLAY_VERSION, WHATS, Comparison, Report, Single
from cascadelang.learning.resample import Estimate


def report_json(report: Report) -> dict[str, Any]:
    """As ``cascadelang replay --output json`` prints it."""
    tally = report.tally
    reached = tally.reached
    return {
        "version": REPLAY_VERSION,
        "policy": report.policy,
        "path": report.path,
        "records": report.records,
        "read": tally.read,
        "observed": tally.observed,
        "unobserved": {
            "count": tally.read - tally.observed,
            "because": [{"missing": what, "count": count} for what, count in tally.missing.most_common()],
        },
        "imputed": None if report.imputed is None else _imputed(report.imputed),
        "quality": {**estimate_json(report.quality), "count": report.graded},
        "cost_usd": {**estimate_json(report.cost_usd), "count": report.priced, "estimated": tally.estimated},
        "latency_s": {
            **estimate_json(report.latency_s),
            "count": report.timed,
            "p50": report.latency_p50_s,
            "p95": report.latency_p95_s,
        },
        "statuses": dict(tally.statuses.most_common()),
        "paths": [{"path": list(path), "count": count} for path, count in tally.paths.most_common()],
        "models": [
            {"model": model, "asked": asked, "answered": tally.answered[model]}
            for model, asked in tally.asked.most_common()
        ],
        "arms": [{"node": node, "arm": arm, "count": count} for (node, arm), count in tally.arms.most_common()],
        "rungs": [{"node": node, "rung": rung, "count": count} for (node, rung), count in reached.most_common()],
        "escalations": [
            {"node": node, "from": from_, "to": to, "count": count, "of": reached[node, from_]}
            for (node, from_, to), count in tally.escalated.most_common()
        ],
        "verdicts": [
            {"check": check, "outcome": outcome, "count": count}
            for (check, outcome), count in tally.verdicts.most_common()
        ],
        "singles": [_single(single) for single in report.singles],
        "best": None if report.best is None else report.best.recorded,
        "gap": None
        if report.gap is None
        else {
            "weak": report.gap.weak,
            "strong": report.gap.strong,
            "recovered": estimate_json(report.gap.recovered),
        },
        "intervals": intervals_json(report.resamples, report.seed),
    }


def comparison_json(found: Comparison) -> dict[str, Any]:
    """As ``cascadelang diff --on --output json`` prints it, under ``on_records``."""
    return {
        "policy": found.policy,
        "records": found.records,
        "read": found.read,
        "observed": found.observed,
        "unobserved": {
            "count": found.read - found.observed,
            "because": [{"missing": what, "count": count} for what, count in found.missing.most_common()],
        },
        "imputed": _imputed_of_both(found.imputed),
        **{
            each.what: {
                "count": each.count,
                "old": estimate_json(each.old),
                "new": estimate_json(each.new),
                "change": estimate_json(each.change),
            }
            for each in found.differences
        },
        "other_path": found.paths,
        "other_model": found.answers,
        "better": found.better,
        "worse": found.worse,
        "mcnemar_p": found.p_value,
        "changes": [
            {
                "id": change.id,
                "query": change.query,
                "old": {
                    "path": list(change.old_path),
                    "quality": change.old_quality,
                    "cost_usd": change.old_cost_usd,
                },
                "new": {
                    "path": list(change.new_path),
                    "quality": change.new_quality,
                    "cost_usd": change.new_cost_usd,
                },
            }
            for change in found.changes
        ],
        "intervals": intervals_json(found.resamples, found.seed),
    }


def _side(path: tuple[str, ...], quality: float | None, cost_usd: float | None) -> dict[str, Any]:
    return {"path": list(path), "quality": quality, "cost_usd": cost_usd}


def _imputed(imputed: Imputed) -> dict[str, Any]:
    models: list[dict[str, Any]] = []
    for model, count in imputed.answers.most_common():
        stand_in = imputed.stand_ins[model]
        figures: dict[str, Any] = {what: getattr(stand_in.answer, what) for what in WHATS}
        models.append({"model": model, "count": count, "of": stand_in.of, **figures})
    return {"method": imputed.method, "records": imputed.records, "models": models}


def _imputed_of_both(imputed: tuple[Imputed, ...]) -> dict[str, Any] | None:
    if not imputed:
        return None
    old, new = imputed
    return {"old": _imputed(old), "new": _imputed(new)}


def _single(single: Single) -> dict[str, Any]:
    return {
        "model": single.recorded,
        "name": single.name,
        "count": single.count,
        **{what: estimate_json(getattr(single, what)) for what in WHATS},
        "of_quality": estimate_json(single.of_quality),
        "of_cost": estimate_json(single.of_cost),
    }


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """A figure with its interval."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def intervals_json(resamples: int, seed: int) -> dict[str, Any]:
    """How intervals were made."""
    return {"method": "bootstrap percentiles", "level": 0.95, "resamples": resamples, "seed": seed}
