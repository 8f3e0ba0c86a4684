"""What a run comes to, and what it decided on the way, as values a caller can keep.

Takes: nothing; the runtime makes these. Gives: `RunResult`, `Decision` and their JSON forms. Guarantees: frozen, and
light to import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cascadelang.contracts.check import UNCHECKED, Value, Verdict
from cascadelang.contracts.failure import FailureKind
from cascadelang.contracts.messages import Usage
from cascadelang.contracts.trace_sink import Event

RESULT_VERSION: Final = 1

Status = Literal["accepted", "unchecked", "unmet", "failed"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer.

    Attributes:
        kind: one of the language's eleven.
        message: what happened, for people; never holds a key.
        cause: the exception behind it, for debugging only; it may hold anything and is never shown.
    """

    kind: FailureKind
    message: str
    cause: BaseException | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run of a policy came to.

    Attributes:
        answer: the answer's text; empty when the run failed (and an answer may be empty, too).
        status: ``accepted`` (a check passed), ``unchecked`` (no check was made), ``unmet`` (there is an answer, and
            its check did not pass) or ``failed`` (there is no answer).
        model: the policy's name of the model that answered; empty when the run failed.
        policy: the policy that ran.
        path: the models asked for an answer, in order, those whose call failed included; judges are not in it.
        verdict: of the answer.
        failure: why there is no answer; ``None`` when there is one.
        cost_usd: US dollars of all calls, judges included; ``None`` when a model's price isn't known.
        latency_s: seconds from the start to the end.
        usage: tokens of all calls, judges included.
        trace_id: what the trace store knows the run by.
        events: every step, in order.
        cached: the answer was there before, or was made for another run at the same time: see ``cached`` in the
            language. Checks around it may still have called models.
    """

    answer: str
    status: Status
    model: str
    policy: str
    path: tuple[str, ...]
    verdict: Verdict = UNCHECKED
    failure: Failure | None = None
    cost_usd: float | None = None
    latency_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    trace_id: str = ""
    events: Sequence[Event] = ()
    cached: bool = False

    @property
    def data(self) -> Mapping[str, Any]:
        """What the checks extracted from the answer, by check name: the parsed JSON of ``json``, say."""
        return self.verdict.data


@dataclass(frozen=True, slots=True)
class Known:
    """One signal as a decision saw it: its value (``None``: unknown) and why."""

    name: str
    value: Value
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice that needs no call: which arm, label or first rung.

    Attributes:
        node: the graph node that chose.
        kind: ``route``, ``route_by``, ``split`` or ``from``.
        taken: the arm's or share's number from 1, the label, or ``else``; for ``from``, ``else`` is the first rung.
            Empty where it can't be said beforehand: a model has to be asked, or chance decides.
        to: the node chosen; empty where it can't be said.
        signals: what was looked at, in order.
        reason: why, where the signals don't say it: an unknown label, say.
    """

    node: str
    kind: Literal["route", "route_by", "split", "from"]
    taken: str
    to: str
    signals: tuple[Known, ...] = ()
    reason: str = ""


def result_json(result: RunResult) -> dict[str, Any]:
    """The result as ``cascadelang run --output json`` prints it, version 1.

    ``answer`` and ``model`` are null when the run failed, and ``failure`` is null when it didn't.
    """
    failure, usage = result.failure, result.usage
    return {
        "version": RESULT_VERSION,
        "answer": None if failure else result.answer,
        "status": result.status,
        "model": None if failure else result.model,
        "policy": result.policy,
        "path": list(result.path),
        "verdict": verdict_json(result.verdict),
        "failure": {"kind": failure.kind, "message": failure.message} if failure else None,
        "cost_usd": result.cost_usd,
        "latency_s": result.latency_s,
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "estimated": usage.estimated,
        },
        "cached": result.cached,
        "trace_id": result.trace_id,
        "events": [
            {"kind": event.kind, "node": event.node, "at_s": event.at_s, "data": dict(event.data)}
            for event in result.events
        ],
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "score": verdict.score,
        "unknown": verdict.unknown,
        "data": dict(verdict.data),
    }
