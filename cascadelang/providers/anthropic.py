"""Anthropic's Messages API.

Takes: requests in no dialect. Gives: replies in no dialect.
Guarantees: what `cascadelang.contracts.provider.Provider` says.

Wire format: https://platform.claude.com/docs/en/api/messages, and on the same site api/errors,
api/migration-2026-10-21, build-with-claude/streaming, build-with-claude/structured-outputs and
build-with-claude/handling-stop-reasons, as typed by the official ``anthropic`` SDK 2.

The wire has no logprobs and no seed: a request for logprobs gets a reply without, and a seed is left out.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.failure import FailureKind
from cascadelang.contracts.messages import Delta, FinishReason, Image, Message, Reply, Request, ToolCall, Usage
from cascadelang.contracts.provider import ProviderConfig, Transport
from cascadelang.contracts.spec import Capability, Param, Spec
from cascadelang.providers._http import (
    HEADERS_PARAM,
    TRANSPORT_PARAM,
    HttpCalls,
    base_url,
    count,
    encode,
    estimated_usage,
    extra_headers,
    known_usage,
    split_data_url,
    stated_usage,
    streamed,
)
from cascadelang.providers._schemas import forced_by_anthropic

DEFAULT_BASE_URL: Final = "https://api.anthropic.com"

VERSION: Final = "2026-10-21"
VERSION_WITH_SAMPLING: Final = "2023-06-01"
"""The newer version rejects `temperature` and `top_p`; the older still takes them, for models up to 4.6."""

JSON_ONLY: Final = "Answer with one JSON object and nothing else: no words around it, no code fence."
JSON_OF_SCHEMA: Final = (
    "Answer with JSON that matches this schema and nothing else: no words around it, no code fence."
)

_FINISH: Final[Mapping[Any, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}

_BY_TYPE: Final[Mapping[str, FailureKind]] = {
    "authentication_error": "auth",
    "permission_error": "auth",
    # No credit left: another provider may answer, so it moves on like a rate limit.
    "billing_error": "rate_limit",
    "not_found_error": "bad_request",
    "request_too_large": "context_length",
    "rate_limit_error": "rate_limit",
    "timeout_error": "timeout",
    "api_error": "server",
    "overloaded_error": "server",
    "conflict_error": "server",
}

_EFFORT: Final[Mapping[str, str]] = {"minimal": "low"}


def explain(status: int, error: Mapping[str, Any]) -> FailureKind | None:
    """The kind an error object of this API means; ``None`` leaves it to the status."""
    label = error.get("type")
    if label != "invalid_request_error":
        return _BY_TYPE.get(label) if isinstance(label, str) else None
    message = error.get("message")
    said = message.lower() if isinstance(message, str) else ""
    if "prompt is too long" in said or "exceed context limit" in said or "context window" in said:
        return "context_length"
    if "content filtering policy" in said:
        return "content_filter"
    if "credit balance is too low" in said:
        return "rate_limit"
    return "bad_request" if status < 300 else None


class Anthropic:
    """See `cascadelang.contracts.provider.Provider`."""

    spec: ClassVar[Spec] = Spec(
        name="anthropic",
        kind="provider",
        summary="Anthropic's Messages API",
        doc="""\
Calls `POST {base_url}/v1/messages`. The key comes from `ANTHROPIC_API_KEY` unless `key` names another variable.

