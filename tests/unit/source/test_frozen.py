"""Our frozen dataclasses behave as the standard ones do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any, ClassVar

import pytest

from cascadelang.source.frozen import dataclass as ours


def declared(dataclass: Any, **options: Any) -> Any:
    @dataclass(frozen=True, **options)
    class Thing:
        """Words."""

        name: str
        size: int = 3
        parts: list[int] = field(default_factory=list)
        secret: str = field(default="s", repr=False, compare=False)
        kind: ClassVar[str] = "thing"

        @property
        def twice(self) -> int:
            return self.size * 2

    return Thing


@pytest.mark.parametrize("options", [{"slots": True}, {}, {"slots": True, "eq": False}, {"eq": False}])
def test_as_the_standard_ones(options: dict[str, bool]):
    mine, theirs = declared(ours, **options), declared(dataclasses.dataclass, **options)
    for make in (
        lambda c: c("a"),
        lambda c: c("a", 4, [1]),
        lambda c: c(name="a", parts=[2]),
        lambda c: c("a", secret="x"),
    ):
        a, b = make(mine), make(theirs)
        assert repr(a) == repr(b)
        assert dataclasses.asdict(a) == dataclasses.asdict(b)
        assert a.twice == b.twice
        assert dataclasses.replace(a, size=9).size == 9
        assert copy.copy(a).name == "a"
        assert (a == make(mine)) == (b == make(theirs))
        for wrong in ("name", "other"):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(a, wrong, 1)
            with pytest.raises(dataclasses.FrozenInstanceError):
                delattr(a, wrong)
    assert [f.name for f in dataclasses.fields(mine)] == [f.name for f in dataclasses.fields(theirs)]
    assert mine.__match_args__ == theirs.__match_args__
    assert mine("a").parts is not mine("a").parts
    assert (mine.kind, mine.__doc__, mine.__qualname__) == (theirs.kind, theirs.__doc__, theirs.__qualname__)
    assert hasattr(mine("a"), "__dict__") == hasattr(theirs("a"), "__dict__")
    with pytest.raises(TypeError):
        mine()
    with pytest.raises(TypeError):
        mine("a", nothing=1)


def test_hashing():
    @ours(frozen=True, slots=True)
    class Pair:
        a: int
        b: str = ""

    assert hash(Pair(1)) == hash(Pair(1))
    assert Pair(1) != Pair(2)
    assert Pair(1) != (1, "")
    match Pair(1, "x"):
        case Pair(a, b):
            assert (a, b) == (1, "x")


@ours(frozen=True, slots=True)
class Kept:
    a: int
    b: tuple[int, ...] = (1,)


def test_pickling():
    assert pickle.loads(pickle.dumps(Kept(4))) == Kept(4)  # noqa: S301 - our own
    assert copy.deepcopy(Kept(4)) == Kept(4)
