"""What an ``until`` can still come to, while only the beginning of an answer is there.

Takes: a gate's condition, and for each check that watches the answer what is certain of it so far. Gives: every value
that the condition could still have. Guarantees: nothing is ruled out that some way to go on could bring about, in
three-valued logic: a condition that can't be true any more is one that the whole answer fails, or leaves unknown,
which a gate doesn't let pass either.

What isn't watched (a paid check, one that reads the whole answer) may be anything. A signal is what it is for the
query, unless a model has yet to be asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, Protocol

from cascadelang.contracts.check import Outlook
from cascadelang.contracts.spec import Early
from cascadelang.graph import model as g
from cascadelang.graph.walk import uses_of
from cascadelang.graph.wording import use_wording, wording
from cascadelang.runtime.possible import (
    ANYTHING,
    FALSE,
    INFINITE,
    NUMBER,
    TRUE,
    TRUTH,
    UNKNOWN,
    Possible,
    calculated,
    compared,
    only,
    the_one,
)
from cascadelang.runtime.sight import Evaluate, show

_NUMBERS: Final = frozenset({"score", "logprob", "perplexity", "number", "count"})


class Now:
    """What is certain at one moment.

    Attributes:
        checks: what each watched check may come to, by its number.
        reasons: why, in words.
        signals: what each part without a check comes to for the query, by its number.
    """

    __slots__ = ("checks", "reasons", "signals")

    def __init__(self, checks: list[Possible], signals: list[Possible]) -> None:
        self.checks = checks
        self.reasons = [""] * len(checks)
        self.signals = signals

    def learn(self, number: int, outlook: Outlook, *, always_known: bool) -> None:
        """Take in what a watcher says."""
        if outlook.value is not None:
            self.checks[number] = only(outlook.value)
        else:
            low = -INFINITE if outlook.least is None else outlook.least
            high = INFINITE if outlook.most is None else outlook.most
            self.checks[number] = Possible(NUMBER if always_known else NUMBER | UNKNOWN, low, high)
        self.reasons[number] = outlook.reason


class Part(Protocol):
    """A part of a condition."""

    def reach(self, now: Now) -> Possible:
        """All it can still come to."""
        ...

    def why(self, now: Now) -> list[tuple[str, str]]:
        """What rules out that it is true, or that it isn't: checks with a reason in words each."""
        ...

    def loses(self, kind: int) -> bool:
        """Whether the beginning of some answer could rule this kind of value out."""
        ...

    def bounds(self) -> frozenset[Early]:
        """Which bounds of its number the beginning of an answer could give."""
        ...


_BOTH: Final[frozenset[Early]] = frozenset({"least", "most"})
_NONE: Final[frozenset[Early]] = frozenset()


class _Any:
    """What nobody watches."""

    def reach(self, now: Now) -> Possible:  # noqa: ARG002 - the parts' one form
        return ANYTHING

    def why(self, now: Now) -> list[tuple[str, str]]:  # noqa: ARG002
        return []

    def loses(self, kind: int) -> bool:  # noqa: ARG002
        return False

    def bounds(self) -> frozenset[Early]:
        return _NONE


class _Fixed:
    """A part in which no check stands."""

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name

    def reach(self, now: Now) -> Possible:
        return now.signals[self._number]

    def why(self, now: Now) -> list[tuple[str, str]]:
        return [(self._name, f"{self._name} is {show(the_one(self.reach(now)))}")]

    def loses(self, kind: int) -> bool:  # noqa: ARG002 - it may be anything, and is then certain
        return True

    def bounds(self) -> frozenset[Early]:
        return _BOTH


class _Watched:
    """A check that watches the answer."""

    def __init__(self, number: int, name: str, early: frozenset[Early], *, always_known: bool) -> None:
        self._number = number
        self._name = name
        self._early = early
        self._known = always_known

    def reach(self, now: Now) -> Possible:
        return now.checks[self._number]

    def why(self, now: Now) -> list[tuple[str, str]]:
        return [(self._name, now.reasons[self._number])]

    def loses(self, kind: int) -> bool:
        if kind == UNKNOWN:
            return self._known or bool(self._early & {"true", "false"})
        return ("false" if kind == TRUE else "true") in self._early

    def bounds(self) -> frozenset[Early]:
        return self._early & _BOTH


