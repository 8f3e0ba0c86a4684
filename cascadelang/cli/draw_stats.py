"""Statistics of a policy as a page of text: bars, sparklines and figures.

Takes: `Stats`. Gives: lines of text, painted where stdout takes colour. Guarantees: what models and users wrote
stands on one line, without control characters; nothing that isn't known is shown as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import localtime, strftime

from cascadelang.cli.paint import one_line, paint, terminal_width
from cascadelang.stats.drift import LITTLE, MUCH, SURE
from cascadelang.stats.model import Check, Drift, Rung, Savings, Slot, Stats
from cascadelang.workspace.figures import count, fine_percent, money, seconds

_STATUS = {"accepted": "green", "unchecked": "cyan", "unmet": "yellow", "failed": "red", "cancelled": "red"}
_BAR_MOST = 24
_NAME_MOST = 40
_SPARKS = "▁▂▃▄▅▆▇█"
_EIGHTHS = "▏▎▍▌▋▊▉█"

Line = tuple[str, float | None, str, str | None]
"""A name, a share, figures, a colour."""


def draw_stats(stats: Stats, file: str) -> str:
    """The page of one policy; ``file``: its file, as it is shown."""
    return "\n".join(_page(stats, file, terminal_width()))


def _page(stats: Stats, file: str, width: int) -> Iterator[str]:
    yield from _head(stats, file, width)
    if not stats.queries:
        return
    parts = (
        ("how they ended", _bars(_endings(stats), width)),
        ("over time", _sparks(stats, width)),
        ("arms", _bars(_arms(stats), width)),
        ("rungs", _bars((_rung(rung, stats) for rung in stats.rungs), width)),
        ("checks", _checks(stats.checks, width)),
        ("models", _bars(_models(stats), width)),
        ("failed calls", _bars(_failed(stats), width)),
        ("where the money went", _bars(_costs(stats), width)),
        ("saved", _saved(stats.savings, width)),
        ("signals", _bars(_signals(stats), width)),
        ("drift", _drift(stats.drift, width)),
    )
    for title, lines in parts:
        drawn = list(lines)
        if drawn:
            yield ""
            yield paint(title, bold=True)
            yield from drawn


def _head(stats: Stats, file: str, width: int) -> Iterator[str]:
    name = one_line(stats.policy, 60)
    versions = f"{stats.graphs} versions, " if stats.graphs > 1 else ""
    when = f"{_when(stats.since_wall_s)} to {_when(stats.until_wall_s)}"
    yield paint(name, "cyan", bold=True) + paint(f"  {one_line(file, 60)}  {versions}{when}", dim=True)
    facts = [count(round(stats.queries), "query", "queries")]
    if stats.cost.per_query_usd is not None:
        facts.append(f"{money(stats.cost.per_query_usd)} each")
    facts.append(_total(stats))
    if stats.latency.p50_s is not None and stats.latency.p95_s is not None and stats.latency.p99_s is not None:
        facts.append(
            f"p50 {seconds(stats.latency.p50_s)}, p95 {seconds(stats.latency.p95_s)},"
            f" p99 {seconds(stats.latency.p99_s)}"
        )
    if stats.escalation_rate is not None:
        facts.append(f"{fine_percent(stats.escalation_rate)} escalated")
    if stats.cached:
        facts.append(f"{fine_percent(stats.cached_rate)} from the cache")
    if stats.runs < round(stats.queries):
        facts.append(f"from a sample of {stats.runs:,}")
    yield from _wrapped(facts, width)


def _total(stats: Stats) -> str:
    cost = stats.cost
    if cost.total_usd is not None:
        return f"{money(cost.total_usd)} in all"
    if cost.unknown >= stats.queries * (1 - 1e-9):
        return "cost unknown"
    return f"{money(cost.known_usd)} and what {round(cost.unknown):,} of unknown cost came to"


def _wrapped(facts: list[str], width: int) -> Iterator[str]:
    line = ""
    for fact in facts:
        if line and len(line) + len(fact) + 3 > width:
            yield line
            line = ""
        line = f"{line} · {fact}" if line else fact
    yield line


def _when(wall_s: float) -> str:
    try:
        return strftime("%Y-%m-%d %H:%M", localtime(wall_s))
    except (OverflowError, ValueError, OSError):
        return "?"


# ---- Bars and sparklines ----------------------------------------------------------------------------------------


def bar(value: float, width: int) -> str:
    """A bar for a share; a share above 0 is never empty."""
    eighths = round(max(0.0, min(1.0, value)) * width * 8)
    eighths = max(1, eighths) if value > 0 else 0
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest - 1] if rest else "")).ljust(width)


def spark(values: Iterable[float | None]) -> str:
    """A sparkline from 0 to the largest value; a blank where there is none."""
    found = list(values)
    most = max((value for value in found if value is not None), default=0.0)
    return "".join(
        " " if value is None else _SPARKS[min(7, int(8 * value / most))] if most > 0 else _SPARKS[0]
        for value in found
    )


def _bars(lines: Iterable[Line], width: int) -> Iterator[str]:
    """One line each: name, bar, percentage, figures."""
    found = [(one_line(name, _NAME_MOST), value, figures, colour) for name, value, figures, colour in lines]
    if not found:
        return
    name_width = min(max(len(name) for name, *_ in found), max(8, width // 3))
    figures_width = max(len(figures) for _, _, figures, _ in found)
    bar_width = max(4, min(_BAR_MOST, width - name_width - figures_width - 17))
    for name, value, figures, colour in found:
        drawn = paint(bar(value or 0.0, bar_width), colour)
        text = f"  {one_line(name, name_width):<{name_width}}  {drawn}  {fine_percent(value):>10}"
        room = width - name_width - bar_width - 16
        yield f"{text}  {paint(one_line(figures, room), dim=True)}" if figures and room > 4 else text


def _sparks(stats: Stats, width: int) -> Iterator[str]:
    slots = stats.over_time
    if sum(slot.queries > 0 for slot in slots) < 2:
        return
    rows: list[tuple[str, Callable[[Slot], float | None], Callable[[float], str]]] = [
        ("queries", lambda slot: slot.queries, lambda value: f"{round(value):,}"),
        ("escalated", lambda slot: slot.escalated / slot.queries if slot.queries else None, fine_percent),
        ("unmet", lambda slot: slot.unmet / slot.queries if slot.queries else None, fine_percent),
        ("failed", lambda slot: slot.failed / slot.queries if slot.queries else None, fine_percent),
        ("cost of a query", lambda slot: slot.cost_usd / slot.priced if slot.priced else None, money),
        ("latency, mean", lambda slot: slot.latency_mean_s, seconds),
    ]
    for name, value_of, said in rows:
        values = [value_of(slot) for slot in slots]
        known = [value for value in values if value is not None]
        if not known or not any(known):
            continue
        figures = f"{said(min(known))} to {said(max(known))}" if min(known) != max(known) else said(known[0])
        line = spark(values)[: max(8, width - 20)]
        room = width - 21 - len(line)
        yield f"  {name:<15}  {paint(line, 'cyan')}" + (
            f"  {paint(figures, dim=True)}" if room > len(figures) else ""
        )


# ---- The parts --------------------------------------------------------------------------------------------------


def _number(value: float) -> str:
    return f"{round(value):,}"


def _endings(stats: Stats) -> Iterator[Line]:
    for status, times in stats.statuses.items():
        why = ""
        if status == "failed" and stats.failures:
            why = ": " + ", ".join(f"{kind} {_number(times_)}" for kind, times_ in list(stats.failures.items())[:4])
        yield status, times / stats.queries, _number(times) + why, _STATUS.get(status)


def _arms(stats: Stats) -> Iterator[Line]:
    for arm in stats.arms:
        yield (
            f"{arm.node} {arm.arm} → {arm.to}" if arm.to else f"{arm.node} {arm.arm}",
            arm.share,
            _number(arm.queries),
            "blue",
        )


def _rung(rung: Rung, stats: Stats) -> Line:
    why = ", ".join(f"{kind} {_number(times)}" for kind, times in list(rung.because.items())[:3])
    onward = f"{fine_percent(rung.rate)} went on" + (f" ({why})" if why else "")
    reached = rung.entered / stats.queries
    return f"{rung.node}: {rung.name}", min(1.0, reached), f"{_number(rung.entered)} came, {onward}", "magenta"


def _check(check: Check) -> Line:
    of = check.passed + check.failed + check.unknown
    unknown = f", {_number(check.unknown)} couldn't be known" if check.unknown else ""
    return check.check, check.rate, f"of {_number(of)} passed{unknown}", "green"


def _checks(checks: list[Check], width: int) -> Iterator[str]:
    for check, line in zip(checks, _bars(map(_check, checks), width), strict=True):
        yield line
        for reason in check.reasons:
            said = one_line(reason.reason, max(10, width - 16))
            yield f"    {_number(reason.times):>9}  {paint(said, dim=True)}"


def _models(stats: Stats) -> Iterator[Line]:
    for model in stats.models:
        made = ", ".join(f"{_number(times)} {purpose}" for purpose, times in model.calls.items())
        rejected = f", {fine_percent(model.rejected / model.judged)} rejected" if model.judged else ""
        again = f", {_number(model.retries)} tried again" if model.retries else ""
        yield (
            model.model,
            model.share,
            f"answered {_number(model.answered)}; calls: {made or 'none'}{again}{rejected}",
            "blue",
        )


def _failed(stats: Stats) -> Iterator[Line]:
    for model in stats.models:
        made = sum(model.calls.values()) + sum(model.failed.values())
        for kind, times in model.failed.items():
            yield f"{model.model}: {kind}", times / made if made else None, _number(times), "red"


def _costs(stats: Stats) -> Iterator[Line]:
    whole = sum(stats.cost.parts_usd.values())
    if whole <= 0:
        return
    for part, usd in stats.cost.parts_usd.items():
        yield f"{part} answers" if part == "rejected" else part, usd / whole, money(usd), "yellow"


def _saved(savings: Savings, width: int) -> Iterator[str]:
    if savings.unknown:
        yield f"  {one_line('not known: ' + savings.unknown, width - 2)}"
        return
    if savings.top_usd is None or savings.saved_usd is None:
        return
    part = "" if savings.share is None else f" ({fine_percent(abs(savings.share))})"
    verb, colour = ("less", "green") if savings.saved_usd >= 0 else ("MORE", "red")
    against = f" {verb} than all queries to {one_line(savings.model, 30)}:"
    spent = f" {money(savings.spent_usd)} of {money(savings.top_usd)}"
    yield f"  {paint(money(abs(savings.saved_usd)) + part, colour, bold=True)}{against}{spent}"
    yield from (f"  {paint(line, dim=True)}" for line in _folded(savings.how, width - 2))


def _folded(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, max(20, width))


def _signals(stats: Stats) -> Iterator[Line]:
    for signal in stats.signals:
        values = ", ".join(
            f"{_value(value)} {_number(times)}" for value, times in list(signal.values.items())[:4] if value != "null"
        )
        yield f"{signal.name} unknown", signal.rate, f"of {_number(signal.looked)}; {values}", "red"


def _moved(one: Drift) -> tuple[str, str]:
    """How much it moved, and the colour of that."""
    if one.psi < LITTLE:
        return "little", "green"
    return ("some", "yellow") if one.psi < MUCH else ("much", "red")


def _value(value: str) -> str:
    """A signal's value, kept as JSON: ``3.2e+02`` is 320."""
    try:
        return f"{float(value):g}"
    except ValueError:
        return one_line(value, 20)


def _drift(drifts: list[Drift] | None, width: int) -> Iterator[str]:
    if drifts is None:
        return
    if not drifts:
        yield "  nothing is recorded in the baseline"
        return
    lines = []
    for one in drifts:
        moved = "; ".join(
            f"{name} {fine_percent(before)} → {fine_percent(now)}" for name, before, now in one.moved[:2]
        )
        word, colour = _moved(one)
        chance = "" if one.p < SURE else ", may be chance"
        lines.append((one.of, f"PSI {one.psi:.2f}: {word}{chance}, p {one.p:.2g}; {moved}", colour))
    name_width = min(max(len(name) for name, *_ in lines), 24)
    for name, figures, colour in lines:
        room = max(10, width - name_width - 4)
        yield f"  {paint(f'{one_line(name, name_width):<{name_width}}', colour)}  {one_line(figures, room)}"
