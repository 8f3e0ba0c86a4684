"""HTTP servers on loopback that speak the three providers' documented formats, well and badly.

One `Server` runs one `Plan` in one wire (`OpenAIWire`, `AnthropicWire`, `GeminiWire`); the plan says in no provider's
dialect what to answer, or how to misbehave. Formats: the pages named in the adapters' module docstrings.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Plan:
    """What a server does with every request.

    ``mode`` is one of: ``answer``; ``error`` (``status`` and ``error``); ``html``, ``invalid``, ``empty`` (with
    ``status``); ``hang`` (never a byte), ``drop`` (closes without a byte), ``huge`` (no end to the body).
    For streams: ``slow`` (event by event, until the caller is gone), ``break`` and ``stop`` (half way, the connection
    breaks or the stream ends without its end),
    ``stall`` (half way, silence), ``error_midway``, ``whole`` (answers a request for a stream with one JSON body).
    """

    mode: str = "answer"
    pieces: tuple[str, ...] = ("Hel", "lo, ", "wörld 👋")
    model: str = "model-as-served"
    finish: str = "stop"
    usage: tuple[int, int, int] | None = (120, 30, 20)
    logprobs: tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...] | None = None
    tool_calls: tuple[tuple[str, str, str], ...] = ()
    status: int = 200
    error: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True)
class Captured:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class OpenAIWire:
    name = "openai"
    path = "/v1"
    finishes: ClassVar = {
        "stop": "stop",
        "length": "length",
        "content_filter": "content_filter",
        "tool_calls": "tool_calls",
    }

    def wants_stream(self, request: Captured) -> bool:
        return bool(request.body.get("stream"))

    def usage(self, plan: Plan) -> dict[str, Any]:
        asked, told, cached = plan.usage or (0, 0, 0)
        return {
            "prompt_tokens": asked,
            "completion_tokens": told,
            "total_tokens": asked + told,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }

    def logprobs(self, plan: Plan) -> list[dict[str, Any]]:
        def entry(token: str, value: float) -> dict[str, Any]:
            return {"token": token, "logprob": value, "bytes": list(token.encode())}

        return [
            entry(token, value) | {"top_logprobs": [entry(*pair) for pair in top]}
            for token, value, top in plan.logprobs or ()
        ]

    def body(self, plan: Plan) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": plan.text or None, "refusal": None}
        if plan.tool_calls:
            message["tool_calls"] = [
                {"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in plan.tool_calls
            ]
        choice = {
            "index": 0,
            "message": message,
            "logprobs": {"content": self.logprobs(plan), "refusal": None} if plan.logprobs else None,
            "finish_reason": self.finishes.get(plan.finish, plan.finish),
        }
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": plan.model,
            "choices": [choice],
        }
        return body | {"usage": self.usage(plan)} if plan.usage else body

    def vectors(self, request: Captured, plan: Plan) -> dict[str, Any]:
        """What ``/embeddings`` answers: a vector that says how long each text is, the last text first."""
        data = [
            {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0, -0.5]}
            for index, text in enumerate(request.body["input"])
        ]
        usage = {"prompt_tokens": 7, "total_tokens": 7}
        return {"object": "list", "data": data[::-1], "model": plan.model, "usage": usage}

    def events(self, plan: Plan) -> list[str]:
        def chunk(choices: list[Any], **more: Any) -> str:
            base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": plan.model}
            return f"data: {json.dumps(base | {'choices': choices} | more)}\n\n"

        def choice(delta: dict[str, Any], finish: str | None = None, logprobs: Any = None) -> dict[str, Any]:
            return {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}

        events = [chunk([choice({"role": "assistant", "content": "", "refusal": None})])]
        tokens = self.logprobs(plan)
        for index, piece in enumerate(plan.pieces):
            mine = tokens[index : index + 1] if index < len(plan.pieces) - 1 else tokens[index:]
            events.append(chunk([choice({"content": piece}, None, {"content": mine} if mine else None)]))
        for index, (call_id, name, arguments) in enumerate(plan.tool_calls):
            half = len(arguments) // 2
            start = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
            events.append(chunk([choice({"tool_calls": [start]})]))
            halves = [{"index": index, "function": {"arguments": p}} for p in (arguments[:half], arguments[half:])]
            events += [chunk([choice({"tool_calls": [part]})]) for part in halves]
        events.append(chunk([choice({}, self.finishes.get(plan.finish, plan.finish))]))
        if plan.usage:
            events.append(chunk([], usage=self.usage(plan)))
        return [*events, "data: [DONE]\n\n"]

    def error_event(self, plan: Plan) -> str:
        return f"data: {json.dumps(plan.error)}\n\n"


class AnthropicWire:
    name = "anthropic"
    path = ""
    finishes: ClassVar = {
        "stop": "end_turn",
        "length": "max_tokens",
        "content_filter": "refusal",
        "tool_calls": "tool_use",
    }

    def wants_stream(self, request: Captured) -> bool:
        return bool(request.body.get("stream"))

    def usage(self, plan: Plan) -> dict[str, Any]:
        """The plan counts all input; this wire counts cached input apart."""
        asked, told, cached = plan.usage or (0, 0, 0)
        return {
            "input_tokens": asked - cached - 10,
            "cache_creation_input_tokens": 10,
            "cache_read_input_tokens": cached,
            "output_tokens": told,
        }

    def body(self, plan: Plan) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": plan.text}] if plan.text else []
        content += [{"type": "tool_use", "id": i, "name": n, "input": json.loads(a)} for i, n, a in plan.tool_calls]
        body = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": plan.model,
            "content": content,
            "stop_reason": self.finishes.get(plan.finish, plan.finish),
            "stop_sequence": None,
        }
        return body | {"usage": self.usage(plan)} if plan.usage else body

    def events(self, plan: Plan) -> list[str]:
        def event(kind: str, **more: Any) -> str:
            return f"event: {kind}\ndata: {json.dumps({'type': kind} | more)}\n\n"

        message = self.body(plan) | {"content": [], "stop_reason": None}
        if plan.usage:
            message["usage"] = self.usage(plan) | {"output_tokens": 1}
        events = [event("message_start", message=message), event("ping")]
        if plan.pieces:
            events.append(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
            deltas = [{"type": "text_delta", "text": piece} for piece in plan.pieces]
            events += [event("content_block_delta", index=0, delta=delta) for delta in deltas]
            events.append(event("content_block_stop", index=0))
        for index, (call_id, name, arguments) in enumerate(plan.tool_calls, start=1):
            block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
            events.append(event("content_block_start", index=index, content_block=block))
            half = len(arguments) // 2
            halves = [{"type": "input_json_delta", "partial_json": p} for p in (arguments[:half], arguments[half:])]
            events += [event("content_block_delta", index=index, delta=delta) for delta in halves]
            events.append(event("content_block_stop", index=index))
        stop = {"stop_reason": self.finishes.get(plan.finish, plan.finish), "stop_sequence": None}
        usage = {"usage": {"output_tokens": plan.usage[1]}} if plan.usage else {}
        return [*events, event("message_delta", delta=stop, **usage), event("message_stop")]

    def error_event(self, plan: Plan) -> str:
        return f"event: error\ndata: {json.dumps(plan.error)}\n\n"


class GeminiWire:
    name = "gemini"
    path = "/v1beta"
    finishes: ClassVar = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY", "tool_calls": "STOP"}

    def wants_stream(self, request: Captured) -> bool:
        return ":streamGenerateContent" in request.path

    def usage(self, plan: Plan) -> dict[str, Any]:
        """Thoughts are counted apart from candidates; the plan counts all output."""
        asked, told, cached = plan.usage or (0, 0, 0)
        return {
            "promptTokenCount": asked,
            "candidatesTokenCount": told - 5,
            "thoughtsTokenCount": 5,
            "totalTokenCount": asked + told,
            "cachedContentTokenCount": cached,
        }

    def candidate(self, plan: Plan, text: str, *, last: bool) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"text": text}] if text else []
        if last:
            parts += [{"functionCall": {"id": i, "name": n, "args": json.loads(a)}} for i, n, a in plan.tool_calls]
        candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
        if last:
            candidate["finishReason"] = self.finishes.get(plan.finish, plan.finish)
        if last and plan.logprobs:
            candidate["logprobsResult"] = {
                "chosenCandidates": [self.token(t, v) for t, v, _ in plan.logprobs],
                "topCandidates": [{"candidates": [self.token(*pair) for pair in top]} for _, _, top in plan.logprobs],
            }
        return candidate

    def token(self, token: str, value: float) -> dict[str, Any]:
        return {"token": token, "tokenId": 1} | ({"logProbability": value} if value else {})

    def body(self, plan: Plan) -> dict[str, Any]:
        candidate = self.candidate(plan, plan.text, last=True)
        candidate["content"]["parts"].insert(0, {"text": "thinking…", "thought": True})
        body = {"candidates": [candidate], "modelVersion": plan.model, "responseId": "r1"}
        return body | {"usageMetadata": self.usage(plan)} if plan.usage else body

    def events(self, plan: Plan) -> list[str]:
        events = []
        for index, piece in enumerate(plan.pieces or ("",)):
            last = index >= len(plan.pieces) - 1
            body = {"candidates": [self.candidate(plan, piece, last=last)], "modelVersion": plan.model}
            if plan.usage:
                body["usageMetadata"] = self.usage(plan)
            events.append(f"data: {json.dumps(body)}\r\n\r\n")
        return events

    def error_event(self, plan: Plan) -> str:
        return f"data: {json.dumps(plan.error)}\r\n\r\n"


Wire = OpenAIWire | AnthropicWire | GeminiWire
WIRES: dict[str, Wire] = {wire.name: wire for wire in (OpenAIWire(), AnthropicWire(), GeminiWire())}


class Server:
    """``async with Server(wire, plan) as server``: listens, remembers what it was asked, leaves nothing behind."""

    def __init__(self, wire: Wire, plan: Plan) -> None:
        self.wire = wire
        self.plan = plan
        self.requests: list[Captured] = []
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = 0
        self.cut = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.wire.path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Captured(head[0].split(" ")[1], headers, json.loads(raw))
        self.requests.append(request)
        plan = self.plan
        if plan.mode == "hang":
            await asyncio.sleep(3600)
        if plan.mode == "drop":
            return False
        bad = {"html": ("text/html", b"<!doctype html><html><body>Bad gateway</body></html>")}
        bad |= {"invalid": ("application/json", b'{"choices": [{"mess'), "empty": ("application/json", b"")}
        if plan.mode in bad:
            media_type, body = bad[plan.mode]
            await self._send(writer, plan, media_type, body)
        elif plan.mode == "error":
            await self._send(writer, plan, "application/json", json.dumps(plan.error).encode())
        elif plan.mode == "huge":
            await self._flood(writer)
        elif request.path.endswith("/embeddings"):
            assert isinstance(self.wire, OpenAIWire)
            await self._send(writer, plan, "application/json", json.dumps(self.wire.vectors(request, plan)).encode())
        elif plan.mode != "whole" and self.wire.wants_stream(request):
            return await self._stream(writer, plan)
        else:
            await self._send(writer, plan, "application/json", json.dumps(self.wire.body(plan)).encode())
        return True

    async def _send(self, writer: asyncio.StreamWriter, plan: Plan, media_type: str, body: bytes) -> None:
        extra = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
        head = f"HTTP/1.1 {plan.status} X\r\ncontent-type: {media_type}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
        writer.write(head.encode("latin-1") + body)
        await writer.drain()

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        block = b" " * (1 << 20)
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(block), block))
            await writer.drain()

    async def _drip(self, writer: asyncio.StreamWriter, events: list[str]) -> bool:
        try:
            for event in events:
                data = event.encode()
                writer.write(b"%x\r\n%b\r\n" % (len(data), data))
                await writer.drain()
                self.sent += 1
                await asyncio.sleep(0.002)
        except ConnectionError:
            self.cut.set()
            raise
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _stream(self, writer: asyncio.StreamWriter, plan: Plan) -> bool:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        events = self.wire.events(plan)
        if plan.mode == "slow":
            return await self._drip(writer, events)
        if plan.mode != "answer":
            events = events[: 2 if self.wire.name == "gemini" else len(events) // 2]
        if plan.mode == "error_midway":
            events.append(self.wire.error_event(plan))
        wire_bytes = "".join(events).encode()
        # Pieces of 7 bytes: no client may count on whole lines or characters in one read.
        for start in range(0, len(wire_bytes), 7):
            piece = wire_bytes[start : start + 7]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        if plan.mode == "stall":
            await asyncio.sleep(3600)
        if plan.mode == "break":
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True
