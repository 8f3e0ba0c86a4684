"""A `Bill` as a page with a drawing: what `cost --plot` writes.

Takes: a bill. Gives: one file of HTML that opens offline. Guarantees: as `cascadelang.pages.html`; the file is
replaced whole.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascadelang.pages.charts import Line, lines
from cascadelang.pages.html import bar, page, section, table, text, words
from cascadelang.version import __version__
from cascadelang.workspace.figures import whole_dollars
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from cascadelang.workspace.cost import Bill

PARTS: Final = {
    "answers": "answers that were given",
    "rejected": "answers that were rejected",
    "judges": "judging",
    "classifiers": "classifying",
    "shadows": "shadows, for the record",
}


def write_page(bill: Bill, path: str) -> None:
    """Write the page.

    Raises:
        Mistake: when the file can't be written.
    """
    write_file(path, bill_page(bill))


def check_page_name(path: str) -> None:
    """See to it that a page is written over nothing but a page: not over a policy, a trace store or a device.

    Raises:
        Mistake: when it isn't the name of one.
    """
    if not path.lower().endswith((".html", ".htm")):
        raise Mistake(f"`{path}` is no name for a page", "write to a `.html` file", usage=True)


def write_file(path: str, html: str) -> None:
    """Replace a file by a page.

    Raises:
        Mistake: when it can't be written, or `check_page_name` has something against it.
    """
    check_page_name(path)
    target = Path(path)
    new = target.parent / f".{target.name}.{os.getpid()}.new"
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        new.write_text(html, encoding="utf-8", errors="replace", newline="\n")
        new.replace(target)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            new.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else None
        raise Mistake(f"`{path}` can't be written: {(reason or 'output error').lower()}") from None


def bill_page(bill: Bill) -> str:
    """The bill as a page."""
    this = bill.this
    month = None if this.expected_usd is None else this.expected_usd * bill.per_month
    top = next((way for way in bill.ways if way.name == f"all:{bill.top}"), None)
    headline = f"{whole_dollars(month)} a month for {bill.per_month:,.0f} queries"
    if top is not None and top.expected_usd and this.expected_usd is not None:
        saved = 1 - this.expected_usd / top.expected_usd
        against = f"{saved:.0%} less" if saved >= 0 else f"{-saved:.0%} more"
        headline += f", {against} than <code>{text(bill.top)}</code> for everything"
    source = f"by {bill.recorded_words}" if bill.recorded_words else "by stated and assumed rates"
    lead = f"<p class=over>What <code>{text(bill.path)}</code>, policy {text(bill.policy)}, costs, {source}</p>"
    sections = [
        section("Ways to answer the same queries", _ways(bill), "Expected cost; dollars a month and a query.")
    ]
    if bill.sensitivity and all(usd is not None for _, usd in bill.sensitivity):
        sections.append(
            section(
                "If more answers are rejected",
                _curve(bill),
                words(bill.break_even_words[:1].upper() + bill.break_even_words[1:]) + ".",
            )
        )
    if bill.shares and this.expected_usd:
        sections.append(section("Where the expected cost goes", _parts(bill)))
    sections.append(section("What this was counted with", _told(bill)))
    return page(
        f"What {bill.policy} costs",
        f"{lead}<h1>{headline}</h1>",
        sections,
        f"Made by cascadelang {text(__version__)}. Nothing was called for it.",
    )


def _ways(bill: Bill) -> str:
    most = max((way.expected_usd or 0.0 for way in bill.ways), default=0.0) or 1.0
    rows = []
    for way in bill.ways:
        usd = way.expected_usd
        name = f"<b>{text(way.name)}</b>" if way is bill.this else text(way.name)
        rows.append(
            (
                f"{name}<br><span class='soft small'>{words(way.made)}</span>",
                bar((usd or 0.0) / most, 1 if way is bill.this else 6),
                whole_dollars(None if usd is None else usd * bill.per_month),
                whole_dollars(way.best_usd),
                whole_dollars(usd),
                whole_dollars(way.worst_usd),
            )
        )
    note = f"<p class='soft small'>Proved: no query of {bill.input_tokens:,} tokens costs more than "
    note += f"{whole_dollars(bill.proved_usd)} with this policy.</p>"
    return table(("", "", "a month", "best", "expected", "worst"), rows, "wbn") + note


def _curve(bill: Bill) -> str:
    points = [(rate, (usd or 0.0) * bill.per_month) for rate, usd in bill.sensitivity]
    marks = []
    if bill.escalation is not None:
        marks.append((bill.escalation, f"now {bill.escalation:.0%} on average"))
    if bill.break_even is not None:
        marks.append((bill.break_even, f"break-even {bill.break_even:.0%}"))
    levels = [
        (way.expected_usd * bill.per_month, f"{way.name.removeprefix('all:')} for everything", 2 + at % 5)
        for at, way in enumerate(way for way in bill.ways if way.name.startswith("all:"))
        if way.expected_usd
    ]
    drawn = lines(
        [Line("this policy", points)],
        "Dollars a month by the share of answers that every gate rejects",
        x_format=lambda share: f"{share:.0%}",
        y_format=whole_dollars,
        marks=marks,
        levels=levels,
        x_steps=[n / 5 for n in range(6)],
    )
    across = (
        "<p class='soft small'>Across: the share of answers that every gate rejects. Upwards: dollars a month.</p>"
    )
    return drawn + across


def _parts(bill: Bill) -> str:
    total = bill.this.expected_usd or 1.0
    rows = [
        (
            f"{text(share.model)}<br><span class='soft small'>{text(PARTS[share.part])}</span>",
            bar((share.usd or 0.0) / total, 5 if share.part == "rejected" else 1),
            "unknown" if share.usd is None else f"{share.usd / total:.1%}",
            whole_dollars(None if share.usd is None else share.usd * bill.per_month),
            f"{share.calls:.3g}",
        )
        for share in bill.shares
    ]
    return table(("", "", "share", "a month", "calls a query"), rows, "wbn")


def _told(bill: Bill) -> str:
    rows = [(words(rate.what), f"{rate.share:.1%}", text(rate.whence)) for rate in bill.rates]
    out = table(("rate", "", ""), rows) if rows else ""
    for title, given in (("Assumed, because nobody stated it", bill.assumed), ("To know", bill.notes)):
        if given:
            out += f"<h3>{title}</h3><ul>" + "".join(f"<li>{words(one)}</li>" for one in given) + "</ul>"
    return out
