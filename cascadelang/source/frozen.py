"""Frozen dataclasses that cost next to nothing to declare.

``dataclasses.dataclass(frozen=True, slots=True)`` writes and compiles six functions for each class, some half a
millisecond; the values of a policy's graph alone are more than thirty classes, a quarter of the time that lint takes.
`dataclass` here gives the same (``dataclasses.fields`` and ``replace``, defaults and factories, equality, hash, repr,
``match``, pickling, no assignment) from shared functions; ``__init__`` is written when the first value is made.

Guarantees: to a type checker it is ``dataclasses.dataclass``. It takes ``frozen=True`` with or without ``slots`` and
``eq``, and classes that inherit from nothing; making a value is no slower than the original.
"""

from __future__ import annotations

import dataclasses
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
    fields = {name: f for name, type_ in _annotations(cls).items() if (f := _field(cls, name, type_)) is not None}
    namespace = dict(cls.__dict__)
    for name in fields:
        namespace.pop(name, None)
    if slots:
        namespace["__slots__"] = tuple(fields)
        namespace.pop("__dict__", None)
        namespace.pop("__weakref__", None)
        made = type(cls)(cls.__name__, cls.__bases__, namespace)
        made.__qualname__ = cls.__qualname__
    else:
        made = cls
        for name, f in fields.items():
            if f.default is not dataclasses.MISSING:
                setattr(made, name, f.default)
            elif name in cls.__dict__:
                delattr(made, name)
    own = made.__dict__
    shared: dict[str, Any] = {
        "__dataclass_fields__": fields,
        "__match_args__": tuple(fields),
        "__init__": _first_init,
        "__setattr__": _refuse_set,
        "__delattr__": _refuse_delete,
    }
    if "__repr__" not in own:
        shared["__repr__"] = _repr
    if eq:
        compared = tuple(name for name, f in fields.items() if f.compare)
        shared |= {"_compared": compared, "__eq__": _eq, "__hash__": _hash}
    if slots:
        shared |= {"__getstate__": _get_state, "__setstate__": _set_state}
    for name, value in shared.items():
        type.__setattr__(made, name, value)
    return made


def _annotations(cls: type) -> dict[str, Any]:
    return {n: t for n, t in cls.__annotations__.items() if "ClassVar" not in str(t)}


def _field(cls: type, name: str, type_: Any) -> dataclasses.Field[Any]:
    """The field of an annotation, as ``dataclasses.fields`` gives it."""
    default = cls.__dict__.get(name, dataclasses.MISSING)
    made: Any = default if isinstance(default, dataclasses.Field) else dataclasses.field(default=default)
    made.name, made.type, made.kw_only = name, type_, False
    made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # noqa: SLF001 - what `fields` looks for
    return made  # type: ignore[no-any-return]


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Write the class's own ``__init__``, once, and go on with it."""
    cls = type(self)
    cls.__init__ = init = _written(cls)
    init(self, *args, **kwargs)


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


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in type(self)._compared])  # noqa: SLF001 - ours


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self is other or _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, f in self.__dataclass_fields__.items() if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_set(self: object, name: str, value: object) -> None:  # noqa: ARG001 - the protocol's form
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: object, name: str) -> None:  # noqa: ARG001 - the protocol's form
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)
