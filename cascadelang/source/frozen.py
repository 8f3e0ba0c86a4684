"""Frozen dataclasses that cost next to nothing to declare.

``dataclasses.dataclass(frozen=True, slots=True)`` writes and compiles six functions for each class, some half a
millisecond; the values of a policy's graph alone are more than thirty classes, a quarter of the time that lint takes.
`dataclass` here gives the same (``dataclasses.fields`` and ``replace``, defaults and factories, equality, hash, repr,
``match``, pickling, no assignment) from shared functions; ``__init__`` is written when a few values were made, and
fields are described when someone asks for them.

Guarantees: to a type checker it is ``dataclasses.dataclass``. It takes ``frozen=True`` with or without ``slots`` and
``eq``, and classes that inherit from nothing; making a value is no slower than the original, but for the first few.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool = False, eq: bool = True) -> Any:
        """See the module's docstring."""
        assert frozen  # noqa: S101 - a mistake in our own source
        return lambda cls: _made(cls, slots=slots, eq=eq)


__all__ = ["dataclass"]

_REQUIRED = object()


def _made(cls: type, *, slots: bool, eq: bool) -> type:
    """The class with everything a dataclass has."""
    own = cls.__dict__
    names = tuple(name for name, type_ in cls.__annotations__.items() if "ClassVar" not in str(type_))
    given = {name: own[name] for name in names if name in own}
    shared: dict[str, Any] = {
        "__dataclass_fields__": _FIELDS,
        "__match_args__": names,
        "__init__": _first_init,
        "__setattr__": _refuse_set,
        "__delattr__": _refuse_delete,
        "_given": given,
    }
    if "__repr__" not in own:
        shared["__repr__"] = _repr
    if eq:
        compared = tuple(name for name in names if getattr(given.get(name), "compare", True))
        shared |= {"_values": _reader(compared), "__eq__": _eq, "__hash__": _hash}
    if slots:
        shared |= {"__slots__": names, "__getstate__": _get_state, "__setstate__": _set_state}
        namespace = {**own, **shared}
        for name in (*given, "__dict__", "__weakref__"):
            namespace.pop(name, None)
        made = type(cls)(cls.__name__, cls.__bases__, namespace)
        made.__qualname__ = cls.__qualname__
        return made
    for name, value in shared.items():
        setattr(cls, name, value)
    for name, value in given.items():
        if isinstance(value, dataclasses.Field):
            if value.default is dataclasses.MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, value.default)
    return cls


class _LazyFields:
    """A class's fields as ``dataclasses.fields`` gives them, made when they are first asked for: few ever are."""

    def __get__(self, _: object, cls: type) -> dict[str, dataclasses.Field[Any]]:
        found = {name: _field(cls, name) for name in cls.__match_args__}  # type: ignore[attr-defined] # ours
        type.__setattr__(cls, "__dataclass_fields__", found)
        return found


_FIELDS = _LazyFields()


def _field(cls: Any, name: str) -> dataclasses.Field[Any]:
    given = cls._given.get(name, dataclasses.MISSING)
    made: Any = given if isinstance(given, dataclasses.Field) else dataclasses.field(default=given)
    made.name, made.type, made.kw_only = name, cls.__annotations__[name], False
    made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # noqa: SLF001 - what `fields` looks for
    return made  # type: ignore[no-any-return]


_FEW = 12
"""So many values of a class are made field by field: writing and compiling an ``__init__`` takes as long as that."""

_made_of: dict[type, int] = {}
"""How many values were made of classes that have no ``__init__`` of their own yet."""


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Make one of the first values of a class; write the class's own ``__init__`` when there were a few."""
    cls = type(self)
    _made_of[cls] = many = _made_of.get(cls, 0) + 1
    if many > _FEW or not _filled(self, args, kwargs):
        cls.__init__ = init = _written(cls)
        init(self, *args, **kwargs)


def _filled(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Set every field; ``False`` where the arguments don't fit: the written ``__init__`` says how."""
    cls = type(self)
    names = cls.__match_args__
    known = len(args) + len(kwargs)
    if known > len(names):
        return False
    put = object.__setattr__
    for name, value in zip(names, args, strict=False):
        put(self, name, value)
    for name in names[len(args) :]:
        if name in kwargs:
            put(self, name, kwargs[name])
            continue
        if name not in cls._given:
            return False
        known += 1
        value = cls._given[name]
        if isinstance(value, dataclasses.Field):
            value = value.default if value.default_factory is dataclasses.MISSING else value.default_factory()
            if value is dataclasses.MISSING:
                return False
        put(self, name, value)
    return known == len(names)  # no name was given twice, and none that isn't a field's


def _written(cls: type) -> Any:
    """``__init__`` as one would write it by hand, its stores bound to the slots."""
    names: dict[str, Any] = {"_put": object.__setattr__}
    slots = "__slots__" in cls.__dict__
    params, body = [], []
    for name, f in cls.__dataclass_fields__.items():  # type: ignore[attr-defined]
        value = name
        if f.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"], names["_required"] = f.default_factory, _REQUIRED
            value = f"_make_{name}() if {name} is _required else {name}"
            params.append(f"{name}=_required")
        elif f.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = f.default
            params.append(f"{name}=_default_{name}")
        else:
            params.append(name)
        if slots:
            names[f"_put_{name}"] = cls.__dict__[name].__set__
            body.append(f"    _put_{name}(self, {value})")
        else:
            body.append(f"    _put(self, {name!r}, {value})")
    source = f"def __init__(self, {', '.join(params)}):\n" + ("\n".join(body) or "    pass")
    exec(source, names)  # noqa: S102 - our own field names
    init = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _reader(names: tuple[str, ...]) -> Any:
    """What reads these fields of a value, as a tuple; not a function, so that a class that has it doesn't bind it."""
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda value: tuple([getattr(value, name) for name in names]))


def _eq(self: Any, other: object) -> Any:
    values = type(self)._values  # noqa: SLF001 - ours
    if type(other) is not type(self):
        return NotImplemented
    return self is other or values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(type(self)._values(self))  # noqa: SLF001 - ours


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, f in self.__dataclass_fields__.items() if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_set(self: object, name: str, value: object) -> None:  # noqa: ARG001 - the protocol's form
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: object, name: str) -> None:  # noqa: ARG001 - the protocol's form
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__match_args__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)
