"""What is counted of a run: which way it took, and where its money went.

Takes: a `RunRecord`. Gives: `Facts`. Guarantees: the parts of the cost add up to the cost; runs that went the same
way have equal steps, whatever they were asked and however long they took.

How the cost is split, each call in exactly one part:

``answers``
    Calls for an answer (purpose ``answer``) that no check rejected, and the one whose answer was given in the end,
    rejected or not. The members of a ``vote`` and both sides of a ``hedge`` are among them.
``rejected``
    The other calls for an answer: those under a gate whose verdict was that they weren't good enough.
``judges``
    What judging cost: purposes ``judge`` and ``sample`` (further answers, drawn to compare).
``classifiers``
    What routing cost: purpose ``ask``.
``retries``
    What attempts that failed cost, as far as their providers billed them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, Final, NamedTuple

from cascadelang.contracts.trace_sink import RunRecord
from cascadelang.trace.events import HASHED, TEXT_KEY

Step = tuple[str, str, str, str, str]
"""Kind, node, name, model, outcome; see ``steps`` in `cascadelang.trace.schema`."""

REASON_MOST: Final = 160
"""Reasons are counted by their first characters, so many."""
TEXT_MOST: Final = 64
"""A signal's text is counted by its first characters, so many."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_new: Final = tuple.__new__
_SILENT: Final = frozenset({"end", "stream"})


class Way:
    """A way that runs go. There are few, and of equal ones there is one object for as long as it is in use.

    Attributes:
        policy: its name, its path, and the hash of its graph.
        ending: status, failure, and who answered.
        path: who was asked.
        steps: what happened, in order.
        parts: which part of the cost each call is, in order: of `PARTS`.
        given: the number of the call whose answer was given; -1 where none was.
    """

    __slots__ = ("ending", "given", "parts", "path", "policy", "steps")

    def __init__(
        self, policy: tuple[str, str, str], ending: tuple[str, str, str], path: tuple[str, ...], steps: list[Step]
    ) -> None:
        self.policy = policy
        self.ending = ending
        self.path = path
        self.steps = steps
        self.parts, self.given = _parts(steps, ending[2])


class Facts(NamedTuple):
    """What is counted of one run; dollars where prices are known, 0 elsewhere.

    Attributes:
        way: the way that it took.
        events: the events, without texts.
        texts: the text of a call, by the number of its event.
        reasons: check, outcome (``failed`` or ``unknown``) and reason, of each verdict that wasn't ``passed``.
        signals: what was found out about the query, by signal.
        answer_input_tokens, answer_output_tokens: of the call whose answer was given.
    """

    way: Way
    events: list[tuple[Any, ...]]
    texts: dict[str, str]
    answers_usd: float
    judges_usd: float
    classifiers_usd: float
    retries_usd: float
    rejected_usd: float
    answer_input_tokens: int
    answer_output_tokens: int
    reasons: list[tuple[str, str, str]]
    signals: dict[str, Any]


def facts_of(run: RunRecord) -> Facts:
    """Count one run."""
    events = list(map(tuple, run.events))  # a plain tuple is taken apart in a third of an event's time
    try:
        return _facts(run, events, events)
    except KeyError:  # an older version's event, or another's: what it leaves out is empty
        filled = [(kind, node, at_s, {**_EMPTY.get(kind, {}), **data}) for kind, node, at_s, data in run.events]
        return _facts(run, list(map(tuple, run.events)), filled)


_EMPTY: Final[Mapping[str, Mapping[str, Any]]] = {
    "call": {"purpose": "answer", "model": "", "cost_usd": None, "input_tokens": 0, "output_tokens": 0},
    "check": {"check": "", "model": "", "outcome": "", "reason": ""},
    "escalate": {"from": "", "to": "", "because": ""},
    "route": {"arm": "", "to": "", "because": {}},
}


