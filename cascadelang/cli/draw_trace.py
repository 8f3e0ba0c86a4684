"""A run's trace as a small tree: the path, each verdict with its reason, tokens, cost and time.

Takes: a `RunRecord`. Gives: lines of text, painted where stdout or stderr takes colour. Guarantees: one line for each
event that decided something; texts of models and users stand on one line, without control characters.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cascadelang.cli.paint import on_terminal, one_line, paint
from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.workspace.figures import age, count, money, seconds

_STATUS = {
    "accepted": ("✓", "green"),
    "unchecked": ("·", "cyan"),
    "unmet": ("✗", "yellow"),
    "failed": ("✗", "red"),
    "cancelled": ("✗", "red"),
}
_OUTCOME = {"passed": ("✓", "green"), "failed": ("✗", "red"), "unchecked": ("·", "cyan")}
_PURPOSE = {"judge": "judge ", "ask": "ask ", "sample": "sample "}


@dataclass(frozen=True, slots=True)
class Pen:
    """Where it is drawn: the widths of the columns and the stream whose colours count."""

    name: int
    tokens_in: int
    tokens_out: int
    cost: int
    width: int
    err: bool

    def paint(self, text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
        """The text, painted where the stream takes colour."""
        return paint(text, colour, bold=bold, dim=dim, err=self.err)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the drawing, without what ties it to the tree.

    Attributes:
        text: what it says.
        step: whether it is a step of its own, rather than a word on the one before.
    """

    text: str
    step: bool = True


def draw_trace(run: RunRecord, *, err: bool = True) -> str:
    """The trace of one run, as it is shown under an answer and by `traces show`."""
    pen = pen_for(run, err=err)
    lines = [head(run, pen)]
    for event in run.events:
        lines += [("├─ " if line.step else "│    ") + line.text for line in lines_of(event, pen)]
    lines.append("└─ " + foot(run, pen))
    return "\n".join(lines)


def pen_for(run: RunRecord, *, err: bool) -> Pen:
    """The pen that a run's lines are drawn with."""
    calls = [e.data for e in run.events if e.kind == "call"]
    names = [_name(e.data) for e in run.events if e.kind in {"call", "call_failed", "skip", "cached"}]
    names += ["route" for e in run.events if e.kind == "route"]
    return Pen(
        name=max((len(n) for n in names), default=0),
        tokens_in=max((len(f"{_tokens(c)[0]:,}") for c in calls), default=1),
        tokens_out=max((len(f"{_tokens(c)[1]:,}") for c in calls), default=1),
        cost=max((len(money(c.get("cost_usd"))) for c in calls), default=2),
        width=shutil.get_terminal_size((110, 24)).columns if on_terminal(err=err) else 10_000,
        err=err,
    )


def lines_of(event: Event, pen: Pen) -> list[Line]:
    """The lines of one event; none for one that decided nothing."""
    draw = _DRAW.get(event.kind)
    return draw(event, pen) if draw else []


def head(run: RunRecord, pen: Pen) -> str:
    """``main  2 calls · 412 in · 82 out · $0.0021 · 1.34 s``."""
    number = sum(e.kind in {"call", "call_failed"} for e in run.events)
    facts = [
        count(number, "call"),
        f"{run.input_tokens:,} in",
        f"{run.output_tokens:,} out",
        money(run.cost_usd),
        seconds(run.latency_s),
    ]
    return f"{pen.paint(one_line(run.policy, 200), bold=True)}  {pen.paint(' · '.join(facts), dim=True)}"


def foot(run: RunRecord, pen: Pen) -> str:
    """How it ended, and by whom."""
    symbol, colour = _STATUS.get(run.status, ("·", "cyan"))
    end: Mapping[str, Any] = next((e.data for e in reversed(run.events) if e.kind == "end"), {})
    words = one_line(run.status, 20)
    if run.status != "failed" and run.model:
        words += f": {one_line(run.model, 80)} answered"
    elif run.failure:
        words += f": {one_line(run.failure, 40)}"
    message = str(end.get("message") or "")
    line = f"{pen.paint(f'{symbol} {words}', colour, bold=True)}"
    return line + (f"  {one_line(message, max(20, pen.width - len(words) - 8))}" if message else "")


def _route(event: Event, pen: Pen) -> list[Line]:
    """Which arm was taken and what was known."""
    data = event.data
    arm = str(data.get("arm", ""))
    if isinstance(data.get("share"), float | int):
        arm = f"share {arm} ({data['share'] * 100:.4g}%)"
    if arm.isdigit():
        arm = f"arm {arm}"
    # a `route by` without `else` has nowhere to go with a label it doesn't know
    arm = one_line(arm, 200) if data.get("to") else "no arm"
    known = ", ".join(f"{k} = {_value(v)}" for k, v in (data.get("because") or {}).items())
    line = f"{'route':<{pen.name}}  → {arm}"
    if known:
        line += f"  ({one_line(known, max(20, pen.width - len(line) - 7))})"
    lines = [Line(line)]
    lines += [
        Line(f"{pen.paint('?', 'yellow')} unknown: {one_line(str(words), max(20, pen.width - 18))}", step=False)
        for words in data.get("unknown") or ()
    ]
    return lines


