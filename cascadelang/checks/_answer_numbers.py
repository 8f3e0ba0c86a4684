"""Numbers about an answer that a learned scorer can name.

Takes: an answer under judgement, and which numbers are wanted. Gives: each by its name, ``None`` where it can't be
known (no logprobs, no earlier rung). Guarantees: no call, no clock; time linear in the answer; finite; true is 1 and
false 0, as the checks of those names say; a number that isn't wanted costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

from cascadelang.checks._confidence import logprobs_of
from cascadelang.contracts.check import Answer
from cascadelang.contracts.final_answer import final_answer
from cascadelang.contracts.spec import Capability
from cascadelang.contracts.words import count_words

_LEAST_LOGPROB: Final = -20.0
"""Lower logprobs count as this one: a single impossible token would drown everything else."""

_MOST_CHARS: Final = 200_000
"""Of longer answers so much is read for what isn't a size."""

Read = Callable[[Answer], float | None]


def answer_numbers(answer: Answer, names: Iterable[str]) -> dict[str, float | None]:
    """The numbers of some names; of names that aren't about answers, nothing."""
    return {name: _READ[name][0](answer) for name in names if name in _READ}


def needs_of(names: Iterable[str]) -> frozenset[Capability]:
    """What a model has to give for the numbers of these names to be known."""
    found: set[Capability] = set()
    for name in names:
        if name.startswith("answer.logprob_"):
            found.add("logprobs")
        elif name == "answer.margin":
            found |= {"logprobs", "top_logprobs"}
    return frozenset(found)


def _said_by(check: str, args: Mapping[str, Any] | None = None) -> Read:
    """What a check of the catalogue that needs no call finds, as a number."""

    @cache
    def made() -> Any:
        return import_module(f"cascadelang.checks.{check}").CHECK(args or {})

    def read(answer: Answer) -> float | None:
        value = made().judge(answer).value
        return None if value is None else float(value)

    return read


def _logprob(over: str) -> Read:
    def read(answer: Answer) -> float | None:
        logprobs = logprobs_of(answer.reply)
        if isinstance(logprobs, str):
            return None
        values = [max(_LEAST_LOGPROB, value) for value in logprobs]
        if over == "mean":
            return math.fsum(values) / len(values)
        if over == "first":
            return values[0]
        rank = 0 if over == "min" else math.ceil(len(values) / 10) - 1
        return sorted(values)[rank]

    return read


def _chars(answer: Answer) -> float:
    return float(len(answer.text))


def _words(answer: Answer) -> float:
    return float(count_words(answer.text))


def _lines(answer: Answer) -> float:
    return float(len(answer.text.splitlines()))


def _tokens(answer: Answer) -> float | None:
    usage = answer.reply.usage
    return None if usage.estimated or not usage.output_tokens else float(usage.output_tokens)


def _digits(answer: Answer) -> float:
    return float(sum(char.isdigit() for char in answer.text))


def _cut_off(answer: Answer) -> float | None:
    reason = answer.reply.finish_reason
    return None if reason == "unknown" else float(reason == "length")


def _has_code(answer: Answer) -> float:
    return float("```" in answer.text or "~~~" in answer.text)


def _settled(answer: Answer) -> float:
    """The answer comes to something that can be compared, and isn't prose."""
    return float(final_answer(answer.text).startswith(("json:", "number:", "option:")))


def _echo(answer: Answer) -> float:
    """The share of the answer's words that the query has, too."""
    asked = set(answer.query.text[:_MOST_CHARS].casefold().split())
    said = answer.text[:_MOST_CHARS].casefold().split()
    return sum(word in asked for word in said) / len(said) if said else 0.0


_READ: Final[Mapping[str, tuple[Read, str]]] = {
    "answer.chars": (_chars, "its characters"),
    "answer.words": (_words, "its words"),
    "answer.lines": (_lines, "its lines"),
    "answer.tokens": (_tokens, "its tokens as the provider counts them; unknown where it doesn't"),
    "answer.digits": (_digits, "its digits"),
    "answer.echo": (_echo, "the share of its words that stand in the query, too, 0 to 1"),
    "answer.code": (_has_code, "1 when it holds a fence"),
    "answer.json": (_said_by("json"), "1 when it is JSON, as the check `json` says"),
    "answer.settled": (_settled, "1 when its final answer is JSON, a number or an option letter"),
    "answer.hedges": (_said_by("hedges"), "1 when it hedges"),
    "answer.refuses": (_said_by("refuses"), "1 when it refuses"),
    "answer.repeats": (_said_by("repeats"), "1 when it runs in a loop"),
    "answer.truncated": (_said_by("truncated"), "1 when it is cut off, by what the provider says or by its looks"),
    "answer.cut_off": (
        _cut_off,
        "1 when the provider says that it reached its most tokens; unknown where it says nothing",
    ),
    "answer.logprob_mean": (
        _logprob("mean"),
        "the mean logprob of its tokens, each at least -20; unknown without logprobs",
    ),
    "answer.logprob_min": (_logprob("min"), "the least of them"),
    "answer.logprob_p10": (_logprob("p10"), "the one that a tenth of them are at or below"),
    "answer.logprob_first": (_logprob("first"), "that of the first token"),
    "answer.margin": (_said_by("margin"), "how far ahead the best tokens were, 0 to 1; unknown without alternatives"),
    "answer.agrees_previous": (
        _said_by("agrees", {"model": "previous"}),
        "1 when the rung before has the same final answer; unknown where none has answered",
    ),
}
"""Each number: how it is had, and what it says."""

ANSWER_NUMBERS: Final[Mapping[str, str]] = {name: said for name, (_, said) in _READ.items()}
"""The names, and what each says."""
