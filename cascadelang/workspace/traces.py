"""What was recorded, and where runs are recorded.

Takes: the settings. Gives: a sink for runs, and runs that were recorded. Guarantees: looking at what was recorded
never makes a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink
from cascadelang.workspace.config import Config, read
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from pathlib import Path


def open_sink(config: Config, warn: Callable[[str], None]) -> TraceSink:
    """Where runs go, by the settings.

    Args:
        config: the settings.
        warn: is told, once, when runs can't be recorded; perhaps in another thread.
    """
    path = config.trace_path()
    if path is None:
        return NoTrace()
    from cascadelang.trace.store import TraceStore

    return TraceStore(path, warn=warn)


def list_recorded(
    *, policy: str | None = None, status: str | None = None, limit: int | None = 20, start: str = "."
) -> list[RunRecord]:
    """The runs that were recorded, newest first, without their events.

    Raises:
        Mistake: when nothing is recorded by the settings, or the store can't be read.
    """
    from cascadelang.trace.query import StoreUnusable, list_runs

    try:
        return list_runs(_path(start), policy=policy, status=status, limit=limit)
    except StoreUnusable as error:
        raise Mistake(str(error)) from None


def find_recorded(trace_id: str, *, start: str = ".") -> RunRecord:
    """One run with its events; ``last`` is the newest, and the beginning of an id is enough.

    Raises:
        Mistake: when there is no such run, or the store can't be read.
    """
    from cascadelang.trace.query import StoreUnusable, TraceNotFound, show_run

    try:
        return show_run(_path(start), trace_id)
    except TraceNotFound as error:
        raise Mistake(str(error), "`cascadelang traces list` shows what is recorded", usage=True) from None
    except StoreUnusable as error:
        raise Mistake(str(error)) from None


def _path(start: str) -> Path:
    """The trace store of the settings."""
    path = read(start).trace_path()
    if path is None:
        raise Mistake("nothing is recorded: the setting `trace_store` is `off`")
    return path


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