def _facts(run: RunRecord, events: list[tuple[Any, ...]], told: list[tuple[Any, ...]]) -> Facts:  # noqa: C901 - one look at each event, on the hot path
    """Count what the events told; ``events`` are those that are kept, and lose their texts here.

    Raises:
        KeyError: when an event leaves out something of `_EMPTY`.
    """
    went: list[str] = []
    texts: dict[str, str] = {}
    reasons: list[tuple[str, str, str]] = []
    signals: dict[str, Any] = {}
    calls: list[tuple[float, int, int]] = []
    retries = 0.0
    for number, (kind, node, at_s, data) in enumerate(told):
        if kind == "call":
            went += (kind, node, data["purpose"], data["model"], "")
            calls.append((data["cost_usd"] or 0.0, data["input_tokens"], data["output_tokens"]))
            if TEXT_KEY in data:
                kept = dict(events[number][3])
                texts[str(number)] = kept.pop(TEXT_KEY)
                events[number] = (kind, node, at_s, kept)
        elif kind == "check":
            outcome = "unknown" if data.get("unknown") else data["outcome"]
            check = data["check"]
            went += (kind, node, check, data["model"], outcome)
            if outcome != "passed":
                reasons.append((check, outcome, _counted(data["reason"])))
        elif kind == "escalate":
            went += (kind, node, data["from"], data["to"], data["because"])
        elif kind == "route":
            went += (kind, node, data["arm"], data["to"], "")
            for name, value in data["because"].items():
                signals[name] = value
                if value is None:
                    went += ("unknown", node, name, "", "")
        elif kind == "call_failed":
            get = data.get
            went += (kind, node, get("purpose", ""), get("model", ""), get("kind", ""))
            retries += get("cost_usd") or 0.0
        elif kind not in _SILENT:
            went += _other(kind, node, data)
    way = _way(
        run.policy, run.policy_path, run.graph_sha256, run.status, run.failure, run.model, run.path, tuple(went)
    )
    parts, given = way.parts, way.given
    spent = [0.0, 0.0, 0.0, 0.0]
    for part, call in zip(parts, calls, strict=True):
        spent[part] += call[0]
    _, tokens_in, tokens_out = calls[given] if given >= 0 else (0.0, 0, 0)
    # what `Facts(…)` does, without its Python frame
    return _new(
        Facts,
        (way, events, texts, *spent[:3], retries, spent[3], tokens_in, tokens_out, reasons, signals),
    )


def _other(kind: str, node: str, data: Mapping[str, Any]) -> Step:
    """A step that needs no more than its words."""
    because = data.get("because", "")
    model = data.get("model") or data.get("to") or ""
    return (kind, node, data.get("purpose", ""), model, because if isinstance(because, str) else "")


PARTS: Final = ("answers", "judges", "classifiers", "rejected")
_ANSWER, _JUDGE, _CLASSIFIER, _REJECTED = range(4)


@lru_cache(maxsize=4_096)
def _way(  # noqa: PLR0917 - on the hot path
    policy: str,
    policy_path: str,
    graph_sha256: str,
    status: str,
    failure: str,
    model: str,
    path: tuple[str, ...],
    went: tuple[str, ...],
) -> Way:
    """The way; ``went`` has five words for each step."""
    steps = [(went[at], went[at + 1], went[at + 2], went[at + 3], went[at + 4]) for at in range(0, len(went), 5)]
    return Way((policy, policy_path, graph_sha256), (status, failure, model), path, steps)


def _parts(steps: list[Step], model: str) -> tuple[tuple[int, ...], int]:
    """See `Way`."""
    parts: list[int] = []
    called: list[tuple[str, str]] = []
    since: dict[str, int] = {}
    for kind, node, name, whose, outcome in steps:
        if kind == "call":
            part = _ANSWER if name == "answer" else _CLASSIFIER if name == "ask" else _JUDGE
            parts.append(part)
            called.append((node, whose))
        elif kind == "check":
            if outcome != "passed":
                _reject(parts, called, since.get(node, 0), node, whose)
            since[node] = len(parts)
    own = [at for at, (_, whose) in enumerate(called) if whose == model and parts[at] in {_ANSWER, _REJECTED}]
    given = next((at for at in reversed(own) if parts[at] == _ANSWER), own[-1] if own else -1) if model else -1
    if given >= 0:
        parts[given] = _ANSWER
    return tuple(parts), given


def _reject(parts: list[int], called: list[tuple[str, str]], since: int, node: str, model: str) -> None:
    """The answers that stand under a gate weren't good enough: those since its last verdict.

    They are under its node; or under another policy, which a rung may name; or of the model that it looked at.
    """
    within, policy, seen = node + ".", _policy_of(node), False
    for at in range(len(parts) - 1, since - 1, -1):
        where, whose = called[at]
        stands = where.startswith(within) or _policy_of(where) != policy or (whose == model and not seen)
        if stands and parts[at] == _ANSWER:
            parts[at] = _REJECTED
        seen = seen or whose == model


def _policy_of(node: str) -> str:
    """The policy that a node is of: ``main`` of ``main.else.rung1``, ``policy.safe`` of ``policy.safe.rung1``."""
    first, _, rest = node.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == "policy" else first


@lru_cache(maxsize=4_096)
def _counted(reason: str) -> str:
    """A reason as it is counted: with every number as ``#``, for ``score 3, below 7`` and ``score 4, …`` are one.

    One of which only the hash is kept is counted as it is, so that it can be looked for.
    """
    if reason.startswith(HASHED):
        return reason[:REASON_MOST]
    return _NUMBER.sub("#", reason[: 2 * REASON_MOST])[:REASON_MOST]


def signal_text(value: Any, write: Callable[[Any], str]) -> str:
    """A signal's value as JSON text: numbers to two digits, texts cut."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float | int):
        if not isfinite(value):
            return "null"
        return str(int(value)) if -100 < value < 100 and value == int(value) else f"{value:.2g}"
    if isinstance(value, str):
        return write(value[:TEXT_MOST])
    return "null" if value is None else write(str(value)[:TEXT_MOST])
