"""Alerts as lines of text.

Takes: states of alerts. Gives: a line each, and under it what it looked at. Guarantees: nothing in it can drive a
terminal.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.cli.paint import one_line, paint
from cascadelang.stats.alerts import AlertState, Figure
from cascadelang.workspace.figures import money, seconds

_STATE = {"holds": ("✗", "red"), "quiet": ("✓", "green"), "waiting": ("·", "cyan"), "unknown": ("?", "yellow")}


def draw_alerts(states: list[AlertState]) -> str:
    """All of them."""
    return "\n".join(line for state in states for line in _lines(state))


def _lines(state: AlertState) -> Iterator[str]:
    symbol, colour = _STATE[state.state]
    said = "" if state.state == "quiet" else f" {state.state}"
    yield f"{paint(symbol + said, colour, bold=state.state == 'holds')} {one_line(state.words, 100)}"
    over = f"of {state.over:,} queries"
    if state.state == "waiting":
        there = round(state.queries)
        over = f"{there:,} {over}" if there < state.over else f"{over}; the baseline has too few"
    yield f"    {one_line(state.condition, 200)}  {paint(f'({over})', dim=True)}"
    for figure in state.figures:
        yield f"    {one_line(figure.name, 100)} = {figure_said(figure)}"


def figure_said(figure: Figure) -> str:
    """``43.2%``, ``$0.012``, ``8.1 s``, ``0.21``."""
    if figure.value is None:
        return "not known"
    if figure.type == "share":
        return f"{100 * figure.value:.1f}%"
    if figure.type == "money":
        return money(figure.value)
    if figure.type == "duration":
        return seconds(figure.value)
    return f"{figure.value:,.0f}" if figure.type == "count" else f"{figure.value:.2f}"
