"""What a lock file says: the prices a policy was reviewed at, the files it reads, and the values of its tunes.

Takes: nothing; `read` makes a `Lock` from a file's text, and the workspace one from a policy as it is today. Gives:
frozen values. Guarantees: a place that stands in a file lies in it; what no file says has `NO_SPAN`.

A lock stands beside its policy, ``support.lock.yaml`` beside ``support.cl``. Only its ``tune`` part changes what a
policy does; the rest is a record, compared with today by `compare`.
"""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.price import Price
from cascadelang.source import NO_SPAN, Span
from cascadelang.source.frozen import dataclass

if TYPE_CHECKING:
    from datetime import date

LOCK_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class LockedModel:
    """A model that the policy reaches, and what it cost.

    Attributes:
        name: as the policy calls it.
        provider: the kind of provider.
        id: the provider's name of it.
        price: US dollars per million tokens; ``None`` when it isn't known.
        span: where the lock says so.
    """

    name: str
    provider: str
    id: str
    price: Price | None
    span: Span = NO_SPAN


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file that the policy reads; ``path`` is relative to the policy's folder, ``sha256`` that of its bytes."""

    path: str
    sha256: str
    span: Span = NO_SPAN


@dataclass(frozen=True, slots=True)
class LockedTune:
    """The value of a ``tune``, and how it was found.

    Attributes:
        name: of the tune, as the policy calls it.
        value: the number it holds.
        calibrated: the day it was found.
        records: on how many records.
        data: which records they were: the SHA-256 of their file.
        models: ids of the models whose answers they hold.
        target: what was aimed at: ``quality >= 98% of opus``.
        guarantee: what holds, and how surely.
        span: of the value.
        name_span: of the name.
    """

    name: str
    value: Decimal
    calibrated: date | None = None
    records: int | None = None
    data: str = ""
    models: tuple[str, ...] = ()
    target: str = ""
    guarantee: str = ""
    span: Span = NO_SPAN
    name_span: Span = NO_SPAN


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file.

    Attributes:
        locked: the day its prices and hashes were taken.
        prices_from: the catalogue that known prices came from.
        prices_as_of: the day (ISO) for which the catalogue has them.
        models: by name.
        files: by path.
        tunes: by name.
        models_span, files_span: where these parts stand, for what is missing in them.
    """

    locked: date
    prices_from: str = ""
    prices_as_of: str = ""
    models: dict[str, LockedModel] = field(default_factory=dict)
    files: dict[str, LockedFile] = field(default_factory=dict)
    tunes: dict[str, LockedTune] = field(default_factory=dict)
    models_span: Span = NO_SPAN
    files_span: Span = NO_SPAN


def lock_path(policy: str) -> str:
    """Where the lock of a policy file stands: ``support.lock.yaml`` for ``support.cl``."""
    return f"{policy.removesuffix('.cl')}.lock.yaml"
