"""How a strategy ends inside a run: with an answer or with a failure, as values rather than exceptions.

Takes: nothing. Gives: `Answered` and `Failed`, and the `Strategy` that ends in one of them. Guarantees: each is made
by one strategy and owned by the one above it, which may change it; neither outlives the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cascadelang.contracts.check import UNCHECKED, Verdict
from cascadelang.contracts.failure import FailureKind
from cascadelang.contracts.messages import Reply, Request

if TYPE_CHECKING:
    from cascadelang.runtime.billing import Target
    from cascadelang.runtime.budget import Budget
    from cascadelang.runtime.early import Stop
    from cascadelang.runtime.scope import Scope
    from cascadelang.runtime.state import Run


class Answered:
    """An answer.

    Attributes:
        reply: it.
        model: the policy's name of the model.
        target, request: the call it came from.
        verdict: so far.
        stop: why it is only the beginning of an answer, where it is, until its gate has taken note of it.
        kept: when it was made, in seconds since 1970, and the trace id of the run that had it made, where it was
            there before; `None` for one that was made now.
    """

    __slots__ = ("kept", "model", "reply", "request", "stop", "target", "verdict")

    def __init__(  # noqa: PLR0917 - on the hot path
        self,
        reply: Reply,
        model: str,
        target: Target,
        request: Request,
        verdict: Verdict = UNCHECKED,
        kept: tuple[float, str] | None = None,
    ) -> None:
        self.kept = kept
        self.reply = reply
        self.model = model
        self.target = target
        self.request = request
        self.verdict = verdict
        self.stop: Stop | None = None


class Failed:
    """No answer.

    Attributes:
        kind: one of the eleven.
        message: for people.
        model: whose call it was, where it was one.
        budget: the budget that refused or cut the call, for `over_budget`; `None` once the `within` it belongs to
            has been left, so that what is outside may go on.
        cause: the exception behind it.
    """

    __slots__ = ("budget", "cause", "kind", "message", "model")

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        model: str = "",
        budget: Budget | None = None,
        cause: BaseException | None = None,
    ) -> None:
        self.kind: FailureKind = kind
        self.message = message
        self.model = model
        self.budget = budget
        self.cause = cause
        if budget is not None:
            budget.times_met += 1


Outcome = Answered | Failed


class Strategy(Protocol):
    """A compiled node of the graph."""

    id: str
    label: str
    """What events call it: the model's name where it is one model, else the node's id."""

    async def answer(self, run: Run, scope: Scope) -> Outcome:
        """Run it."""
        ...
