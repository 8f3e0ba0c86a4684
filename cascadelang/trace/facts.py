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
from cascadelang.trace.events import TEXT_KEY

Step = tuple[str, str, str, str, str]
"""Kind, node, name, model, outcome; see ``steps`` in `cascadelang.trace.schema`."""

REASON_MOST: Final = 160
"""Reasons are counted by their first characters, so many."""
TEXT_MOST: Final = 64
"""A signal's text is counted by its first characters, so many."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_SILENT: Final = frozenset({"end", "stream"})


class Facts(NamedTuple):
    """What is counted of one run; dollars where prices are known, 0 elsewhere.

    Attributes:
        steps: what happened, in order.
        events: the events, without texts.
        texts: the text of a call, by the number of its event.
        reasons: check, outcome (``failed`` or ``unknown``) and reason, of each verdict that wasn't ``passed``.
        signals: what was found out about the query, by signal.
        answer_input_tokens, answer_output_tokens: of the call whose answer was given.
    """

    steps: tuple[Step, ...]
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


class _Call:
    """One call for an answer."""

    __slots__ = ("input_tokens", "model", "node", "output_tokens", "rejected", "usd")

    def __init__(self, node: str, data: Mapping[str, Any], usd: float) -> None:
        self.node = node
        self.model = data.get("model", "")
        self.usd = usd
        self.input_tokens = data.get("input_tokens", 0)
        self.output_tokens = data.get("output_tokens", 0)
        self.rejected = False


def facts_of(run: RunRecord) -> Facts:  # noqa: C901, PLR0912 - one look at each event, on the hot path
    """Count one run."""
    steps: list[Step] = []
    events: list[tuple[Any, ...]] = []
    texts: dict[str, str] = {}
    reasons: list[tuple[str, str, str]] = []
    signals: dict[str, Any] = {}
    calls: list[_Call] = []
    judges = classifiers = retries = 0.0
    for event in run.events:
        kind, node, at_s, data = event
        if kind == "call":
            if TEXT_KEY in data:
                data = dict(data)
                texts[str(len(events))] = data.pop(TEXT_KEY)
            purpose = data.get("purpose", "answer")
            usd = data.get("cost_usd") or 0.0
            steps.append(("call", node, purpose, data.get("model", ""), ""))
            if purpose == "answer":
                calls.append(_Call(node, data, usd))
            elif purpose == "ask":
                classifiers += usd
            else:
                judges += usd
        elif kind == "check":
            outcome = "unknown" if data.get("unknown") else data.get("outcome", "")
            check = data.get("check", "")
            steps.append(("check", node, check, data.get("model", ""), outcome))
            if outcome != "passed":
                reasons.append((check, outcome, _counted(data.get("reason", ""))))
                _reject(calls, node, data.get("model", ""))
        elif kind == "escalate":
            steps.append(("escalate", node, data.get("from", ""), data.get("to", ""), data.get("because", "")))
        elif kind == "route":
            steps.append(("route", node, data.get("arm", ""), data.get("to", ""), ""))
            for name, value in data.get("because", {}).items():
                signals[name] = value
                if value is None:
                    steps.append(("unknown", node, name, "", ""))
        elif kind == "call_failed":
            steps.append(("call_failed", node, data.get("purpose", ""), data.get("model", ""), data.get("kind", "")))
            retries += data.get("cost_usd") or 0.0
        elif kind not in _SILENT:
            steps.append(_other(kind, node, data))
        events.append((kind, node, at_s, data))
    given = _given(calls, run.model)
    answers = rejected = 0.0
    for call in calls:
        if call.rejected and call is not given:
            rejected += call.usd
        else:
            answers += call.usd
    return Facts(
        tuple(steps),
        events,
        texts,
        answers,
        judges,
        classifiers,
        retries,
        rejected,
        given.input_tokens if given else 0,
        given.output_tokens if given else 0,
        reasons,
        signals,
    )


def _other(kind: str, node: str, data: Mapping[str, Any]) -> Step:
    """A step that needs no more than its words."""
    because = data.get("because", "")
    model = data.get("model") or data.get("to") or ""
    return (kind, node, data.get("purpose", ""), model, because if isinstance(because, str) else "")


def _reject(calls: list[_Call], node: str, model: str) -> None:
    """The answers that stand under a gate, and the one that it looked at, weren't good enough."""
    within = node + "."
    seen = False
    for call in reversed(calls):
        if call.node.startswith(within) or (not seen and not call.rejected and call.model == model):
            seen = seen or call.model == model
            call.rejected = True


def _given(calls: list[_Call], model: str) -> _Call | None:
    """The call whose answer was given: the model's last that wasn't rejected, else its last."""
    if not model:
        return None
    own = [call for call in calls if call.model == model]
    return next((call for call in reversed(own) if not call.rejected), own[-1] if own else None)


@lru_cache(maxsize=4_096)
def _counted(reason: str) -> str:
    """A reason as it is counted: with every number as ``#``, for ``score 3, below 7`` and ``score 4, …`` are one."""
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
