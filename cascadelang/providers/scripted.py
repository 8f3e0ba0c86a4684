"""Replies given beforehand: what `cascadelang test` runs on, and tests and benchmarks of everything above providers.

Takes: for each model id, the replies it gives in order. Gives: those replies. Guarantees: no call leaves the process;
the same script and the same requests give the same replies; the last reply of a model repeats; a model without a
reply is a ``policy`` failure, never a made-up answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.failure import CallFailed, FailureKind
from cascadelang.contracts.messages import Delta, FinishReason, Purpose, Reply, Request, TokenLogprob, Usage
from cascadelang.contracts.spec import Capability, Param, Spec

if TYPE_CHECKING:
    from cascadelang.contracts.clock import Clock
    from cascadelang.contracts.provider import ProviderConfig, Transport


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """One reply, or one failure.

    Attributes:
        text: the answer; with ``error`` as well, what a stream gives before it fails.
        error: the kind of failure instead of an answer.
        purpose: what it replies to: an answer, a judgement or a question of the policy's own. Each has a queue.
        score: of a judgement, 0..1; the text is then the judge's JSON form.
        reason: of a judgement, in words.
        logprob: the natural-log probability of every token; given only to a request that asks for logprobs.
        logprobs: the same token by token, instead of ``logprob``.
        margin: the probability of every token's best alternative less that of the second best, 0..1; given only to a
            request that asks for alternatives.
        finish_reason: why it ended.
        latency_s: seconds it takes, waited on the clock; longer than the request's timeout is a ``timeout``.
        input_tokens, output_tokens: usage; ``None`` estimates it from the texts.
    """

    text: str = ""
    error: FailureKind | None = None
    purpose: Purpose = "answer"
    score: float | None = None
    reason: str = ""
    logprob: float | None = None
    logprobs: tuple[float, ...] | None = None
    margin: float | None = None
    finish_reason: FinishReason = "stop"
    latency_s: float = 0.0
    input_tokens: int | None = None
    output_tokens: int | None = None


class Scripted:
    """See `cascadelang.contracts.provider.Provider`.

    Args:
        replies: by model id, what it replies, in order; a text stands for the reply with that text.
        clock: where latencies are waited; the machine's own unless given.
        names: what people call the models, by id, for the message about a missing reply.
    """

    spec: ClassVar[Spec] = Spec(
        name="scripted",
        kind="provider",
        summary="replies written down beforehand",
        doc="""\
Gives the replies of its `replies`, by model id and in order; the last one repeats. No call is made.

```
provider fake = scripted { replies: { small: ["I don't know", "Paris"], large: "Paris" } }
model cheap = fake("small") { price: $1 / $5 }
```

A model that judges takes its judgements from the same list, each the JSON that a judge writes:
`"{\\"score\\": 0.9, \\"reason\\": \\"polite\\"}"`.

