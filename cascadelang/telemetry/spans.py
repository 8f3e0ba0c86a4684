"""Tells OpenTelemetry of runs: a sink that makes spans of each run that has ended, and hands it on.

Takes: finished runs. Gives: spans, to the `TracerProvider` that the program has set up or to one of its own, which
sends them by OTLP over HTTP. Guarantees:

- Nothing of OpenTelemetry is imported before a `Spans` is made, and nobody makes one unless the settings say so.
- `Spans.record` never waits and never raises: a thread makes the spans, and lets others go on after each, so that an
  event loop isn't held up. When more than `MOST_WAITING` runs wait, further ones are left out.
- The first thing that goes wrong is told in one warning. Without the packages the runs go on as they would.
- A run's span is a child of the span that its caller was in. A run that a `shadow` made, or that goes on for others,
  has a link to the run it belongs to.
- No text that anybody said is in a span unless content is asked for, and then as the trace store keeps it.

Spans are made when the run has ended, with the times that its events have. So a run costs nothing for them while it
is under way, whatever an exporter does; and so spans that others make meanwhile, of an HTTP client that is
instrumented, say, stand beside those of the run, below the caller's span, not within them.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Literal

from cascadelang.contracts.trace_sink import RunRecord, TraceSink
from cascadelang.telemetry import conventions as c
from cascadelang.telemetry.otlp import NoTelemetry, Otlp
from cascadelang.telemetry.span_tree import Policies, SpanDraft, run_attributes, run_name, span_tree
from cascadelang.trace.privacy import Privacy
from cascadelang.version import __version__

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span, SpanContext, TracerProvider

    from cascadelang.graph.model import Graph

To = Literal["api", "otlp"]

MOST_WAITING: Final = 10_000
_CLOSE_S: Final = 30.0
_REST_S: Final = 0.00002
_MOST_KNOWN: Final = 1_024
"""How many runs are remembered, so that others can be linked to them."""
_NS: Final = 1_000_000_000


def content_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the environment asks for content as OpenTelemetry's own instrumentations are asked."""
    said = (os.environ if environ is None else environ).get(c.CAPTURE_CONTENT, "")
    return said.strip().lower() in c.CAPTURING