class _Named:
    """A declared check."""

    def __init__(self, name: str, inner: Part, *, else_pass: bool) -> None:
        self.name = name
        self.inner = inner
        self._else_pass = else_pass

    def reach(self, now: Now) -> Possible:
        reach = self.inner.reach(now)
        if self._else_pass and reach.kinds & UNKNOWN:
            return reach._replace(kinds=reach.kinds & ~UNKNOWN | TRUE)
        return reach

    def why(self, now: Now) -> list[tuple[str, str]]:
        words = "; ".join(dict.fromkeys(words for _, words in self.inner.why(now) if words))
        return [(self.name, words)]

    def loses(self, kind: int) -> bool:
        if kind == UNKNOWN:
            return self._else_pass or self.inner.loses(kind)
        if kind == TRUE and self._else_pass:
            return self.inner.loses(TRUE) and self.inner.loses(UNKNOWN)
        return self.inner.loses(kind)

    def bounds(self) -> frozenset[Early]:
        return self.inner.bounds()


class _Not:
    def __init__(self, inner: Part) -> None:
        self._inner = inner

    def reach(self, now: Now) -> Possible:
        kinds = self._inner.reach(now).kinds
        turned = (FALSE if kinds & TRUE else 0) | (TRUE if kinds & FALSE else 0)
        return Possible(turned | (UNKNOWN if kinds & ~TRUTH else 0))

    def why(self, now: Now) -> list[tuple[str, str]]:
        return self._inner.why(now)

    def loses(self, kind: int) -> bool:
        return self._inner.loses({TRUE: FALSE, FALSE: TRUE}.get(kind, kind))

    def bounds(self) -> frozenset[Early]:
        return _NONE


class _Logic:
    """``and``, which false decides, and ``or``, which true does."""

    def __init__(self, parts: Sequence[Part], *, decides: int) -> None:
        self._parts = parts
        self._decides = decides
        self._other = TRUTH & ~decides

    def reach(self, now: Now) -> Possible:
        seen, all_other = 0, True
        for part in self._parts:
            kinds = part.reach(now).kinds
            if kinds == self._decides:
                return Possible(kinds)
            seen |= kinds
            all_other = all_other and bool(kinds & self._other)
        found = seen & self._decides | (self._other if all_other else 0)
        return Possible(found | (UNKNOWN if seen & ~TRUTH else 0))

    def why(self, now: Now) -> list[tuple[str, str]]:
        deciding = [part for part in self._parts if not part.reach(now).kinds & self._other]
        if deciding:
            return deciding[0].why(now)
        return [said for part in self._parts for said in part.why(now)]

    def loses(self, kind: int) -> bool:
        if kind == self._other:
            return any(part.loses(kind) for part in self._parts)
        return all(part.loses(kind) for part in self._parts)

    def bounds(self) -> frozenset[Early]:
        return _NONE


class _Compare:
    def __init__(self, op: str, left: Part, right: Part, name: str) -> None:
        self._op = op
        self._left = left
        self._right = right
        self._name = name

    def reach(self, now: Now) -> Possible:
        return compared(self._op, self._left.reach(now), self._right.reach(now))

    def why(self, now: Now) -> list[tuple[str, str]]:
        one, other = self._left.reach(now), self._right.reach(now)
        by = self._left.why(now) or self._right.why(now) or [(self._name, "")]
        far = ""
        if one.kinds & NUMBER and one.low > -INFINITE and self._op in ("<", "<=", "=="):
            far = f"is {show(one.low)} or more"
        elif one.kinds & NUMBER and one.high < INFINITE:
            far = f"is {show(one.high)} or less"
        against = the_one(other)
        limit = f", and has to be {self._op} {show(against)}" if against is not None else ""
        words = by[0][1] or f"{self._name} {far} whatever follows".replace("  ", " ")
        return [(by[0][0], words + limit)]

    def loses(self, kind: int) -> bool:
        left, right = self._left.bounds(), self._right.bounds()
        if kind == UNKNOWN:
            return self._left.loses(kind) and self._right.loses(kind)
        if self._op in ("==", "!="):
            loses_equal = bool((left and right) and (left | right))
            return loses_equal if (self._op == "==") == (kind == TRUE) else left == right == _BOTH
        rises = (self._op in ("<", "<=")) == (kind == TRUE)  # the left side, against the right
        return ("least" in left and "most" in right) if rises else ("most" in left and "least" in right)

    def bounds(self) -> frozenset[Early]:
        return _NONE


