"""Google's Gemini API: generateContent and streamGenerateContent.

Takes: requests in no dialect. Gives: replies in no dialect.
Guarantees: what `cascadelang.contracts.provider.Provider` says.

Wire format: https://ai.google.dev/api/generate-content (GenerationConfig, Candidate, FinishReason, PromptFeedback,
UsageMetadata, LogprobsResult), https://ai.google.dev/gemini-api/docs/file-input-methods (images),
https://ai.google.dev/gemini-api/docs/thinking (levels and budgets),
https://ai.google.dev/gemini-api/docs/openai (which budget an effort stands for),
https://ai.google.dev/gemini-api/docs/troubleshooting (errors).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from cascadelang.contracts.failure import CallFailed, FailureKind
from cascadelang.contracts.messages import (
    Delta,
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
from cascadelang.providers._http import (
    HEADERS_PARAM,
    TRANSPORT_PARAM,
    HttpCalls,
    base_url,
    count,
    estimated_usage,
    extra_headers,
    known_usage,
    split_data_url,
    stated_usage,
    streamed,
)

DEFAULT_BASE_URL: Final = "https://generativelanguage.googleapis.com/v1beta"
MAX_TOP_LOGPROBS: Final = 20

_FILTERED: Final = (
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
)
_FINISH: Final[Mapping[Any, FinishReason]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(_FILTERED, "content_filter"),
}
"""What isn't here (LANGUAGE, OTHER, MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL and newer ones) is unknown."""

_BY_STATUS: Final[Mapping[str, FailureKind]] = {
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "auth",
    "NOT_FOUND": "bad_request",
    "FAILED_PRECONDITION": "auth",  # the account has no billing, or the country isn't served
    "RESOURCE_EXHAUSTED": "rate_limit",
    "DEADLINE_EXCEEDED": "timeout",
    "INTERNAL": "server",
    "UNAVAILABLE": "server",
    "CANCELLED": "server",
}

_BUDGET: Final[Mapping[str, int]] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
"""Thinking tokens for models before Gemini 3, which know no levels."""

_LEVEL: Final[Mapping[str, str]] = {"none": "minimal", "xhigh": "high", "max": "high"}


def explain(status: int, error: Mapping[str, Any]) -> FailureKind | None:
    """The kind an error object of this API means; ``None`` leaves it to the status."""
    for detail in _details(error):
        if str(detail.get("reason", "")).startswith("API_KEY"):  # a wrong key is a 400 here
            return "auth"
    message = error.get("message")
    said = message.lower() if isinstance(message, str) else ""
    if "token count" in said and "exceeds the maximum" in said:
        return "context_length"
    if "api key not valid" in said or "api key not found" in said:
        return "auth"
    label = error.get("status")
    kind = _BY_STATUS.get(label) if isinstance(label, str) else None
    return kind or ("bad_request" if label == "INVALID_ARGUMENT" and status < 300 else None)


def retry_delay_s(error: Mapping[str, Any]) -> float | None:
    """The seconds in an error's ``google.rpc.RetryInfo``, which stands in the body and not in a header."""
    for detail in _details(error):
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return max(0.0, float(delay[:-1]))
            except ValueError:
                return None
    return None


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = error.get("details")
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


