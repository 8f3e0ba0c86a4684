"""How much work one value can make of a JSON Schema.

Takes: a subschema and the resolver of its references. Gives: how many subschemas are tried against one and the same
value, references followed. Guarantees: each subschema is counted once, so that the time is linear in the schema's
length however far its references multiply.

References that lead through ``properties`` or ``items`` go on to another part of the value, and don't count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

MOST_TRIES: Final = 10_000
"""Schemas with more subschemas for one value are refused."""

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_ONE: Final = ("not", "if", "then", "else", "extends")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "extends")
_KEYED: Final = ("dependentSchemas", "dependencies")


class Circle(Exception):  # noqa: N818 - it names what is so
    """A subschema refers to itself without going into the value."""


class Tries:
    """Counts, and remembers, the subschemas tried against one value."""

    __slots__ = ("_known", "_specification")

    def __init__(self, specification: Any) -> None:
        self._specification = specification
        self._known: dict[int, int | None] = {}

    def of(self, contents: Any, resolver: Any) -> int:
        """How many subschemas ``contents`` tries against its value, itself among them; at most one over the most.

        Args:
            contents: a subschema; it must stay alive as long as this counter, which knows it by its identity.
            resolver: the `referencing` resolver in whose scope it stands.

        Raises:
            Circle: if the subschema leads back to itself.
            RecursionError: if it leads through too many others.
        """
        if not isinstance(contents, Mapping):
            return 1
        key = id(contents)
        if key in self._known:
            known = self._known[key]
            if known is None:
                raise Circle
            return known
        self._known[key] = None
        total = 1
        for part, scope in _in_place(contents, resolver, self._specification):
            total = min(total + self.of(part, scope), MOST_TRIES + 1)
        self._known[key] = total
        return total


def _in_place(contents: Mapping[str, Any], resolver: Any, specification: Any) -> Iterator[tuple[Any, Any]]:
    """The subschemas that see the same value, each with the resolver of its scope."""
    from referencing.exceptions import Unresolvable

    for name in _REFERENCES:
        if isinstance(contents.get(name), str):
            try:
                found = resolver.lookup(contents[name])
            except Unresolvable:
                continue  # told elsewhere
            yield found.contents, found.resolver
    parts = [contents[name] for name in _ONE if isinstance(contents.get(name), Mapping)]
    for name in _LISTS:
        if isinstance(contents.get(name), list):
            parts += contents[name]
    for name in _KEYED:
        if isinstance(contents.get(name), Mapping):
            parts += list(contents[name].values())
    for part in parts:
        if not isinstance(part, Mapping):
            continue  # `true` and `false` cost nothing; the old `dependencies` may list names
        yield part, resolver.in_subresource(specification.create_resource(part))
