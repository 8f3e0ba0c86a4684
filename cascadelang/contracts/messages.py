"""What is asked of a model and what it answers, in no provider's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from cascadelang.source.frozen import dataclass

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "stopped", "unknown"]
"""``stopped``: we ended the generation, because the answer could not pass any more."""
Purpose = Literal["answer", "judge", "ask", "sample"]
"""What a call is for: the answer itself, a check's judgement, a signal's question, or an answer to compare with."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a message: either a URL (``https:`` or ``data:``) or base64 data with its media type."""

    url: str = ""
    data: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; ``text`` is all its text, ``images`` come after it."""

    role: Role
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; ``parameters`` is a JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model asks for; ``arguments`` is the JSON text as it came."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Query:
    """What a caller asks of a policy.

    Attributes:
        messages: the conversation, oldest first; the last user message is the query proper.
        meta: the caller's facts (``meta.plan`` in the language): strings, numbers, booleans.
        tools: functions the caller offers.
        wants_json: the caller asked for JSON output.
    """

    messages: tuple[Message, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    wants_json: bool = False

    @staticmethod
    def of(text: str, meta: Mapping[str, Any] | None = None) -> Query:
        """A conversation of one user message."""
        return Query(messages=(Message("user", text),), meta=meta or {})

    @property
    def text(self) -> str:
        """The text of the last user message; empty when there is none."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message.text
        return ""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of one model, everything written out.

    Attributes:
        model: the provider's id of the model.
        messages: user and assistant messages, oldest first; a system prompt is in ``system``.
        system: the system prompt; empty for none.
        max_tokens: the most tokens the answer may have.
        temperature, top_p, seed, stop, effort: ``None`` (or empty) leaves the provider's default.
        json_schema: the answer must match this JSON Schema, where the provider can force it.
        json_mode: the answer must be a JSON object, of no particular form.
        logprobs: how many alternatives per token are wanted; ``None`` for no logprobs at all, 0 for the
            chosen token's only.
        timeout_s: the most seconds the whole call may take.
        purpose: what the answer is for; only scripted providers and traces look at it.
        embed: no answer is wanted but the vectors of the messages' texts, in `Reply.embedded`. Only providers that
            say ``embeds`` are asked so.
    """

    model: str
    messages: tuple[Message, ...]
    system: str = ""
    max_tokens: int = 1024
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    effort: str | None = None
    json_schema: Mapping[str, Any] | None = None
    json_mode: bool = False
    logprobs: int | None = None
    tools: tuple[Tool, ...] = ()
    timeout_s: float = 60.0
    purpose: Purpose = "answer"
    embed: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens a call used, as the provider counts them.

    ``input_tokens`` holds all input, cached or not; ``cached_tokens`` is the part of it read from a cache.
    ``estimated`` is true when the provider reported nothing and we counted.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A generated token with its natural-log probability and its best alternatives, best first.

    ``top`` holds pairs of token and logprob, the chosen one included where the provider includes it.
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of texts.

    Attributes:
        by: what made them, as address and model: only vectors that were made by the same can be compared.
        rows: one for each text, in their order, all of one length and none empty; of any length in space.
    """

    by: str
    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered.

    ``model`` is the id the provider says answered; ``logprobs`` is ``None`` when none were given; ``embedded`` is
    what a request to ``embed`` is answered with.
    """

    text: str
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    finish_reason: FinishReason = "stop"
    logprobs: tuple[TokenLogprob, ...] | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    embedded: Embedded | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streamed answer's text; never empty.

    Attributes:
        text: the piece.
        logprobs: of the tokens that came with it, where the call asked for them; put together, the beginning of
            `Reply.logprobs`. Empty where they only come with the reply.
        usage: what the call comes to so far, where the provider says so; 0 is not known. Counts only grow.
    """

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
