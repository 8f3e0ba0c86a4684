"""OpenAI's chat completions, and every server that speaks them.

Such servers are named by their ``base_url``: OpenRouter, vLLM, Ollama, LM Studio, llama.cpp, Groq and others.

Takes: requests in no dialect. Gives: replies in no dialect.
Guarantees: what `cascadelang.contracts.provider.Provider` says.

Wire format: https://developers.openai.com/api/reference/resources/chat (create, streaming chunks), as typed by the
official ``openai`` SDK 3; errors: https://developers.openai.com/api/docs/guides/error-codes. Further error forms:
vLLM, llama.cpp (``exceed_context_size_error``) and OpenRouter
(https://openrouter.ai/docs/api/reference/errors-and-debugging).
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from cascadelang.contracts.failure import FailureKind
from cascadelang.contracts.messages import (
    Delta,
    Embedded,
    FinishReason,
    Image,
    Message,
    Reply,
    Request,
    TokenLogprob,
    ToolCall,
    Usage,
)
from cascadelang.contracts.provider import ProviderConfig, Transport
from cascadelang.contracts.spec import Capability, Param, Spec
from cascadelang.providers._failures import host_of
from cascadelang.providers._http import (
    HEADERS_PARAM,
    TRANSPORT_PARAM,
    HttpCalls,
    base_url,
    count,
    estimated_usage,
    extra_headers,
    known_usage,
    stated_usage,
    streamed,
)
from cascadelang.providers._schemas import keeps_strict_rules

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
MAX_TOP_LOGPROBS: Final = 20

_FINISH: Final[Mapping[Any, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}

_BY_CODE: Final[Mapping[str, FailureKind]] = {
    "context_length_exceeded": "context_length",
    "exceed_context_size_error": "context_length",  # llama.cpp, as the error's type
    "content_filter": "content_filter",  # Azure
    "content_policy_violation": "content_filter",
    "invalid_api_key": "auth",
    "invalid_organization": "auth",
    "model_not_found": "bad_request",
    # No credit left: trying again is of no use here, another provider may answer. So: moves on, like a rate limit.
    "insufficient_quota": "rate_limit",
    "credit_balance_exhausted": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "slow_down": "rate_limit",
    "server_is_overloaded": "server",
    "server_error": "server",
}

_CONTEXT_WORDS: Final = (
    "maximum context length",
    "available context size",
    "context size has been exceeded",
    "context length exceeded",
    "exceeds the context length",
    "exceed context window",
)
"""How servers without a code for it say that the prompt doesn't fit (vLLM, OpenRouter, llama.cpp and others)."""


def explain(status: int, error: Mapping[str, Any]) -> FailureKind | None:
    """The kind an error object of this API means; ``None`` leaves it to the status."""
    message = error.get("message")
    if isinstance(message, str) and status in (200, 400, 413, 422, 500):
        said = message.lower()
        if any(words in said for words in _CONTEXT_WORDS):
            return "context_length"
    for field in ("code", "type"):
        label = error.get(field)
        if isinstance(label, str) and label in _BY_CODE:
            return _BY_CODE[label]
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and "flagged_input" in metadata:  # OpenRouter's moderation, with status 403
        return "content_filter"
    return None


