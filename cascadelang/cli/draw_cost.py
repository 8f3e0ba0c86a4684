"""A `Bill` on the terminal.

Takes: a bill, and how many columns there are. Gives: text. Guarantees: what isn't known says so and is never a zero;
what was assumed stands under the table.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from cascadelang.cli.paint import paint, safe
from cascadelang.workspace.figures import dollars, monthly, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascadelang.workspace.cost import Bill

_BARS: Final = 24
_LEAST: Final = "<0.1%"
_PARTS: Final = {
    "answers": "answers",
    "rejected": "rejected answers",
    "judges": "judging",
    "classifiers": "classifying",
    "shadows": "shadows",
}


def draw_bill(bill: Bill, width: int) -> str:
    """The bill in words and tables."""
    return "\n".join(_lines(bill, width))


def _lines(bill: Bill, width: int) -> Iterator[str]:
    this = bill.this
    recorded = f", by {bill.recorded_words}" if bill.recorded_words else ""
    yield paint(f"cost of policy {bill.policy}", bold=True) + f", {bill.per_month:,.0f} queries a month{recorded}"
    yield ""
    rows = [("", "best", "expected", "worst", "a month", "")]
    for way in bill.ways:
        month = None if way.expected_usd is None else way.expected_usd * bill.per_month
        figures = (dollars(way.best_usd), dollars(way.expected_usd), dollars(way.worst_usd), monthly(month))
        rows.append((way.name, *figures, _against(way.expected_usd, this.expected_usd, own=way is this)))
    yield from _table(rows)
    yield paint(_proved(bill), dim=True)
    yield from _parts(bill)
    yield from _escalation(bill)
    yield from _told(
        "counted with", [f"{percent(r.share, least=_LEAST):>6}  {r.what}  ({r.whence})" for r in bill.rates], width
    )
    yield from _told("assumed, because nobody stated it", list(bill.assumed), width)
    made = [f"{way.name}: {way.made}" for way in bill.ways[1:] if not way.name.startswith("all:")]
    yield from _told("compared with", [*made, "all:MODEL: that model answers every query, unchecked"], width)
    yield from _told("note", list(bill.notes), width)


def _proved(bill: Bill) -> str:
    if bill.proved_usd is None:
        return "proved: nothing, as a price or the longest answer of a model isn't known"
    return f"proved: no query of {bill.input_tokens:,} tokens costs more than {dollars(bill.proved_usd)}"


def _against(usd: float | None, this: float | None, *, own: bool) -> str:
    if own or not usd or this is None:
        return ""
    saved = (usd - this) / usd
    if abs(saved) < 0.0005:
        return "the same"
    return (
        f"this policy saves {percent(saved, least=_LEAST)}"
        if saved > 0
        else f"this policy costs {usd and this / usd:.1f}x as much"
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [f"{row[0]:<{widths[0]}}", *(f"{row[at]:>{widths[at]}}" for at in range(1, 5)), row[5]]
        yield paint(safe("  ".join(cells).rstrip()), bold=number == 1, dim=not number)


def _parts(bill: Bill) -> Iterator[str]:
    total = bill.this.expected_usd
    if not total:
        return
    yield ""
    yield paint("where the expected cost goes", bold=True)
    names = max(len(share.model) for share in bill.shares)
    for share in bill.shares:
        part = f"{_PARTS[share.part]:<16}"
        if share.usd is None:
            yield safe(f"  {share.model:<{names}}  {part}  unknown")
            continue
        of = share.usd / total
        bar = "━" * max(1 if share.usd else 0, round(of * _BARS))
        number = f"{share.calls:.3g}"
        calls = f"{number} {'call' if number == '1' else 'calls'} a query"
        figures = f"{percent(of, least=_LEAST):>6}  {dollars(share.usd):>10}  {calls}"
        yield safe(f"  {share.model:<{names}}  {part}  {bar:<{_BARS}}  {figures}")


def _escalation(bill: Bill) -> Iterator[str]:
    if not bill.sensitivity:
        return
    yield ""
    yield paint("if every gate let so many answers go on", bold=True)
    most = max((usd for _, usd in bill.sensitivity if usd is not None), default=0.0)
    for rate, usd in bill.sensitivity[::2]:
        bar = "" if usd is None or not most else "━" * round(usd / most * _BARS)
        month = None if usd is None else usd * bill.per_month
        yield f"  {rate:>4.0%}  {bar:<{_BARS}}  {dollars(usd):>10}  {monthly(month)} a month"
    yield f"break-even: {safe(bill.break_even_words)}"


def _told(title: str, lines: Sequence[str], width: int) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield paint(title, bold=True)
    for line in lines:
        yield from textwrap.wrap(safe(line), max(20, width), initial_indent="  ", subsequent_indent="    ")
