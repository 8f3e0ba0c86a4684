"""A `Bill` for other programs: as JSON and as CSV.

Takes: a `Bill`. Gives: a JSON value with a version; a table by RFC 4180. Guarantees: what isn't known is null in the
one and empty in the other; no cell of the CSV can be taken for a formula by a spreadsheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from cascadelang.workspace.cost import Bill, Way

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may take a text for that begins so (OWASP, "CSV Injection")."""


def bill_json(bill: Bill) -> dict[str, Any]:
    """The bill as `cost --output json` prints it."""
    return {
        "version": 1,
        "policy": bill.policy,
        "path": bill.path,
        "queries_per_month": bill.per_month,
        "recorded_runs": bill.recorded_runs,
        "recorded_kept": bill.recorded_kept,
        "ways": [{**asdict(way), "expected_usd_per_month": per_month(bill, way.expected_usd)} for way in bill.ways],
        "proved_usd": bill.proved_usd,
        "proved_for_input_tokens": bill.input_tokens,
        "shares": [asdict(share) for share in bill.shares],
        "nodes": [asdict(node) for node in bill.nodes],
        "top": bill.top or None,
        "break_even_escalation": bill.break_even,
        "break_even_words": bill.break_even_words,
        "escalation": bill.escalation,
        "sensitivity": [
            {"escalation": rate, "usd": usd, "usd_per_month": per_month(bill, usd)} for rate, usd in bill.sensitivity
        ],
        "rates": [asdict(rate) for rate in bill.rates],
        "assumed": list(bill.assumed),
        "notes": list(bill.notes),
    }


def per_month(bill: Bill, usd: float | None) -> float | None:
    """What a query's dollars are in a month."""
    return None if usd is None else usd * bill.per_month


def bill_csv(bill: Bill) -> str:
    """The bill as one table; the column ``section`` says what a row is about. Lines end as RFC 4180 has it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in _rows(bill):
        writer.writerow([cell(value) for value in row])
    return out.getvalue()


def cell(value: object) -> object:
    """A value as a cell: a text that a spreadsheet would calculate gets an apostrophe in front."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _rows(bill: Bill) -> Iterable[tuple[object, ...]]:
    yield (
        "section",
        "name",
        "part",
        "share",
        "best_usd",
        "expected_usd",
        "worst_usd",
        "expected_usd_per_month",
        "words",
    )
    for way in bill.ways:
        yield _way(bill, way)
    for share in bill.shares:
        usd = share.usd
        yield ("part", share.model, share.part, share.calls, None, usd, None, per_month(bill, usd), "calls a query")
    for node in bill.nodes:
        words = f"{node.model}, calls a query"
        yield ("node", node.node, node.part, node.calls, None, node.usd, None, per_month(bill, node.usd), words)
    for escalation, usd in bill.sensitivity:
        words = "every gate lets so many go on"
        yield ("escalation", "", "", escalation, None, usd, None, per_month(bill, usd), words)
    yield ("break-even", bill.top, "", bill.break_even, None, None, None, None, bill.break_even_words)
    yield ("proved", bill.policy, "", None, None, None, bill.proved_usd, per_month(bill, bill.proved_usd), "at most")
    yield ("volume", "", "", bill.per_month, None, None, None, None, "queries a month")
    for rate in bill.rates:
        yield ("rate", rate.what, "", rate.share, None, None, None, None, rate.whence)
    for words in bill.assumed:
        yield ("assumed", "", "", None, None, None, None, None, words)
    for words in bill.notes:
        yield ("note", "", "", None, None, None, None, None, words)


def _way(bill: Bill, way: Way) -> tuple[object, ...]:
    month = per_month(bill, way.expected_usd)
    return ("way", way.name, "", None, way.best_usd, way.expected_usd, way.worst_usd, month, way.made)