class OpenAI:
    """See `cascadelang.contracts.provider.Provider`."""

    spec: ClassVar[Spec] = Spec(
        name="openai",
        kind="provider",
        summary="OpenAI's chat completions, and every server that speaks them",
        doc="""\
Calls `POST {base_url}/chat/completions`. The key comes from `OPENAI_API_KEY` unless `key` names another variable;
a server at another `base_url` may need none.

```
provider groq = openai { base_url: "https://api.groq.com/openai/v1", key: env("GROQ_API_KEY") }
model llama = groq("llama-3.3-70b-versatile") { price: $0.59 / $0.79 }
```

JSON schemas are sent as `response_format`; `strict` is asked for when the schema keeps its rules (every property
required, no others allowed). A stream asks for its usage; when the server sends none, tokens are estimated and
marked so. A model that a signal compares texts `by` is asked at `POST {base_url}/embeddings`. A spent quota
(`insufficient_quota`) counts as `rate_limit`: a fallback moves on to the next provider.""",
        params=(
            Param("base_url", "text", "Where the API is, up to and with its version.", default=DEFAULT_BASE_URL),
            Param("key", "secret", "The API key; `OPENAI_API_KEY` when it isn't given."),
            Param("organization", "text", "Sent as `OpenAI-Organization`.", default=""),
            Param("project", "text", "Sent as `OpenAI-Project`.", default=""),
            Param(
                "max_tokens_field",
                "choice",
                "How the limit on tokens is called: `auto` is `max_completion_tokens` at OpenAI and Azure, where "
                "reasoning models know no other, and `max_tokens`, which all servers know, anywhere else.",
                default="auto",
                choices=("auto", "max_completion_tokens", "max_tokens"),
            ),
            HEADERS_PARAM,
            TRANSPORT_PARAM,
        ),
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"logprobs", "top_logprobs", "json", "tools", "vision"})
    embeds: ClassVar[bool] = True
    """It can be asked for vectors: `Request.embed`."""
    key_env: ClassVar[str] = "OPENAI_API_KEY"
    """The environment variable that holds the key when the policy names none."""
    base_url_env: ClassVar[str] = "OPENAI_BASE_URL"
    """The one that moves the API to another address, as the official SDK reads it, when the policy names none."""

    def __init__(self, config: ProviderConfig, transport: Transport | None = None) -> None:
        self._config = config
        self._calls = HttpCalls(config, transport, explain)
        base = base_url(config, DEFAULT_BASE_URL)
        self._url = f"{base}/chat/completions"
        self._embeddings_url = f"{base}/embeddings"
        self._key_required = base == DEFAULT_BASE_URL
        self._own = _is_own(base)
        self._max_tokens_field = str(config.settings.get("max_tokens_field") or "auto")
        if self._max_tokens_field == "auto":
            self._max_tokens_field = "max_completion_tokens" if self._own else "max_tokens"
        self._ready_headers: dict[str, str] | None = None

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`; a request to ``embed`` goes to ``/embeddings``."""
        if request.embed:
            body = await self._calls.fetch(
                self._embeddings_url, self._headers(), embedding_payload(request), request.timeout_s
            )
            return self._embedded(request, body)
        body = await self._calls.fetch(self._url, self._headers(), self.payload(request), request.timeout_s)
        return self._reply(request, body)

    def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`."""
        gathered = _Gathered()
        return streamed(
            self._calls,
            lambda: self._calls.open(
                self._url, self._headers(), self.payload(request, stream=True), request.timeout_s
            ),
            gathered,
            whole=lambda body: self._reply(request, body),
            reply=lambda: self._checked(gathered.reply(request)),
        )

    def can_stop(self, request: Request) -> bool:
        """See `Stopping.can_stop`: OpenAI's own servers, and Azure's, send logprobs with a stream's pieces."""
        return request.logprobs is None or self._own

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002 - the contract's parameter
        """See `Provider.count_tokens`: the API counts only afterwards."""
        return None

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._calls.close()

    def payload(self, request: Request, *, stream: bool = False) -> dict[str, Any]:
        """The request's body, as the API documents it."""
        messages: list[dict[str, Any]] = []
        if request.system:
            messages.append({"role": "system", "content": request.system})
        messages.extend({"role": message.role, "content": _content(message)} for message in request.messages)
        body: dict[str, Any] = {
            "model": request.model,
            "messages": messages,
            self._max_tokens_field: request.max_tokens,
        } | _sampling(request)
        if request.json_schema is not None:
            strict = keeps_strict_rules(request.json_schema)
            form = {"name": "answer", "schema": request.json_schema, "strict": strict}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif request.json_mode:
            body["response_format"] = {"type": "json_object"}
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t.name, "description": t.description, "parameters": t.parameters},
                }
                for t in request.tools
            ]
        if stream:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        return body

    def _headers(self) -> dict[str, str]:
        if self._ready_headers is None:
            key = self._calls.key(required=self._key_required, variable=self.key_env)
            headers = {"Content-Type": "application/json"}
            if key:
                headers["Authorization"] = f"Bearer {key}"
            for setting, header in (("organization", "OpenAI-Organization"), ("project", "OpenAI-Project")):
                if value := self._config.settings.get(setting):
                    headers[header] = str(value)
            self._ready_headers = headers | extra_headers(self._config)
        return self._ready_headers

    def _reply(self, request: Request, body: Mapping[str, Any]) -> Reply:
        try:
            choice = body["choices"][0]
            message = choice["message"]
            text = _text(message.get("content")) or _text(message.get("refusal"))
            calls = message.get("tool_calls")
            logprobs = choice.get("logprobs")
            reply = Reply(
                text=text,
                model=str(body.get("model") or request.model),
                usage=_usage(body.get("usage")) or estimated_usage(request, text),
                finish_reason=_FINISH.get(choice.get("finish_reason"), "unknown"),
                logprobs=tuple(_logprobs(logprobs["content"])) if logprobs and logprobs.get("content") else None,
                tool_calls=tuple(_tool_call(call) for call in calls) if calls else (),
            )
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise self._calls.misshapen(stated_usage(_usage, body.get("usage"))) from None
        return self._checked(reply)

    def _embedded(self, request: Request, body: Mapping[str, Any]) -> Reply:
        usage = stated_usage(_usage, body.get("usage"))
        try:
            data = sorted(body["data"], key=lambda one: int(one["index"]))
            rows = tuple([tuple([float(number) for number in one["embedding"]]) for one in data])
            places = [one["index"] for one in data]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._calls.misshapen(usage) from None
        whole = all(row and len(row) == len(rows[0]) and all(map(math.isfinite, row)) for row in rows)
        if not whole or places != list(range(len(request.messages))):
            raise self._calls.misshapen(usage)
        by = f"{self._embeddings_url} {request.model}"
        model = str(body.get("model") or request.model)
        return Reply("", model, usage or estimated_usage(request, ""), embedded=Embedded(by, rows))

    def _checked(self, reply: Reply) -> Reply:
        if reply.finish_reason == "content_filter" and not reply.text:
            raise self._calls.withheld("its content filter found something", known_usage(reply.usage))
        return reply


