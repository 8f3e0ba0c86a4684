"""Time for the naive evaluator: strands of which one goes on at a time, each until it waits.

A strand is a thread that only moves when it is handed the baton, so nothing here happens at once. The baton goes to
whoever's wait ends first; of waits that end at the same time, to the one that began first. Who is woken by another
strand goes on before time does, in the order in which they were woken.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from typing import Any

NOW = float("-inf")


class Beaten(BaseException):
    """What a strand that waits is thrown when what it does no longer matters."""


class Strand:
    """One course of things.

    Attributes:
        ended, value, error: whether it is over, and what it came to.
        beaten: it is to stop where it waits.
        watched_by: who waits for its end.
    """

    def __init__(self) -> None:
        self.ended = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.beaten = False
        self.watched_by: list[Strand] = []
        self.baton = threading.Semaphore(0)
        self.parked: object = None

    @property
    def outcome(self) -> Any:
        """What it came to, given or raised."""
        if self.error is not None:
            raise self.error
        return self.value


class Timeline:
    """What time it is, and who waits for when.

    Attributes:
        main: the strand that was there before all others. It is beaten when everybody waits for somebody else, which
            would be a mistake of the evaluator.
    """

    def __init__(self) -> None:
        self.at_s = 0.0
        self.main = Strand()
        self._count = 0
        self._waits: list[tuple[float, int, Strand, object]] = []

    def sleep(self, me: Strand, seconds: float) -> None:
        """Wait; raises `Beaten` when somebody was faster meanwhile."""
        self._park(me, self.at_s + max(0.0, seconds))
        if me.beaten:
            raise Beaten

    def begin(self, work: Callable[[Strand], Any]) -> Strand:
        """Start a strand, which goes on as soon as whoever starts it waits."""
        strand = Strand()

        def course() -> None:
            strand.baton.acquire()
            try:
                if not strand.beaten:
                    strand.value = work(strand)
                else:
                    strand.error = Beaten()
            except BaseException as error:  # noqa: BLE001 - whoever began it hears of it
                strand.error = error
            strand.ended = True
            for other in strand.watched_by:
                self._wake(other)
            self._hand_on()

        threading.Thread(target=course, daemon=True).start()
        strand.parked = object()
        self._wake(strand)
        return strand

    def timer(self, seconds: float) -> Strand:
        """A strand that does nothing but wait."""
        return self.begin(lambda strand: self.sleep(strand, seconds))

    def wait_for(self, me: Strand, strands: list[Strand]) -> None:
        """Wait until one of the strands has ended."""
        while not any(strand.ended for strand in strands):
            self._watch(me, strands)
            self._park(me, None)
            if me.beaten:
                raise Beaten

    def stop(self, me: Strand, strands: list[Strand]) -> None:
        """See to it that strands end where they wait."""
        going = [strand for strand in strands if not strand.ended]
        for strand in going:
            strand.beaten = True
            self._wake(strand)
        while not all(strand.ended for strand in going):
            self._watch(me, going)
            self._park(me, None)

    def _watch(self, me: Strand, strands: list[Strand]) -> None:
        for strand in strands:
            if me not in strand.watched_by:
                strand.watched_by.append(me)

    def _wake(self, strand: Strand) -> None:
        self._count += 1
        heapq.heappush(self._waits, (NOW, self._count, strand, strand.parked))

    def _park(self, me: Strand, until_s: float | None) -> None:
        me.parked = object()
        if until_s is not None:
            self._count += 1
            heapq.heappush(self._waits, (until_s, self._count, me, me.parked))
        self._hand_on()
        me.baton.acquire()

    def _hand_on(self) -> None:
        while True:
            if not self._waits:
                self.main.beaten = True
                due_s, strand = NOW, self.main
                break
            due_s, _, strand, parked = heapq.heappop(self._waits)
            if strand.parked is parked is not None:
                break
        self.at_s = max(self.at_s, due_s)
        strand.parked = None
        strand.baton.release()
