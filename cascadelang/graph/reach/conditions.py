"""A graph's conditions as formulas: when each is true, and when it is false.

Takes: a graph. Gives: `Truth` for conditions, `Cases` for labels, and a `Constant` for every part of a condition that
comes out the same for every query. Guarantees: three-valued truth as a run has it (what is neither true nor false is
unknown). Formulas allow every query there is: where values hang together in a way that isn't followed (``words`` and
``chars``, say), they are taken as free of each other, so whatever is impossible here is impossible.

Some things can be either on purpose: a ``tune`` moves when it is calibrated, a signal or check that is declared as
plain ``true`` or ``false`` is a switch. And a part that was told as constant is taken as free from there on, so that
one mistake isn't told again for all that follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from cascadelang.contracts.words import fold
from cascadelang.graph import model as g
from cascadelang.graph.arithmetic import compare, in_items
from cascadelang.graph.arithmetic import number as as_number
from cascadelang.graph.reach.formulas import Formula, Formulas, Join, varies
from cascadelang.graph.reach.line import Line
from cascadelang.graph.reach.solve import Search, Steps, TooHardError
from cascadelang.graph.reach.sources import Source, Sources, through, written
from cascadelang.graph.reach.truth import Cases, Constant, Outcome, Owner, Truth, Value
from cascadelang.graph.reach.values import Plain, numbers, texts
from cascadelang.graph.wording import use_wording

Operator = Literal["==", "!=", "<", "<=", ">", ">="]

_MOST_PAIRS: Final = 4_000
"""Pairs of values that are compared where neither side is a constant; with more, all that is known
is which of the two is larger."""

_MOST_COMPARISONS: Final = 150_000
"""Values that are compared with constants, over all conditions of a graph: a third of a second or so. A condition
beyond them is taken as free: it is one of some hundreds that ask one thing for hundreds of values."""

_DEEPEST: Final = 120
"""Conditions in conditions, through declared signals and checks; what lies deeper is taken as free."""


class Conditions:
    """The conditions of one graph.

    Attributes:
        constants: what was found to be constant, in the order of declaration.
        shown: for variables that a reader knows by a name, that name and the value of each cell.
        formulas: what the formulas are made with.
        undecided: how many questions weren't decided in time.
    """

    def __init__(self, graph: g.Graph, steps: Steps) -> None:
        self._graph = graph
        self._steps = steps
        self._sources = Sources(graph)
        self._leaves: dict[str, tuple[int, list[Value]]] = {}
        self._cases: dict[str, Cases] = {}
        self._scores: dict[str, Cases] = {}
        self._named: dict[tuple[str, str], Cases] = {}
        self._owner = Owner("signal", "")
        self.formulas = Formulas()
        self.shown: dict[int, tuple[str, list[Value]]] = {}
        self.constants: list[Constant] = []
        self.undecided = 0
        self._comparisons_left = _MOST_COMPARISONS
        for kind, name in self._sources.order:
            self._owner = Owner("signal" if kind == "signal" else "check", name)
            self._named[kind, name] = self._declared(kind, name)

    def condition(self, expr: g.GraphExpr, owner: Owner) -> Truth:
        """When a condition is true and false; that it is constant is told in `constants`."""
        self._owner = owner
        return self._condition(expr, whole=True)

    def values(self, expr: g.GraphExpr, owner: Owner) -> Cases:
        """The values of a label."""
        self._owner = owner
        return self._value(expr)

    def impossible(self, *together: Formula) -> bool:
        """Whether formulas can't hold together; false where it wasn't decided."""
        if False in together:
            return True
        if not any(isinstance(formula, Join) for formula in together):
            return self.formulas.all_of(together) is False
        try:
            return Search(self.formulas, self._steps).ask(*together) is None
        except TooHardError:
            self.undecided += 1
            return False

    # ---- Conditions ----------------------------------------------------------------------------------------------

    def _condition(self, expr: g.GraphExpr, *, whole: bool = False) -> Truth:
        """The truth of what stands where a condition is meant; a constant is told and taken as free."""
        if isinstance(expr, (g.SignalValue, g.CheckValue)):  # told where it is declared
            return self._truth(expr)
        truth = self._truth(expr)
        outcome = self._constant(truth)
        if outcome is None:
            return truth
        self.constants.append(Constant(self._owner, expr, outcome, whole))
        return self._free()

    def _constant(self, truth: Truth) -> Outcome | None:
        """How a condition always comes out, if it does."""
        if varies(truth.true) and (truth.false is False or varies(truth.false)):
            return None
        negation = self.formulas.negation
        if self.impossible(negation(truth.true)):
            return "true"
        if self.impossible(negation(truth.false)):
            return "false"
        if self.impossible(truth.true):
            return "unknown" if self.impossible(truth.false) else "never true"
        return None

    def _free(self) -> Truth:
        """A condition that may be anything."""
        variable = self.formulas.variable(3)
        return Truth(self.formulas.literal(variable, 1), self.formulas.literal(variable, 2))

    def _truth(self, expr: g.GraphExpr) -> Truth:
        """When an expression is true and when it is false."""
        make = self.formulas
        if isinstance(expr, g.NotValue):
            inner = self._condition(expr.value)
            return Truth(inner.false, inner.true)
        if isinstance(expr, g.LogicValue):
            sides = [self._condition(value) for value in expr.values]
            if expr.op == "and":
                found = Truth(make.all_of(s.true for s in sides), make.any_of(s.false for s in sides))
            else:
                found = Truth(make.any_of(s.true for s in sides), make.all_of(s.false for s in sides))
            return self._free() if _too_deep(found) else found
        if isinstance(expr, g.CompareValue):
            return self._comparison(expr)
        if isinstance(expr, g.InValue):
            return self._membership(expr)
        cases = self._value(expr)
        return self._truth_of(cases)

    def _comparison(self, expr: g.CompareValue) -> Truth:
        left, right = self._value(expr.left), self._value(expr.right)
        for one, other in ((left, right), (right, left)):
            fixed = _only(other)
            if fixed is not None and (one.exact or fixed in one.noted):
                op = expr.op if one is left else _TURNED[expr.op]
                masks = None if one.line is None else one.line.masks(op, fixed)
                if one.line is not None and masks is not None:
                    literal, variable = self.formulas.literal, one.line.variable
                    return Truth(literal(variable, masks[0]), literal(variable, masks[1]))
                if not self._affords(len(one.cases)):
                    return self._free()
                return self._decided((compare(op, value, fixed), when) for value, when in one.cases)
        if left.exact and right.exact and len(left.cases) * len(right.cases) <= _MOST_PAIRS:
            if not self._affords(len(left.cases) * len(right.cases)):
                return self._free()
            both = self.formulas.all_of
            return self._decided(
                (compare(expr.op, a, b), both((x, y))) for a, x in left.cases for b, y in right.cases
            )
        return self._pair(expr, left, right)

    def _membership(self, expr: g.InValue) -> Truth:
        cases = self._value(expr.value)
        if not cases.exact and not all(item in cases.noted for item in expr.items):
            return self._free()
        if not self._affords(len(cases.cases)):
            return self._free()
        return self._decided(
            (None if value is None else in_items(value, expr.items) != expr.negated, when)
            for value, when in cases.cases
        )

    def _affords(self, comparisons: int) -> bool:
        """Whether so many values may still be compared; that they may not is counted."""
        self._comparisons_left -= comparisons
        self.undecided += self._comparisons_left < 0
        return self._comparisons_left >= 0

    def _decided(self, cases: Iterable[tuple[bool | None, Formula]]) -> Truth:
        found = list(cases)
        any_of = self.formulas.any_of
        return Truth(any_of(w for v, w in found if v is True), any_of(w for v, w in found if v is False))

    def _pair(self, expr: g.CompareValue, left: Cases, right: Cases) -> Truth:
        """Two values that vary both: all that is known is which of them is the larger, if they have an order."""
        one, other, op = written(expr.left), written(expr.right), expr.op
        if one > other:
            one, other, op = other, one, _TURNED[op]
        key = f"pair {one} {other}"
        if key not in self._leaves:
            values = [value for side in (left, right) for value, _ in side.cases]
            ordered = all(value is None or _is_number(value) for value in values)
            cells: list[Value] = ["="] if one == other else ["=", "<", ">"]
            if not ordered:
                cells += ["same"] if one == other else ["same", "other"]
            if not ordered or None in values:
                cells.append(None)
            self._leaves[key] = self.formulas.variable(len(cells)), cells
        variable, cells = self._leaves[key]
        return self._decided(
            (_of_pair(op, cell), self.formulas.literal(variable, 1 << at)) for at, cell in enumerate(cells)
        )

    # ---- Values --------------------------------------------------------------------------------------------------

    def _value(self, expr: g.GraphExpr) -> Cases:  # noqa: PLR0911 - one case a kind
        """The values of an expression."""
        match expr:
            case g.Const(value=value):
                return Cases([(value, True)], exact=True) if not isinstance(value, list) else self._anything()
            case g.TuneValue():
                return Cases([(0.5, True)], exact=False)  # some number
            case g.SignalValue(name=name) | g.CheckValue(name=name):
                return self._named[expr.kind, name]
            case g.UseValue(use=use):
                return self._use(use)
            case g.MetaValue(name=name):
                return self._leaf(Source(f"meta {name}"))
            case g.MetaMissing(name=name, negated=negated):
                self._leaf(Source(f"meta {name}"))
                variable = self._leaves[f"meta {name}"][0]
                missing = self.formulas.literal(variable, 1)
                given = self.formulas.negation(missing)
                return Cases([(not negated, missing), (negated, given)], exact=True)
            case g.ArithValue():
                return self._arithmetic(expr)
            case g.ScoreValue():
                return self._score(expr)
            case g.BandValue():
                return self._band(expr)
            case _:
                truth = self._condition(expr)
                return self._merged([(True, truth.true), (False, truth.false)])

    def _merged(self, cases: Iterable[tuple[Value, Formula]]) -> Cases:
        """Exact cases, those of one value joined; what is left is unknown."""
        found: dict[tuple[type, Value], list[Formula]] = {}
        for value, when in cases:
            if value is not None:
                found.setdefault((type(value), value), []).append(when)
        any_of = self.formulas.any_of
        joined = [(value, when[0] if len(when) == 1 else any_of(when)) for (_, value), when in found.items()]
        rest = self.formulas.negation(any_of(when for _, when in joined))
        return Cases([(value, when) for value, when in (*joined, (None, rest)) if when is not False], exact=True)

    def _declared(self, kind: str, name: str) -> Cases:
        """The values of a declared signal or check, its labels and its ``else`` applied."""
        declared: g.NamedSignal | g.NamedCheck
        declared = self._graph.signals[name] if kind == "signal" else self._graph.checks[name]
        default: Value = None
        if isinstance(declared, g.NamedSignal):
            default = declared.default
        elif declared.else_pass:
            default = True
        expr = declared.expr
        if isinstance(expr, g.Const) and isinstance(expr.value, bool):
            return self._switch(name)
        if isinstance(expr, (g.NotValue, g.LogicValue, g.CompareValue, g.InValue)):
            truth = self._condition(expr, whole=True)
            cases = self._merged([(True, truth.true), (False, truth.false)])
        else:
            cases = self._value(expr)
        if isinstance(declared, g.NamedSignal) and declared.labels:
            labels = frozenset(declared.labels)
            cases = self._merged([(v, w) for v, w in cases.cases if isinstance(v, str) and v in labels])
        if default is None:
            return cases
        filled = [(default if value is None else value, when) for value, when in cases.cases]
        return self._merged(filled) if cases.exact else Cases(filled, exact=False, noted=cases.noted)

    def _switch(self, name: str) -> Cases:
        """A name for plain ``true`` or ``false``, which somebody sets now this way, now that."""
        variable = self.formulas.variable(2)
        self.shown[variable] = (name, [True, False])
        return Cases(
            [(True, self.formulas.literal(variable, 1)), (False, self.formulas.literal(variable, 2))], exact=True
        )

    def _use(self, id_: str) -> Cases:
        use = self._graph.uses[id_]
        listed = use.args.get("texts")
        if use.entry == "contains" and use.always_known and isinstance(listed, (str, list)):
            phrases = [fold(text) for text in ([listed] if isinstance(listed, str) else listed)]
            there = self.formulas.any_of(self._phrase(use, phrase) for phrase in phrases if phrase)
            return self._merged([(True, there), (False, self.formulas.negation(there))])
        return self._leaf(Source(f"use {id_}"))

    def _phrase(self, use: g.CatalogUse, phrase: str) -> Formula:
        """A phrase is there: a list of them is there when one of them is."""
        key = f"phrase {use.kind} {use.scope} {phrase}"
        if key not in self._leaves:
            variable = self.formulas.variable(2)
            self._leaves[key] = variable, [True, False]
            scope = "conversation." if use.scope == "conversation" else ""
            self.shown[variable] = (f'{scope}contains("{phrase}")', [True, False])
        return self.formulas.literal(self._leaves[key][0], 1)

    def _leaf(self, source: Source) -> Cases:
        """The values of a source, carried through its steps."""
        key = source.key
        if key not in self._leaves:
            cells = self._cells(key)
            variable = self.formulas.variable(len(cells))
            self._leaves[key] = variable, cells
            name = self._name(key)
            if name:
                self.shown[variable] = (name, cells)
        variable, cells = self._leaves[key]
        literal = self.formulas.literal
        if not source.steps:
            found = self._cases.get(key)
            if found is None:
                exact = set(map(type, cells)) <= {bool, type(None)}
                noted = frozenset(self._sources.noted.get(source, ()))
                cases = [(cell, literal(variable, 1 << at)) for at, cell in enumerate(cells)]
                found = self._cases[key] = Cases(cases, exact=exact, noted=noted, line=Line(variable, cells))
            return found
        carried: list[tuple[Value, Formula]] = [
            (through(source.steps, cell) if _is_number(cell) else None, literal(variable, 1 << at))  # type: ignore[arg-type]
            for at, cell in enumerate(cells)
        ]
        return Cases(carried, exact=False, noted=frozenset(self._sources.noted.get(source, ())))

    def _cells(self, key: str) -> list[Value]:
        constants = self._sources.constants.get(key, set())
        said = sorted(c for c in constants if isinstance(c, str))
        limits = [c for c in constants if isinstance(c, (int, float)) and not isinstance(c, bool)]
        within = self._sources.range_of_source(key)
        if key.startswith("meta "):
            return [None, None, True, False, *numbers(within, limits), *texts(said)]  # missing; of no usable type
        gives = self._graph.uses[key.removeprefix("use ")].gives if key.startswith("use ") else "number"
        cells: list[Value]
        if gives == "bool":
            cells = [True, False]
        elif gives == "meta":
            cells = [True, False, *numbers(within, limits), *texts(said)]
        elif gives in ("text", "label", "language"):
            cells = [*texts(said)]
        else:
            cells = [*numbers(within, limits)]
        return [*cells, None] if within.unknown else cells

    def _name(self, key: str) -> str:
        """What a reader calls a source; empty for one that isn't a name or use."""
        if key.startswith("use "):
            return use_wording(self._graph.uses[key.removeprefix("use ")])
        return f"meta.{key.removeprefix('meta ')}" if key.startswith("meta ") else ""

    def _arithmetic(self, expr: g.ArithValue) -> Cases:
        fixed = self._sources.fixed(expr)
        if fixed is not None:
            return Cases([(fixed, True)], exact=True)
        source = self._sources.visit(expr)
        return self._anything() if source is None else self._leaf(source)

    def _score(self, expr: g.ScoreValue) -> Cases:
        from cascadelang.graph.reach.scores import sums

        key = written(expr)
        if key not in self._scores:
            parts: list[tuple[Truth, float]] = []
            for part in expr.parts:
                found = self._value(part.value)
                if not found.exact or not all(value is None or isinstance(value, bool) for value, _ in found.cases):
                    parts.clear()
                    break
                parts.append((self._truth_of(found), part.weight))
            noted = frozenset(self._sources.noted.get(Source(key), ()))
            added = sums(parts, noted, self.formulas) if parts else None
            self._scores[key] = (
                Cases(added, exact=False, noted=noted) if added is not None else self._leaf(Source(key))
            )
        return self._scores[key]

    def _truth_of(self, cases: Cases) -> Truth:
        return Truth(_when(cases, self.formulas, value=True), _when(cases, self.formulas, value=False))

    def _band(self, expr: g.BandValue) -> Cases:
        inner = self._value(expr.value)
        if not inner.exact and not all(step.below in inner.noted for step in expr.steps):
            return self._any_label([*(step.label for step in expr.steps), expr.last])
        return self._merged((_label(expr, as_number(value)), when) for value, when in inner.cases)

    def _any_label(self, labels: list[str]) -> Cases:
        variable = self.formulas.variable(len(labels) + 1)
        cells: list[Value] = [*labels, None]
        return Cases([(cell, self.formulas.literal(variable, 1 << at)) for at, cell in enumerate(cells)], exact=True)

    def _anything(self) -> Cases:
        """A value of which nothing is known."""
        variable = self.formulas.variable(2)
        one = self.formulas.literal(variable, 1)
        return Cases([(None, one), ("", self.formulas.negation(one))], exact=False)


_TURNED: Final[dict[str, Operator]] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _of_pair(op: str, cell: Value) -> bool | None:
    """What a comparison says of two values that are equal, less, more; the same or other without an order."""
    if cell is None or (cell in ("same", "other") and op not in ("==", "!=")):
        return None
    equal = cell in ("=", "same")
    if op in ("==", "!="):
        return equal is (op == "==")
    return (equal and op in ("<=", ">=")) or cell == op[0]


def _is_number(value: Value) -> bool:
    return as_number(value) is not None


def _label(band: g.BandValue, value: float | None) -> str | None:
    """The label of a number."""
    if value is None:
        return None
    return next((step.label for step in band.steps if value < step.below), band.last)


def _only(cases: Cases) -> Plain | None:
    """The value that it always has."""
    return cases.cases[0][0] if cases.exact and len(cases.cases) == 1 else None


def _when(cases: Cases, make: Formulas, *, value: bool) -> Formula:
    return make.any_of(when for found, when in cases.cases if found is value)


def _too_deep(truth: Truth) -> bool:
    return any(isinstance(f, Join) and f.depth > _DEEPEST for f in (truth.true, truth.false))
