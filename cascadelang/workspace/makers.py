"""Makes checks and signals out of what a graph says: where the runtime meets the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, cast

from cascadelang.contracts.check import Check, PaidCheck, SampledCheck, TimedCheck
from cascadelang.contracts.signal import PaidSignal, Signal, SlowSignal
from cascadelang.contracts.spec import Kind
from cascadelang.workspace.catalog import InstalledCatalog, is_built_in
from cascadelang.workspace.mistake import Mistake


def make_check(name: str, args: Mapping[str, Any]) -> Check | TimedCheck | PaidCheck | SampledCheck:
    """A check of the catalogue with its arguments.

    Raises:
        Mistake: when this installation has none of that name, as can be with a graph made elsewhere, or when it
            lacks what the entry needs (``missing()``), or needs with these arguments (``missing_for(args)``).
    """
    return cast("Check | TimedCheck | PaidCheck | SampledCheck", _made("check", name, args))


def make_signal(name: str, args: Mapping[str, Any]) -> Signal | PaidSignal | SlowSignal:
    """A signal of the catalogue with its arguments.

    Raises:
        Mistake: as `make_check`.
    """
    return cast("Signal | PaidSignal | SlowSignal", _made("signal", name, args))


def end_workers() -> None:
    """End the processes that checks of this process keep for further work; they start others when they need them."""
    worker = sys.modules.get("cascadelang.checks._worker")
    if worker is not None:
        worker.end_idle()


def _made(kind: Kind, name: str, args: Mapping[str, Any]) -> Any:
    entry = _entry(kind, name, args)
    if is_built_in(kind, name):
        return entry(args)
    from cascadelang.workspace.foreign import held

    try:
        return held(kind, name, entry(args))
    except Exception as error:
        raise Mistake(f"the {kind} `{name}` of another package can't be made: {error}") from error


def _entry(kind: Kind, name: str, args: Mapping[str, Any]) -> Any:
    entry = InstalledCatalog().entry(kind, name)
    if entry is None:
        raise Mistake(f"no {kind} `{name}` is installed here")
    missing, missing_for = getattr(entry, "missing", None), getattr(entry, "missing_for", None)
    why = (missing() if missing is not None else "") or (missing_for(args) if missing_for is not None else "")
    if why:
        raise Mistake(f"the {kind} `{name}` can't be used: {why}")
    return entry
