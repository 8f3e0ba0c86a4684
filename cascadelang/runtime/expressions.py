"""Compiles the graph's expressions into functions of what they look at.

Takes: a graph, and makers of checks and signals. Gives: for an expression, a function from `Sight` to its value.
Guarantees: evaluating never raises (but `Pending`, where a check that waits has yet to be made or a model asked) and
never waits; what can't be known is ``None``, and notes say why.

Truth has three values. ``not unknown`` is unknown, ``false and unknown`` is false, ``true or unknown`` is true. A
signal's ``else`` and a check's ``else pass`` settle what isn't known where that name is used. What is still unknown
at the top isn't true: an arm isn't taken, an answer isn't passed. So in a place from which unknown and false lead to
the same end (``settled`` below: at the top of a gate, and inside ``and`` and ``or`` there), an ``and`` stops at the
first part that isn't known, and saves the paid checks behind it. Under ``not`` or a comparison, or in a check with
``else pass``, it goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never, cast

from cascadelang.contracts.check import Check, Finding, PaidCheck, SampledCheck, TimedCheck, Value
from cascadelang.contracts.signal import PaidSignal, Signal, SlowSignal
from cascadelang.contracts.spec import Spec
from cascadelang.graph import model as g
from cascadelang.graph.arithmetic import calculate, compare, in_items, number
from cascadelang.graph.wording import use_wording, wording
from cascadelang.runtime.sight import (
    Evaluate,
    Note,
    Pending,
    Sight,
    note_words,
    show,
    why_no_number,
    why_no_order,
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
                return _meta(name)
            case g.MetaMissing(name=name, negated=negated):
                return _missing(name, negated)
            case g.NotValue(value=inner):
                return _not(self.compile(inner, owner=owner), self._words(inner))
            case g.LogicValue(op=op, values=values):
                parts = [(self.compile(v, settled=settled, owner=owner), self._words(v)) for v in values]
                return _logic(parts, decides=op == "or", settled=settled and op == "and")
            case g.CompareValue(op=op, left=left, right=right):
                sides = (self.compile(left, owner=owner), self.compile(right, owner=owner))
                return _compare(op, *sides, self._words(left), self._words(right))
            case g.InValue(value=inner, items=items, negated=negated):
                return _in(self.compile(inner, owner=owner), items, negated)
            case g.ArithValue(op=op, left=left, right=right):
                return _arith(op, self.compile(left, owner=owner), self.compile(right, owner=owner))
            case g.ScoreValue(parts=weighted):
                named = [(self._words(part.value), part) for part in weighted]
                return _score([(self.compile(p.value, owner=owner), p.weight, name) for name, p in named])
            case g.BandValue(value=inner, steps=steps, last=last):
                return _band(
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
        inner = _one_of(self._within(declared.expr, judged=False), declared)
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
            return _asked(use.id, name)
        if use.kind == "signal":
            return _read_signal(use.id, name, cast("Signal", made))
        if hasattr(made, "judge_samples"):
            self.sampled[use.id] = cast("SampledCheck", made)
            return _paid(use.id, name, owner or use.entry)
        if hasattr(made, "judge_paid"):
            self.paid[use.id] = cast("PaidCheck", made)
            return _paid(use.id, name, owner or use.entry)
        if hasattr(made, "judge_timed"):
            self.timed[use.id] = cast("TimedCheck", made)
            return _paid(use.id, name, owner or use.entry)
        return _judge(use.id, name, owner or use.entry, cast("Check", made))


def _inner_words(notes: list[Note], mark: int, value: Value) -> str:
    """Why a declared name has its value, in the words of what it is made of, which is then forgotten."""
    if len(notes) == mark + 1:
        note = notes.pop()
        return note[2] if note[2] or note[1] is value else note_words(note)
    words = words_of(notes[mark:])
    del notes[mark:]
    return words


# ---- Leaves -----------------------------------------------------------------------------------------------------


def _read_signal(key: str, name: str, signal: Signal) -> Evaluate:
    read_query = signal.read

    def read(sight: Sight) -> Value:
        finding = sight.signals.get(key)
        if finding is None:
            try:
                finding = read_query(sight.query)
                if finding.value.__class__ is float:
                    finding = _usable(finding)
            except Exception:  # noqa: BLE001 - a signal that breaks its promise is unknown, whatever it raised
                finding = Finding(None, "it broke while reading the query, which is a mistake in the signal")
            sight.signals[key] = finding
        sight.notes.append((name, finding.value, finding.reason, None))
        return finding.value

    return read


def _judge(key: str, name: str, data_key: str, check: Check) -> Evaluate:
    judge_answer = check.judge

    def judge(sight: Sight) -> Value:
        finding = sight.findings.get(key)
        if finding is None:
            if sight.answer is None:
                finding = Finding(None, "there is no answer yet")
            else:
                try:
                    finding = judge_answer(sight.answer)
                    if finding.value.__class__ is float:
                        finding = _usable(finding)
                except Exception:  # noqa: BLE001 - a check that breaks its promise is unknown, whatever it raised
                    finding = Finding(None, "it broke while judging the answer, which is a mistake in the check")
            sight.findings[key] = finding
        if finding.data is not None:
            sight.data[data_key] = finding.data
        sight.notes.append((name, finding.value, finding.reason, None))
        return finding.value

    return judge


def _paid(key: str, name: str, data_key: str) -> Evaluate:
    def judge(sight: Sight) -> Value:
        finding = sight.findings.get(key)
        if finding is None:
            raise Pending(key)
        finding = _usable(finding)
        if finding.data is not None:
            sight.data[data_key] = finding.data
        sight.notes.append((name, finding.value, finding.reason, None))
        return finding.value

    return judge


def _asked(key: str, name: str) -> Evaluate:
    def read(sight: Sight) -> Value:
        finding = sight.signals.get(key)
        if finding is None:
            raise Pending(key)
        finding = _usable(finding)
        sight.notes.append((name, finding.value, finding.reason, None))
        return finding.value

    return read


def _usable(finding: Finding) -> Finding:
    """The finding, or unknown where its value is no number that can be compared."""
    if isinstance(finding.value, float) and not math.isfinite(finding.value):
        return Finding(None, "its value is not a number")
    return finding


def _meta(name: str) -> Evaluate:
    label = f"meta.{name}"

    def read(sight: Sight) -> Value:
        value: Value = sight.query.meta.get(name)
        reason = ""
        if value is None:
            reason = f"the caller gave no `{label}`"
        elif not isinstance(value, bool | int | float | str) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            value, reason = None, f"`{label}` is neither text nor a number nor true or false"
        sight.notes.append((label, value, reason, None))
        return value

    return read


def _missing(name: str, negated: bool) -> Evaluate:
    label = f"meta.{name} is {'not ' if negated else ''}missing"

    def read(sight: Sight) -> Value:
        value = (sight.query.meta.get(name) is None) != negated
        sight.notes.append((label, value, "", None))
        return value

    return read


def _one_of(inner: Evaluate, declared: g.NamedSignal) -> Evaluate:
    """A label signal's value: one of its labels, or unknown."""
    labels = frozenset(declared.labels)
    band = declared.expr
    if not labels or (
        isinstance(band, g.BandValue) and labels.issuperset([*(s.label for s in band.steps), band.last])
    ):
        return inner

    def read(sight: Sight) -> Value:
        value = inner(sight)
        if value is None or (isinstance(value, str) and value in labels):
            return value
        sight.notes.append(("", None, f"`{show(value)}` is none of {', '.join(declared.labels)}", None))
        return None

    return read


