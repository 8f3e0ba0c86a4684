"""One request to llama.cpp and its answer: into its wire format, and out of it again.

Takes: a `Request`. Gives: the JSON body, and a `Generation` that runs on an engine's thread, hands out the text as it
comes and ends in a `Reply`. Guarantees: what was handed out, put together, is the reply's text.

Stop strings are found here, not by llama.cpp, which merges the tokens it withheld while one might still follow and
loses their logprobs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.failure import CallFailed, FailureKind
from cascadelang.contracts.messages import Delta, FinishReason, Reply, Request, TokenLogprob, Usage

if TYPE_CHECKING:
    from cascadelang.providers._llama_engine import Engine

LOWEST_LOGPROB: Final = -103.28
"""Natural logarithm of the smallest single-precision number: what llama.cpp's "probability 0" amounts to."""

_KINDS: Final[Mapping[str, FailureKind]] = {
    "exceed_context_size_error": "context_length",
    "invalid_request_error": "bad_request",
    "not_supported_error": "bad_request",
}

_JSON_STARTS: Final = frozenset('{["-0123456789tfn')

_FINISH: Final[Mapping[str, FinishReason]] = {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}


def body(request: Request) -> dict[str, Any]:
    """The request as llama.cpp's server takes it, streamed.

    Raises:
        CallFailed: ``bad_request``, for what local models can't do.
    """
    if any(message.images for message in request.messages):
        raise CallFailed("bad_request", "local models can't look at images: route such queries to a model that can")
    if request.tools:
        raise CallFailed("bad_request", "local models can't call tools: route such queries to a model that can")
    if not request.messages:
        raise CallFailed("bad_request", "the request has no messages")
    messages = [{"role": message.role, "content": message.text} for message in request.messages]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    out: dict[str, Any] = {
        "messages": messages,
        "max_tokens": max(1, request.max_tokens),
        "temperature": 0.0 if request.temperature is None else request.temperature,
        "cache_prompt": False,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "timings_per_token": True,
    }
    if request.top_p is not None:
        out["top_p"] = request.top_p
    if request.seed is not None:
        out["seed"] = request.seed % 0xFFFFFFFF  # 0xFFFFFFFF itself asks for a random one
    if request.logprobs is not None:
        out["logprobs"] = True
        out["top_logprobs"] = max(1, request.logprobs)  # 0 would give none at all
    return out


def schema_of(request: Request) -> dict[str, Any] | None:
    """The JSON Schema that the answer is held to while it is generated, or ``None``.

    The ``x-guidance`` entry is for llama.cpp's grammar library (llguidance, docs/json_schema.md there): keywords it
    doesn't know constrain nothing instead of making the whole schema void, and white space is fixed, because a small
    model that may write as much of it as it likes does.
    """
    if request.json_schema is None and not request.json_mode:
        return None
    schema: dict[str, Any] = {"type": "object"} if request.json_schema is None else dict(request.json_schema)
    schema["x-guidance"] = {
        "lenient": True,
        "whitespace_flexible": False,
        "item_separator": ", ",
        "key_separator": ": ",
    }
    return schema


