"""What the graph's classes hold, read off their annotations: the one source of its JSON form and its schema.

Takes: a class of `cascadelang.graph.model` (or of prices). Gives: its fields with their types. Guarantees: every
field of every class that a graph can hold has a shape, so a class added to the model is written, read and described
without a further line.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

SCALARS = (bool, int, float, str)


@dataclass(frozen=True)
class FieldShape:
    """A field: its name, its type, and its default (`dataclasses.MISSING` when it must be given)."""

    name: str
    type: Any
    default: Any


@cache
def fields_of(cls: type) -> tuple[FieldShape, ...]:
    """The fields of a dataclass, annotations resolved."""
    hints = get_type_hints(cls)
    found = []
    for field in dataclasses.fields(cls):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        found.append(FieldShape(field.name, hints[field.name], default))
    return tuple(found)


def is_union(shape: Any) -> bool:
    """Whether a type is ``A | B``."""
    return get_origin(shape) in (Union, types.UnionType)


def members_of(shape: Any) -> tuple[Any, ...]:
    """The types of a union, or the type itself."""
    return get_args(shape) if is_union(shape) else (shape,)


def kind_of(cls: type) -> str | None:
    """The word that tells a class from the others of its union, its ``kind``; ``None`` when it has none."""
    for field in fields_of(cls):
        if field.name == "kind" and get_origin(field.type) is Literal and len(get_args(field.type)) == 1:
            return str(get_args(field.type)[0])
    return None


def classes_in(shape: Any) -> Iterator[type]:
    """The dataclasses a type mentions."""
    if dataclasses.is_dataclass(shape) and isinstance(shape, type):
        yield shape
    elif get_origin(shape) is not Literal:
        for inner in get_args(shape):
            yield from classes_in(inner)


def is_decimal(shape: Any) -> bool:
    """Whether a type is a price's: written as a text of digits, so that no binary fraction creeps in."""
    return shape is Decimal
