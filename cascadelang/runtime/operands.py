"""What stands at the ends of an expression: signals, checks and the caller's facts, each as a function of `Sight`.

Takes: the signal or check that was made for a use, or a fact's name, and what notes call it. Gives: an `Evaluate` for
each kind. Guarantees: a signal is read once for a query and a check made once for an answer; whatever one of them
does wrong is unknown, and a note says so; what waits for a model or a program raises `Pending` until it was asked.
"""

from __future__ import annotations

import math

from cascadelang.contracts.check import Check, Finding, Value
from cascadelang.contracts.signal import Signal
from cascadelang.graph import model as g
from cascadelang.runtime.sight import Evaluate, Pending, Sight, show


def signal(key: str, name: str, made: Signal) -> Evaluate:
    """A signal that is read at once."""
    read_query = made.read

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


def check(key: str, name: str, data_key: str, made: Check) -> Evaluate:
    """A check that is made at once; what it extracts is kept under ``data_key``."""
    judge_answer = made.judge

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


def awaited_check(key: str, name: str, data_key: str) -> Evaluate:
    """A check that a model or a program is waited for."""

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


def awaited_signal(key: str, name: str) -> Evaluate:
    """A signal that a model or the encoder is waited for."""

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


def fact(name: str) -> Evaluate:
    """What the caller says, by ``meta``."""
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


def fact_is_missing(name: str, negated: bool) -> Evaluate:
    """Whether the caller doesn't say it; ``negated``: whether he does."""
    label = f"meta.{name} is {'not ' if negated else ''}missing"

    def read(sight: Sight) -> Value:
        value = (sight.query.meta.get(name) is None) != negated
        sight.notes.append((label, value, "", None))
        return value

    return read


def one_of(inner: Evaluate, declared: g.NamedSignal) -> Evaluate:
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