A JSON Schema is forced through `output_config.format`; bounds that Anthropic can't force (`minimum`, `maxLength` and
the like) are left to your `schema` check. A schema it can't express (a free-form or recursive object), and JSON
without a schema, are asked for in the system prompt. `temperature` and `top_p` exist in API version 2023-06-01 only:
with `version: "auto"` a call that sets one of them is made in that version. Logprobs and seeds don't exist here.""",
        params=(
            Param("base_url", "text", "Where the API is, without `/v1`.", default=DEFAULT_BASE_URL),
            Param("key", "secret", "The API key; `ANTHROPIC_API_KEY` when it isn't given."),
            Param(
                "version",
                "text",
                f'The `anthropic-version`; `"auto"` is {VERSION}, or {VERSION_WITH_SAMPLING} for a call with '
                "`temperature` or `top_p`.",
                default="auto",
            ),
            HEADERS_PARAM,
            TRANSPORT_PARAM,
        ),
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"json", "tools", "vision"})
    key_env: ClassVar[str] = "ANTHROPIC_API_KEY"
    """The environment variable that holds the key when the policy names none."""
    base_url_env: ClassVar[str] = "ANTHROPIC_BASE_URL"
    """The one that moves the API to another address, as the official SDK reads it, when the policy names none."""

    def __init__(self, config: ProviderConfig, transport: Transport | None = None) -> None:
        self._config = config
        self._calls = HttpCalls(config, transport, explain)
        base = base_url(config, DEFAULT_BASE_URL).removesuffix("/v1")
        self._url = f"{base}/v1/messages"
        self._key_required = base == DEFAULT_BASE_URL
        self._version = str(config.settings.get("version") or "auto")

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        body = await self._calls.fetch(self._url, self._headers(request), self.payload(request), request.timeout_s)
        return self._reply(request, body)

    def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`."""
        gathered = _Gathered()
        return streamed(
            self._calls,
            lambda: self._calls.open(
                self._url, self._headers(request), self.payload(request, stream=True), request.timeout_s
            ),
            gathered,
            whole=lambda body: self._reply(request, body),
            reply=lambda: self._checked(gathered.reply(request), gathered.stop_details),
            ends=True,
        )

    def can_stop(self, request: Request) -> bool:  # noqa: ARG002 - the contract's form
        """See `Stopping.can_stop`."""
        return True

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002 - the contract's parameter
        """See `Provider.count_tokens`: the API counts only in a call of its own."""
        return None

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._calls.close()

    def payload(self, request: Request, *, stream: bool = False) -> dict[str, Any]:
        """The request's body, as the API documents it."""
        turns = [message for message in request.messages if message.role != "system"]
        system = [request.system, *(message.text for message in request.messages if message.role == "system")]
        output, asked = _forced_output(request)
        system.append(asked)
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": message.role, "content": _content(message)} for message in turns],
        }
        if request.effort == "none":
            body["thinking"] = {"type": "disabled"}
        if output:
            body["output_config"] = output
        if any(system):
            body["system"] = "\n\n".join(part for part in system if part)
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.stop:
            body["stop_sequences"] = list(request.stop)
        if request.tools:
            body["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": t.parameters} for t in request.tools
            ]
        if stream:
            body["stream"] = True
        return body

    def _headers(self, request: Request) -> dict[str, str]:
        version = self._version
        if version == "auto":
            sampling = request.temperature is not None or request.top_p is not None
            version = VERSION_WITH_SAMPLING if sampling else VERSION
        headers = {"content-type": "application/json", "anthropic-version": version}
        if key := self._calls.key(required=self._key_required, variable=self.key_env):
            headers["x-api-key"] = key
        return headers | extra_headers(self._config)

    def _reply(self, request: Request, body: Mapping[str, Any]) -> Reply:
        try:
            texts = []
            calls = []
            for block in body["content"]:
                if block["type"] == "text":
                    texts.append(block["text"])
                elif block["type"] == "tool_use":
                    arguments = json.dumps(block["input"], ensure_ascii=False)
                    calls.append(ToolCall(id=str(block["id"]), name=str(block["name"]), arguments=arguments))
            text = "".join(texts)
            reply = Reply(
                text=text,
                model=str(body.get("model") or request.model),
                usage=_usage(body["usage"]) if body.get("usage") else estimated_usage(request, text),
                finish_reason=_FINISH.get(body.get("stop_reason"), "unknown"),
                tool_calls=tuple(calls),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._calls.misshapen(stated_usage(_usage, body.get("usage"))) from None
        return self._checked(reply, body.get("stop_details"))

    def _checked(self, reply: Reply, stop_details: Any) -> Reply:
        if reply.finish_reason == "content_filter" and not reply.text:
            why = stop_details.get("explanation") or stop_details.get("category") if stop_details else None
            raise self._calls.withheld(str(why or "it ended with a refusal"), known_usage(reply.usage))
        return reply


def _forced_output(request: Request) -> tuple[dict[str, Any], str]:
    """The ``output_config``, and what of the wanted form has to be asked for in words instead."""
    output: dict[str, Any] = {}
    asked = ""
    if request.json_schema is not None:
        forced = forced_by_anthropic(request.json_schema)
        if forced is None:
            asked = f"{JSON_OF_SCHEMA}\n{encode(request.json_schema).decode()}"
        else:
            output["format"] = {"type": "json_schema", "schema": forced}
    elif request.json_mode:
        asked = JSON_ONLY
    if request.effort and request.effort != "none":
        output["effort"] = _EFFORT.get(request.effort, request.effort)
    return output, asked


class _Gathered:
    """A streamed answer, put together event by event."""

    def __init__(self) -> None:
        self.complete = False
        self.stop_details: Mapping[str, Any] | None = None
        self._texts: list[str] = []
        self._model = ""
        self._finish: FinishReason = "unknown"
        self._usage: dict[str, Any] = {}
        self._calls: dict[int, list[str]] = {}

    def add(self, event: Mapping[str, Any]) -> str:
        """Take one event; give its piece of text. Unknown events are passed over, as the API asks of clients."""
        kind = event.get("type")
        text = ""
        if kind == "content_block_delta":
            text = self._add_delta(event["index"], event["delta"])
        elif kind == "content_block_start":
            text = self._add_block(event["index"], event["content_block"])
        elif kind == "message_start":
            message = event["message"]
            self._model = str(message.get("model") or "")
            self._usage.update(message.get("usage") or {})
        elif kind == "message_delta":
            self._finish = _FINISH.get(event["delta"].get("stop_reason"), "unknown")
            self.stop_details = event["delta"].get("stop_details")
            # Counts in this event are cumulative, and only those that changed are there.
            given = event.get("usage") or {}
            self._usage.update({name: value for name, value in given.items() if value is not None})
        elif kind == "message_stop":
            self.complete = True
        if text:
            self._texts.append(text)
        return text

    def _add_block(self, index: int, block: Mapping[str, Any]) -> str:
        if block["type"] == "tool_use":
            self._calls[index] = [str(block["id"]), str(block["name"]), ""]
        return str(block.get("text") or "") if block["type"] == "text" else ""

    def _add_delta(self, index: int, delta: Mapping[str, Any]) -> str:
        if delta["type"] == "input_json_delta" and index in self._calls:
            self._calls[index][2] += delta["partial_json"]
        return str(delta["text"]) if delta["type"] == "text_delta" else ""

    def delta(self, text: str) -> Delta:
        """A piece of text, with the input's tokens: the answer's are only counted at its end."""
        usage = _usage(self._usage) if self._usage else None
        return Delta(text, (), None if usage is None else Usage(usage.input_tokens, 0, usage.cached_tokens))

    def reply(self, request: Request) -> Reply:
        """The whole answer."""
        text = "".join(self._texts)
        return Reply(
            text=text,
            model=self._model or request.model,
            usage=_usage(self._usage) if self._usage else estimated_usage(request, text),
            finish_reason=self._finish,
            tool_calls=tuple(
                ToolCall(id=id_, name=name, arguments=arguments or "{}")
                for _, (id_, name, arguments) in sorted(self._calls.items())
            ),
        )


def _usage(usage: Mapping[str, Any]) -> Usage:
    """``input_tokens`` of the wire leaves cached input out; ours holds it all."""
    cached = count(usage.get("cache_read_input_tokens"))
    return Usage(
        input_tokens=count(usage.get("input_tokens")) + count(usage.get("cache_creation_input_tokens")) + cached,
        output_tokens=count(usage.get("output_tokens")),
        cached_tokens=cached,
    )


def _content(message: Message) -> Any:
    if not message.images:
        return message.text
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.text}] if message.text else []
    parts.extend({"type": "image", "source": _source(image)} for image in message.images)
    return parts


def _source(image: Image) -> dict[str, str]:
    if image.url:
        split = split_data_url(image.url)
        if split is None:
            return {"type": "url", "url": image.url}
        media_type, data = split
    else:
        media_type, data = image.media_type or "image/png", image.data
    return {"type": "base64", "media_type": media_type, "data": data}


PROVIDER = Anthropic
