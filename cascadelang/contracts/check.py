"""What a check promises: a pure judgement of an answer, with a reason in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Protocol

from cascadelang.contracts.messages import Delta, Query, Reply, Request
from cascadelang.contracts.spec import Spec
from cascadelang.source.frozen import dataclass

Value = bool | float | int | str | None
"""What an expression evaluates to; ``None`` is unknown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check or signal found.

    Attributes:
        value: its value; ``None`` when it can't be known.
        reason: why, in words: what was missing, what was wrong, or why it is unknown.
        data: what it extracted (the parsed JSON of ``json``, say); the result hands it to the caller.
    """

    value: Value
    reason: str = ""
    data: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer under judgement, with the query it answers, and what an earlier rung of the cascade answered."""

    query: Query
    reply: Reply
    model: str = ""
    previous: Reply | None = None

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.reply.text


Caller = Callable[[str, Request], Awaitable[Reply]]
"""Calls the declared model of that name, counted, traced and under the run's budget. The request's ``model``,
``timeout_s``, ``max_tokens`` and sampling are filled in from the model's declaration where left at ``""`` or
their defaults. Raises `CallFailed`."""


class Check(Protocol):
    """A check, built once per use in a policy with its arguments.

    One that looks at `Answer.previous` says so by an attribute ``looks_back`` that is true.

    A module in `cascadelang.checks` exports one class that follows this protocol, as ``CHECK``. Its constructor
    takes ``args``: each parameter of its spec by name, defaults written out, files already read
    (``file``: text; ``json_file`` and ``schema_file``: the value; ``text_or_file``: the words).
    """

    spec: ClassVar[Spec]

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    def judge(self, answer: Answer) -> Finding:
        """Judge the answer. Never raises: what can't be judged is unknown, with the reason."""
        ...


class TimedCheck(Protocol):
    """A check that calls no model, but takes time: it runs a program, say.

    Its spec's ``time_limit`` names the parameter, a ``duration``, that says how long one evaluation may take. It
    keeps to that itself, what it does first and last included; the runtime cancels it half a second later, and the
    check is then unknown. In a ``test`` block it is made for real, and takes none of the test's time.
    """

    spec: ClassVar[Spec]

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    async def judge_timed(self, answer: Answer) -> Finding:
        """Judge the answer.

        Never raises: what can't be judged is unknown, with the reason. It never blocks the event loop, and when it is
        cancelled, it leaves nothing running behind.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the beginning of an answer already says of a check's value, however the answer goes on.

    Attributes:
        value: what it comes to for certain; ``None`` where that isn't settled.
        least, most: where the value, if it can be known at all, will be a number from here to there. They may only
            close in from one piece of the answer to the next.
        reason: why, in words.
    """

    value: Value = None
    least: float | None = None
    most: float | None = None
    reason: str = ""


class Watcher(Protocol):
    """Reads one answer while it is generated. Made by `Watching.watch`, used once."""

    def feed(self, delta: Delta) -> Outlook | None:
        """Take the next piece; give what is certain now, or ``None`` where that is no more than before.

        INVARIANT: what it gives holds for every way the answer could go on, also for none at all. All pieces of an
        answer together take time linear in its length.
        """
        ...


class Watching(Protocol):
    """What a `Check` may have as well, when the beginning of an answer can say what it comes to (`Spec.early`)."""

    def watch(self, most_tokens: int) -> Watcher | None:
        """Begin with an answer that can have no more tokens than this; ``None`` where these arguments settle nothing.

        A check that has this promises, too, that it looks at nothing but the reply it judges.
        """
        ...


class PaidCheck(Protocol):
    """A check that calls a model: the same as `Check`, but asynchronous and given a way to call."""

    spec: ClassVar[Spec]

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    def requests(self, answer: Answer) -> Mapping[str, Request]:
        """What one evaluation would ask, by declared model name: for counting before calling."""
        ...

    async def judge_paid(self, answer: Answer, call: Caller) -> Finding:
        """Judge the answer.

        Failures of the calls are unknown, with the reason, except those of kind ``over_budget``, ``auth``,
        ``bad_request`` and ``policy``, which are raised.
        """
        ...


class SampledCheck(Protocol):
    """A check that looks at further answers of the same model to the same query.

    Attributes:
        samples: how many answers it looks at, the one it judges included; what its spec's ``samples`` names.
    """

    spec: ClassVar[Spec]
    samples: int

    def __init__(self, args: Mapping[str, Any]) -> None: ...

    def judge_samples(self, answer: Answer, replies: Sequence[Reply]) -> Finding:
        """Judge the answer, knowing what else the model answered: ``samples - 1`` replies. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a whole ``until`` condition came to.

    Attributes:
        outcome: passed, failed, or unchecked (no check was made).
        reason: the reasons of what decided it.
        score: the number that was compared with a threshold, when one was.
        unknown: it failed because it couldn't be known.
        data: what the checks extracted, by check name.
    """

    outcome: str
    reason: str = ""
    score: float | None = None
    unknown: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


UNCHECKED = Verdict("unchecked")