class Spans:
    """A `TraceSink` that makes spans of runs, and hands them on to another.

    Args:
        next_: takes each run first.
        graph: of the policies whose runs they are.
        to: ``api``, the program's own `TracerProvider`; or ``otlp``, one that sends by OTLP over HTTP, as
            OpenTelemetry's environment variables say where.
        privacy: what of the texts is kept; ``None`` for no texts at all.
        warn: is told, once, when spans can't be made.
        provider: the `TracerProvider`, where it is another than ``to`` says.

    Raises:
        NoTelemetry: when a package is missing, or OTLP can't be set up.
    """

    def __init__(
        self,
        next_: TraceSink,
        graph: Graph,
        *,
        to: To = "api",
        privacy: Privacy | None = None,
        warn: Callable[[str], None] | None = None,
        provider: TracerProvider | None = None,
    ) -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.context import get_current
        except ImportError:
            raise NoTelemetry("OpenTelemetry is not installed; run: pip install 'cascadelang[otel]'") from None
        self._next = next_
        self._policies = Policies(graph)
        self._privacy = Privacy("numbers") if privacy is None else privacy
        self._warns = [] if warn is None else [warn]
        self._trace = trace
        self._own: Otlp | None = None
        if provider is None and to == "otlp":
            self._own = Otlp(self._say)
            provider = self._own.provider
        self._tracer = trace.get_tracer("cascadelang", __version__, provider)
        self._known: OrderedDict[str, SpanContext] = OrderedDict()
        self._current = get_current
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        """Nothing waits and nothing runs: at the start, and in a forked child."""
        self._process = os.getpid()
        self._waiting: SimpleQueue[tuple[RunRecord, Context] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def record(self, run: RunRecord) -> None:
        """See `TraceSink.record`."""
        self._next.record(run)
        if self._closed:
            return
        if self._process != os.getpid():
            self._begin()
        if self._waiting.qsize() >= MOST_WAITING:
            self._say("runs come faster than OpenTelemetry can be told of them: some are left out")
            return
        self._waiting.put((run, self._current()))
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """See `TraceSink.close`; what waits is told first, and what the own provider holds is sent."""
        try:
            self._next.close()
        finally:
            self._closed = True
            maker = self._thread if self._process == os.getpid() else None
            if maker is not None:
                self._waiting.put(None)
            if self._own is not None:
                self._own.close(maker)
            elif maker is not None:
                maker.join(_CLOSE_S)

    def _start(self) -> None:
        """Start the thread, with the first run."""
        with self._lock:
            if self._thread is not None or self._closed:
                return
            thread = threading.Thread(target=self._tell_all, name="cascadelang-spans", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads to be had, or the process is ending
                self._say("no spans are made: no thread could be started")
                self._closed = True
            else:
                self._thread = thread

    def _tell_all(self) -> None:
        """The thread: tells of each run."""
        if self._own is not None:
            self._own.quiet()
        while (waiting := self._waiting.get()) is not None:
            try:
                self._tell(*waiting)
            except Exception as error:  # noqa: BLE001 - an exporter's own, a record of another's: no run fails for it
                self._say(f"a run was not told to OpenTelemetry: {type(error).__name__}")

    def _tell(self, run: RunRecord, context: Context) -> None:
        """Make the spans of a run that ended in a context."""
        trace = self._trace
        began_ns = int(run.started_wall_s * _NS)
        attributes = run_attributes(run)
        top = self._tracer.start_span(
            run_name(run),
            context,
            attributes=attributes,
            links=self._links(run),
            start_time=began_ns,
        )
        self._know(run.trace_id, top.get_span_context())
        if top.is_recording():
            draft = span_tree(self._privacy.clean(run), self._policies, run.events, _rest)
            top.set_attributes({name: value for name, value in draft.attributes.items() if name not in attributes})
            self._fill(top, draft, began_ns)
            context = trace.set_span_in_context(top)
            waiting = [(part, context) for part in reversed(draft.parts)]
            while waiting:
                part, around = waiting.pop()
                span = self._tracer.start_span(
                    part.name,
                    around,
                    trace.SpanKind.CLIENT if part.calls else trace.SpanKind.INTERNAL,
                    part.attributes,
                    start_time=began_ns + int(part.start_s * _NS),
                )
                self._fill(span, part, began_ns)
                within = trace.set_span_in_context(span) if part.parts else around
                waiting += [(below, within) for below in reversed(part.parts)]
                self._end(span, began_ns + int(part.end_s * _NS))
                _rest()
        self._end(top, began_ns + int(run.latency_s * _NS))

    def _end(self, span: Span, end_ns: int) -> None:
        span.end(end_ns)
        if self._own is not None and span.get_span_context().trace_flags.sampled:
            self._own.made()

    def _fill(self, span: Any, draft: SpanDraft, began_ns: int) -> None:
        """The events and the status of a span."""
        for name, at_s, attributes in draft.events:
            span.add_event(name, attributes, began_ns + int(at_s * _NS))
        if draft.error:
            span.set_attribute(c.ERROR_TYPE, draft.error)
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, draft.message or draft.error))

    def _links(self, run: RunRecord) -> list[Link] | None:
        """To the runs that a run names, as far as they are known here."""
        links = []
        for event in run.events:
            of = event.data.get("of")
            if event.kind in {"shadow", "cached"} and isinstance(of, str) and of in self._known:
                attributes = {c.OWN + "trace_id": of, c.OWN + "link": event.kind}
                links.append(self._trace.Link(self._known[of], attributes))
        return links or None

    def _know(self, trace_id: str, context: SpanContext) -> None:
        """Remember a run, for links to it."""
        self._known[trace_id] = context
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def _say(self, message: str) -> None:
        """Warn, once, whichever thread comes first."""
        try:
            warn = self._warns.pop()
        except IndexError:
            return
        warn(message)


def _rest() -> None:
    """Let other threads go on, the one of an event loop first of all.

    Not for no time at all: then this thread mostly has the interpreter's lock again before another has woken up.
    """
    time.sleep(_REST_S)
