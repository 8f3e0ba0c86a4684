"""What the conditions of a graph compare, and with which constants.

Takes: a graph. Gives: for every expression that has a number or a text of its own (its *source*), the constants it is
compared with anywhere in the graph. Guarantees: a signal that is another one's name, or has an ``else``, shares its
source; so does a count that is added to or multiplied, its thresholds turned into those of the count. Everything else
that is calculated is a source of its own, known by how it is written.

Whole numbers can be carried through arithmetic exactly, since each step rises or falls with them, rounding included;
where a threshold lies is found by halving, with the arithmetic that a run uses. Of other numbers that isn't so: what
they calculate to is a source of its own, of which only the least and the most are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from cascadelang.graph import model as g
from cascadelang.graph.arithmetic import calculate
from cascadelang.graph.order import successors_first
from cascadelang.graph.reach.values import ANY_NUMBER, LARGEST, Plain, Range, calculated, range_of
from cascadelang.graph.walk import conditions, parts
from cascadelang.source.frozen import dataclass

_LONGEST: Final = 2**63

Named = tuple[str, str]
Step = tuple[str, float, bool]
"""An operator, a constant, and whether the constant stands on the right."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from, and what is done to it on the way."""

    key: str
    steps: tuple[Step, ...] = ()


class Sources:
    """The sources of one graph's expressions.

    Attributes:
        constants: what each source is compared with, by its key.
        noted: the same as it is written: what the value is compared with after the steps.
        ranges: the numbers a calculated source can be, by its key.
    """

    def __init__(self, graph: g.Graph) -> None:
        self._graph = graph
        self._signals: dict[str, Source | None] = {}
        self._checks: dict[str, Source | None] = {}
        self._fixed: dict[str, Plain | None] = {}
        self.constants: dict[str, set[Plain]] = {}
        self.noted: dict[Source, set[Plain]] = {}
        self.ranges: dict[str, Range] = {}
        self.order = in_need_order(graph)
        for kind, name in self.order:
            if kind == "check":
                self._checks[name] = self.visit(graph.checks[name].expr)
            else:
                self._signal(name, graph.signals[name])
        for node in graph.nodes.values():
            for expr in conditions(node):
                source = self.visit(expr)
                if source is not None:
                    self.note(source, _labels(node, expr))

    def _signal(self, name: str, signal: g.NamedSignal) -> None:
        source = self.visit(signal.expr)
        if source is not None:
            self.note(source, signal.labels)
        self._signals[name] = source
        fixed = self.fixed(signal.expr)
        self._fixed[name] = None if signal.labels or isinstance(fixed, bool) else fixed

    # ---- What is compared ----------------------------------------------------------------------------------------

    def note(self, source: Source, constants: Iterable[Any]) -> None:
        """A source is compared with constants."""
        points, noted = self.constants.setdefault(source.key, set()), self.noted.setdefault(source, set())
        for constant in constants:
            if isinstance(constant, bool) or not isinstance(constant, (int, float)):
                points.add(constant)
            elif not -LARGEST < constant < LARGEST:
                continue
            elif source.steps:
                points.update(thresholds(source.steps, constant))
            else:
                points.add(constant)
            noted.add(constant)

    def visit(self, expr: g.GraphExpr) -> Source | None:  # noqa: C901, PLR0911, PLR0912 - one case a kind
        """The source of an expression's value; what it is compared with within is noted."""
        match expr:
            case g.UseValue(use=use):
                return Source(f"use {use}")
            case g.MetaValue(name=name) | g.MetaMissing(name=name):
                self.constants.setdefault(f"meta {name}", set())
                return Source(f"meta {name}") if expr.kind == "meta" else None
            case g.SignalValue(name=name):
                return self._signals[name]
            case g.CheckValue(name=name):
                return self._checks[name]
            case g.TuneValue(name=name):
                return Source(f"tune {name}")
            case g.Const():
                return None
            case g.CompareValue(left=left, right=right):
                sides = (left, self.visit(left)), (right, self.visit(right))
                for (_, source), (other, _) in (sides, sides[::-1]):
                    fixed = self.fixed(other)
                    if source is not None and fixed is not None:
                        self.note(source, (fixed,))
                return None
            case g.InValue(value=value, items=items):
                source = self.visit(value)
                if source is not None:
                    self.note(source, items)
                return None
            case g.BandValue(value=value, steps=steps):
                source = self.visit(value)
                if source is not None:
                    self.note(source, [step.below for step in steps])
                return None
            case g.ArithValue():
                return self._arithmetic(expr)
            case g.ScoreValue():
                for part in parts(expr):
                    self.visit(part)
                return Source(written(expr))
            case _:
                for part in parts(expr):
                    self.visit(part)
                return None

    def _arithmetic(self, expr: g.ArithValue) -> Source | None:
        left, right = self.visit(expr.left), self.visit(expr.right)
        if self.fixed(expr) is not None:
            return None
        for source, other, on_right in ((left, expr.right, True), (right, expr.left, False)):
            fixed = self.fixed(other)
            if source is None or not isinstance(fixed, (int, float)) or isinstance(fixed, bool):
                continue
            steps = (*source.steps, (expr.op, fixed, on_right))
            if self.range_of_source(source.key) == COUNT and _rises_or_falls(steps):
                return Source(source.key, steps)
        key = written(expr)
        self.ranges[key] = self.range_of(expr)
        self.constants.setdefault(key, set())
        return Source(key)

    # ---- What is known beforehand --------------------------------------------------------------------------------

    def fixed(self, expr: g.GraphExpr) -> Plain | None:
        """The constant an expression is, if it is one that isn't a list."""
        if isinstance(expr, g.Const):
            return None if isinstance(expr.value, list) else expr.value
        if isinstance(expr, g.SignalValue):
            return self._fixed.get(expr.name)
        if isinstance(expr, g.ArithValue):
            left, right = self.fixed(expr.left), self.fixed(expr.right)
            return None if left is None or right is None else calculate(expr.op, left, right)
        return None

    def range_of_source(self, key: str) -> Range:
        """The numbers a source can be; any, when it isn't said."""
        if key in self.ranges:
            return self.ranges[key]
        use = self._graph.uses.get(key.removeprefix("use ")) if key.startswith("use ") else None
        return ANY_NUMBER if use is None else range_of(use.gives, unknown=not use.always_known)

    def range_of(self, expr: g.GraphExpr) -> Range:
        """The numbers an expression can be."""
        fixed = self.fixed(expr)
        if fixed is not None:
            if isinstance(fixed, (bool, str)) or not -LARGEST < fixed < LARGEST:
                return ANY_NUMBER
            return Range(fixed, fixed, isinstance(fixed, int))
        if isinstance(expr, g.ArithValue):
            return calculated(expr.op, self.range_of(expr.left), self.range_of(expr.right))
        if isinstance(expr, g.UseValue):
            return self.range_of_source(f"use {expr.use}")
        if isinstance(expr, g.ScoreValue):
            return Range(0, 1, unknown=True)
        return ANY_NUMBER


