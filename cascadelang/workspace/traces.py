"""What was recorded, and where runs are recorded.

Takes: the settings. Gives: a sink for runs, and runs that were recorded. Guarantees: looking at what was recorded
never makes a file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink
from cascadelang.workspace.config import Config, age_s, read
from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from pathlib import Path

    from cascadelang.contracts.answer_cache import AnswerCache

_KEY_FILE: Final = "traces.key"


def open_sink(config: Config, warn: Callable[[str], None]) -> TraceSink:
    """Where runs go, by the settings.

    Args:
        config: the settings.
        warn: is told, once, when runs can't be recorded; perhaps in another thread.
    """
    where = config.trace_where()
    if where is None:
        return NoTrace()
    from cascadelang.trace.privacy import Privacy
    from cascadelang.trace.store import TraceStore

    keep = config.trace_keep
    key = _key(config) if keep == "hashes" else b""
    retain_s = age_s(config.trace_retain, "`trace_retain`") if config.trace_retain else None
    privacy = Privacy(keep, config.trace_redact, key)
    return TraceStore(where, warn=warn, privacy=privacy, sample=config.trace_sample, retain_s=retain_s)


def _key(config: Config) -> bytes:
    """The key of the hashes: that of the settings, or one that is made once and kept in the data folder.

    Raises:
        Mistake: when it can neither be read nor made.
    """
    if config.trace_key:
        return config.trace_key.encode("utf-8", "replace")
    import os
    import secrets

    from cascadelang.source.folders import data_folder

    file = data_folder() / _KEY_FILE
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            made = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(made, "w", encoding="ascii") as new:
                new.write(secrets.token_hex(32))
        key = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "input error").lower()
        raise Mistake(f"the key of the hashes in `{file}` can't be had: {reason}", "`trace_key` gives one") from None
    if len(key) < 32:  # another process is making it, or was killed while it did
        raise Mistake(f"`{file}` holds no key", "delete it, and a new one is made; hashes by the old one won't match")
    return key


def prune_recorded(older: str, *, dry: bool = False, start: str = ".") -> int:
    """Delete the runs that are older than an age (``30d``); how many.

    Args:
        older: the age.
        dry: only count them.
        start: the file or folder whose settings count.

    Raises:
        Mistake: when ``older`` is no age, nothing is recorded by the settings, or the store can't be used.
    """
    import time

    from cascadelang.trace.retention import prune
    from cascadelang.trace.sql import StoreUnusable

    before_wall_s = time.time() - age_s(older, "`--older`")
    try:
        return prune(store_of(start), before_wall_s, dry=dry)
    except StoreUnusable as error:
        raise Mistake(str(error)) from None


def open_answers(config: Config) -> AnswerCache:
    """Where ``cached`` keeps answers: in the trace store, or in memory where no texts are recorded as they are."""
    from cascadelang.trace.answers import AnswerMemory, AnswerStore

    as_they_are = config.keep_text and config.trace_keep == "text" and not config.trace_redact
    where = config.trace_where() if as_they_are else None
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

    since_wall_s = None if since is None else wall_s_of(since)
    try:
        return list_runs(
            store_of(start), policy=policy, model=model, since_wall_s=since_wall_s, status=status, limit=limit
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
        return show_run(store_of(start), trace_id)
    except TraceNotFound as error:
        raise Mistake(str(error), "`cascadelang traces list` shows what is recorded", usage=True) from None
    except StoreUnusable as error:
        raise Mistake(str(error)) from None


def wall_s_of(since: str) -> float:
    """The moment that ``since`` names, in seconds since 1970.

    Raises:
        Mistake: when it names none.
    """
    import time
    from datetime import date, datetime

    text = since.strip()
    with contextlib.suppress(Mistake):
        return time.time() - age_s(text, "")
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        what = f"`{since}` is no time that runs could be listed since"
        raise Mistake(what, "give an age: `30m`, `12h`, `7d`, `2w`; or a day: `2026-11-23`", usage=True) from None


def store_of(start: str) -> Path | str:
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