A model without a reply is an error. `cascadelang test` runs on this provider, with each test's own `reply` lines.""",
        params=(Param("replies", "record", "By model id, a text or a list of texts."),),
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"logprobs", "top_logprobs", "json", "tools", "vision"})

    def __init__(
        self,
        replies: Mapping[str, Sequence[ScriptedReply | str]],
        *,
        clock: Clock | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._names = names or {}
        self._queues: dict[tuple[str, str], list[ScriptedReply]] = {}
        for model, given in replies.items():
            for reply in given:
                scripted = ScriptedReply(reply) if isinstance(reply, str) else reply
                self._queues.setdefault((model, scripted.purpose), []).append(scripted)
        self._used: dict[tuple[str, str], int] = {}

    def calls(self, model: str, purpose: Purpose = "answer") -> int:
        """How many calls of this purpose the model has had."""
        return self._used.get((model, purpose), 0)

    embeds = True
    """It takes a request for vectors, and answers it with the words of its script, as a test gives them."""

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        scripted = self._next(request)
        if scripted.latency_s > 0:
            await wait_for_reply(self._clock, scripted.latency_s, request)
        if scripted.error is not None:
            raise _failure(scripted.error, request)
        return _reply(scripted, request)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`: word by word."""
        scripted = self._next(request)
        if scripted.latency_s > 0:
            await wait_for_reply(self._clock, scripted.latency_s, request)
        text = _text(scripted)
        parts = pieces(text)
        if scripted.error is not None:
            for part in parts:
                yield Delta(part)
            raise _failure(scripted.error, request)
        reply = _reply(scripted, request)
        logprobs = reply.logprobs or ()
        done = 0
        for at, part in enumerate(parts):
            done += len(part)
            output_tokens = reply.usage.output_tokens * done // len(text)
            usage = Usage(reply.usage.input_tokens, output_tokens, 0, reply.usage.estimated)
            yield Delta(part, logprobs[at : at + 1], usage)
        yield reply

    def can_stop(self, request: Request) -> bool:
        """See `Stopping.can_stop`: a script that fails, or keeps to no ``max_tokens``, is heard to its end."""
        key = self._queue(request)
        queue = self._queues.get(key)
        if not queue:
            return False
        scripted = queue[min(self._used.get(key, 0), len(queue) - 1)]
        tokens = max(len(pieces(_text(scripted))), len(scripted.logprobs or ()), scripted.output_tokens or 0)
        return scripted.error is None and tokens <= request.max_tokens

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002 - the contract's parameter
        """See `Provider.count_tokens`: a script has no tokenizer."""
        return None

    async def close(self) -> None:
        """See `Provider.close`: there is nothing to let go of."""

    def _queue(self, request: Request) -> tuple[str, str]:
        """The key of the replies that a request takes from; a further sample is an answer, too."""
        return request.model, "answer" if request.purpose == "sample" else request.purpose

    def _next(self, request: Request) -> ScriptedReply:
        key = self._queue(request)
        queue = self._queues.get(key)
        used = self._used.get(key, 0)
        self._used[key] = used + 1
        if queue:
            return queue[used if used < len(queue) else -1]
        name = self._names.get(request.model, request.model)
        what = {"answer": "answer", "sample": "answer", "judge": "judgement", "ask": "choice"}[request.purpose]
        raise CallFailed("policy", f"no {what} of `{name}` is scripted, and nothing is called")


class _FromSettings(Scripted):
    """The same, made as `cascadelang.contracts.provider.Provider` says."""

    def __init__(self, config: ProviderConfig, transport: Transport | None = None) -> None:  # noqa: ARG002
        given: Mapping[str, Any] = config.settings.get("replies") or {}
        super().__init__({model: [texts] if isinstance(texts, str) else texts for model, texts in given.items()})

    def _queue(self, request: Request) -> tuple[str, str]:
        """A policy gives each model one queue: a judge takes its judgements, as JSON, from it too."""
        return request.model, "answer"


def pieces(text: str) -> list[str]:
    """A text cut after its spaces, none of the pieces empty: what a word-by-word stream gives."""
    words = text.split(" ")
    last = words.pop()
    found = [f"{word} " for word in words]
    if last:
        found.append(last)
    return found


async def wait_for_reply(clock: Clock | None, latency_s: float, request: Request) -> None:
    """Wait as long as a reply takes, or as the request allows.

    Raises:
        CallFailed: ``timeout`` when that is shorter.
    """
    if clock is None:
        from cascadelang.contracts.clock import SystemClock

        clock = SystemClock()
    await clock.sleep(min(latency_s, request.timeout_s))
    if latency_s > request.timeout_s:
        raise CallFailed("timeout", f"no answer of `{request.model}` within {request.timeout_s:g} s")


def usage_of(request: Request, text: str, input_tokens: int | None, output_tokens: int | None) -> Usage:
    """Usage with what is known, the rest estimated and labelled so."""
    if input_tokens is None:
        asked = estimate_tokens(request.system) if request.system else 0
        for message in request.messages:
            asked += estimate_tokens(message.text)
    else:
        asked = input_tokens
    told = estimate_tokens(text) if output_tokens is None else output_tokens
    return Usage(asked, told, 0, input_tokens is None or output_tokens is None)


def _text(scripted: ScriptedReply) -> str:
    if scripted.score is None or scripted.text:
        return scripted.text
    return json.dumps({"score": scripted.score, "reason": scripted.reason}, ensure_ascii=False)


def _reply(scripted: ScriptedReply, request: Request) -> Reply:
    text = _text(scripted)
    return Reply(
        text,
        request.model,
        usage_of(request, text, scripted.input_tokens, scripted.output_tokens),
        scripted.finish_reason,
        None if request.logprobs is None else _logprobs(scripted, text, request.logprobs),
    )


def _logprobs(scripted: ScriptedReply, text: str, alternatives: int) -> tuple[TokenLogprob, ...] | None:
    tokens = pieces(text) or [""]
    margin = scripted.margin if alternatives >= 2 else None
    if scripted.logprobs is not None:
        values = scripted.logprobs
        tokens += [""] * (len(values) - len(tokens))
    elif scripted.logprob is not None:
        values = (scripted.logprob,) * len(tokens)
    elif margin is not None:
        values = (math.log((1 + margin) / 2),) * len(tokens)
    else:
        return None
    return tuple(
        TokenLogprob(token, value, _top(token, margin)) for token, value in zip(tokens, values, strict=False)
    )


def _top(token: str, margin: float | None) -> tuple[tuple[str, float], ...]:
    """Two alternatives that are so far apart and leave nothing over."""
    if margin is None:
        return ()
    second = math.log((1 - margin) / 2) if margin < 1 else -math.inf
    return (token, math.log((1 + margin) / 2)), (f"not {token}", second)


def _failure(kind: FailureKind, request: Request) -> CallFailed:
    """A script's ``server`` is a status that refuses, its ``connection`` one that wasn't made: neither is billed."""
    served = kind in {"timeout", "content_filter"}
    return CallFailed(kind, f"scripted failure of `{request.model}`: {kind}", maybe_billed=served)


PROVIDER = _FromSettings
