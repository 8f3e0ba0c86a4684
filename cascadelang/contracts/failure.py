"""How a call or a run fails: one of eleven kinds, each with one meaning (docs/language.md, "How things end")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from cascadelang.contracts.messages import Usage

FailureKind = Literal[
    "rate_limit",
    "timeout",
    "connection",
    "server",
    "context_length",
    "content_filter",
    "over_budget",
    "unmet",
    "auth",
    "bad_request",
    "policy",
]

FAILURE_KINDS: Final[tuple[FailureKind, ...]] = get_args(FailureKind)

ENDING: Final[frozenset[FailureKind]] = frozenset({"auth", "bad_request", "policy"})
"""Mistakes that no other rung should hide: they end the run."""

MOVING: Final[tuple[FailureKind, ...]] = tuple(kind for kind in FAILURE_KINDS if kind not in ENDING)
"""Those that a cascade or a fallback goes on after."""

RETRYABLE: Final[frozenset[FailureKind]] = frozenset({"rate_limit", "timeout", "connection", "server"})
"""Faults that may pass: ``retry`` tries the same call again."""

_MAYBE_SERVED: Final[frozenset[FailureKind]] = frozenset({"timeout", "connection", "server", "content_filter"})
"""What a call that was sent and answered for can end in when there is no status to tell."""

_GAVE_UP: Final = frozenset({504, 524})
"""Statuses of one on the way who waited no longer, while who was asked may go on: RFC 9110, 15.6.5; Cloudflare's."""


class CallFailed(Exception):  # noqa: N818 - it names what happened
    """A provider call failed.

    Attributes:
        kind: one of `FailureKind`.
        message: what happened, for people; never holds a key.
        retry_after_s: seconds the provider asked to wait, if it did.
        status: the HTTP status, if there was one.
        usage: what the provider said it will bill, although it gave no answer; ``None`` when it didn't say.
        maybe_billed: whether a call whose `usage` isn't known may be billed all the same: it was sent, and nothing
            says that it was refused. Such a call counts at its most against ``within``. Where the provider doesn't
            say, it goes by the status, and without one by the kind.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int | None = None,
        usage: Usage | None = None,
        maybe_billed: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.retry_after_s = retry_after_s
        self.status = status
        self.usage = usage
        if maybe_billed is None:
            if kind == "timeout" or status is None:
                maybe_billed = kind in _MAYBE_SERVED
            else:
                maybe_billed = status < 400 or status in _GAVE_UP
        self.maybe_billed = maybe_billed
