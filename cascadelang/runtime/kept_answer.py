"""An answer as text, for keeping it, and back.

Takes: an answer, or a text that claims to be one. Gives: the other. Guarantees: what comes back answers checks as the
answer did, its log probabilities and what checks took from it included; a text that isn't whole, or of another
form, is none; an answer that no JSON can hold isn't kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.check import Verdict
from cascadelang.contracts.messages import Message, Reply, TokenLogprob, ToolCall, Usage

if TYPE_CHECKING:
    from cascadelang.runtime.nodes import Call
    from cascadelang.runtime.outcome import Answered
    from cascadelang.runtime.state import Run

FORM: Final = 1
"""Raised whenever the text's form changes."""


def to_text(answered: Answered, run: Run) -> str | None:
    """The answer as text; ``None`` when it can't be one."""
    reply, verdict, usage = answered.reply, answered.verdict, answered.reply.usage
    added = answered.request.messages[len(run.messages) :]
    if any(message.images for message in added):
        return None
    value = {
        "form": FORM,
        "call": answered.target.call,
        "added": [(message.role, message.text) for message in added],
        "text": reply.text,
        "id": reply.model,
        "usage": (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.estimated),
        "finish_reason": reply.finish_reason,
        "logprobs": None
        if reply.logprobs is None
        else [(token.token, token.logprob, token.top) for token in reply.logprobs],
        "tool_calls": [(call.id, call.name, call.arguments) for call in reply.tool_calls],
        "verdict": (verdict.outcome, verdict.reason, verdict.score, verdict.unknown, dict(verdict.data)),
    }
    try:
        text = json.dumps(value)
        return text if json.loads(text)["verdict"][4] == dict(verdict.data) else None
    except (TypeError, ValueError, RecursionError):
        return None


def from_text(text: str, calls: Mapping[str, Call], run: Run, of: tuple[float, str]) -> Answered | None:
    """The answer that a text holds; ``None`` when it holds none that a call here can have given."""
    try:
        value: dict[str, Any] = json.loads(text)
        if value["form"] != FORM:
            return None
        call = calls.get(value["call"])
        if call is None:
            return None
        outcome, reason, score, unknown, data = value["verdict"]
        logprobs = value["logprobs"]
        reply = Reply(
            value["text"],
            value["id"],
            Usage(*value["usage"]),
            value["finish_reason"],
            None
            if logprobs is None
            else tuple(
                TokenLogprob(token, logprob, tuple((other, least) for other, least in top))
                for token, logprob, top in logprobs
            ),
            tuple(ToolCall(*one) for one in value["tool_calls"]),
        )
        added = tuple(Message(role, words) for role, words in value["added"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return call.kept(run, added, reply, Verdict(outcome, reason, score, unknown, data), of)
