"""Sends spans to a collector, by OTLP over HTTP.

Takes: OpenTelemetry's own environment variables. Gives: a `TracerProvider` of OpenTelemetry's SDK. Guarantees:

- Nothing of OpenTelemetry is imported before an `Otlp` is made.
- A collector that is away, slow, or refuses what it is sent costs a run nothing. It is told in one warning with its
  host and port, never with what else stands in its address, instead of by OpenTelemetry's log, which tells it of each
  attempt; what that logs of other exporters of the program stays.
- While a collector takes what it is sent, however slowly, whoever makes spans waits for it: none is left out.
- `Otlp.close` waits `AWAY_S` for a collector that is away, `SLOW_S` for one that doesn't answer; for one that takes
  one batch after another, `LONG_S` at most until all spans are made, and as long until they are sent.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from cascadelang.telemetry.span_tree import server_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

AWAY_S: Final = 1.0
"""How long the end waits for a collector that couldn't be had at the first attempt."""
SLOW_S: Final = 5.0
"""How long the end waits for a collector that hasn't answered yet."""
LONG_S: Final = 30.0
"""How long the end waits for a collector that takes one batch after another."""

_QUEUE: Final = 2_048
"""How many spans OpenTelemetry lets wait, unless its environment says otherwise."""
_DEFAULT: Final = "http://localhost:4318"
_SOURCES: Final = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.trace.export",
)
"""Who logs what goes wrong with sending, in the versions that the extra allows."""
_PHRASES: Final = {status.phrase: status.value for status in HTTPStatus}


class NoTelemetry(Exception):  # noqa: N818 - it names what is so
    """Spans can't be made here. ``str()`` of it says why, for people."""


class Otlp:
    """A provider that sends by OTLP over HTTP.

    Args:
        say: is told what goes wrong, perhaps in another thread and more than once.

    Attributes:
        provider: makes the spans that are sent.

    Raises:
        NoTelemetry: when it can't be had.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        _over_http()
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
        except ImportError as error:
            missing = f"`{error.name}`" if error.name else "a package"
            raise NoTelemetry(f"{missing} is not installed; run: pip install 'cascadelang[otel]'") from None
        named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        resource = Resource.create() if named else Resource.create({"service.name": "cascadelang"})
        self._say = say
        self._where = _where()
        self._made = 0
        self._closed = False
        try:
            self._often = int(os.environ.get("OTEL_BSP_MAX_QUEUE_SIZE") or _QUEUE) // 2
            self.provider: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
            self._exporter = _Exporter(OTLPSpanExporter(), SpanExportResult.SUCCESS, self._lost)
            # all of a SpanExporter, and no subclass: that would be imported with this module
            self.provider.add_span_processor(BatchSpanProcessor(cast("SpanExporter", self._exporter)))
        except (ValueError, OSError) as error:
            raise NoTelemetry(f"OTLP can't be set up: {type(error).__name__}") from None
        for source in _SOURCES:
            _keep_quiet(logging.getLogger(source))

    def quiet(self) -> None:
        """Say of this thread that it makes the provider's spans: what is logged in it is told by ``say`` instead."""
        _ours.sender = self

    def made(self) -> None:
        """Take note of a span that was made in this thread; wait now and then until those that wait are sent."""
        self._made += 1
        if self._made >= self._often:
            self._made = 0
            if not self._exporter.trouble:
                self.provider.force_flush()

    def close(self, maker: threading.Thread | None) -> None:
        """Send what waits, as long as it is worth waiting for; may be called again.

        Args:
            maker: the thread that makes the spans, which is to end first.
        """
        if self._closed:
            return
        self._closed = True
        ended = maker is None or self._wait_for(maker)
        ending = threading.Thread(target=self._shut_down, name="cascadelang-otlp", daemon=True)
        try:
            ending.start()
        except RuntimeError:  # the process is ending
            self._say(f"spans may not have been sent to {self._where}")
            return
        if not (ended and self._wait_for(ending)):
            self._lost(self._exporter.trouble or "it hasn't answered yet")
            self._exporter.shutdown()

    def _wait_for(self, thread: threading.Thread) -> bool:
        """Wait until a thread has ended, as long as spans are being sent; whether it has."""
        now_s = began_s = since_s = time.monotonic()
        sent = self._exporter.sent
        while thread.is_alive():
            if sent != self._exporter.sent:
                sent, since_s = self._exporter.sent, now_s
            if now_s > since_s + (AWAY_S if self._exporter.trouble else SLOW_S) or now_s > began_s + LONG_S:
                return False
            thread.join(0.05)
            now_s = time.monotonic()
        return True

    def _shut_down(self) -> None:
        self.quiet()
        try:
            self.provider.shutdown()
        except Exception as error:  # noqa: BLE001 - whatever the exporter raises, the policy closes
            self._lost(type(error).__name__)

    def _lost(self, why: str) -> None:
        self._say(f"spans can't be sent to {self._where}: {why}")

    def noted(self, record: logging.LogRecord) -> None:
        """What OpenTelemetry would have logged in one of this provider's threads."""
        if str(record.msg).startswith("Queue full"):
            self._say(f"spans come faster than {self._where} takes them: some are left out")


