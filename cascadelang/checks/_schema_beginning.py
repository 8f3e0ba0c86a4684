"""Whether the beginning of a JSON value can still become one that matches a schema.

Takes: a schema. Gives: a follower for `JsonReader`. Guarantees: it refuses only what no value that goes on so can
match: it looks at the parts of the schema that hold for a place whatever stands elsewhere (``properties``,
``additionalProperties``, ``items``, ``allOf``, local ``$ref``), and leaves ``required``, ``anyOf``, ``if`` and the
like to values that are whole. Each character is validated a bounded number of times: texts and numbers when they are
whole, objects and lists only near the top.

Schemas of drafts before 2019-09, and those that move their own base or refer dynamically, aren't followed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from cascadelang.checks._json_beginning import Follower
from cascadelang.checks._schema import parts_of
from cascadelang.checks._schema_words import place_of

_MOST_PARTS: Final = 50
_WHOLE_DEPTH: Final = 2
"""Objects and lists are validated as soon as they are whole down to this level."""

_LEFT_ALONE: Final = ('"$id"', '"$anchor"', '"$dynamic', '"$recursive', '"id"')
_DRAFTS: Final = ("2019-09", "2020-12")

_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def followed(schema: Any) -> Follower:
    """A follower of one value; to be made anew for each.

    Raises:
        BadPattern: as `cascadelang.checks._schema.compiled`.
    """
    return _followed(json.dumps(schema))


def _followed(text: str) -> Follower:
    schema, problem = _ready(text)
    draft = str(schema.get("$schema", _DRAFTS[-1])) if isinstance(schema, dict) else _DRAFTS[-1]
    alone = any(word in text for word in _LEFT_ALONE) or not any(known in draft for known in _DRAFTS)
    return _Nothing() if alone else _Following(schema, problem)


@lru_cache(maxsize=64)
def _ready(text: str) -> tuple[Any, Callable[[Any, Any], str]]:
    schema = json.loads(text)
    return schema, parts_of(schema)


class _Nothing:
    """Follows nothing."""

    def begins(self, kind: str, path: list[str | int]) -> str:  # noqa: ARG002 - the followers' form
        return ""

    def key(self, key: str, path: list[str | int]) -> str:  # noqa: ARG002
        return ""

    def ends(self, value: Any, path: list[str | int]) -> str:  # noqa: ARG002
        return ""


class _Following:
    """Knows at each level what must hold for the value there."""

    def __init__(self, schema: Any, problem: Callable[[Any, Any], str]) -> None:
        self._root = schema
        self._problem = problem
        self._levels: list[list[Any]] = [self._all_of(schema)]

    def begins(self, kind: str, path: list[str | int]) -> str:
        """See `Follower.begins`."""
        place = place_of(path)
        del self._levels[len(path) :]
        if path:
            step = path[-1]
            held = [part for part in self._levels[-1] if isinstance(part, Mapping)]
            for part in held:
                most = part.get("maxItems")
                if isinstance(step, int) and isinstance(most, int | float) and step >= most:
                    return f"{place_of(path[:-1])} has more than {most} items"
            self._levels.append([each for part in held for each in self._all_of(_under(part, step))])
        else:
            self._levels = [self._all_of(self._root)]
        for part in self._levels[-1]:
            if part is False:
                return f"{place} isn't allowed"
            types = part.get("type") if isinstance(part, Mapping) else None
            if types is None:
                continue
            allowed = [types] if isinstance(types, str) else list(types)
            if kind not in allowed and not (kind == "number" and "integer" in allowed):
                return f"{place} is {_TYPES[kind]}, and has to be of type {' or '.join(map(str, allowed))}"
        return ""

    def key(self, key: str, path: list[str | int]) -> str:
        """See `Follower.key`."""
        for part in self._levels[len(path)]:
            if (
                isinstance(part, Mapping)
                and part.get("additionalProperties") is False
                and key not in part.get("properties", {})
                and not part.get("patternProperties")
            ):
                return f"{place_of(path)} has `{key[:60]}`, which the schema doesn't name"
        return ""

    def ends(self, value: Any, path: list[str | int]) -> str:
        """See `Follower.ends`."""
        if isinstance(value, dict | list) and len(path) > _WHOLE_DEPTH:
            return ""
        for part in self._levels[len(path)]:
            wrong = self._problem(part, value)
            if wrong:
                return wrong.replace("the value", place_of(path), 1) if path else wrong
        return ""

    def _all_of(self, schema: Any) -> list[Any]:
        """The schema, and those that it says must hold for the same value."""
        found: list[Any] = []
        waiting = [schema]
        while waiting and len(found) < _MOST_PARTS:
            part = waiting.pop()
            if part is None or part is True or any(part is each for each in found):
                continue
            found.append(part)
            if isinstance(part, Mapping):
                waiting += part.get("allOf", [])
                waiting.append(self._target(part.get("$ref")))
        return found

    def _target(self, reference: Any) -> Any:
        """Where a local reference leads; ``None`` for any other."""
        if not isinstance(reference, str) or not reference.startswith("#") or "%" in reference:
            return None
        place = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(place, list) and name.isdigit() and int(name) < len(place):
                place = place[int(name)]
            elif isinstance(place, Mapping) and name in place:
                place = place[name]
            else:
                return None
        return place


def _under(part: Mapping[str, Any], step: str | int) -> Any:
    """What a schema demands of the value under a key or at a place of a list; ``None`` for nothing."""
    if isinstance(step, int):
        items = part.get("items")
        return None if "prefixItems" in part or isinstance(items, list) else items
    properties = part.get("properties", {})
    if step in properties:
        return properties[step]
    return None if part.get("patternProperties") else part.get("additionalProperties")
