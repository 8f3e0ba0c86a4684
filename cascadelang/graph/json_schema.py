"""The JSON Schema of a graph's JSON form, made from the graph's own classes.

Gives: a schema of Draft 2020-12. Guarantees: what `to_json` writes fits it; it is published as
``docs/graph.schema.json``, which a test holds equal to this, under the version of pydantic that made it.
"""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import VERSION
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import TaggedUnionSchema

from cascadelang.contracts import price
from cascadelang.graph import model
from cascadelang.graph.json_types import graph_types


def json_schema() -> dict[str, Any]:
    """The schema, as JSON values."""
    made = graph_types().json_schema(schema_generator=_Plain)
    defs = made.pop("$defs")
    defs["Graph"] = made
    for name, part in defs.items():
        _tell_apart(part)
        cls = getattr(model, name, None) or getattr(price, name)
        part["description"] = " ".join((inspect.getdoc(cls) or "").split())
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$comment": f"made with pydantic {made_with()}; other versions may word the same schema otherwise",
        "title": "cascadelang execution graph",
        "$ref": "#/$defs/Graph",
        "$defs": dict(sorted(defs.items())),
    }


def made_with() -> str:
    """The version of pydantic that words the schema, as ``MAJOR.MINOR``."""
    return ".".join(VERSION.split(".")[:2])


class _Plain(GenerateJsonSchema):
    """Only what says something: no titles that repeat a field's name, no mappings that repeat each ``kind``."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic calls it so
        """Never."""
        return False

    def tagged_union_schema(self, schema: TaggedUnionSchema) -> dict[str, Any]:
        """The members; a ``discriminator`` is OpenAPI's, no word of JSON Schema."""
        return {"oneOf": super().tagged_union_schema(schema)["oneOf"]}


def _tell_apart(part: dict[str, Any]) -> None:
    """Ask for what says which object it is: reading does, although Python's classes have a default for it."""
    for name in ("version", "kind"):
        if "const" in part["properties"].get(name, ()):
            part["required"] = sorted({*part.get("required", ()), name})