COUNT: Final = range_of("count", unknown=False)


def written(expr: g.GraphExpr) -> str:
    """An expression as a key: equal for those that are written alike."""
    return repr(expr)


def in_need_order(graph: g.Graph) -> list[Named]:
    """The declared signals and checks, each after those that stand in it."""
    names: list[Named] = [*(("signal", name) for name in graph.signals), *(("check", name) for name in graph.checks)]
    return successors_first(names, lambda named: _named_in(_declared(graph, named)))


def _declared(graph: g.Graph, named: Named) -> g.GraphExpr:
    return (graph.signals if named[0] == "signal" else graph.checks)[named[1]].expr


def _named_in(expr: g.GraphExpr) -> list[Named]:
    if isinstance(expr, (g.SignalValue, g.CheckValue)):
        return [(expr.kind, expr.name)]
    return [name for part in parts(expr) for name in _named_in(part)]


# ---- Whole numbers through arithmetic ---------------------------------------------------------------------------


def through(steps: Iterable[Step], value: float) -> float | None:
    """What the steps make of a value, as a run calculates it; ``None`` when that isn't a number."""
    found: float | None = value
    for op, constant, on_right in steps:
        found = calculate(op, found, constant) if on_right else calculate(op, constant, found)
        if found is None:
            return None
    return found


def _rises_or_falls(steps: Iterable[Step]) -> bool:
    """Whether a count goes through the steps in order, or in the opposite order, and always has a result."""
    for op, constant, on_right in steps:
        if op == "/" and (not on_right or constant == 0):
            return False
    return through(steps, 0) is not None and through(steps, _LONGEST) is not None


def thresholds(steps: tuple[Step, ...], limit: float) -> list[int]:
    """Counts beside which the steps' result goes over ``limit``, reaches it or leaves it."""
    ends = through(steps, 0), through(steps, _LONGEST)
    assert ends[0] is not None and ends[1] is not None  # noqa: PT018, S101 - `_rises_or_falls` saw to it
    rising = ends[0] <= ends[1]

    def beyond(count: int, *, reached: bool) -> bool:
        value = through(steps, count)
        assert value is not None  # noqa: S101 - between the ends
        return reached if value == limit else (value > limit) == rising

    found: list[int] = []
    for reached in (False, True):
        first = _first(lambda count, reached=reached: beyond(count, reached=reached))  # type: ignore[misc]
        if first is not None:
            found += [first - 1, first] if first else [first]
    return found


def _labels(node: g.GraphNode, expr: g.GraphExpr) -> Iterable[str]:
    """The labels that a node's expression is told apart by."""
    if isinstance(node, g.RouteByNode):
        return node.arms
    return node.start_at if isinstance(node, g.CascadeNode) and expr is node.start else ()


def _first(holds: Callable[[int], bool]) -> int | None:
    """The first count for which something holds that goes on holding, by halving."""
    if not holds(_LONGEST):
        return None
    low, high = 0, _LONGEST
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
