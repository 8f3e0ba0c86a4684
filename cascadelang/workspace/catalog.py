"""The catalogue of this installation: built-in providers, checks and signals, and those of installed packages.

Takes: the folders of this package and the entry points ``cascadelang.providers``, ``cascadelang.checks`` and
``cascadelang.signals``. Gives: a `Catalog`, and the classes behind it. Guarantees: built-in names are known from file
names alone, one entry is imported when it is asked for, and other packages are looked at only for a name that isn't
built in. A built-in name can't be taken over by another package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from cascadelang.contracts.spec import Capability, Kind, Spec

_FAULTS: dict[tuple[Kind, str], str] = {}

_OTHERS: set[str] = set()
"""Names of the entries of other packages that were looked at."""

_ROOT = Path(__file__).parent.parent


class InstalledCatalog:
    """See the module's docstring. Cheap to make; entries are imported once per process."""

    def names(self, kind: Kind) -> Sequence[str]:
        """See `Catalog.names`; entries of other packages are among them."""
        return sorted({*_built_in(kind), *_entry_points(kind)})

    def spec(self, kind: Kind, name: str) -> Spec | None:
        """See `Catalog.spec`."""
        entry = self.entry(kind, name)
        spec = getattr(entry, "spec", None)
        return spec if isinstance(spec, Spec) else None

    def entry(self, kind: Kind, name: str) -> Any:
        """The class of an entry (``CHECK``, ``SIGNAL`` or ``PROVIDER`` of its module), or ``None``."""
        if name in _built_in(kind):
            return getattr(import_module(f"cascadelang.{kind}s.{name}"), kind.upper())
        return _foreign(kind, name) if name.isidentifier() else None

    def capabilities(self, provider: str) -> frozenset[Capability] | None:
        """What a kind of provider can carry; ``None`` when it doesn't say."""
        found = getattr(self.entry("provider", provider), "capabilities", None)
        return found if isinstance(found, frozenset) else None

    def models(self, provider: str) -> Sequence[str] | None:
        """See `Catalog.models`: the ``models`` of the provider's class, where it has any."""
        found = getattr(self.entry("provider", provider), "models", None)
        return found if isinstance(found, tuple) else None

    def key_env(self, provider: str) -> str:
        """The environment variable that holds a provider's key when the policy names none; empty for none."""
        return str(getattr(self.entry("provider", provider), "key_env", "") or "")

    def fault(self, kind: Kind, name: str) -> str:
        """Why an entry of another package can't be had, once it was asked for; empty when nothing is wrong."""
        return _FAULTS.get((kind, name), "")

    def problems(self, kind: Kind, name: str, args: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with an entry's arguments beyond their types: a file that is no JSON Schema.

        An entry can say more in a ``problems(args)`` of its class, which gives texts, none when all is well.
        """
        entry = self.entry(kind, name)
        found: list[str] = []
        for param in entry.spec.params:
            if param.type == "schema_file" and args.get(param.name) is not None:
                from cascadelang.checks._schema import validate_schema

                found += validate_schema(args[param.name])
        ask = getattr(entry, "problems", None)
        return [*found, *ask(args)] if callable(ask) else found

    def needs(self, kind: Kind, name: str, args: Mapping[str, Any]) -> frozenset[Capability]:
        """See `Catalog.needs`."""
        entry = self.entry(kind, name)
        found: frozenset[Capability] = entry.needs(args) if entry.spec.needs_vary else entry.spec.needs
        return found


def is_built_in(kind: Kind, name: str) -> bool:
    """Whether an entry is this package's own."""
    return name in _built_in(kind)


@cache
def _built_in(kind: Kind) -> frozenset[str]:
    return frozenset(file.stem for file in (_ROOT / f"{kind}s").glob("*.py") if not file.stem.startswith("_"))


@cache
def _entry_points(kind: Kind) -> Mapping[str, Any]:
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=f"cascadelang.{kind}s")}
    _OTHERS.update(found)
    return found


def others_asked() -> bool:
    """Whether other packages bring entries, and were looked at: what they say can change without our knowing."""
    return bool(_OTHERS)


def made_by(kind: str, name: str) -> str:
    """Which version of another package an entry is from, as ``cascadelang-words 1.2.0``; empty for our own."""
    if kind not in {"check", "signal", "provider"} or name in _built_in(cast("Kind", kind)):
        return ""
    point = _entry_points(cast("Kind", kind)).get(name)
    package = getattr(point, "dist", None)
    return "" if package is None else f"{package.name} {package.version}"


@cache
def _foreign(kind: Kind, name: str) -> Any:
    """The class that another package gives under a name; one that can't be loaded is as if it weren't there."""
    point = _entry_points(kind).get(name)
    if point is None:
        return None
    try:
        entry = point.load()
    except Exception as error:  # noqa: BLE001 - another package's fault is told where the name stands, not raised
        _FAULTS[kind, name] = f"the {kind} `{name}` of another package can't be loaded: {error}"
        return None
    spec = getattr(entry, "spec", None)
    if not isinstance(spec, Spec):
        _FAULTS[kind, name] = f"the {kind} `{name}` of another package has no `spec` that is a `Spec`"
        return None
    if spec.name != name:
        _FAULTS[kind, name] = f"the {kind} `{name}` of another package is named `{spec.name}` in its `spec`"
        return None
    return entry
