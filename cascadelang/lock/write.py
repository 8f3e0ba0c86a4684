"""Writes a lock file.

Takes: a `Lock`. Gives: its text. Guarantees: equal locks give equal texts, sorted, one fact a line, so that a change
of one price is a change of one line in a review; what is written reads back as the same lock.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import yaml

from cascadelang.contracts.price import Price, PriceStep
from cascadelang.lock.model import LOCK_VERSION, Lock, LockedModel, LockedTune

_HEADER: Final = """\
# Written by `cascadelang lock`; check it in. `cascadelang lint --locked` says when it is out of date.
# prices: US dollars per million tokens, as the policy was reviewed. files: what the policy reads.
# tune: values used in place of the policy's own.
"""


def lock_text(lock: Lock) -> str:
    """The lock's text."""
    data: dict[str, Any] = {
        "version": LOCK_VERSION,
        "locked": lock.locked,
        "prices": {
            **({"source": lock.prices_from} if lock.prices_from else {}),
            **({"as_of": _Plain(lock.prices_as_of)} if lock.prices_as_of else {}),
            "models": {name: _model(model) for name, model in sorted(lock.models.items())},
        },
        "files": {path: f"sha256:{file.sha256}" for path, file in sorted(lock.files.items())},
        "tune": {name: _tune(tune) for name, tune in sorted(lock.tunes.items())},
    }
    kept = {key: value for key, value in data.items() if value != {}}
    body = yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000)
    return _HEADER + str(body)


def _model(model: LockedModel) -> dict[str, Any]:
    named = {"provider": model.provider, "id": model.id}
    if model.price is None:
        return {**named, "price": "unknown"}
    steps = [{"above": step.above, **_amounts(step)} for step in model.price.steps]
    return {**named, **_amounts(model.price), **({"steps": steps} if steps else {})}


def _amounts(price: Price | PriceStep) -> dict[str, Any]:
    found: dict[str, Any] = {"input": price.input, "output": price.output}
    return found if price.cached is None else {**found, "cached": price.cached}


def _tune(tune: LockedTune) -> dict[str, Any]:
    said: dict[str, Any] = {
        "value": tune.value,
        "calibrated": tune.calibrated,
        "records": tune.records,
        "data": f"sha256:{tune.data}" if tune.data else "",
        "models": list(tune.models),
        "target": tune.target,
        "guarantee": tune.guarantee,
    }
    return {key: value for key, value in said.items() if key == "value" or value not in (None, "", [])}


class _Plain(str):
    """A text that is written without quotes: a day."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes decimals exactly and in full."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's form
        """Nothing is written as a reference to something above."""
        return True


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.Node:
    whole = value == value.to_integral_value()
    words = f"{value.quantize(Decimal(1))}" if whole else f"{value.normalize():f}"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'int' if whole else 'float'}", words)


def _plain(dumper: yaml.SafeDumper, value: _Plain) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", str(value))


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(_Plain, _plain)
