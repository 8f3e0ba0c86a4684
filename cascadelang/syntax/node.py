"""Frozen values for the syntax tree, cheap to declare.

``@dataclass(frozen=True, slots=True)`` writes and compiles six functions for each class: 50 classes of syntax cost
some 40 ms of every start, more than parsing a file. `Node` gives the same (keyword and positional construction,
defaults, equality, hash, repr, pattern matching, no assignment) from one set of functions.

Guarantees: fields called ``span`` or ``…_span``, and those a class names in ``aside``, take no part in equality.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform

_set = object.__setattr__


@dataclass_transform(frozen_default=True, eq_default=True)
class _NodeType(type):
    """Turns a class's annotations into slots and defaults."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], aside: tuple[str, ...] = ()
    ) -> _NodeType:
        fields = tuple(f for f in namespace.get("__annotations__", ()) if not f.startswith("_"))
        defaults = {f: namespace.pop(f) for f in fields if f in namespace}
        namespace["__slots__"] = fields
        namespace["__match_args__"] = fields
        namespace["_defaults"] = defaults
        namespace["_compared"] = tuple(
            f for f in fields if f != "span" and not f.endswith("_span") and f not in aside
        )
        return super().__new__(cls, name, bases, namespace)


class Node(metaclass=_NodeType):
    """A frozen value with named fields; subclasses only declare them."""

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}
    _compared: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cls = type(self)
        fields = cls.__match_args__
        if len(args) > len(fields):
            raise TypeError(f"{cls.__name__} takes {len(fields)} fields, {len(args)} were given")
        for field, value in zip(fields, args, strict=False):
            _set(self, field, value)
        for field in fields[len(args) :]:
            if field in kwargs:
                _set(self, field, kwargs.pop(field))
            elif field in cls._defaults:
                _set(self, field, cls._defaults[field])
            else:
                raise TypeError(f"{cls.__name__} needs {field!r}")
        if kwargs:
            raise TypeError(f"{cls.__name__} has no field {next(iter(kwargs))!r}, or it was given twice")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f) == getattr(other, f) for f in self._compared)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, f) for f in self._compared)))

    def __repr__(self) -> str:
        shown = ", ".join(f"{f}={getattr(self, f)!r}" for f in self._compared)
        return f"{type(self).__name__}({shown})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return (type(self), tuple(getattr(self, f) for f in self.__match_args__))

    def replace(self, **changes: Any) -> Self:
        """The same node with some fields changed.

        Raises:
            TypeError: if it has no such field.
        """
        values = {f: getattr(self, f) for f in self.__match_args__}
        return type(self)(**{**values, **changes})
