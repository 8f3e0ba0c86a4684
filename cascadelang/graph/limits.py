"""How much longer a request can be than the caller's own words: the numbers that bounds and runtime share.

Bounds count with these; the interpreter and the paid checks keep to them. Changing one changes what is proved.

A bound speaks of the caller's messages as an *input* of so many tokens, wrapped and counted as the model that reads
them counts. What a policy adds to them is counted here: a system prompt, an exchange carried from an earlier rung, a
judge's instructions. Texts that are known beforehand are counted by `most_tokens`, which no tokenizer exceeds. An
answer of another model is taken to have no more tokens for its reader than its writer was allowed to generate.
"""

from __future__ import annotations

from typing import Final

MESSAGE_TOKENS: Final = 16
"""The most tokens that a wire format wraps around one message (role, separators)."""

CARRY_WORDS_TOKENS: Final = 600
"""INVARIANT: the fixed words around a carried draft or its reasons are at most this many UTF-8 bytes."""

CARRY_REASON_TOKENS: Final = 2_000
"""INVARIANT: reasons that are carried on are cut to this many UTF-8 bytes, quoting included."""

PAID_CHECK_TOKENS: Final = 2_500
"""INVARIANT: what a paid check or signal sends beside the query, the answer and its own arguments (instructions, the
schema of its verdict, what it puts around them) is at most this many UTF-8 bytes."""

PAID_CHECK_ANSWER_TOKENS: Final = 1_024
"""INVARIANT: a paid check asks for at most this many tokens, or for as many as its model's declaration says."""

QUOTING: Final = 2
"""How many times its tokens the query or an answer can have once a paid check has quoted it as JSON: a quotation mark
and a line break each become two characters."""

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 20.0
"""Between attempts of a call are waits: of these seconds, doubled each time, at most so many."""

LEAST_OF_WAIT: Final = 0.5
"""INVARIANT: at least this share of a wait is waited; the rest is left to chance."""

_AWAKE: Final = 0.98
"""The share of a wait that surely goes by: a clock of coarse steps may wake a little early."""


def carried_tokens(answer_tokens: int, what: str) -> int:
    """The most input tokens that carrying an answer on adds to the next rung's request.

    Args:
        answer_tokens: the most tokens the answer can have.
        what: ``draft`` (the answer and why it was rejected) or ``reasons`` (only why).
    """
    words = CARRY_WORDS_TOKENS + CARRY_REASON_TOKENS + 2 * MESSAGE_TOKENS
    return words + (answer_tokens if what == "draft" else 0)


def wait_s(attempt: int) -> float:
    """The whole wait after the attempt of that number, from 1: see `LEAST_OF_WAIT` for the least of it."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt - 1, 10))


def most_attempts(retry: int, timeout_s: float) -> int:
    """How often a call can be tried at most: once more for each retry that begins before its time is over.

    The waits between attempts happen inside the call's timeout, and a wait that wouldn't end before it isn't begun.

    Args:
        retry: how often it may be tried again.
        timeout_s: seconds for all attempts together.
    """
    least_s = 0.0
    for attempt in range(1, 1 + retry):
        least_s += wait_s(attempt) * LEAST_OF_WAIT * _AWAKE
        if least_s >= timeout_s:
            return attempt
    return 1 + retry