def _call(event: Event, pen: Pen) -> list[Line]:
    """One call that was answered."""
    data = event.data
    tokens_in, tokens_out = _tokens(data)
    figures = (
        f"{tokens_in:>{pen.tokens_in},} in  {tokens_out:>{pen.tokens_out},} out"
        f"  {money(data.get('cost_usd')):>{pen.cost}}  {seconds(float(data.get('latency_s') or 0)):>8}"
    )
    lines = [Line(f"{_painted(data, pen)}  {figures}")]
    stopped = data.get("stopped")
    if isinstance(stopped, Mapping):
        tokens = count(int(stopped.get("after_tokens") or 0), "token")
        words = f"stopped early, after about {tokens}: {stopped.get('by') or 'the check'} can't pass any more"
        lines.append(Line(pen.paint(one_line(words, max(20, pen.width - 6)), dim=True), step=False))
    return lines


def _call_failed(event: Event, pen: Pen) -> list[Line]:
    """One call that failed."""
    data = event.data
    words = f"{data.get('kind', '')}: {data.get('message', '')}"
    shown = one_line(words, max(20, pen.width - pen.name - 8))
    return [Line(f"{_painted(data, pen)}  {pen.paint('✗ ' + shown, 'red')}")]


def _retry(event: Event, pen: Pen) -> list[Line]:
    """A wait before the same call is made again."""
    wait_s = float(event.data.get("wait_s") or 0)
    return [Line(pen.paint(f"again after {seconds(wait_s)}", dim=True), step=False)]


def _check(event: Event, pen: Pen) -> list[Line]:
    """One verdict and its reason."""
    data = event.data
    symbol, colour = ("?", "yellow") if data.get("unknown") else _OUTCOME.get(str(data.get("outcome")), ("·", "cyan"))
    words = one_line(str(data.get("check") or "check"), 200)
    score = data.get("score")
    reason = str(data.get("reason") or "")
    took_s = data.get("took_s")
    if isinstance(took_s, int | float) and not isinstance(took_s, bool):
        words += f"  {seconds(took_s)}"
    if isinstance(score, int | float) and not isinstance(score, bool) and not reason:
        words += f"  {score:.3g}"
    line = pen.paint(f"{symbol} {words}", colour)
    line += f"  {one_line(reason, max(20, pen.width - len(words) - 11))}" if reason else ""
    return [Line(line, step=False)]


def _skip(event: Event, pen: Pen) -> list[Line]:
    """A call that wasn't made because it didn't fit."""
    data = event.data
    words = f"not called: {str(data.get('because') or 'skipped').replace('_', ' ')}"
    if data.get("needed_usd") is not None:
        words += f" (could cost {money(data['needed_usd'])}, {money(data.get('left_usd'))} left)"
    elif data.get("needed_s") is not None:
        words += f" (could take {seconds(data['needed_s'])}, {seconds(data.get('left_s') or 0)} left)"
    return [Line(f"{_painted(data, pen)}  {pen.paint(one_line(words, 200), 'yellow')}")]


def _escalate(event: Event, pen: Pen) -> list[Line]:
    """On to the next rung."""
    to = str(event.data.get("to") or "")
    return [Line(pen.paint(one_line(f"↑ on to {to}" if to else "↑ on", 200), dim=True), step=False)]


def _vote(event: Event, pen: Pen) -> list[Line]:
    """Whose answer most others share."""
    data = event.data
    words = f"vote: {data.get('votes')} of {data.get('of')} for {data.get('model')}'s answer"
    return [Line(pen.paint(one_line(words, 200), "cyan"), step=False)]


def _shadow(event: Event, pen: Pen) -> list[Line]:
    """Another strategy is run for the record."""
    to, of = str(event.data.get("to") or ""), str(event.data.get("of") or "")
    words = f"beside it, for the record: {to}" if to else f"for the record, beside the run {of}"
    return [Line(pen.paint(one_line(words, 200), dim=True), step=False)]


def _cached(event: Event, pen: Pen) -> list[Line]:
    """An answer that was there before."""
    data = event.data
    model, of = str(data.get("model") or ""), str(data.get("of") or "")
    waited = data.get("waited_s")
    if waited is None and not model:
        words = f"goes on for others who wait for it, after the run {of} was cancelled"
    elif waited is not None:
        words = f"the same was being asked by the run {of}: waited {seconds(float(waited))}"
        words += f", {data['kind']}" if data.get("kind") else ""
    else:
        words = f"kept, {age(float(data.get('age_s') or 0))} old, of the run {of}"
        if data.get("similarity") is not None:
            words += f", for a query that is {float(data['similarity']):.3f} similar"
    name = pen.paint(f"{one_line(model or 'cached', 80):<{pen.name}}", "blue", bold=True)
    return [Line(f"{name}  {pen.paint(one_line(words, 200), 'green')}")]


_DRAW: dict[str, Callable[[Event, Pen], list[Line]]] = {
    "route": _route,
    "call": _call,
    "call_failed": _call_failed,
    "retry": _retry,
    "check": _check,
    "skip": _skip,
    "escalate": _escalate,
    "vote": _vote,
    "shadow": _shadow,
    "cached": _cached,
}


def _name(data: Mapping[str, Any]) -> str:
    """The model, with what it was asked as when that wasn't an answer."""
    return one_line(_PURPOSE.get(str(data.get("purpose")), "") + str(data.get("model", "")), 80)


def _painted(data: Mapping[str, Any], pen: Pen) -> str:
    """The same, as wide as the widest of the run."""
    return pen.paint(f"{_name(data):<{pen.name}}", "blue", bold=True)


def _tokens(data: Mapping[str, Any]) -> tuple[int, int]:
    """Input and output tokens of a call."""
    return int(data.get("input_tokens") or 0), int(data.get("output_tokens") or 0)


def _value(value: object) -> str:
    """A signal's value as the language writes it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