class _Exporter:
    """A `SpanExporter` that tells of spans which can't be sent.

    Attributes:
        trouble: what was wrong with the last attempt; empty while all goes well.
        sent: how many batches were taken.
    """

    def __init__(self, inner: SpanExporter, success: SpanExportResult, lost: Callable[[str], None]) -> None:
        self._inner = inner
        self._success = success
        self._lost = lost
        self._closed = False
        self.trouble = ""
        self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter.export`."""
        before, _ours.sender = _ours.sender, self
        try:
            result = self._inner.export(spans)
        finally:
            _ours.sender = before
        if result is self._success:
            self.trouble = ""
            self.sent += 1
            return result
        self.trouble = self.trouble or "no answer in time"
        if not self._closed:
            self._lost(self.trouble)
        return result

    def shutdown(self) -> None:
        """See `SpanExporter.shutdown`; may be called again."""
        if not self._closed:
            self._closed = True
            self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """See `SpanExporter.force_flush`."""
        return self._inner.force_flush(timeout_millis)

    def noted(self, record: logging.LogRecord) -> None:
        """What OpenTelemetry would have logged in this exporter's thread."""
        found = [word for each in _args(record) if (word := _reason(each))]
        if found:
            self.trouble = found[0]


class _Ours(threading.local):
    """Whose thread this is."""

    sender: Otlp | _Exporter | None = None


_ours = _Ours()


def _not_ours(record: logging.LogRecord) -> bool:
    """A filter: lets through what other threads log."""
    sender = _ours.sender
    if sender is None:
        return True
    sender.noted(record)
    return False


def _keep_quiet(logger: logging.Logger) -> None:
    """Have a logger leave out what our own threads log."""
    if _not_ours not in logger.filters:
        logger.filters.insert(0, _not_ours)


def _args(record: logging.LogRecord) -> Sequence[Any]:
    return record.args if isinstance(record.args, tuple) else ()


def _reason(value: object) -> str:
    """What is wrong, in a few words, of something that a message is about; never its text: it may hold an address."""
    if isinstance(value, int) and 100 <= value < 1_000:
        return f"it answers {value}"
    if isinstance(value, str) and value in _PHRASES:
        return f"it answers {_PHRASES[value]}"
    if isinstance(value, BaseException):
        return "no answer in time" if "Timeout" in type(value).__name__ else "no connection"
    return ""


def _over_http() -> None:
    """Check that OTLP over HTTP is what is asked for.

    Raises:
        NoTelemetry: when the environment asks for gRPC.
    """
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        asked = os.environ.get(name, "").strip().lower()
        if asked == "grpc":
            raise NoTelemetry(
                f"`{name}` is `grpc`, and they are sent over HTTP: make it `http/protobuf`, and the endpoint that of "
                "HTTP, port 4318 mostly"
            )
        if asked:
            return


def _where() -> str:
    """Host and port of the collector."""
    named = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    host, port = server_of((named or _DEFAULT).strip()) or ("the collector", 0)
    return f"{host}:{port}" if port else host
