"""Draws what replaying over records came to.

Takes: a `Report` or a `Comparison`. Gives: text. Guarantees: what isn't known is a dash, never a zero; texts of
records are shown without what could drive a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cascadelang.cli.paint import one_line, paint
from cascadelang.workspace.figures import count, seconds

if TYPE_CHECKING:
    from collections import Counter

    from cascadelang.learning.impute import Imputed
    from cascadelang.learning.report import Change, Comparison, Difference, Report
    from cascadelang.learning.resample import Estimate

_BAR = 24
_MOST = 12
_NO = "-"
_METHODS = {
    "mean": "the mean of what its model has",
    "worst": "the worst case",
    "best": "the best case",
}


def draw_report(report: Report) -> str:
    """One policy over records."""
    tally = report.tally
    head = _head(report.policy, report.records, tally.read, tally.observed, tally.missing)
    if report.imputed is not None:
        head += "\n" + _filled(report.imputed)
    parts = [head, _table(report)]
    if said := _against(report):
        parts.append(said)
    observed = tally.observed
    parts.append(_bars("paths", [(" → ".join(p) or _NO, n) for p, n in tally.paths.most_common()], observed))
    arms = [(f"{node}: {tally.arm_words(node, arm)}", n) for (node, arm), n in tally.arms.most_common()]
    parts.append(_bars("arms", arms, observed))
    parts.append(_escalations(report))
    parts.append(_verdicts(tally.verdicts))
    parts.append(_bars("ended", list(tally.statuses.most_common()), observed))
    parts.append(_notes(report))
    return "\n\n".join(part for part in parts if part)


def draw_comparison(found: Comparison) -> str:
    """Two policies on the same records."""
    head = _head(found.policy, found.records, found.read, found.observed, found.missing)
    for side, imputed in zip(("old: ", "new: "), found.imputed, strict=False):
        head += "\n" + _filled(imputed, side)
    parts = [head]
    rows = [
        ("", "old", "new", "change", "95% interval"),
        *(_difference(each) for each in found.differences if each.count),
    ]
    changed = (
        f"{found.paths:,} take another way ({_share(found.paths, found.observed)}), "
        f"{found.answers:,} are answered by another model ({_share(found.answers, found.observed)})\n"
    )
    graded = any(each.what == "quality" and each.count for each in found.differences)
    changed += (
        f"{found.better:,} answers are better, {found.worse:,} worse"
        if graded
        else "how many answers are better isn't known: no quality is recorded"
    )
    if found.p_value is not None:
        p = "p < 0.0001" if found.p_value < 0.0001 else f"p = {found.p_value:.4f}"
        changed += f" (McNemar's exact test: {p})"
    parts += [_aligned(rows), changed]
    if found.changes:
        parts.append("\n".join([paint("changed most", bold=True), *(_change(each) for each in found.changes)]))
    parts.append(paint(_method(found.resamples, found.seed), dim=True))
    return "\n\n".join(parts)


def _head(policy: str, records: str, read: int, observed: int, missing: Counter[str]) -> str:
    lines = [f"{paint(policy, bold=True)} on {count(read, 'record')} of {one_line(records, 60)}"]
    if observed != read:
        lines.append(
            paint(f"  {read - observed:,} unobserved, and not in what follows ({observed:,} are):", "yellow")
        )
        lines += [f"    {n:>7,}  {one_line(what, 80)}" for what, n in missing.most_common(6)]
    return "\n".join(lines)


def _filled(imputed: Imputed, side: str = "") -> str:
    """What was filled in: no figure below it is a measurement alone."""
    if not imputed.records:
        return paint(f"  {side}no answer had to be filled in", dim=True)
    said = f"{side}{count(imputed.records, 'record')} with an answer that isn't recorded and was filled in"
    lines = [paint(f"  {said}, by {_METHODS[imputed.method]}:", "yellow")]
    for model, n in imputed.answers.most_common():
        stand_in = imputed.stand_ins[model]
        answer = stand_in.answer
        figures = [f"quality {_percent(answer.quality)}"]
        figures += [] if answer.cost_usd is None else [f"${answer.cost_usd:.6g}"]
        figures += [] if answer.latency_s is None else [seconds(answer.latency_s)]
        lines.append(f"    {n:>7,}  {one_line(model, 40)}: {', '.join(figures)} (of {stand_in.of:,} recorded)")
    return "\n".join(lines)


def _table(report: Report) -> str:
    """The policy beside each model alone."""
    rows = [("", "quality", "95% interval", "$ per 1,000", "95% interval", "latency", "records")]
    own = report.quality, report.cost_usd, report.latency_s
    rows.append((report.policy, *_figures(*own), f"{report.graded:,}"))
    for one in report.singles:
        figures = _figures(one.quality, one.cost_usd, one.latency_s)
        rows.append((f"only {one_line(one.name, 30)}", *figures, f"{one.count:,}"))
    text = _aligned(rows)
    if report.latency_p95_s is not None and report.latency_p50_s is not None:
        text += f"\nlatency: p50 {seconds(report.latency_p50_s)}, p95 {seconds(report.latency_p95_s)}"
    return text


def _figures(quality: Estimate, cost_usd: Estimate, latency_s: Estimate) -> tuple[str, str, str, str, str]:
    return (
        _percent(quality.value),
        _span(quality, _percent),
        _dollars(cost_usd.value),
        _span(cost_usd, _dollars),
        _NO if latency_s.value is None else seconds(latency_s.value),
    )


def _against(report: Report) -> str:
    """The policy as a share of the best model, and of the gap between two."""
    lines = []
    best = report.best
    if best is not None and best.of_quality.value is not None:
        said = f"of {one_line(best.name, 30)}, the best alone: quality {_with(best.of_quality)}"
        if best.of_cost.value is not None:
            said += f", cost {_with(best.of_cost)}"
        lines.append(said)
    if report.gap is not None and report.gap.recovered.value is not None:
        gap = report.gap
        ends = f"from {one_line(gap.weak, 30)} to {one_line(gap.strong, 30)}"
        lines.append(f"of the gap in quality {ends}: {_with(gap.recovered)} recovered (PGR)")
    return "\n".join(lines)


def _escalations(report: Report) -> str:
    tally = report.tally
    if not tally.escalated:
        return ""
    lines = [paint("escalations", bold=True)]
    rows = []
    for (node, from_, to), n in tally.escalated.most_common(_MOST):
        reached = tally.reached[node, from_]
        rows.append((f"{node}: {from_} → {to}", _share(n, reached), f"of {reached:,} that came to it"))
    width = max(len(row[0]) for row in rows)
    lines += [f"  {what:<{width}}  {share:>6}  {of}" for what, share, of in rows]
    return "\n".join(lines)


def _verdicts(verdicts: Counter[tuple[str, str]]) -> str:
    """What each gate said of the answers that came to it."""
    if not verdicts:
        return ""
    lines = [paint("gates", bold=True)]
    checks = sorted({check for check, _ in verdicts}, key=lambda check: (-verdicts[check, "passed"], check))
    shown = [one_line(check, 60) for check in checks]
    width = max(map(len, shown))
    for check, words in zip(checks[:_MOST], shown, strict=False):
        made = sum(verdicts[check, outcome] for outcome in ("passed", "failed", "unknown"))
        said = f"{_share(verdicts[check, 'passed'], made):>6} of {made:,} passed"
        if unknown := verdicts[check, "unknown"]:
            said += f", {_share(unknown, made)} unknown"
        lines.append(f"  {words:<{width}}  {said}")
    return "\n".join(lines)


def _bars(title: str, rows: Sequence[tuple[str, int]], of: int) -> str:
    if not rows:
        return ""
    shown = [(one_line(what, 60), n) for what, n in rows[:_MOST]]
    width = max(len(what) for what, _ in shown)
    lines = [paint(title, bold=True)]
    for what, n in shown:
        full = round(_BAR * min(1.0, n / of)) if of else 0
        lines.append(
            f"  {what:<{width}}  {_share(n, of):>6}  {paint('━' * full, 'cyan')}{'─' * (_BAR - full)}  {n:,}"
        )
    if len(rows) > _MOST:
        lines.append(f"  and {len(rows) - _MOST:,} more")
    return "\n".join(lines)


def _notes(report: Report) -> str:
    tally = report.tally
    said = []
    for what, known in (("quality", report.graded), ("cost", report.priced), ("latency", report.timed)):
        if known != tally.observed:
            said.append(f"{what} is known of {known:,} of {tally.observed:,}")
    if tally.estimated:
        said.append(f"tokens of {count(tally.estimated, 'record')} are estimated")
    said.append(_method(report.resamples, report.seed))
    if report.imputed is not None and report.imputed.records:
        said.append("which know nothing of what was filled in")
    return paint("; ".join(said), dim=True)


def _method(resamples: int, seed: int) -> str:
    return f"intervals: 95%, percentiles of {resamples:,} bootstrap resamples, seed {seed}"


def _difference(found: Difference) -> tuple[str, str, str, str, str]:
    name, shown = {
        "quality": ("quality", _percent),
        "cost_usd": ("$ per 1,000", _dollars),
        "latency_s": ("latency", lambda value: _NO if value is None else seconds(abs(value))),
    }[found.what]
    change = found.change

    def signed(value: float | None) -> str:
        if value is None:
            return _NO
        if found.what == "quality":
            return f"{100 * value:+.1f} points"
        sign = "-" if value < 0 else "+"
        return f"{sign}{shown(abs(value))}"

    span = _NO if change.low is None else f"{signed(change.low).removesuffix(' points')} to {signed(change.high)}"
    return name, shown(found.old.value), shown(found.new.value), signed(change.value), span


def _change(change: Change) -> str:
    def side(path: tuple[str, ...], quality: float | None, cost_usd: float | None) -> str:
        figures = [_percent(quality), "cost unknown" if cost_usd is None else f"${cost_usd:.6g}"]
        return f"{' → '.join(path) or _NO} ({', '.join(figures)})"

    old = side(change.old_path, change.old_quality, change.old_cost_usd)
    new = side(change.new_path, change.new_quality, change.new_cost_usd)
    return f"  {one_line(change.id, 40)}  {paint(one_line(change.query, 60), dim=True)}\n    {old}\n    {new}"


def _aligned(rows: Iterable[Sequence[str]]) -> str:
    """Columns: the first to the left, the others to the right; one that is empty but for its head is left out."""
    table = [list(row) for row in rows]
    kept = [at for at in range(len(table[0])) if at == 0 or any(row[at] not in {_NO, ""} for row in table[1:])]
    widths = {at: max(len(row[at]) for row in table) for at in kept}
    lines = []
    for number, row in enumerate(table):
        cells = [f"{row[at]:<{widths[at]}}" if at == 0 else f"{row[at]:>{widths[at]}}" for at in kept]
        line = "  ".join(cells).rstrip()
        lines.append(paint(line, dim=True) if number == 0 else line)
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return _NO if value is None else f"{100 * value:.1f}%"


def _dollars(value: float | None) -> str:
    """Of a thousand queries."""
    return _NO if value is None else f"{1000 * value:,.3f}"


def _span(estimate: Estimate, shown: object) -> str:
    if estimate.low is None or estimate.high is None or not callable(shown):
        return _NO
    return f"{shown(estimate.low)} to {shown(estimate.high)}"


def _with(estimate: Estimate) -> str:
    span = _span(estimate, _percent)
    return _percent(estimate.value) + ("" if span == _NO else f" ({span})")


def _share(number: int, of: int) -> str:
    return f"{100 * number / of:.1f}%" if of else _NO
