"""How a call or a run fails: one of eleven kinds, each with one meaning (docs/language.md, "How things end")."""

from __future__ import annotations

from typing import Final, Literal, get_args

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

RETRYABLE: Final[frozenset[FailureKind]] = frozenset({"rate_limit", "timeout", "connection", "server"})
"""Faults that may pass: ``retry`` tries the same call again."""


class CallFailed(Exception):  # noqa: N818 - it names what happened
    """A provider call failed.

    Attributes:
        kind: one of `FailureKind`.
        message: what happened, for people; never holds a key.
        retry_after_s: seconds the provider asked to wait, if it did.
        status: the HTTP status, if there was one.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.retry_after_s = retry_after_s
        self.status = status
