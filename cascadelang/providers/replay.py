"""Answers recorded earlier, given again: a policy runs on them with no call made.

Takes: a records file (``.jsonl`` or ``.jsonl.gz``, one JSON object a line: a query and, by model id, what each model
answered). Gives: the recorded answer of the model that is asked, for the same query. Guarantees: an answer that isn't
recorded is a ``policy`` failure that says what is missing, never a guess; the file is read once, at the first call.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, FinishReason, Reply, Request, TokenLogprob
from cascadelang.contracts.spec import Capability, Param, Spec
from cascadelang.providers.scripted import pieces, usage_of, wait_for_reply

if TYPE_CHECKING:
    from cascadelang.contracts.clock import Clock
    from cascadelang.contracts.provider import ProviderConfig, Transport

Key = tuple[tuple[str, str], ...]
"""A conversation: role and text of each message."""

_SHOWN_CHARS = 60


class Replay:
    """See `cascadelang.contracts.provider.Provider`."""

    spec: ClassVar[Spec] = Spec(
        name="replay",
        kind="provider",
        summary="answers recorded earlier",
        doc="""\
Answers from a records file (`.jsonl`, `.jsonl.gz`): the answer of the model of that id to the same query. No call is
made. Text, logprobs, usage and finish reason come from the record; tokens that it doesn't hold are estimated.

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
        self._index: dict[Key, dict[str, Any]] | None = None

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        answer = await self._answer(request)
        if self._waits and isinstance(answer.get("latency_s"), int | float):
            await wait_for_reply(self._clock, float(answer["latency_s"]), request)
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

    async def _answer(self, request: Request) -> Mapping[str, Any]:
        index = self._index
        if index is None:
            import asyncio

            index = await asyncio.to_thread(self._load)
        # The whole conversation counts: an answer to the bare query is no answer to the query with a draft beside it.
        asked = tuple((message.role, message.text) for message in request.messages if message.role != "system")
        answers = index.get(asked)
        if answers is None:
            last = asked[-1][1] if asked else ""
            start = " ".join(last[: _SHOWN_CHARS * 2].split())[:_SHOWN_CHARS]
            raise CallFailed("policy", f"`{self._shown}` holds no record of the query “{start}”")
        answer = answers.get(request.model)
        if not isinstance(answer, dict):
            raise CallFailed("policy", f"`{self._shown}` holds no answer of `{request.model}` to this query")
        return answer

    def _reply(self, answer: Mapping[str, Any], request: Request) -> Reply:
        text = answer.get("text")
        if not isinstance(text, str):
            raise CallFailed("policy", f"`{self._shown}` holds no text of the answer of `{request.model}`")
        finish = answer.get("finish_reason", "stop")
        return Reply(
            text=text,
            model=request.model,
            usage=usage_of(request, text, _count(answer.get("input_tokens")), _count(answer.get("output_tokens"))),
            finish_reason=finish if finish in get_args(FinishReason) else "unknown",
            logprobs=None if request.logprobs is None else _logprobs(answer.get("logprobs")),
        )

    def _load(self) -> dict[Key, dict[str, Any]]:
        with self._lock:
            if self._index is None:
                self._index = self._read()
            return self._index

    def _read(self) -> dict[Key, dict[str, Any]]:
        if not self._shown:
            raise CallFailed("policy", f"provider `{self._name}` has no `records`")
        if not self._shown.endswith((".jsonl", ".jsonl.gz")):
            raise CallFailed(
                "policy", f"`{self._shown}` can't be replayed: records are `.jsonl` or `.jsonl.gz` files"
            )
        import gzip

        index: dict[Key, dict[str, Any]] = {}
        number = 0
        try:
            with gzip.open(self._path, "rb") if self._shown.endswith(".gz") else self._path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):  # noqa: B007 - the message names the line
                    if line.strip():
                        _enter(index, json.loads(line))
        except FileNotFoundError:
            raise CallFailed("policy", f"`{self._shown}` can't be replayed: there is no such file") from None
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or "it is damaged"
            raise CallFailed("policy", f"`{self._shown}` can't be read: {reason.lower()}") from None
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise CallFailed("policy", f"line {number} of `{self._shown}` isn't a record") from None
        return index


def _enter(index: dict[Key, dict[str, Any]], record: Mapping[str, Any]) -> None:
    """Enter one record under its conversation, or its query where it has no other; the first of two answers stays."""
    key: Key = (("user", str(record["query"])),)
    if messages := record.get("messages"):
        key = tuple(
            (str(m["role"]), str(m["content"] if "content" in m else m["text"]))
            for m in messages
            if m["role"] != "system"
        )
    held = index.setdefault(key, {})
    for model, answer in record["answers"].items():
        held.setdefault(str(model), answer)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _logprobs(values: Any) -> tuple[TokenLogprob, ...] | None:
    """Records hold the numbers only, not the tokens."""
    if not isinstance(values, list) or not values:
        return None
    return tuple(TokenLogprob("", float(value)) for value in values if isinstance(value, int | float)) or None


PROVIDER = Replay
