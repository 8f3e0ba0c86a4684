"""The JSON Schema of a graph's JSON form, made from the graph's own classes.

Gives: a schema of Draft 2020-12. Guarantees: what `to_json` writes fits it; it is published as
``docs/graph.schema.json``, which a test holds equal to this.
"""

from __future__ import annotations

import dataclasses
import inspect
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from cascadelang.graph.model import Graph
from cascadelang.graph.shapes import classes_in, fields_of, is_union, kind_of

_SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    type(None): {"type": "null"},
    Decimal: {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
    Any: {},
}


def json_schema() -> dict[str, Any]:
    """The schema, as JSON values."""
    waiting: list[type] = [Graph]
    defs: dict[str, Any] = {}
    while waiting:
        cls = waiting.pop()
        if cls.__name__ not in defs:
            defs[cls.__name__] = _object(cls)
            waiting += [inner for field in fields_of(cls) for inner in classes_in(field.type)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cascadelang execution graph",
        "$ref": "#/$defs/Graph",
        "$defs": dict(sorted(defs.items())),
    }


def _object(cls: type) -> dict[str, Any]:
    fields = fields_of(cls)
    required = [f.name for f in fields if f.default is dataclasses.MISSING or f.name == "version"]
    if kind_of(cls) is not None:
        required.append("kind")
    return {
        "type": "object",
        "description": " ".join((inspect.getdoc(cls) or "").split()),
        "properties": {field.name: _shape(field.type) for field in fields},
        "required": required,
        "additionalProperties": False,
    }


def _shape(shape: Any) -> dict[str, Any]:
    inner = get_args(shape)
    if is_union(shape):
        return {"anyOf": [_shape(member) for member in inner]}
    if get_origin(shape) is Literal:
        return {"const": inner[0]} if len(inner) == 1 else {"enum": list(inner)}
    if get_origin(shape) is dict:
        return {"type": "object", "additionalProperties": _shape(inner[1])}
    if get_origin(shape) is not None:
        return {"type": "array", "items": _shape(inner[0])}
    if dataclasses.is_dataclass(shape) and isinstance(shape, type):
        return {"$ref": f"#/$defs/{shape.__name__}"}
    return dict(_SCALARS[shape])