class Gemini:
    """See `cascadelang.contracts.provider.Provider`."""

    spec: ClassVar[Spec] = Spec(
        name="gemini",
        kind="provider",
        summary="Google's Gemini API",
        doc="""\
Calls `POST {base_url}/models/MODEL:generateContent`. The key comes from `GEMINI_API_KEY` unless `key` names another
variable.

A JSON Schema is sent as `responseJsonSchema`. An `effort` becomes a thinking level from Gemini 3 on, and a budget of
thinking tokens before. Thinking tokens count as output. A prompt that is blocked is a `content_filter` failure.""",
        params=(
            Param("base_url", "text", "Where the API is, up to and with its version.", default=DEFAULT_BASE_URL),
            Param("key", "secret", "The API key; `GEMINI_API_KEY` when it isn't given."),
            HEADERS_PARAM,
            TRANSPORT_PARAM,
        ),
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"logprobs", "top_logprobs", "json", "tools", "vision"})
    key_env: ClassVar[str] = "GEMINI_API_KEY"
    """The environment variable that holds the key when the policy names none."""

    def __init__(self, config: ProviderConfig, transport: Transport | None = None) -> None:
        self._config = config
        self._calls = HttpCalls(config, transport, explain, retry_delay_s)
        self._base = base_url(config, DEFAULT_BASE_URL)
        self._key_required = self._base == DEFAULT_BASE_URL

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        url = self._url(request, "generateContent")
        body = await self._calls.fetch(url, self._headers(), self.payload(request), request.timeout_s)
        return self._whole(request, body)

    def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`."""
        gathered = _Gathered(self._calls)
        url = self._url(request, "streamGenerateContent?alt=sse")
        return streamed(
            self._calls,
            lambda: self._calls.open(url, self._headers(), self.payload(request), request.timeout_s),
            gathered,
            whole=lambda body: self._whole(request, body),
            reply=lambda: self._checked(gathered, gathered.reply(request)),
        )

    def can_stop(self, request: Request) -> bool:
        """See `Stopping.can_stop`: that logprobs come with the pieces of a stream isn't documented."""
        return request.logprobs is None

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002 - the contract's parameter
        """See `Provider.count_tokens`: the API counts only in a call of its own."""
        return None

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._calls.close()

    def payload(self, request: Request) -> dict[str, Any]:
        """The request's body, as the API documents it; the same for both methods."""
        system = [request.system, *(message.text for message in request.messages if message.role == "system")]
        body: dict[str, Any] = {
            "contents": [
                {"role": "model" if message.role == "assistant" else "user", "parts": _parts(message)}
                for message in request.messages
                if message.role != "system"
            ],
            "generationConfig": self._generation(request),
        }
        if any(system):
            body["systemInstruction"] = {"parts": [{"text": "\n\n".join(part for part in system if part)}]}
        if request.tools:
            declared = [
                {"name": t.name, "description": t.description, "parametersJsonSchema": t.parameters}
                for t in request.tools
            ]
            body["tools"] = [{"functionDeclarations": declared}]
        return body

    def _generation(self, request: Request) -> dict[str, Any]:
        config: dict[str, Any] = {"maxOutputTokens": request.max_tokens}
        if request.temperature is not None:
            config["temperature"] = request.temperature
        if request.top_p is not None:
            config["topP"] = request.top_p
        if request.seed is not None:
            config["seed"] = request.seed
        if request.stop:
            config["stopSequences"] = list(request.stop)
        if request.json_schema is not None or request.json_mode:
            config["responseMimeType"] = "application/json"
        if request.json_schema is not None:
            config["responseJsonSchema"] = request.json_schema
        if request.logprobs is not None:
            config["responseLogprobs"] = True
            if request.logprobs > 0:
                config["logprobs"] = min(request.logprobs, MAX_TOP_LOGPROBS)
        if request.effort:
            config["thinkingConfig"] = _thinking(request.model, request.effort)
        return config

    def _url(self, request: Request, method: str) -> str:
        model = request.model.removeprefix("models/")
        return f"{self._base}/models/{quote(model, safe='')}:{method}"

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if key := self._calls.key(required=self._key_required, variable=self.key_env):
            headers["x-goog-api-key"] = key
        return headers | extra_headers(self._config)

    def _whole(self, request: Request, body: Mapping[str, Any]) -> Reply:
        gathered = _Gathered(self._calls)
        try:
            gathered.add(body)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._calls.misshapen(stated_usage(_usage, body.get("usageMetadata"))) from None
        if not gathered.answered:
            raise self._calls.misshapen(gathered.stated)
        return self._checked(gathered, gathered.reply(request))

    def _checked(self, gathered: _Gathered, reply: Reply) -> Reply:
        if reply.finish_reason == "content_filter" and not reply.text:
            raise self._calls.withheld(f"it ended with {gathered.finish}", known_usage(reply.usage))
        return reply


class _Gathered:
    """An answer, put together from one response or from the responses of a stream, which have the same form."""

    def __init__(self, calls: HttpCalls) -> None:
        self.answered = False
        self.complete = False
        self._http = calls
        self.finish = ""
        self._texts: list[str] = []
        self._model = ""
        self._usage: Mapping[str, Any] = {}
        self._logprobs: list[TokenLogprob] = []
        self._calls: list[ToolCall] = []

    def add(self, body: Mapping[str, Any]) -> str:
        """Take one response; give its piece of text.

        Raises:
            CallFailed: ``content_filter`` when the prompt was blocked.
        """
        blocked = str((body.get("promptFeedback") or {}).get("blockReason") or "")
        self._model = str(body.get("modelVersion") or self._model)
        self._usage = body.get("usageMetadata") or self._usage
        if blocked:
            raise self._http.withheld(f"the prompt was blocked ({blocked})", self.stated)
        text = ""
        for candidate in (body.get("candidates") or ())[:1]:
            self.answered = True
            for part in (candidate.get("content") or {}).get("parts") or ():
                if part.get("text") and not part.get("thought"):
                    text += part["text"]
                if call := part.get("functionCall"):
                    self._add_call(call)
            if result := candidate.get("logprobsResult"):
                self._logprobs.extend(_logprobs(result))
            if reason := candidate.get("finishReason"):
                self.finish = str(reason)
                self.complete = True
        if text:
            self._texts.append(text)
        return text

    @property
    def stated(self) -> Usage | None:
        """What the responses so far say the call comes to."""
        return stated_usage(_usage, self._usage)

    def delta(self, text: str) -> Delta:
        """A piece of text."""
        return Delta(text, (), self.stated)

    def reply(self, request: Request) -> Reply:
        """The whole answer."""
        text = "".join(self._texts)
        finish = _FINISH.get(self.finish, "unknown")
        return Reply(
            text=text,
            model=self._model or request.model,
            usage=_usage(self._usage) if self._usage else estimated_usage(request, text),
            finish_reason="tool_calls" if self._calls and finish == "stop" else finish,
            logprobs=tuple(self._logprobs) or None,
            tool_calls=tuple(self._calls),
        )

    def _add_call(self, call: Mapping[str, Any]) -> None:
        arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)
        # The API gives an id only sometimes; a caller needs one to answer.
        call_id = str(call.get("id") or f"call_{len(self._calls)}")
        self._calls.append(ToolCall(id=call_id, name=str(call["name"]), arguments=arguments))


def _thinking(model: str, effort: str) -> dict[str, Any]:
    if model.removeprefix("models/").startswith(("gemini-1", "gemini-2")):
        if effort not in _BUDGET:
            raise CallFailed("bad_request", f"`{model}` has no thinking budget for effort `{effort}`")
        return {"thinkingBudget": _BUDGET[effort]}
    return {"thinkingLevel": _LEVEL.get(effort, effort)}


def _usage(usage: Mapping[str, Any]) -> Usage:
    """``promptTokenCount`` holds cached input; thoughts are counted apart from candidates and paid as output."""
    return Usage(
        input_tokens=count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount")),
        output_tokens=count(usage.get("candidatesTokenCount")) + count(usage.get("thoughtsTokenCount")),
        cached_tokens=count(usage.get("cachedContentTokenCount")),
    )


def _logprobs(result: Mapping[str, Any]) -> list[TokenLogprob]:
    tops = result.get("topCandidates") or []
    found = []
    for index, chosen in enumerate(result.get("chosenCandidates") or ()):
        top = tops[index].get("candidates") or () if index < len(tops) else ()
        pairs = tuple((str(each["token"]), float(each.get("logProbability", 0.0))) for each in top)
        # Numbers that are 0 are left out of JSON by this API: a missing logprob is certainty.
        found.append(TokenLogprob(str(chosen["token"]), float(chosen.get("logProbability", 0.0)), pairs))
    return found


def _parts(message: Message) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": message.text}] if message.text or not message.images else []
    parts.extend(_image(image) for image in message.images)
    return parts


def _image(image: Image) -> dict[str, Any]:
    if image.url:
        split = split_data_url(image.url)
        if split is None:
            uri = {"fileUri": image.url}
            return {"fileData": uri | {"mimeType": image.media_type} if image.media_type else uri}
        media_type, data = split
    else:
        media_type, data = image.media_type or "image/png", image.data
    return {"inlineData": {"mimeType": media_type, "data": data}}


PROVIDER = Gemini