def embedding_payload(request: Request) -> dict[str, Any]:
    """The body of a request for vectors: https://developers.openai.com/api/reference/resources/embeddings."""
    return {
        "model": request.model,
        "input": [message.text for message in request.messages],
        "encoding_format": "float",
    }


class _Gathered:
    """A streamed answer, put together chunk by chunk."""

    def __init__(self) -> None:
        self.complete = False
        self._texts: list[str] = []
        self._model = ""
        self._finish: FinishReason = "unknown"
        self._usage: Usage | None = None
        self._logprobs: list[TokenLogprob] = []
        self._given = 0
        self._calls: dict[int, list[str]] = {}

    def add(self, chunk: Mapping[str, Any]) -> str:
        """Take one chunk; give its piece of text."""
        if chunk.get("done"):
            self.complete = True
            return ""
        self._model = str(chunk.get("model") or self._model)
        self._usage = _usage(chunk.get("usage")) or self._usage
        text = ""
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            text += _text(delta.get("content")) or _text(delta.get("refusal"))
            for call in delta.get("tool_calls") or ():
                self._add_call(call)
            if (logprobs := choice.get("logprobs")) and logprobs.get("content"):
                self._logprobs.extend(_logprobs(logprobs["content"]))
            if choice.get("finish_reason"):
                self._finish = _FINISH.get(choice["finish_reason"], "unknown")
                self.complete = True
        if text:
            self._texts.append(text)
        return text

    def delta(self, text: str) -> Delta:
        """A piece of text, with the logprobs that came since the last one."""
        given, self._given = self._given, len(self._logprobs)
        return Delta(text, tuple(self._logprobs[given:]))

    def reply(self, request: Request) -> Reply:
        """The whole answer."""
        text = "".join(self._texts)
        return Reply(
            text=text,
            model=self._model or request.model,
            usage=self._usage or estimated_usage(request, text),
            finish_reason=self._finish,
            logprobs=tuple(self._logprobs) or None,
            tool_calls=tuple(ToolCall(*self._calls[index]) for index in sorted(self._calls)),
        )

    def _add_call(self, call: Mapping[str, Any]) -> None:
        parts = self._calls.setdefault(count(call.get("index")), ["", "", ""])
        function = call.get("function") or {}
        parts[0] = call.get("id") or parts[0]
        parts[1] = function.get("name") or parts[1]
        parts[2] += function.get("arguments") or ""


def _sampling(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if request.effort:
        body["reasoning_effort"] = request.effort
    if request.logprobs is not None:
        body["logprobs"] = True
        if request.logprobs > 0:
            body["top_logprobs"] = min(request.logprobs, MAX_TOP_LOGPROBS)
    return body


def _is_own(base: str) -> bool:
    """Whether it is OpenAI's or Azure's own server, rather than another that speaks as they do."""
    host = host_of(base)
    return host == "api.openai.com" or host.endswith((".api.openai.com", ".openai.azure.com"))


def _content(message: Message) -> Any:
    if not message.images:
        return message.text
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.text}] if message.text else []
    parts.extend({"type": "image_url", "image_url": {"url": _image_url(image)}} for image in message.images)
    return parts


def _image_url(image: Image) -> str:
    return image.url or f"data:{image.media_type or 'image/png'};base64,{image.data}"


def _text(content: Any) -> str:
    """A message's text: a string, or (some servers) a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if isinstance(part.get("text"), str))


def _usage(usage: Any) -> Usage | None:
    if not usage:
        return None
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        input_tokens=count(usage.get("prompt_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
        cached_tokens=count(details.get("cached_tokens")),
    )


def _logprobs(entries: Sequence[Mapping[str, Any]]) -> list[TokenLogprob]:
    return [
        TokenLogprob(
            token=str(entry["token"]),
            logprob=float(entry["logprob"]),
            top=tuple((str(top["token"]), float(top["logprob"])) for top in entry.get("top_logprobs") or ()),
        )
        for entry in entries
    ]


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    return ToolCall(id=str(call.get("id") or ""), name=str(function["name"]), arguments=str(function["arguments"]))


PROVIDER = OpenAI
