"""A `Difference` as text and as JSON values, version 1.

Takes: a `Difference` and the names of its sides. Gives: text for a reviewer, values for a program.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Final

from cascadelang.graph.diff.model import DIFF_VERSION, Difference, placed
from cascadelang.graph.export_text import one_line

_TITLES: Final = {
    "tune": "tunes",
    "signal": "signals",
    "check": "checks",
    "model": "models",
}


def diff_text(difference: Difference, *, width: int = 100) -> str:
    """The difference as text of so many columns; one line where there is none."""
    if difference.same:
        return "means the same\n"
    blocks: dict[str, list[str]] = {}
    for amount in difference.amounts:
        blocks.setdefault(amount.policy, []).append(amount.words)
    for change in difference.changes:
        if change.area in _TITLES:
            name = change.where.partition(" ")[2]
            blocks.setdefault(_TITLES[change.area], []).append(f"`{name}` {change.words}")
        else:
            top, _, rest = change.where.partition(", ")
            blocks.setdefault(top, []).append(placed(rest, change.words))
    return "\n\n".join("\n".join(_block(title, lines, width)) for title, lines in blocks.items()) + "\n"


def _block(title: str, lines: list[str], width: int) -> Iterator[str]:
    yield one_line(title)
    for line in lines:
        yield from textwrap.wrap(
            one_line(line),
            max(40, width),
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def diff_json(difference: Difference, old: str, new: str) -> dict[str, Any]:
    """The difference as ``cascadelang diff --output json`` prints it."""
    numbers = {id(change): number for number, change in enumerate(difference.changes)}
    return {
        "version": DIFF_VERSION,
        "old": old,
        "new": new,
        "same": difference.same,
        "bounds": [
            {
                "policy": amount.policy,
                "what": amount.what,
                "old": amount.old,
                "new": amount.new,
                "input_tokens": amount.input_tokens if amount.what == "cost" else None,
                "because": [numbers[id(change)] for change in amount.because],
                "words": amount.words,
            }
            for amount in difference.amounts
        ],
        "changes": [
            {
                "area": change.area,
                "what": change.what,
                "where": change.where,
                "old": change.old,
                "new": change.new,
                "words": change.words,
            }
            for change in difference.changes
        ],
    }
