"""What a JSON Schema wanted and didn't get, in words.

Takes: an error of the jsonschema library. Gives: one line that names the place in the document and what was expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_LONGEST: Final = 80


def problem_of(error: Any) -> str:
    """One line: where, what was expected, and what is there."""
    place = place_of(error.absolute_path)
    say = _SAY.get(str(error.validator))
    if say is None:
        return f"{place} {_short(str(error.validator))} isn't met"
    return f"{place} {say(error)}"


def place_of(path: Iterable[str | int]) -> str:
    """A place in a document: `items[2].price`, or "the value" for all of it."""
    place = ""
    for step in path:
        if isinstance(step, int):
            place += f"[{step}]"
        elif step.isidentifier():
            place += f".{step}" if place else step
        else:
            place += f"[{json.dumps(step[:40], ensure_ascii=False)}]"
    return f"`{place[:160]}`" if place else "the value"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def shown(value: Any) -> str:
    """A value as a reader can take it in: short ones whole, long ones by their kind and size."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value):,}" if value else "an empty list"
    if isinstance(value, str):
        return f"the text `{_short(value)}`" if value else "an empty text"
    return f"`{_short(json.dumps(value))}`"


def _type(error: Any) -> str:
    wanted = error.validator_value
    kinds = [_TYPES.get(kind, str(kind)) for kind in ([wanted] if isinstance(wanted, str) else wanted)]
    return f"must be {' or '.join(kinds)}, and is {shown(error.instance)}"


def _required(error: Any) -> str:
    missing = [key for key in error.validator_value if key not in error.instance]
    return f"lacks {', '.join(f'`{_short(str(key))}`' for key in missing[:5])}"


def _extra(error: Any) -> str:
    extras = error.cause.args[0] if error.cause is not None and error.cause.args else ()
    if not extras:
        return "has properties that the schema doesn't name"
    return f"has {', '.join(f'`{_short(key)}`' for key in extras[:5])}, which the schema doesn't name"


def _one_of(error: Any) -> str:
    allowed = ", ".join(json.dumps(item, ensure_ascii=False) for item in error.validator_value)
    return f"must be one of {_short(allowed)}, and is {shown(error.instance)}"


def _with_limit(words: str, unit: str = "") -> Callable[[Any], str]:
    def say(error: Any) -> str:
        return f"must {words} {error.validator_value}{unit}, and is {shown(error.instance)}"

    return say


_SAY: Final[dict[str, Callable[[Any], str]]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _extra,
    "unevaluatedProperties": _extra,
    "enum": _one_of,
    "const": lambda error: f"must be {_short(json.dumps(error.validator_value))}, and is {shown(error.instance)}",
    "minimum": _with_limit("be at least"),
    "maximum": _with_limit("be at most"),
    "exclusiveMinimum": _with_limit("be more than"),
    "exclusiveMaximum": _with_limit("be less than"),
    "multipleOf": _with_limit("be a multiple of"),
    "minLength": _with_limit("have at least", " characters"),
    "maxLength": _with_limit("have at most", " characters"),
    "minItems": _with_limit("have at least", " items"),
    "maxItems": _with_limit("have at most", " items"),
    "minProperties": _with_limit("have at least", " properties"),
    "maxProperties": _with_limit("have at most", " properties"),
    "pattern": lambda error: f"must match `{_short(str(error.validator_value))}`, and is {shown(error.instance)}",
    "uniqueItems": lambda _: "has an item twice",
    "anyOf": lambda error: f"fits none of the {len(error.validator_value)} forms allowed",
    "oneOf": lambda error: f"must fit exactly one of the {len(error.validator_value)} forms allowed",
    "not": lambda _: "is what the schema forbids",
    "contains": lambda _: "has no item of the form required",
    "propertyNames": lambda _: "has a key of a form that isn't allowed",
    "dependentRequired": lambda _: "lacks a property that another one requires",
}