class Generation:
    """One answer in the making. `run` is called once, on the engine's thread; `stop` from any thread."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._body = body(request)
        self._schema = schema_of(request)
        self._stopped = threading.Event()
        self._emit: Callable[[Delta], None] | None = None
        self._text = ""
        self._emitted = 0
        self._given = 0
        self._cut = False
        self._logprobs: list[tuple[int, TokenLogprob]] = []  # with the offset at which its chunk begins
        self._input_tokens = 0
        self._output_tokens = 0
        self._cached_tokens = 0
        self._finish: FinishReason = "unknown"
        self._error: CallFailed | None = None

    def stop(self) -> None:
        """End the generation before its next step; `run` then raises."""
        self._stopped.set()

    def run(self, engine: Engine, emit: Callable[[Delta], None] | None) -> Reply:
        """Generate; ``emit`` is given each piece of text.

        Raises:
            CallFailed: whatever goes wrong.
        """
        self._emit = emit
        if not self._stopped.is_set():
            try:
                if self._schema is not None:
                    # llama.cpp's own `response_format` would also let the model wrap the JSON in a fence.
                    self._body["grammar"] = engine.grammar(self._schema)
                engine.complete(self._body, self._take)
            except (ValueError, RuntimeError) as error:
                raise _refused(str(error)) from None
        if self._stopped.is_set():
            raise CallFailed("connection", "the call was cancelled")
        if self._error is not None:
            raise self._error
        self._must_be_json(whole=self._finish == "stop" and not self._cut)
        self._flush(len(self._text))
        logprobs = None
        if self._request.logprobs is not None:
            logprobs = tuple(entry for at, entry in self._logprobs if at < len(self._text) or not self._cut)
        usage = Usage(self._input_tokens, self._output_tokens, self._cached_tokens)
        return Reply(self._text, self._request.model, usage, self._finish, logprobs)

    def _take(self, chunk: Mapping[str, Any]) -> bool:
        """Look at one chunk; true ends the generation."""
        if self._stopped.is_set():
            return True
        if "error" in chunk:
            self._error = _failed(chunk["error"])
            return True
        progress = chunk.get("prompt_progress")
        if progress:
            self._input_tokens, self._cached_tokens = progress["total"], progress["cache"]
        usage = chunk.get("usage")
        if usage:
            self._input_tokens, self._output_tokens = usage["prompt_tokens"], usage["completion_tokens"]
        elif "timings" in chunk:
            self._output_tokens = chunk["timings"].get("predicted_n", self._output_tokens)
        done = False
        for choice in chunk.get("choices", ()):
            done |= self._take_choice(choice)
        return done

    def _take_choice(self, choice: Mapping[str, Any]) -> bool:
        """Look at one chunk's choice; true when a stop string was found."""
        at = len(self._text)
        if self._request.logprobs is not None:
            for entry in (choice.get("logprobs") or {}).get("content") or ():
                self._logprobs.append((at, _token(entry, self._request.logprobs)))
        if choice.get("finish_reason"):
            self._finish = _FINISH.get(choice["finish_reason"], "unknown")
        text = choice.get("delta", {}).get("content")
        if not text:
            return False
        self._text += text
        self._must_be_json(whole=False)
        end = _first(self._text, self._request.stop, at)
        if end is None:
            self._flush(len(self._text) - _withheld(self._text, self._request.stop))
            return False
        self._text = self._text[:end]
        self._cut = True
        self._finish = "stop"
        return True

    def _must_be_json(self, *, whole: bool) -> None:
        """Notice when llama.cpp dropped a schema that it can't use, which it does in silence.

        Raises:
            CallFailed: ``bad_request``, when the text is no JSON, or can't become any.
        """
        if self._schema is None:
            return
        text = self._text.lstrip()
        try:
            if whole:
                json.loads(text)
            if not text or text[0] in _JSON_STARTS:
                return
        except ValueError:
            pass
        raise CallFailed("bad_request", "the local model can't be held to this JSON Schema")

    def _flush(self, end: int) -> None:
        """Hand out the text up to ``end``."""
        if end > self._emitted:
            if self._emit is not None:
                given = self._given
                while self._given < len(self._logprobs) and self._logprobs[self._given][0] < end:
                    self._given += 1
                usage = Usage(self._input_tokens, self._output_tokens, self._cached_tokens)
                logprobs = tuple(entry for _, entry in self._logprobs[given : self._given])
                self._emit(Delta(self._text[self._emitted : end], logprobs, usage))
            self._emitted = end


def _first(text: str, stops: Sequence[str], since: int) -> int | None:
    """Where the first stop string begins that ends after ``since``, if there is one."""
    found = (text.find(stop, max(0, since - len(stop) + 1)) for stop in stops if stop)
    return min((at for at in found if at >= 0), default=None)


def _withheld(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end may be the beginning of a stop string."""
    longest = max((len(stop) for stop in stops), default=0)
    for size in range(min(longest - 1, len(text)), 0, -1):
        if any(stop.startswith(text[-size:]) for stop in stops):
            return size
    return 0


def _token(entry: Mapping[str, Any], alternatives: int) -> TokenLogprob:
    """One token's logprob, from llama.cpp's form."""
    top = tuple((other["token"], _logprob(other)) for other in entry.get("top_logprobs", ())[:alternatives])
    return TokenLogprob(entry["token"], _logprob(entry), top)


def _logprob(entry: Mapping[str, Any]) -> float:
    """A finite logprob of at most 0."""
    value = entry.get("logprob")
    return LOWEST_LOGPROB if value is None else min(0.0, max(LOWEST_LOGPROB, float(value)))


def _failed(error: Mapping[str, Any]) -> CallFailed:
    """An error that llama.cpp reports, in the language's kinds."""
    kind = _KINDS.get(str(error.get("type", "")), "server")
    if kind == "context_length":
        needed, most = error.get("n_prompt_tokens", "?"), error.get("n_ctx", "?")
        return CallFailed(kind, f"the prompt has {needed} tokens, and the model's context holds {most}")
    return CallFailed(kind, f"the local model refused the request: {error.get('message', 'no reason given')}")


def _refused(message: str) -> CallFailed:
    """What llama.cpp refuses before it generates."""
    return CallFailed("bad_request", f"the local model refused the request: {message}")
