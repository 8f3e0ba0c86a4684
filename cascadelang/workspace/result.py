"""What a run of a policy came to, as the Python API hands it out.

Takes: a `RunResult` of the runtime. Gives: a `Result`. Guarantees: immutable, and it holds no connection, no key and
no reference to the policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.check import Verdict
from cascadelang.contracts.messages import Usage
from cascadelang.contracts.result import Failure, RunResult, Status, result_json
from cascadelang.contracts.trace_sink import Event

if TYPE_CHECKING:
    from cascadelang.contracts.trace_sink import RunRecord


class Result:
    """What one run came to.

    A run that ends without an answer is a result, too: `status` is then ``failed`` and `failure` says why. Nothing is
    raised for it, because a policy defines what failing means.
    """

    __slots__ = ("_run",)

    def __init__(self, run: RunResult) -> None:
        self._run = run

    @property
    def answer(self) -> str:
        """The answer's text; empty when the run failed."""
        return self._run.answer

    @property
    def status(self) -> Status:
        """``accepted``, ``unchecked``, ``unmet`` (answered, but the check didn't pass) or ``failed`` (no answer)."""
        return self._run.status

    @property
    def ok(self) -> bool:
        """Whether there is an answer that is accepted, or that nothing checks."""
        return self._run.status in {"accepted", "unchecked"}

    @property
    def model(self) -> str:
        """The model that answered, as the policy names it; empty when the run failed."""
        return self._run.model

    @property
    def policy(self) -> str:
        """The policy that ran."""
        return self._run.policy

    @property
    def path(self) -> tuple[str, ...]:
        """The models that were asked for an answer, in order; judges are not among them."""
        return self._run.path

    @property
    def verdict(self) -> Verdict:
        """What the check found: `outcome`, `reason`, `score`."""
        return self._run.verdict

    @property
    def failure(self) -> Failure | None:
        """Why there is no answer: `kind` and `message`; ``None`` when there is one."""
        return self._run.failure

    @property
    def cost(self) -> float | None:
        """US dollars of all calls, judges included; ``None`` when a model's price isn't known."""
        return self._run.cost_usd

    @property
    def latency(self) -> float:
        """Seconds from start to end."""
        return self._run.latency_s

    @property
    def usage(self) -> Usage:
        """Tokens of all calls, judges included."""
        return self._run.usage

    @property
    def trace_id(self) -> str:
        """What the trace store knows the run by."""
        return self._run.trace_id

    @property
    def events(self) -> Sequence[Event]:
        """Every step, in order."""
        return self._run.events

    @property
    def data(self) -> Any:
        """The JSON value that the checks took from the answer; ``None`` when none did.

        Where several checks took one, it is the first's; `extracted` has them all.
        """
        return next((value for value in self._run.data.values() if value is not None), None)

    @property
    def extracted(self) -> Mapping[str, Any]:
        """What each check took from the answer, by check."""
        return self._run.data

    @property
    def streamed(self) -> bool:
        """Whether the answer went out in pieces while it was generated."""
        return any(event.kind == "stream" for event in self._run.events)

    @property
    def cached(self) -> bool:
        """Whether the answer was kept from an earlier run (or shared with one that asked the same just then)."""
        return self._run.cached

    @property
    def record(self) -> RunRecord:
        """The run as the trace store keeps it, without query and metadata."""
        return record_of(self._run)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values, in the form that `cascadelang run --output json` prints (version 1)."""
        return result_json(self._run)

    def __repr__(self) -> str:
        return f"<Result {self.status}: {' -> '.join(self.path) or 'no call'}>"

    def __eq__(self, other: object) -> bool:
        return self._run == other._run if isinstance(other, Result) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # what checks extracted can be changed by whoever holds it


def record_of(run: RunResult) -> RunRecord:
    """A run as the trace store keeps it, as far as the run itself knows."""
    from cascadelang.contracts.trace_sink import RunRecord

    return RunRecord(
        trace_id=run.trace_id,
        policy=run.policy,
        policy_path="",
        graph_sha256="",
        started_wall_s=0.0,
        latency_s=run.latency_s,
        status=run.status,
        failure=run.failure.kind if run.failure else "",
        model=run.model,
        path=run.path,
        cost_usd=run.cost_usd,
        input_tokens=run.usage.input_tokens,
        output_tokens=run.usage.output_tokens,
        query="",
        answer=run.answer,
        events=run.events,
    )
