"""Answers recorded earlier, given again: a policy runs on them with no call made.

Takes: a records file, as `cascadelang.records` reads it. Gives: the recorded answer of the model that is asked, for
the same query. Guarantees: an answer that isn't recorded is a ``policy`` failure that says what is missing, never a
guess; the file is read once, at the first call.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request, TokenLogprob
from cascadelang.contracts.spec import Capability, Param, Spec
from cascadelang.providers.scripted import pieces, usage_of, wait_for_reply

if TYPE_CHECKING:
    from cascadelang.contracts.clock import Clock
    from cascadelang.contracts.messages import Message
    from cascadelang.contracts.provider import ProviderConfig, Transport
    from cascadelang.records.read import RecordedAnswer

Key = tuple[tuple[str, str], ...]
"""A conversation: role and text of each message."""
_Index = dict[Key, "dict[str, RecordedAnswer]"]
"""By conversation and model, what was answered."""

_SHOWN_CHARS = 60


class Replay:
    """See `cascadelang.contracts.provider.Provider`."""

    spec: ClassVar[Spec] = Spec(
        name="replay",
        kind="provider",
        summary="answers recorded earlier",
        doc="""\
Answers from a records file (`.jsonl`, `.csv`, either with `.gz`, or `.parquet`): the answer of the model of that id
to the same query. No call is made. Text, logprobs, usage and finish reason come from the record; tokens that it
doesn't hold are estimated.

```
provider past = replay { records: "answers.jsonl.gz" }
model small = past("qwen2.5-coder-0.5b") { price: $0 / $0 }
```

A query or an answer that isn't recorded ends the run. With `latency: true` each answer takes as long as it took.""",
        params=(
            Param("records", "path", "The records file, relative to the policy.", required=True),
            Param("latency", "bool", "Wait as long as the recorded answer took.", default=False),
        ),
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"logprobs", "json"})

    def __init__(
        self, config: ProviderConfig, transport: Transport | None = None, *, clock: Clock | None = None
    ) -> None:
        del transport  # nothing is sent
        self._name = config.name
        self._shown = str(config.settings.get("records") or "")
        self._path = Path(config.folder) / self._shown
        self._waits = bool(config.settings.get("latency"))
        self._clock = clock
        self._lock = threading.Lock()
        self._index: _Index | None = None

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        answer = await self._answer(request)
        if self._waits and answer.latency_s is not None:
            await wait_for_reply(self._clock, answer.latency_s, request)
        return self._reply(answer, request)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`: word by word."""
        reply = await self.send(request)
        for piece in pieces(reply.text):
            yield Delta(piece)
        yield reply

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002 - the contract's parameter
        """See `Provider.count_tokens`: a record has no tokenizer."""
        return None

    async def close(self) -> None:
        """See `Provider.close`: forgets the records."""
        self._index = None

    async def _answer(self, request: Request) -> RecordedAnswer:
        index = self._index
        if index is None:
            import asyncio

            index = await asyncio.to_thread(self._load)
        # The whole conversation counts: an answer to the bare query is no answer to the query with a draft beside it.
        asked = _key(request.messages)
        answers = index.get(asked)
        if answers is None:
            last = asked[-1][1] if asked else ""
            start = " ".join(last[: _SHOWN_CHARS * 2].split())[:_SHOWN_CHARS]
            raise CallFailed("policy", f"`{self._shown}` holds no record of the query “{start}”")
        answer = answers.get(request.model)
        if answer is None:
            raise CallFailed("policy", f"`{self._shown}` holds no answer of `{request.model}` to this query")
        return answer

    def _reply(self, answer: RecordedAnswer, request: Request) -> Reply:
        if answer.text is None:
            raise CallFailed("policy", f"`{self._shown}` holds no text of the answer of `{request.model}`")
        logprobs = None if request.logprobs is None else answer.logprobs
        return Reply(
            text=answer.text,
            model=request.model,
            usage=usage_of(request, answer.text, answer.input_tokens, answer.output_tokens),
            finish_reason=answer.finish_reason or "stop",
            # Records hold the numbers only, not the tokens.
            logprobs=None if logprobs is None else tuple(TokenLogprob("", value) for value in logprobs),
        )

    def _load(self) -> _Index:
        with self._lock:
            if self._index is None:
                self._index = self._read()
            return self._index

    def _read(self) -> _Index:
        from cascadelang.records.read import RecordsUnusable, read_records

        if not self._shown:
            raise CallFailed("policy", f"provider `{self._name}` has no `records`")
        index: _Index = {}
        try:
            for record in read_records(self._path, shown=self._shown):
                if record.asked:
                    # Of two answers of a model to one query the first stays.
                    held = index.setdefault(_key(record.query.messages), {})
                    for model, answer in record.answers.items():
                        held.setdefault(model, answer)
        except RecordsUnusable as error:
            raise CallFailed("policy", str(error)) from None
        return index


def _key(messages: Iterable[Message]) -> Key:
    return tuple((message.role, message.text) for message in messages if message.role != "system")


PROVIDER = Replay
