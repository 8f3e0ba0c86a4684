"""What was recorded, and where runs are recorded.

Takes: the settings. Gives: a sink for runs, and runs that were recorded. Guarantees: looking at what was recorded
never makes a file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.trace_sink import NoTrace, RunRecord, TraceSink
from cascadelang.workspace.config import Config, age_s, read
from cascadelang.workspace.mistake import Mistake, StoreMistake

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import CollectorRegistry

    from cascadelang.contracts.answer_cache import AnswerCache
    from cascadelang.graph.model import Graph
    from cascadelang.trace.privacy import Privacy
    from cascadelang.trace.query import Search
    from cascadelang.trace.search import Verdict

_KEY_FILE: Final = "traces.key"


def open_sink(
    config: Config,
    warn: Callable[[str], None],
    graph: Graph | None = None,
    metrics: CollectorRegistry | None = None,
    path: str = "",
) -> TraceSink:
    """Where runs go, by the settings.

    Args:
        config: the settings.
        warn: is told, once, when runs can't be recorded; perhaps in another thread.
        graph: of the policies whose runs they are; without it no spans are made.
        metrics: the registry of prometheus-client in which runs are counted, if they are.
        path: of the policies' file, as runs have it.
    """
    sink = _open_store(config, warn)
    if metrics is not None:
        from cascadelang.telemetry.metrics import Metrics, NoMetrics

        try:
            sink = Metrics(sink, metrics, path, () if graph is None else graph.policies)
        except NoMetrics as error:
            warn(f"runs aren't counted: {error}")
    if config.telemetry == "off" or graph is None:
        return sink
    from cascadelang.telemetry.otlp import NoTelemetry
    from cascadelang.telemetry.spans import Spans, content_wanted

    privacy = privacy_of(config) if config.telemetry_content or content_wanted() else None
    try:
        return Spans(sink, graph, to=config.telemetry, privacy=privacy, warn=warn)
    except NoTelemetry as error:
        warn(f"no spans are made: {error}")
        return sink


def _open_store(config: Config, warn: Callable[[str], None]) -> TraceSink:
    where = config.trace_where()
    if where is None:
        return NoTrace()
    from cascadelang.trace.store import TraceStore

    retain_s = age_s(config.trace_retain, "`trace_retain`") if config.trace_retain else None
    return TraceStore(where, warn=warn, privacy=privacy_of(config), sample=config.trace_sample, retain_s=retain_s)


def privacy_of(config: Config) -> Privacy:
    """What of texts is kept.

    Raises:
        Mistake: when they are kept as hashes and there is no key.
    """
    from cascadelang.trace.privacy import Privacy

    keep = config.trace_keep
    return Privacy(keep, config.trace_redact, _key(config) if keep == "hashes" else b"")


def has_key(config: Config) -> bool:
    """Whether there is a key of hashes already, so that asking for it makes none."""
    if config.trace_key:
        return True
    import os

    from cascadelang.source.folders import data_folder

    return os.access(data_folder() / _KEY_FILE, os.R_OK)


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
        raise StoreMistake(str(error)) from None


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
    until: str | None = None,
    status: str | None = None,
    failure: str | None = None,
    verdict: Verdict | None = None,
    check: str | None = None,
    text: str | None = None,
    cost: Sequence[str] = (),
    latency: Sequence[str] = (),
    meta: Sequence[str] = (),
    after: str | None = None,
    limit: int | None = 20,
    start: str = ".",
) -> list[RunRecord]:
    """The runs that were recorded, newest first, without their events.

    Args:
        policy: only runs of this policy, by its name, or of the policies of this file.
        model: only runs that asked this model for an answer.
        since: only runs that began so long ago or later (``90s``, ``30m``, ``12h``, ``7d``, ``2w``), or on this day
            (``2026-11-23``, by this machine's clock) or later.
        until: only runs that began longer ago, or before this day.
        status: only runs that ended so.
        failure: only runs that ended in a failure of this kind.
        verdict: only runs in which a check came to this.
        check: only runs in which a condition with this in it was checked; with ``verdict``, to which it came.
        text: only runs with this in the query or the answer, in any case; where the settings keep hashes, those
            whose query or answer is this.
        cost: only runs that cost so much: ``>0.01``, ``<=$1``, ``0``, or ``unknown``.
        latency: only runs that took so long: ``>5s``, ``<300ms``, ``>=2m``.
        meta: only runs with these facts of the caller, as ``name=value``.
        after: only runs behind the run of this id in the list, which is how to see the next page.
        limit: at most so many; ``None`` for all.
        start: the file or folder whose settings count.

    Raises:
        Mistake: when nothing is recorded by the settings, the store can't be read, there is no such run ``after``,
            or something that is looked for makes no sense.
    """
    from cascadelang.trace.query import StoreUnusable, TraceNotFound, find_runs

    search = search_of(
        start,
        policy=policy,
        model=model,
        since=since,
        until=until,
        status=status,
        failure=failure,
        verdict=verdict,
        check=check,
        text=text,
        cost=cost,
        latency=latency,
        meta=meta,
    )
    try:
        return find_runs(store_of(start), search, after=_storable(after), limit=limit)
    except TraceNotFound as error:
        raise Mistake(str(error), "`cascadelang traces list` shows what is recorded", usage=True) from None
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None


def search_of(
    start: str = ".",
    *,
    policy: str | None = None,
    model: str | None = None,
    since: str | None = None,
    until: str | None = None,
    status: str | None = None,
    failure: str | None = None,
    verdict: Verdict | None = None,
    check: str | None = None,
    text: str | None = None,
    cost: Sequence[str] = (),
    latency: Sequence[str] = (),
    meta: Sequence[str] = (),
) -> Search:
    """What is looked for, of the words that `list_recorded` takes.

    Raises:
        Mistake: when something that is looked for makes no sense.
    """
    from cascadelang.trace.query import Search
    from cascadelang.workspace.trace_words import bounds_of, facts_of

    by_file = policy is not None and policy.endswith((".cl", ".json"))
    return Search(
        policy=None if by_file else _storable(policy),
        policy_paths=_paths_of(str(policy), start) if by_file else None,
        model=_storable(model),
        status=status,
        failure=failure,
        verdict=verdict,
        check=_storable(check),
        text=_kept_as(text, start),
        cost_usd=bounds_of([each for each in cost if each.strip() != "unknown"], "--cost"),
        cost_unknown=any(each.strip() == "unknown" for each in cost),
        latency_s=bounds_of(latency, "--latency"),
        since_wall_s=None if since is None else wall_s_of(since),
        until_wall_s=None if until is None else wall_s_of(until, "until"),
        meta=facts_of(meta),
    )


def _paths_of(file: str, start: str) -> tuple[str, ...]:
    """The recorded paths of a policy file."""
    from cascadelang.trace.query import StoreUnusable, policy_paths
    from cascadelang.workspace.policy_file import RecordedFiles

    files = RecordedFiles(file, start=start)
    try:
        return tuple(path for path in policy_paths(store_of(start)) if files.is_file(path))
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None


def _storable(text: str | None) -> str | None:
    """A word of the command line as it would be stored: bytes that are no UTF-8 are replaced."""
    return None if text is None else text.encode("utf-8", "replace").decode().replace("\0", "")


def _kept_as(text: str | None, start: str) -> str | None:
    """What of a text stands in the store."""
    config = read(start)
    if not text or config.trace_keep != "hashes" or config.traces_off or text.startswith("hmac:"):
        return _storable(text)
    from cascadelang.trace.privacy import Privacy

    return Privacy("hashes", config.trace_redact, _key(config)).kept(text)


def beside_recorded(run: RunRecord, *, start: str = ".") -> list[RunRecord]:
    """The runs that were made beside a recorded run for the record, and what went on after it, oldest first.

    Raises:
        Mistake: when the store can't be read.
    """
    from cascadelang.trace.query import StoreUnusable, runs_beside

    try:
        return runs_beside(store_of(start), run)
    except StoreUnusable as error:
        raise StoreMistake(str(error)) from None


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
        raise StoreMistake(str(error)) from None


def wall_s_of(since: str, word: str = "since") -> float:
    """The moment that an age or a day names, in seconds since 1970; ``word`` is for the message.

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
        what = f"`{since}` is no time that runs could be listed {word}"
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
