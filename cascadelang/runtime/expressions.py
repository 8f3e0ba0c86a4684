"""Compiles the graph's expressions into functions of what they look at.

Takes: a graph, and makers of checks and signals. Gives: for an expression, a function from `Sight` to its value, put
together of those in `cascadelang.runtime.operands` and `cascadelang.runtime.operators`. Guarantees: evaluating never
raises (but `Pending`, where a check that waits has yet to be made or a model asked) and never waits; what can't be
known is ``None``, and notes say why.

Truth has three values. ``not unknown`` is unknown, ``false and unknown`` is false, ``true or unknown`` is true. A
signal's ``else`` and a check's ``else pass`` settle what isn't known where that name is used. What is still unknown
at the top isn't true: an arm isn't taken, an answer isn't passed. So in a place from which unknown and false lead to
the same end (``settled`` below: at the top of a gate, and inside ``and`` and ``or`` there), an ``and`` stops at the
first part that isn't known, and saves the paid checks behind it. Under ``not`` or a comparison, or in a check with
``else pass``, it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never, cast

from cascadelang.contracts.check import Check, Finding, PaidCheck, SampledCheck, TimedCheck, Value
from cascadelang.contracts.signal import PaidSignal, Signal, SlowSignal
from cascadelang.contracts.spec import Spec
from cascadelang.graph import model as g
from cascadelang.graph.wording import use_wording, wording
from cascadelang.runtime import operands, operators
from cascadelang.runtime.sight import (
    Evaluate,
    Note,
    Sight,
    note_words,
    words_of,
)

MakeCheck = Callable[[str, Mapping[str, Any]], Check | TimedCheck | PaidCheck | SampledCheck]
MakeSignal = Callable[[str, Mapping[str, Any]], Signal | PaidSignal | SlowSignal]
OnCheck = Callable[[str, Value], None]

_OURS: Final = __name__.partition(".")[0]


class Expressions:
    """The expressions of one graph, each use built once.

    Args:
        graph: what they are of.
        make_check: makes a check from its catalogue name and its arguments.
        make_signal: makes a signal in the same way.
        on_check: told what each declared check came to, each time it is made; nobody unless given.

    Attributes:
        timed: the checks in use that take time without calling a model, by use id.
        paid: the paid checks in use, by use id.
        sampled: the checks in use that look at further answers of the same model, by use id.
        asked: the paid and the slow signals in use, by use id.
        foreign: the uses whose code isn't ours (of other packages, and programs: nobody knows what they look at), by
            use id, with the paths of the programs they run.
    """

    def __init__(
        self, graph: g.Graph, make_check: MakeCheck, make_signal: MakeSignal, on_check: OnCheck | None = None
    ) -> None:
        self.on_check = on_check
        self._graph = graph
        self._make_check = make_check
        self._make_signal = make_signal
        self._signals: dict[str, Evaluate] = {}
        self._checks: dict[tuple[str, bool], Evaluate] = {}
        self._made: dict[str, Check | TimedCheck | PaidCheck | SampledCheck | Signal | PaidSignal | SlowSignal] = {}
        self._judged = False
        self.timed: dict[str, TimedCheck] = {}
        self.paid: dict[str, PaidCheck] = {}
        self.sampled: dict[str, SampledCheck] = {}
        self.asked: dict[str, PaidSignal | SlowSignal] = {}
        self.foreign: dict[str, list[str]] = {}

    def check(self, use: str) -> Check | PaidCheck | SampledCheck | None:
        """The check of a use that stands in an expression compiled already."""
        return cast("Check | PaidCheck | SampledCheck | None", self._made.get(use))

    def gate(self, expr: g.GraphExpr) -> Evaluate:
        """The function of a gate's condition, whose words are those of a check."""
        return self._within(expr, judged=True, settled=True)

    def _within(self, expr: g.GraphExpr, *, judged: bool, settled: bool = False, owner: str = "") -> Evaluate:
        outer, self._judged = self._judged, judged
        try:
            return self.compile(expr, settled=settled, owner=owner)
        finally:
            self._judged = outer

    def _words(self, expr: g.GraphExpr) -> str:
        return wording(expr, self._graph, judged=self._judged)

    def compile(self, expr: g.GraphExpr, *, settled: bool = False, owner: str = "") -> Evaluate:  # noqa: C901, PLR0911, PLR0912 - one case a kind
        """The function of an expression.

        Args:
            expr: the expression.
            settled: unknown and false lead to the same end here.
            owner: the named check it is in, for what is extracted.
        """
        match expr:
            case g.Const(value=value):
                constant: Any = value
                return lambda _: constant
            case g.TuneValue(value=value):
                return lambda _: value
            case g.SignalValue(name=name):
                return self._signal(name)
            case g.CheckValue(name=name):
                return self._told(name, self._check(name, settled))
            case g.UseValue(use=use):
                return self._use(self._graph.uses[use], owner)
            case g.MetaValue(name=name):
                return operands.fact(name)
            case g.MetaMissing(name=name, negated=negated):
                return operands.fact_is_missing(name, negated)
            case g.NotValue(value=inner):
                return operators.negation(self.compile(inner, owner=owner), self._words(inner))
            case g.LogicValue(op=op, values=values):
                parts = [(self.compile(v, settled=settled, owner=owner), self._words(v)) for v in values]
                return operators.logic(parts, decides=op == "or", settled=settled and op == "and")
            case g.CompareValue(op=op, left=left, right=right):
                sides = (self.compile(left, owner=owner), self.compile(right, owner=owner))
                return operators.comparison(op, *sides, self._words(left), self._words(right))
            case g.InValue(value=inner, items=items, negated=negated):
                return operators.membership(self.compile(inner, owner=owner), items, negated)
            case g.ArithValue(op=op, left=left, right=right):
                return operators.arithmetic(op, self.compile(left, owner=owner), self.compile(right, owner=owner))
            case g.ScoreValue(parts=weighted):
                named = [(self._words(part.value), part) for part in weighted]
                return operators.score([(self.compile(p.value, owner=owner), p.weight, name) for name, p in named])
            case g.BandValue(value=inner, steps=steps, last=last):
                return operators.band(
                    self.compile(inner, owner=owner),
                    [(s.label, s.below) for s in steps],
                    last,
                    self._words(inner),
                )
            case g.RecordedValue():  # `check_integrity` lets it stand in alerts only
                raise AssertionError("what runs recorded can't be asked while one runs")
            case _:
                assert_never(expr)

    def _signal(self, name: str) -> Evaluate:
        """A declared signal: read once a run, its ``else`` applied."""
        known = self._signals.get(name)
        if known is not None:
            return known
        declared = self._graph.signals[name]
        if isinstance(declared.expr, g.UseValue) and declared.default is None and not declared.labels:
            return self._use(self._graph.uses[declared.expr.use], "", name)
        inner = operands.one_of(self._within(declared.expr, judged=False), declared)
        default = declared.default
        key = f"signal {name}"

        def read(sight: Sight) -> Value:
            finding = sight.signals.get(key)
            notes = sight.notes
            if finding is None:
                mark = len(notes)
                value = inner(sight)
                reason = _inner_words(notes, mark, value)
                if value is None and default is not None:
                    value = default
                    reason = f"unknown ({reason}), so its `else`" if reason else "unknown, so its `else`"
                finding = sight.signals[key] = Finding(value, reason)
            notes.append((name, finding.value, finding.reason, None))
            return finding.value

        self._signals[name] = read
        return read

    def _told(self, name: str, judge: Evaluate) -> Evaluate:
        """A declared check whose verdicts somebody wants to hear of."""
        on_check = self.on_check
        if on_check is None:
            return judge

        def told(sight: Sight) -> Value:
            value = judge(sight)
            on_check(name, value)
            return value

        return told

    def _check(self, name: str, settled: bool) -> Evaluate:
        """A declared check, its ``else pass`` applied."""
        declared = self._graph.checks[name]
        settled = settled and not declared.else_pass
        known = self._checks.get((name, settled))
        if known is not None:
            return known
        else_pass = declared.else_pass
        if isinstance(declared.expr, g.UseValue) and not else_pass:
            return self._use(self._graph.uses[declared.expr.use], name, name)
        inner = self._within(declared.expr, judged=True, settled=settled, owner=name)

        def judge(sight: Sight) -> Value:
            notes = sight.notes
            mark = len(notes)
            value = inner(sight)
            score = next((note[3] for note in reversed(notes[mark:]) if note[3] is not None), None)
            reason = _inner_words(notes, mark, value)
            if value is None and else_pass:
                value = True
                reason = f"unknown ({reason}), and it says `else pass`" if reason else "unknown, but `else pass`"
            notes.append((name, value, reason, score))
            return value

        self._checks[name, settled] = judge
        return judge

    def _use(self, use: g.CatalogUse, owner: str, name: str = "") -> Evaluate:
        """A catalogue entry with its arguments; ``name`` is that of a declaration that is nothing else."""
        made = self._made.get(use.id)
        if made is None:
            if use.kind == "signal":
                made = self._make_signal(use.entry, {**use.args, "scope": use.scope})
            else:
                made = self._make_check(use.entry, use.args)
            self._made[use.id] = made
            spec: Spec | None = getattr(made, "spec", None)
            programs = [param.name for param in spec.params if param.type == "program"] if spec else []
            if programs or type(made).__module__.partition(".")[0] != _OURS:
                self.foreign[use.id] = [str(use.args[name]) for name in programs]
        name = name or use_wording(use, judged=self._judged)
        if use.kind == "signal" and (hasattr(made, "read_paid") or getattr(made, "slow", False)):
            self.asked[use.id] = cast("PaidSignal | SlowSignal", made)
            return operands.awaited_signal(use.id, name)
        if use.kind == "signal":
            return operands.signal(use.id, name, cast("Signal", made))
        if hasattr(made, "judge_samples"):
            self.sampled[use.id] = cast("SampledCheck", made)
            return operands.awaited_check(use.id, name, owner or use.entry)
        if hasattr(made, "judge_paid"):
            self.paid[use.id] = cast("PaidCheck", made)
            return operands.awaited_check(use.id, name, owner or use.entry)
        if hasattr(made, "judge_timed"):
            self.timed[use.id] = cast("TimedCheck", made)
            return operands.awaited_check(use.id, name, owner or use.entry)
        return operands.check(use.id, name, owner or use.entry, cast("Check", made))


def _inner_words(notes: list[Note], mark: int, value: Value) -> str:
    """Why a declared name has its value, in the words of what it is made of, which is then forgotten."""
    if len(notes) == mark + 1:
        note = notes.pop()
        return note[2] if note[2] or note[1] is value else note_words(note)
    words = words_of(notes[mark:])
    del notes[mark:]
    return words
