"""What was recorded, and where runs are recorded.

Takes: the settings. Gives: a sink for runs, and runs that were recorded. Guarantees: looking at what was recorded
never makes a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink
from cascadelang.workspace.config import Config, read
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from pathlib import Path

    from cascadelang.contracts.answer_cache import AnswerCache

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MOST_DIGITS: Final = 9


def open_sink(config: Config, warn: Callable[[str], None]) -> TraceSink:
    """Where runs go, by the settings.

    Args:
        config: the settings.
        warn: is told, once, when runs can't be recorded; perhaps in another thread.
    """
    where = config.trace_where()
    if where is None:
        return NoTrace()
    from cascadelang.trace.store import TraceStore

    return TraceStore(where, warn=warn)


def open_answers(config: Config) -> AnswerCache:
    """Where ``cached`` keeps answers: in the trace store, or in memory where nothing, or no text, is recorded."""
    from cascadelang.trace.answers import AnswerMemory, AnswerStore

    where = config.trace_where() if config.keep_text else None
    return AnswerMemory() if where is None else AnswerStore(where)


def list_recorded(
    *,
    policy: str | None = None,
    model: str | None = None,
    since: str | None = None,
    status: str | None = None,
    limit: int | None = 20,
    start: str = ".",
) -> list[RunRecord]:
    """The runs that were recorded, newest first, without their events.

    Args:
        policy: only runs of this policy.
        model: only runs that asked this model for an answer.
        since: only runs that began so long ago or later (``90s``, ``30m``, ``12h``, ``7d``, ``2w``), or on this day
            (``2026-11-23``, by this machine's clock) or later.
        status: only runs that ended so.
        limit: at most so many; ``None`` for all.
        start: the file or folder whose settings count.

    Raises:
        Mistake: when nothing is recorded by the settings, the store can't be read, or ``since`` is no time.
    """
    from cascadelang.trace.query import StoreUnusable, list_runs

    since_wall_s = None if since is None else _wall_s(since)
    try:
        return list_runs(
            _where(start), policy=policy, model=model, since_wall_s=since_wall_s, status=status, limit=limit
        )
    except StoreUnusable as error:
        raise Mistake(str(error)) from None


def find_recorded(trace_id: str, *, start: str = ".") -> RunRecord:
    """One run with its events; ``last`` is the newest, and the beginning of an id is enough.

    Raises:
        Mistake: when there is no such run, or the store can't be read.
    """
    from cascadelang.trace.query import StoreUnusable, TraceNotFound, show_run

    try:
        return show_run(_where(start), trace_id)
    except TraceNotFound as error:
        raise Mistake(str(error), "`cascadelang traces list` shows what is recorded", usage=True) from None
    except StoreUnusable as error:
        raise Mistake(str(error)) from None


def _wall_s(since: str) -> float:
    """The moment that ``since`` names, in seconds since 1970.

    Raises:
        Mistake: when it names none.
    """
    import time
    from datetime import date, datetime

    text = since.strip()
    number, unit = text[:-1], _UNITS_S.get(text[-1:])
    if unit is not None and number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS:
        return time.time() - int(number) * unit
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        what = f"`{since}` is no time that runs could be listed since"
        raise Mistake(what, "give an age: `30m`, `12h`, `7d`, `2w`; or a day: `2026-11-23`", usage=True) from None


def _where(start: str) -> Path | str:
    """The trace store of the settings."""
    where = read(start).trace_where()
    if where is None:
        raise Mistake("nothing is recorded: the setting `trace_store` is `off`")
    return where


def row_json(run: RunRecord) -> dict[str, Any]:
    """A run as `traces list --output json` prints it."""
    return {
        "trace_id": run.trace_id,
        "policy": run.policy,
        "policy_path": run.policy_path,
        "graph_sha256": run.graph_sha256,
        "started_wall_s": run.started_wall_s,
        "latency_s": run.latency_s,
        "status": run.status,
        "failure": run.failure or None,
        "model": run.model or None,
        "path": list(run.path),
        "cost_usd": run.cost_usd,
        "input_tokens": run.input_tokens,
        "output_tokens": run.output_tokens,
        "query": run.query,
        "answer": run.answer,
        "meta": dict(run.meta),
    }


def run_json(run: RunRecord) -> dict[str, Any]:
    """A run as `traces show --output json` prints it."""
    events = [{"kind": e.kind, "node": e.node, "at_s": e.at_s, "data": dict(e.data)} for e in run.events]
    return {**row_json(run), "events": events}