# ---- What joins them --------------------------------------------------------------------------------------------


def _no_truth(name: str, value: Value) -> Note:
    return "", None, f"`{name}` is `{show(value)}`, neither true nor false", None


def _not(inner: Evaluate, name: str) -> Evaluate:
    def negate(sight: Sight) -> Value:
        value = inner(sight)
        if value is True or value is False:
            return not value
        if value is not None:
            sight.notes.append(_no_truth(name, value))
        return None

    return negate


def _logic(parts: list[tuple[Evaluate, str]], *, decides: bool, settled: bool) -> Evaluate:
    """``and`` (where false decides) and ``or`` (where true does). What didn't decide isn't noted."""

    def evaluate(sight: Sight) -> Value:
        notes = sight.notes
        start = len(notes)
        known = True
        for part, name in parts:
            mark = len(notes)
            value = part(sight)
            if value is decides:
                del notes[start:mark]
                return decides
            if value is not True and value is not False:
                if value is not None:
                    notes.append(_no_truth(name, value))
                if settled:
                    del notes[start:mark]
                    return None
                known = False
        return (not decides) if known else None

    return evaluate


def _compare(op: str, left: Evaluate, right: Evaluate, name: str, other_name: str) -> Evaluate:
    """A comparison. Over an answer, it notes what was compared with what, for the verdict's reason."""

    def evaluate(sight: Sight) -> Value:
        notes = sight.notes
        mark = len(notes)
        one, other = left(sight), right(sight)
        value = compare(op, one, other)
        if value is None:
            if one is not None and other is not None:
                notes.append(("", None, why_no_order((name, one), (other_name, other)), None))
        elif sight.answer is not None:
            why = notes[mark][2] if len(notes) == mark + 1 else ""
            against = f"{'' if value else 'not '}{op} {show(other)}"
            if why.startswith(f"{name} is "):  # the check says its value itself
                words = f"{why}, {against}"
            else:
                words = f"{name} is {show(one)}, {against}{f' ({why})' if why else ''}"
            del notes[mark:]
            notes.append(("", value, words, number(one)))
        return value

    return evaluate


def _in(inner: Evaluate, items: list[bool | int | float | str], negated: bool) -> Evaluate:
    def evaluate(sight: Sight) -> Value:
        value = inner(sight)
        return None if value is None else in_items(value, items) != negated

    return evaluate


def _arith(op: str, left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(sight: Sight) -> Value:
        one, other = left(sight), right(sight)
        value = calculate(op, one, other)
        if value is None and one is not None and other is not None:
            sight.notes.append(("", None, f"{show(one)} {op} {show(other)} can't be calculated", None))
        return value

    return evaluate


def _score(parts: list[tuple[Evaluate, float, str]]) -> Evaluate:
    def evaluate(sight: Sight) -> Value:
        total = 0.0
        known = True
        for part, weight, name in parts:
            value = part(sight)
            if value is True:
                total += weight
            elif value is not False:
                figure = number(value)
                if figure is None:
                    known = False
                    if value is not None:
                        sight.notes.append(("", None, why_no_number(name, value), None))
                else:
                    total += weight * figure
        return min(1.0, max(0.0, total)) if known else None

    return evaluate


def _band(inner: Evaluate, steps: list[tuple[str, float]], last: str, name: str) -> Evaluate:
    def evaluate(sight: Sight) -> Value:
        found = inner(sight)
        value = number(found)
        if value is None:
            if found is not None:
                sight.notes.append(("", None, why_no_number(name, found), None))
            return None
        for label, below in steps:
            if value < below:
                return label
        return last

    return evaluate
