"""What joins the parts of an expression: logic with three values, comparisons, sums, scores and bands.

Takes: the parts as functions of `Sight`, with their wording where a note may need it. Gives: an `Evaluate` for each
operator. Guarantees: none raises of itself; what can't be known is ``None``, and a note says why where the parts' own
don't.
"""

from __future__ import annotations

from cascadelang.contracts.check import Value
from cascadelang.graph.arithmetic import calculate, compare, in_items, number
from cascadelang.runtime.sight import Evaluate, Note, Sight, show, why_no_number, why_no_order


def _no_truth(name: str, value: Value) -> Note:
    return "", None, f"`{name}` is `{show(value)}`, neither true nor false", None


def negation(inner: Evaluate, name: str) -> Evaluate:
    """``not``."""

    def negate(sight: Sight) -> Value:
        value = inner(sight)
        if value is True or value is False:
            return not value
        if value is not None:
            sight.notes.append(_no_truth(name, value))
        return None

    return negate


def logic(parts: list[tuple[Evaluate, str]], *, decides: bool, settled: bool) -> Evaluate:
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


def comparison(op: str, left: Evaluate, right: Evaluate, name: str, other_name: str) -> Evaluate:
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


def membership(inner: Evaluate, items: list[bool | int | float | str], negated: bool) -> Evaluate:
    """``in``, or ``not in``."""

    def evaluate(sight: Sight) -> Value:
        value = inner(sight)
        return None if value is None else in_items(value, items) != negated

    return evaluate


def arithmetic(op: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """What is calculated of two numbers."""

    def evaluate(sight: Sight) -> Value:
        one, other = left(sight), right(sight)
        value = calculate(op, one, other)
        if value is None and one is not None and other is not None:
            sight.notes.append(("", None, f"{show(one)} {op} {show(other)} can't be calculated", None))
        return value

    return evaluate


def score(parts: list[tuple[Evaluate, float, str]]) -> Evaluate:
    """The weighted sum of parts with their weights and wording, kept between 0 and 1; true counts as 1."""

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


def band(inner: Evaluate, steps: list[tuple[str, float]], last: str, name: str) -> Evaluate:
    """The label of the first step that a number is below, else the last one."""

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
