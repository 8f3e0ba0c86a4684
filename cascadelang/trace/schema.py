"""The trace store's tables, which are the same in SQLite and in PostgreSQL.

``policies``
    ``id``, ``name``, ``path`` (of the file), ``graph_sha256``: what was run. A policy that was changed is another
    row; so is what a ``shadow`` of it ran, whose name is ``NAME (shadow NODE)``.
``shapes``
    ``id``, ``sha256``, ``policy``, ``status``, ``failure`` (its kind), ``model`` (who answered), ``path`` (who was
    asked, in order; JSON): a way that runs went. Runs that went the same way have the same shape, so there are few.
``steps``
    What happened on that way: ``shape``, ``number``, ``kind``, ``node``, ``name``, ``model``, ``outcome``, ``times``.
    Equal steps of a run are one row with ``times``. By ``kind``, which is the event's but for the last two:

    =============  ====================  ==========  =======================================
    kind           name                  model       outcome
    =============  ====================  ==========  =======================================
    route          arm                   where to
    call           purpose               model
    call_failed    purpose               model       kind of failure
    retry, skip    purpose, if any       model       because
    check          condition             whose       ``passed``, ``failed`` or ``unknown``
    escalate       from                  to          because
    shadow         (none)                to
    other events   (none)                model
    unknown        signal                            (it was looked at, and wasn't known)
    asked          (none)                model       (an element of ``path``)
    =============  ====================  ==========  =======================================
``runs``
    A row each: ``id``, ``trace_id``, ``shape``, ``started_wall_s``, ``latency_s``, ``cost_usd`` (null: a price isn't
    known) and its parts as `cascadelang.trace.facts` splits it, tokens in all and of the answer that was given,
    ``events_version``; and ``weight``, of how many runs it is the one that was kept (1 without sampling): a share is
    ``sum(weight) of some / sum(weight) of all``.
``forms``
    ``id``, ``sha256``, ``form`` (JSON): what the events of many runs have in common, as `cascadelang.trace.forms` has
    it; no more than what ``shapes`` and ``steps`` tell, the keys of events and the nodes.
``events``, ``payloads``
    A run's events without texts, as ``[form, [its own values]]``; its query, answer, the caller's facts, and the text
    of each call in order, ``null`` where it is the answer. Texts can so be dropped, and facts kept. Where ``events``
    is a list of whole events, and ``texts`` goes by the event's number, an older version wrote them:
    `cascadelang.trace.rows.Forms` reads both, and is the one that does.
``tallies``, ``latencies``, ``reasons``, ``signals``
    Sums over the runs of `BUCKET_S` seconds, so that a million runs are counted by looking at some ten thousand
    rows. Every figure but ``runs`` and ``times`` is weighted. ``tallies``: by shape; ``priced`` is the weight of the
    runs whose cost is known. ``latencies``: by policy and `place_of` the latency. ``reasons``: by policy, check
    (``name``), ``outcome`` and reason, its numbers as ``#``. ``signals``: by policy, signal (``name``) and ``value``,
    as JSON: numbers to two digits, ``null`` where it wasn't known.

    INVARIANT: they are what `cascadelang.trace.recount` makes of ``runs`` and ``events``.
``answers``
    What `cached` keeps: ``key`` (of the request), ``made_wall_s``, ``until_wall_s`` (when it may be removed),
    ``trace_id`` (of the run that had it made), ``answer`` (JSON), its ``answer_sha256`` and ``bytes``; where
    it may be given to requests that mean the same: ``alike`` (of what has to be the same) and ``vector`` (32-bit
    numbers, lowest byte first, as base64), else both are empty. Not needed by
    anything else here: all of it may be removed at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, floor, log
from typing import Final

BUCKET_S: Final = 600
"""How many seconds, from whole tens of minutes since 1970, are summed up in one row."""

_GROWTH: Final = log(1.02 / 0.98)
_LEAST_S: Final = 1e-9

RUN_COLUMNS: Final = (
    "id",
    "trace_id",
    "shape",
    "started_wall_s",
    "latency_s",
    "weight",
    "cost_usd",
    "answers_usd",
    "judges_usd",
    "classifiers_usd",
    "retries_usd",
    "rejected_usd",
    "input_tokens",
    "output_tokens",
    "answer_input_tokens",
    "answer_output_tokens",
    "events_version",
)
EVENTS_COLUMNS: Final = ("run", "events")
PAYLOAD_COLUMNS: Final = ("run", "query", "answer", "meta", "texts")


def bucket_of(wall_s: float) -> int:
    """The bucket of a moment; it begins at ``bucket * BUCKET_S`` seconds since 1970."""
    return floor(wall_s / BUCKET_S)


def place_of(latency_s: float) -> int:
    """The place of a latency on a logarithmic scale.

    `latency_at` gives it back to within 2 %, so quantiles of places are right to 2 % (the mapping of DDSketch:
    Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019).
    """
    return places_of((latency_s,))[0]


def places_of(latencies_s: Iterable[float]) -> list[int]:
    """`place_of` each."""
    return [floor(log(s if s > _LEAST_S else _LEAST_S) / _GROWTH) for s in latencies_s]  # noqa: FURB136 - on the hot path


def latency_at(place: int) -> float:
    """The latency of a place, in seconds: its middle."""
    return 2 * exp((place + 1) * _GROWTH) / (exp(_GROWTH) + 1)
