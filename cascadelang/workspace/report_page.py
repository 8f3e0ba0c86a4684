"""A report as a page: what an engineer sends to the one who pays.

Takes: `Findings`. Gives: one file of HTML. Guarantees: as `cascadelang.pages.html`; whatever was asked or answered
is text and nothing else; what isn't known is said to be unknown, and a stand-in for quality is called one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cascadelang.pages.charts import Dot, Line, dots, key, lines, round_steps, sankey
from cascadelang.pages.html import bar, page, section, table, text, words
from cascadelang.version import __version__
from cascadelang.workspace.cost_page import PARTS
from cascadelang.workspace.figures import percent, rough_seconds, rounded, whole_dollars
from cascadelang.workspace.report import ENDS, Findings

if TYPE_CHECKING:
    from cascadelang.contracts.trace_sink import Event, RunRecord
    from cascadelang.stats.model import Stats

TEXT_MOST: Final = 4_000
"""Characters of a query or an answer that are shown."""
REASONS_MOST: Final = 10

_PARTS: Final = {**PARTS, "retries": "attempts that failed"}


def report_page(found: Findings) -> str:
    """The page."""
    stats = found.stats
    sections = [
        section("Where queries went", _where(found), _where_words(found)),
        section("Cost", _cost(found), _cost_words(found)),
        section("Over time", _over_time(stats), "Each point is a part of the window; times are UTC."),
        section("Cost against quality", *_quality(found)),
        section("How long answers took", _latency(found)),
        section("Why answers were rejected", _reasons(stats)),
    ]
    if found.samples:
        lead = "Runs that show how it goes; texts are as the models wrote them, and nobody vouches for them."
        sections.append(section("Some runs", "".join(_sample(run) for run in found.samples), lead))
    if found.drawing:
        sections.append(section("The policy", _drawing(found)))
    return page(f"Report on {stats.policy}", _head(found), sections, _foot(found))


# ---- The head ---------------------------------------------------------------------------------------------------


def _head(found: Findings) -> str:
    stats, saved = found.stats, found.stats.savings
    spared = found.without_top
    never = "" if spared is None else f"{percent(spared)} of queries never needed {saved.model}"
    if saved.top_usd == 0 and not saved.spent_usd:
        headline, never = f"{_queries(stats.queries)}, answered for free", ""
    elif saved.saved_usd is not None and saved.top_usd is not None and saved.saved_usd >= 0:
        headline = f"Saved {whole_dollars(saved.saved_usd)} of {whole_dollars(saved.top_usd)}"
    elif saved.saved_usd is not None and saved.top_usd is not None:
        headline = f"Cost {whole_dollars(-saved.saved_usd)} more than {whole_dollars(saved.top_usd)}"
    else:
        headline = f"{_queries(stats.queries)} for {whole_dollars(stats.cost.total_usd)}"
    headline += f": {never}" if never else ""
    if saved.saved_usd is None:
        how = f"What it saved isn't known: {words(saved.unknown)}." if saved.unknown else ""
    else:
        how = (
            ""
            if saved.top_usd == 0
            else f"Against sending everything to <code>{text(saved.model)}</code>: {words(saved.how)}."
        )
    file = stats.path.replace("\\", "/").rpartition("/")[2] or "a policy without a file"
    over = f"<p class=over>{text(file)}, policy {text(stats.policy)}, {_window(stats)}</p>"
    good = sum(stats.statuses.get(name, 0.0) for name in ("accepted", "unchecked"))
    rejected = stats.statuses.get("unmet", 0.0)
    tiles = [
        (rounded(stats.queries), "query" if stats.queries == 1 else "queries"),
        (whole_dollars(stats.cost.total_usd), "spent in all"),
        (whole_dollars(stats.cost.per_query_usd), "a query, on average"),
        (percent(good / stats.queries), "answered, and not rejected"),
        (percent(rejected / stats.queries), "answered, but below the bar"),
        (percent(stats.statuses.get("failed", 0.0) / stats.queries), "got no answer"),
        (percent(stats.escalation_rate), "needed a second model"),
        (rough_seconds(stats.latency.p95_s), "19 of 20 were answered within"),
    ]
    boxes = "".join(f"<div class=tile><b>{text(figure)}</b><span>{text(name)}</span></div>" for figure, name in tiles)
    return f"{over}<h1>{text(headline)}</h1><p class=soft>{how}</p><div class=tiles>{boxes}</div>"


def _window(stats: Stats) -> str:
    first, last = _day(stats.since_wall_s), _day(stats.until_wall_s - 1)
    return first if first == last else f"{first} to {last}"


def _foot(found: Findings) -> str:
    stats = found.stats
    kept = (
        ""
        if abs(stats.runs - stats.queries) < 0.5
        else f" {stats.runs:,} runs are kept of these; the others count by weight."
    )
    more = f" and {len(found.others) - 5} more" if len(found.others) > 5 else ""
    others = f" Not in this report: {text(', '.join(found.others[:5]))}{more}." if found.others else ""
    made = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return f"Made by cascadelang {text(__version__)} on {made} UTC from recorded runs.{kept}{others}"


# ---- Where queries went, and their money ------------------------------------------------------------------------


def _where(found: Findings) -> str:
    drawn = sankey(
        found.flows,
        "Where queries went: arms, models in turn, ends",
        amount_format=_share_of(found.stats),
        order=[name for name, _ in ENDS.values()],
    )
    ended = [ENDS[name] for name in found.stats.statuses if name in ENDS]
    return drawn + key([*dict(ended).items()])


def _where_words(found: Findings) -> str:
    stats = found.stats
    most = sorted(stats.models, key=lambda model: -model.answered)[:3]
    said = [f"<code>{text(m.model)}</code> gave {percent(m.share)} of the answers" for m in most if m.answered]
    return f"{', '.join(said)}." if said else ""


def _cost_words(found: Findings) -> str:
    stats = found.stats
    wasted = stats.cost.parts_usd.get("rejected", 0.0) + stats.cost.parts_usd.get("retries", 0.0)
    if not stats.cost.known_usd:
        return "Nothing was spent, as far as prices are known."
    unknown = f" What {rounded(stats.cost.unknown)} queries cost isn't known." if stats.cost.unknown else ""
    return f"{percent(wasted / stats.cost.known_usd)} went into rejected answers and failed attempts.{unknown}"


def _cost(found: Findings) -> str:
    stats = found.stats
    total = stats.cost.known_usd or 1.0
    rows = [
        (
            text(_PARTS.get(part, part)),
            bar(usd / total, 5 if part in {"rejected", "retries"} else 1),
            percent(usd / total),
            whole_dollars(usd),
        )
        for part, usd in sorted(stats.cost.parts_usd.items(), key=lambda item: -item[1])
        if usd
    ]
    out = table(("went into", "", "share", "dollars"), rows, "wbn") if rows else ""
    if any(found.singles_usd.values()) and stats.cost.total_usd is not None:
        ways = [("this policy", stats.cost.total_usd, 1)]
        ways += [
            (f"only {name}", usd, 6) for name, usd in sorted(found.singles_usd.items(), key=lambda item: item[1])
        ]
        most = max(usd for _, usd, _ in ways) or 1.0
        against = [(text(name), bar(usd / most, colour), whole_dollars(usd)) for name, usd, colour in ways]
        out += "<h3>Against one model for everything</h3>" + table(("", "", "dollars"), against, "wbn")
        out += (
            "<p class='soft small'>One model: the tokens of the answers that were given, at its price, unchecked.</p>"
        )
    return out


# ---- Over time --------------------------------------------------------------------------------------------------


def _over_time(stats: Stats) -> str:
    slots = [slot for slot in stats.over_time if slot.queries]
    if len(slots) < 2:
        return "<p class=soft>All of it is of one moment: there is no course of time to draw.</p>"
    middle = stats.slot_s / 2
    rates = [
        Line("needed a second model", [(s.since_wall_s + middle, s.escalated / s.queries) for s in slots], 1),
        Line("below the bar", [(s.since_wall_s + middle, s.unmet / s.queries) for s in slots], 2),
        Line("no answer", [(s.since_wall_s + middle, s.failed / s.queries) for s in slots], 5),
    ]
    when = _hour if slots[-1].since_wall_s - slots[0].since_wall_s < 3 * 86_400 else _short_day
    out = key([(line.name, line.colour) for line in rates])
    out += lines(rates, "Rates over time", x_format=when, y_format=percent)
    priced = [slot for slot in slots if slot.priced]
    if len(priced) > 1:
        cost = [(s.since_wall_s + middle, 1000 * s.cost_usd / s.priced) for s in priced]
        shadows = ", shadows included" if "shadows" in stats.cost.parts_usd else ""
        out += f"<h3>Dollars a thousand queries{shadows}</h3>"
        out += lines([Line("cost", cost, 4)], "Dollars a thousand queries", x_format=when, y_format=whole_dollars)
    came = [
        (
            s.since_wall_s + middle,
            3600 * s.queries / min(stats.slot_s, max(600.0, stats.until_wall_s - s.since_wall_s)),
        )
        for s in slots
    ]
    out += "<h3>Queries an hour</h3>"
    return out + lines([Line("queries", came, 3)], "Queries an hour", x_format=when, y_format=rounded)


# ---- Quality, latency, reasons ----------------------------------------------------------------------------------


def _quality(found: Findings) -> tuple[str, str]:
    """Body and lead: by records where there are some, else by verdicts."""
    replayed = found.replayed
    if replayed is not None:
        points = [(one.name or one.recorded, one.cost_usd.value, one.quality.value) for one in replayed.singles]
        own = ("this policy", replayed.cost_usd.value, replayed.quality.value)
        lead = (
            f"Quality as it is graded in {text(replayed.records)}, of {replayed.graded:,} records; dollars a query."
        )
        return _dots(points, own, "quality"), lead
    stats = found.stats
    points = [
        (model.model, found.singles_usd[model.model] / stats.queries, 1 - model.rejected / model.judged)
        for model in stats.models
        if model.judged and model.model in found.singles_usd
    ]
    judged = stats.statuses.get("accepted", 0.0) + stats.statuses.get("unmet", 0.0)
    passed = stats.statuses.get("accepted", 0.0) / judged if judged else None
    own = ("this policy", stats.cost.per_query_usd, passed)
    lead = (
        "Quality isn't recorded. Upwards, as a stand-in: the share of checked answers that passed their check. A "
        "model that is asked only the hard queries looks worse here than it is. Across: dollars a query."
    )
    return _dots(points, own, "passed its check"), lead


def _dots(
    points: Sequence[tuple[str, float | None, float | None]], own: tuple[str, float | None, float | None], what: str
) -> str:
    known = [(name, x, y) for name, x, y in points if x is not None and y is not None]
    given = [Dot(name, x, y, 6) for name, x, y in known]
    if own[1] is not None and own[2] is not None:
        given.append(Dot(own[0], own[1], own[2], 1, ring=True))
    if not given:
        return "<p class=soft>No answer was checked and priced, so there is nothing to draw.</p>"
    if not any(dot.x for dot in given):
        rows = [
            (text(dot.name), bar(dot.y, dot.colour), percent(dot.y)) for dot in sorted(given, key=lambda one: -one.y)
        ]
        return table(("", "", what), rows, "wbn") + "<p class='soft small'>All of them are free.</p>"
    best: list[tuple[float, float]] = []
    for _, x, y in sorted(known, key=lambda one: (one[1], -one[2])):
        if not best or y > best[-1][1]:
            best.append((x, y))
    low = min(dot.y for dot in given)
    across = (0.0 if low < 0.5 else 0.5 if low < 0.8 else 0.8, 1.0)
    if max(dot.y for dot in given) > 1 or low < 0:
        across = (min(0.0, low), max(1.0, *(dot.y for dot in given)))
    drawn = dots(
        given,
        f"Dollars a query against {what}",
        x_format=whole_dollars,
        y_format=percent,
        frontier=best,
        y_range=across,
    )
    note = "Dashed: the frontier of single models, each better than all that are cheaper." if len(best) > 1 else ""
    starts = f" The axis begins at {across[0]:.0%}." if across[0] else ""
    return drawn + f"<p class='soft small'>{note}{starts}</p>"


def _latency(found: Findings) -> str:
    latency = found.stats.latency
    figures = [
        ("half within", latency.p50_s),
        ("19 of 20 within", latency.p95_s),
        ("99 of 100 within", latency.p99_s),
    ]
    rows = [(text(name), text(rough_seconds(value))) for name, value in (*figures, ("on average", latency.mean_s))]
    out = table(("", "time"), rows)
    shown = [(s, share) for s, share in found.latencies if latency.p99_s is None or s <= latency.p99_s * 1.2]
    if len(shown) > 2:
        drawn = [(0.0, 0.0), *shown]
        ticks = [s for s in round_steps(shown[-1][0]) if s <= shown[-1][0]]
        out += "<h3>Share of queries that were answered within</h3>"
        out += lines(
            [Line("answered", drawn, 1)],
            "Share answered within seconds",
            x_format=rough_seconds,
            y_format=percent,
            y_most=1.0,
            x_steps=ticks,
        )
    return out


def _reasons(stats: Stats) -> str:
    found = [
        (check.check, reason) for check in stats.checks for reason in check.reasons if reason.outcome != "passed"
    ]
    found.sort(key=lambda one: -one[1].times)
    out = ""
    if stats.checks:
        rows = [
            (
                f"<code>{text(check.check)}</code>",
                bar(check.rate or 0.0, 3),
                percent(check.rate),
                rounded(check.passed + check.failed + check.unknown),
            )
            for check in stats.checks
        ]
        out += table(("check", "", "passed", "verdicts"), rows, "wbn")
    if not found:
        return out + "<p class=soft>No answer was rejected for a reason that was recorded.</p>"
    most = found[0][1].times or 1.0
    given = [
        (
            f"{text(reason.reason)}<br><span class='soft small'><code>{text(check)}</code></span>",
            bar(reason.times / most, 5),
            rounded(reason.times),
        )
        for check, reason in found[:REASONS_MOST]
    ]
    return f"{out}<h3>The reasons most given</h3>" + table(("reason, numbers as #", "", "times"), given, "wbn")


# ---- Runs and the policy ----------------------------------------------------------------------------------------


def _sample(run: RunRecord) -> str:
    end, colour = ENDS.get(run.status, (run.status, 6))
    path = " → ".join(run.path) or "nobody was asked"
    facts = f"{text(path)} · {text(whole_dollars(run.cost_usd))} · {text(rough_seconds(run.latency_s))}"
    mark = f"<span class=f{colour}></span>"
    asked = text(_cut(run.query, 110))
    head = f"<summary>{mark}<b>{text(end)}</b> · {facts}<br><span class=soft>{asked}</span></summary>"
    steps = "".join(f"<li>{step}</li>" for event in run.events if (step := _step(event)))
    query = f"<h3>Query</h3><pre>{text(_cut(run.query, TEXT_MOST))}</pre>" if run.query else ""
    answer = f"<h3>Answer</h3><pre>{text(_cut(run.answer, TEXT_MOST))}</pre>" if run.answer else ""
    return f"<details>{head}{query}<h3>What happened</h3><ul>{steps}</ul>{answer}</details>"


def _step(event: Event) -> str:  # noqa: PLR0911 - one case a kind
    """One step in words; empty for those that say nothing to a reader."""
    data: Any = event.data
    model = f"<code>{text(data.get('model', ''))}</code>"
    if event.kind == "route":
        because = ", ".join(
            f"{text(name)} = {text(value)}" for name, value in dict(data.get("because") or {}).items()
        )
        return f"Arm {text(data.get('arm', ''))}{f' because {because}' if because else ''}"
    if event.kind == "call":
        said = f"{model} was asked ({text(data.get('purpose', ''))}): {text(whole_dollars(data.get('cost_usd')))}"
        written = data.get("text")
        return said + (f"<pre>{text(_cut(str(written), TEXT_MOST))}</pre>" if written else "")
    if event.kind == "call_failed":
        return f"{model} failed: {text(data.get('kind', ''))} {text(_cut(str(data.get('message', '')), 300))}"
    if event.kind == "check":
        verdict = "unknown" if data.get("unknown") else data.get("outcome", "")
        reason = text(_cut(str(data.get("reason", "")), 600))
        return f"<code>{text(data.get('check', ''))}</code>: <b>{text(verdict)}</b>{f', {reason}' if reason else ''}"
    if event.kind == "escalate":
        because = "the answer wasn't good enough" if data.get("because") == "unmet" else data.get("because", "")
        return f"On to <code>{text(data.get('to', ''))}</code>: {text(because)}"
    if event.kind == "cached":
        return f"The answer of {model} was there already"
    return ""


def _drawing(found: Findings) -> str:
    if not found.drawn:
        return f"<pre>{text(found.drawing)}</pre>"
    return f"<div class=drawn>{_inline(found.drawing)}</div>"


def _inline(svg: str) -> str:
    """An SVG document as it can stand in a page: without prolog, comments, addresses, and anything that runs."""
    at = svg.find("<svg")
    # Titles are shown under the pointer, and the layout program's are ids of its own.
    svg = re.sub(r"<!--.*?-->|<title>.*?</title>", "", svg[at:], flags=re.DOTALL) if at >= 0 else ""
    svg = re.sub(r'\s(?:xmlns(?::\w+)?|xlink:\w+|href|on\w+)="[^"]*"', "", svg)
    return svg if "<script" not in svg.lower() and "<foreignobject" not in svg.lower() else f"<pre>{text(svg)}</pre>"


# ---- Figures ----------------------------------------------------------------------------------------------------


def _queries(number: float) -> str:
    return f"{rounded(number)} {'query' if number == 1 else 'queries'}"


def _share_of(stats: Stats) -> Any:
    return lambda amount: percent(amount / stats.queries) if stats.queries else "0%"


def _cut(said: str, most: int) -> str:
    return said if len(said) <= most else said[: most - 1] + "…"


def _day(wall_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(wall_s))


def _short_day(wall_s: float) -> str:
    return time.strftime("%b %d", time.gmtime(wall_s)).replace(" 0", " ")


def _hour(wall_s: float) -> str:
    return time.strftime("%d %b %H:%M", time.gmtime(wall_s))
