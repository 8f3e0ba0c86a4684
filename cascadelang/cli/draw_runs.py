"""Recorded runs as a list on the terminal.

Takes: runs, and how many columns there are. Gives: lines. Guarantees: no line has more characters than that, and
none is broken where there is no terminal; whatever was asked stays on its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cascadelang.cli.paint import one_line, paint
from cascadelang.workspace.figures import money, seconds
from cascadelang.workspace.policy_file import shown_path

if TYPE_CHECKING:
    from cascadelang.contracts.trace_sink import RunRecord

STATUSES: Final = {"accepted": "green", "unchecked": "cyan", "unmet": "yellow", "failed": "red", "cancelled": "red"}
"""How runs end, each with its colour."""

_QUERY_MOST: Final = 40
_QUERY_LEAST: Final = 16
"""Columns of a query beside its run; where there is less room, it has a line of its own."""
_ID_LEAST: Final = 12
"""Letters of an id that is cut: enough to name the run by."""


def draw_runs(runs: Sequence[RunRecord], width: int | None, *, queries: bool = False) -> Iterator[str]:
    """A line for each run, or two or three where the terminal is too narrow for one.

    Args:
        runs: the runs.
        width: columns; ``None`` where there is no terminal.
        queries: whether what was asked is told.
    """
    files = {run.policy_path for run in runs}
    names = [_name(run, files) for run in runs]
    widest = max(map(len, names), default=0)
    told = [
        (f"{one_line(run.trace_id, 40)}  {when(run)}  {name:<{widest}}  ", f"{run.status:<9}", f"  {_facts(run)}")
        for run, name in zip(runs, names, strict=True)
    ]
    longest = max((sum(map(len, parts)) for parts in told), default=0)
    room = _QUERY_MOST if width is None else min(_QUERY_MOST, width - longest - 2)
    if room < (_QUERY_LEAST if queries else -2):
        for run, name in zip(runs, names, strict=True):
            yield from _narrow(run, name, width or 0, queries=queries)
        return
    for run, (first, status, last) in zip(runs, told, strict=True):
        query = f"  {paint(one_line(run.query, room), dim=True)}" if queries and run.query else ""
        yield f"{first}{paint(status, STATUSES.get(run.status))}{last}{query}"


def when(run: RunRecord, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """When a run began, by this machine's clock."""
    from time import localtime, strftime

    try:
        return strftime(form, localtime(run.started_wall_s))
    except (OverflowError, ValueError, OSError):  # no time that a clock shows
        return f"{'?':<19}"


def _name(run: RunRecord, files: set[str]) -> str:
    """The policy, and its file where there are several."""
    name = one_line(run.policy, 80)
    return name if len(files) < 2 else f"{name}  {one_line(shown_path(run.policy_path, files), 60)}"


def _facts(run: RunRecord, width: int = 200) -> str:
    figures = f"  {money(run.cost_usd)}  {seconds(run.latency_s)}"
    return one_line(" → ".join(run.path) or run.failure or "-", max(1, width - len(figures))) + figures


def _narrow(run: RunRecord, name: str, width: int, *, queries: bool) -> Iterator[str]:
    """A run on lines of its own."""
    id_, began = one_line(run.trace_id, 40), when(run)
    if len(id_) + len(began) + len(run.status) + 4 > width:
        id_, began = id_[:_ID_LEAST], when(run, "%m-%d %H:%M").strip()
    yield f"{id_}  {began}  {paint(run.status, STATUSES.get(run.status))}"
    if len(name) + len(_facts(run)) + 4 > width:
        yield f"  {one_line(name, width - 2)}"
        yield f"  {_facts(run, width - 2)}"
    else:
        yield f"  {name}  {_facts(run)}"
    if queries and run.query:
        yield f"  {paint(one_line(run.query, width - 2), dim=True)}"
