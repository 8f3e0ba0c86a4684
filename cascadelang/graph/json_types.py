"""The graph's classes as pydantic reads them: what checks its JSON form, and what its schema is made from.

Gives: one adapter and one validator. Guarantees: every field of every class of the graph is checked as it is
annotated, and nothing is taken for something else: a text is no number, an unknown field is a mistake, a price is a
text of digits. Importing this imports pydantic, so only what needs it does.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import SchemaValidator, core_schema

from cascadelang.graph.model import Graph


@cache
def graph_types() -> TypeAdapter[Graph]:
    """The graph's types, put the way they stand in JSON; for making the schema."""
    adapter = TypeAdapter(Graph)
    _as_in_json(adapter.core_schema)
    return adapter


@cache
def graph_validator() -> SchemaValidator:
    """Makes a `Graph` from JSON values; its `validate_python` raises pydantic's ``ValidationError``."""
    return SchemaValidator(graph_types().core_schema)


def _as_in_json(schema: Any) -> None:
    """Let strict types be met by JSON values: classes by objects, tuples by lists, prices by texts.

    Pydantic's own strict reading of JSON text isn't used: it refuses half characters and deep conditions, which
    graphs may have.
    """
    if isinstance(schema, dict):
        kind = schema.get("type")
        if kind == "decimal":
            schema.clear()
            schema.update(_price())
        elif kind in ("dataclass", "tuple"):
            schema["strict"] = False
        for name, part in schema.items():
            if name != "metadata":
                _as_in_json(part)
    elif isinstance(schema, list):
        for part in schema:
            _as_in_json(part)


def _price() -> core_schema.CoreSchema:
    """Digits, so that no binary fraction creeps in and what is written is what was said."""
    digits = core_schema.str_schema(pattern=r"^[0-9]+(\.[0-9]+)?$", strict=True)
    told = core_schema.custom_error_schema(
        digits, custom_error_type="price", custom_error_message='must be a price as a text, such as "0.25"'
    )
    return core_schema.no_info_after_validator_function(Decimal, told)