class _Arith:
    """A sum or a difference; what else is calculated is known once both sides are."""

    def __init__(self, op: str, left: Part, right: Part) -> None:
        self._op = op
        self._left = left
        self._right = right

    def reach(self, now: Now) -> Possible:
        return calculated(self._op, self._left.reach(now), self._right.reach(now))

    def why(self, now: Now) -> list[tuple[str, str]]:
        return [(name, "") for name, _ in [*self._left.why(now), *self._right.why(now)]]

    def loses(self, kind: int) -> bool:
        return kind != UNKNOWN and bool(self.bounds())

    def bounds(self) -> frozenset[Early]:
        left, right = self._left.bounds(), self._right.bounds()
        if self._op == "-":
            turned: dict[Early, Literal["least", "most"]] = {"least": "most", "most": "least"}
            right = frozenset(turned[each] for each in right)
        return left & right if self._op in ("+", "-") else _NONE


class Foresight:
    """A condition, taken apart.

    Args:
        graph: what it is of.
        condition: it.
        watched: says of a check's use whether it can watch an answer, and what its beginning can settle.
        compiled: gives the function of a part in which no check stands.

    Attributes:
        root: the condition.
        uses: the checks that watch, by number.
        named: the declared checks in it, each once.
        signals: the parts without a check, by number.
    """

    def __init__(
        self,
        graph: g.Graph,
        condition: g.GraphExpr,
        watched: Callable[[g.CatalogUse], frozenset[Early]],
        compiled: Callable[[g.GraphExpr], Evaluate],
    ) -> None:
        self._graph = graph
        self._watched = watched
        self._compiled = compiled
        self._numbers: dict[str, int] = {}
        self.uses: list[g.CatalogUse] = []
        self.named: dict[str, _Named] = {}
        self.signals: list[Evaluate] = []
        self.root = self._part(condition)

    @property
    def can_fail(self) -> bool:
        """Whether the beginning of some answer could settle that the condition won't be true."""
        return bool(self.uses) and self.root.loses(TRUE)

    def start(self) -> list[Possible]:
        """What each watched check may come to before there is an answer."""
        return [_before(use) for use in self.uses]

    def _part(self, expr: g.GraphExpr) -> Part:  # noqa: PLR0911 - one case a kind
        if not any(self._graph.uses[use].kind == "check" for use in uses_of(self._graph, [expr])):
            self.signals.append(self._compiled(expr))
            return _Fixed(len(self.signals) - 1, wording(expr, self._graph, judged=True))
        match expr:
            case g.UseValue(use=id_):
                return self._use(self._graph.uses[id_])
            case g.CheckValue(name=name):
                if name not in self.named:
                    declared = self._graph.checks[name]
                    self.named[name] = _Named(name, self._part(declared.expr), else_pass=declared.else_pass)
                return self.named[name]
            case g.NotValue(value=inner):
                return _Not(self._part(inner))
            case g.LogicValue(op=op, values=values):
                return _Logic([self._part(value) for value in values], decides=TRUE if op == "or" else FALSE)
            case g.CompareValue(op=op, left=left, right=right):
                return _Compare(op, self._part(left), self._part(right), wording(left, self._graph, judged=True))
            case g.ArithValue(op=op, left=left, right=right):
                return _Arith(op, self._part(left), self._part(right))
            case _:
                return _Any()

    def _use(self, use: g.CatalogUse) -> Part:
        early = self._watched(use)
        if not early:
            return _Any()
        number = self._numbers.get(use.id)
        if number is None:
            number = self._numbers[use.id] = len(self.uses)
            self.uses.append(use)
        return _Watched(number, use_wording(use, judged=True), early, always_known=use.always_known)


def _before(use: g.CatalogUse) -> Possible:
    """What a check may come to for any answer."""
    unknown = 0 if use.always_known else UNKNOWN
    if use.gives == "bool":
        return Possible(TRUE | FALSE | unknown)
    return Possible(NUMBER | unknown) if use.gives in _NUMBERS else ANYTHING


def outcomes(named: Mapping[str, Part], now: Now) -> dict[str, bool | None]:
    """What declared checks surely come to, of those that surely don't pass or surely do; ``None``: not true."""
    found: dict[str, bool | None] = {}
    for name, part in named.items():
        kinds = part.reach(now).kinds
        if kinds in (TRUE, FALSE):
            found[name] = kinds == TRUE
        elif not kinds & TRUE:
            found[name] = None
    return found
