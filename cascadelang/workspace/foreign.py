"""Checks and signals of other packages, held to what they promise.

Takes: one that was made. Gives: one that does the same. Guarantees: what it raises, a value that is none, and a call
that isn't over in `LIMIT_S` are unknown, with a reason that names the fault; while a call goes on that was given up,
it isn't called again. A call is made in a thread of its own: Python can't end one, and code that holds the
interpreter's lock (a runaway ``re``, say) holds up this thread, too. Only instant ones (``judge``, ``read``) are held
so; the runtime itself looks after those that wait.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, Final

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Kind

LIMIT_S: Final = 2.0
"""How long one call may take, seconds. The event loop waits for it."""

_WAITING: Final = ("judge_timed", "judge_paid", "judge_samples", "read_paid")


def held(kind: Kind, name: str, made: Any) -> Any:
    """A check or signal of another package, held to its promises; one that waits as it is."""
    method = "judge" if kind == "check" else "read"
    waits = getattr(made, "slow", False) or any(hasattr(made, way) for way in _WAITING)
    if waits or not callable(getattr(made, method, None)):
        return made
    held_call = _Held(f"the {kind} `{name}`", getattr(made, method))
    return _Check(made.spec, held_call) if kind == "check" else _Signal(made.spec, held_call)


class _Check:
    def __init__(self, spec: Any, call: _Held) -> None:
        self.spec = spec
        self._call = call

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        return self._call(answer)


class _Signal:
    def __init__(self, spec: Any, call: _Held) -> None:
        self.spec = spec
        self._call = call

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        return self._call(query)


class _Held:
    def __init__(self, who: str, call: Callable[[Any], Any]) -> None:
        self._who = who
        self._call = call
        self._stuck: threading.Thread | None = None

    def __call__(self, given: Any) -> Finding:
        if self._stuck is not None and self._stuck.is_alive():
            return Finding(None, f"{self._who} still hasn't come back from an earlier call")
        found: list[Any] = []
        thread = threading.Thread(target=self._run, args=(given, found), name="cascadelang-plugin", daemon=True)
        thread.start()
        thread.join(LIMIT_S)
        if not found:
            self._stuck = thread
            return Finding(None, f"{self._who} took longer than {LIMIT_S:g}s")
        (said,) = found
        if isinstance(said, BaseException):
            words = " ".join(str(said).split())[:200]
            return Finding(None, f"{self._who} raised {type(said).__name__}{f': {words}' if words else ''}")
        return self._usable(said)

    def _run(self, given: Any, found: list[Any]) -> None:
        try:
            found.append(self._call(given))
        except BaseException as error:  # noqa: BLE001 - `SystemExit`, too, is the plugin's fault and not our end
            found.append(error)

    def _usable(self, said: Any) -> Finding:
        if not isinstance(said, Finding):
            return Finding(None, f"{self._who} gave a `{type(said).__name__}`, not a `Finding`")
        value = said.value
        if value is not None and type(value) not in (bool, int, float, str):
            return Finding(None, f"{self._who} gave a value that is a `{type(value).__name__}`")
        if isinstance(value, float) and not math.isfinite(value):
            return Finding(None, f"{self._who} gave a value that is not a number")
        return Finding(value, str(said.reason), said.data)
