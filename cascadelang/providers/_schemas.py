"""What each provider's forced JSON output makes of a JSON Schema.

Takes: a JSON Schema. Gives: whether OpenAI's ``strict`` accepts it, and the part of it that Anthropic can force.
Guarantees: the schemas given are never changed. A constraint that a provider can't force is left to the policy's own
``schema`` check, so leaving it out loses nothing.

Rules: https://developers.openai.com/api/docs/guides/structured-outputs (supported schemas) and
https://platform.claude.com/docs/en/build-with-claude/structured-outputs (JSON Schema limitations).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MAX_DEPTH: Final = 32

_KEPT: Final = frozenset({"type", "enum", "const", "title", "description", "required", "$ref", "default"})
_FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)


def keeps_strict_rules(schema: Any, depth: int = 0) -> bool:
    """Whether a schema fits OpenAI's ``strict``: every object requires all its properties and allows no others."""
    if not isinstance(schema, Mapping):
        return True
    if depth > _MAX_DEPTH or any(word in schema for word in ("oneOf", "allOf", "not", "patternProperties")):
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False or set(schema.get("required") or ()) != set(properties):
            return False
    return all(keeps_strict_rules(part, depth + 1) for part in _parts(schema))


def forced_by_anthropic(schema: Any, depth: int = 0) -> dict[str, Any] | None:
    """The schema as Anthropic's structured outputs take it, or ``None`` when they can't express it.

    Bounds on numbers, lengths and counts are left out; objects allow no further properties. A free-form object, a
    recursive schema or one without a type can't be expressed.
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return None
    if not any(word in schema for word in ("type", "enum", "const", "$ref", "anyOf", "oneOf")):
        return None
    kind = schema.get("type")
    out: dict[str, Any] = {word: value for word, value in schema.items() if word in _KEPT}
    if kind == "object":
        properties = schema.get("properties")
        if not properties or isinstance(schema.get("additionalProperties"), Mapping):
            return None
        fitted = {name: forced_by_anthropic(part, depth + 1) for name, part in properties.items()}
        if None in fitted.values():
            return None
        out |= {"properties": fitted, "additionalProperties": False}
    if kind == "array" and "items" in schema:
        out["items"] = forced_by_anthropic(schema["items"], depth + 1)
        if out["items"] is None:
            return None
        if schema.get("minItems") in (0, 1):
            out["minItems"] = schema["minItems"]
    if schema.get("format") in _FORMATS:
        out["format"] = schema["format"]
    return _with_branches(schema, out, depth)


def _with_branches(schema: Mapping[str, Any], out: dict[str, Any], depth: int) -> dict[str, Any] | None:
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        fitted = [forced_by_anthropic(part, depth + 1) for part in branches]
        if None in fitted:
            return None
        out["anyOf"] = fitted
    for word in ("$defs", "definitions"):
        if word in schema:
            defs = {name: forced_by_anthropic(part, depth + 1) for name, part in schema[word].items()}
            if None in defs.values() or _refers_to_itself(schema[word]):
                return None
            out[word] = defs
    return out


def _refers_to_itself(defs: Mapping[str, Any]) -> bool:
    """Whether any definition leads back to itself."""
    leads = {name: _refs(part) for name, part in defs.items()}

    def reaches(start: str, at: str, seen: set[str]) -> bool:
        for target in leads.get(at, ()):
            if target == start:
                return True
            if target not in seen and reaches(start, target, seen | {target}):
                return True
        return False

    return any(reaches(name, name, set()) for name in leads)


def _refs(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        own = {str(schema["$ref"]).rpartition("/")[2]} if "$ref" in schema else set()
        return own.union(*(_refs(part) for part in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_refs(part) for part in schema))
    return set()


def _parts(schema: Mapping[str, Any]) -> list[Any]:
    parts: list[Any] = [schema[word] for word in ("items",) if word in schema]
    parts.extend(schema.get("anyOf") or ())
    for word in ("properties", "$defs", "definitions"):
        parts.extend((schema.get(word) or {}).values())
    return parts
