"""Ends the generation of an answer that can't pass its gate any more.

Takes: a gate's condition, and an answer's pieces as they come. Gives: the verdict as soon as it is settled, and the
beginning of the answer as a reply. Guarantees: an answer is stopped only when every way to go on fails the whole
condition (`cascadelang.runtime.foresee`); paid checks are never made on the beginning of an answer; a watcher that
breaks its promise watches no more. Where nothing of a condition can be settled early, nothing is built and nothing is
streamed.

What is said of the usage of a stopped call, whose bill nobody states: the tokens of the request as its provider
counts or states them, and of the answer those that came, each marked as estimated; never more than ``max_tokens``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from cascadelang.contracts.check import Verdict, Watcher, Watching
from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.messages import Delta, Reply, Request, TokenLogprob, Usage
from cascadelang.runtime.foresee import Now, outcomes
from cascadelang.runtime.possible import ANYTHING, FALSE, TRUE, only
from cascadelang.runtime.sight import Pending, Sight
from cascadelang.runtime.streaming import read_stream, unfinished

if TYPE_CHECKING:
    from cascadelang.contracts.provider import Provider
    from cascadelang.runtime.foresee import Foresight
    from cascadelang.runtime.gates import Gate
    from cascadelang.runtime.state import Run

OnCheck = Callable[[str, Any], None]


class Stop:
    """Why an answer was stopped.

    Attributes:
        gate: whose watch stopped it.
        verdict: what that makes of it.
        by: the check that decided.
        after_tokens: how many tokens of it had come.
    """

    __slots__ = ("after_tokens", "by", "gate", "verdict")

    def __init__(self, gate: Gate, verdict: Verdict, by: str, after_tokens: int) -> None:
        self.gate = gate
        self.verdict = verdict
        self.by = by
        self.after_tokens = after_tokens


class Watch:
    """What watches the answers that go to one gate: made once, begun for each call.

    Attributes:
        safe: an answer that the gate rejects can't be handed to anybody, so that the beginning of it is enough.
    """

    __slots__ = ("_checks", "_foresight", "_gate", "_on_check", "safe")

    def __init__(self, gate: Gate, foresight: Foresight, checks: list[Watching], on_check: OnCheck | None) -> None:
        self._gate = gate
        self._foresight = foresight
        self._checks = checks
        self._on_check = on_check
        self.safe = False

    def where(self, *, safe: bool) -> Watch:
        """The same at a rung whose rejected answers can, or can't, be handed to anybody."""
        found = Watch(self._gate, self._foresight, self._checks, self._on_check)
        found.safe = safe
        return found

    def begin(self, run: Run) -> Early:
        """For one call of a run."""
        return Early(self, run)

    def signals(self, run: Run) -> list[Any]:
        """What the parts without a check come to for the query."""
        sight = Sight(run.query, run.signals)
        found = []
        for evaluate in self._foresight.signals:
            try:
                found.append(only(evaluate(sight)))
            except Pending:
                found.append(ANYTHING)
        return found

    def watchers(self, most_tokens: int) -> list[Watcher | None]:
        """The watchers of one answer."""
        made: list[Watcher | None] = []
        for check in self._checks:
            try:
                made.append(check.watch(most_tokens))
            except Exception:  # noqa: BLE001 - a check that breaks its promise watches nothing
                made.append(None)
        return made

    def start(self, signals: list[Any]) -> Now:
        """Before the first piece."""
        return Now(self._foresight.start(), signals)

    def always_known(self, number: int) -> bool:
        """Whether the watched check of that number is never unknown."""
        return self._foresight.uses[number].always_known

    def kinds(self, now: Now) -> int:
        """What the condition can still come to."""
        return self._foresight.root.reach(now).kinds

    def settle(self, now: Now, after_tokens: int) -> Stop:
        """The verdict of an answer that can't pass."""
        why = self._foresight.root.why(now)
        said = list(dict.fromkeys(f"{name}: {words}" if words else name for name, words in why))
        if self._on_check is not None:
            for name, value in outcomes(self._foresight.named, now).items():
                self._on_check(name, value)
        unknown = not self.kinds(now) & FALSE
        verdict = Verdict("failed", "; ".join(said), None, unknown=unknown)
        return Stop(self._gate, verdict, why[0][0] if why else "", after_tokens)


class Early:
    """The watching of one call, attempt by attempt.

    Attributes:
        stop: why the answer was stopped, once it was.
    """

    __slots__ = ("_now", "_signals", "_tokens", "_watch", "_watchers", "stop")

    def __init__(self, watch: Watch, run: Run) -> None:
        self._watch = watch
        self._signals = watch.signals(run)
        self.stop: Stop | None = None
        self._tokens = 0

    def begin(self, most_tokens: int) -> None:
        """An attempt begins, whose answer has at most so many tokens."""
        self._watchers = self._watch.watchers(most_tokens)
        self._now: Now | None = None
        self._tokens = 0

    def feed(self, delta: Delta) -> bool:
        """Take the next piece; whether the answer can't pass any more."""
        now, changed = self._now, False
        if now is None:
            now, changed = self._watch.start(self._signals), True
            self._now = now
        self._tokens = tokens = self._tokens + (len(delta.logprobs) or 1)
        for number, watcher in enumerate(self._watchers):
            if watcher is None:
                continue
            try:
                outlook = watcher.feed(delta)
                if outlook is not None:
                    now.learn(number, outlook, always_known=self._watch.always_known(number))
                    changed = True
            except Exception:  # noqa: BLE001 - a watcher that breaks its promise says nothing that counts
                self._watchers[number] = None
                now.checks[number] = ANYTHING
                changed = True
        if changed and not self._watch.kinds(now) & TRUE:
            self.stop = self._watch.settle(now, tokens)
            return True
        return False


async def watched(model: str, provider: Provider, request: Request, early: Early) -> Reply:
    """One attempt, streamed for no one but the watchers; what came of the answer when it was stopped.

    Raises:
        CallFailed: as the provider.
    """
    early.begin(request.max_tokens)
    deltas: list[Delta] = []

    def feed(piece: Delta) -> bool:
        deltas.append(piece)
        return early.feed(piece)

    reply = await read_stream(provider, request, feed)
    if early.stop is not None:
        return await _beginning(provider, request, deltas, early.stop)
    if reply is None:
        raise unfinished(model)
    return reply


async def _beginning(provider: Provider, request: Request, deltas: list[Delta], stop: Stop) -> Reply:
    """What came of an answer that was stopped."""
    text = "".join(delta.text for delta in deltas)
    logprobs: list[TokenLogprob] = []
    stated = Usage()
    for delta in deltas:
        logprobs += delta.logprobs
        stated = delta.usage or stated
    asked = stated.input_tokens or await _input_tokens(provider, request)
    told = max(len(logprobs), stated.output_tokens) or estimate_tokens(text)
    usage = Usage(asked, min(told, request.max_tokens), min(stated.cached_tokens, asked), estimated=True)
    stop.after_tokens = usage.output_tokens
    return Reply(text, request.model, usage, "stopped", tuple(logprobs) or None)


async def _input_tokens(provider: Provider, request: Request) -> int:
    """How many tokens the request has, as near as that can be known."""
    try:
        exact = await provider.count_tokens(request)
    except Exception:  # noqa: BLE001 - a tokenizer that stumbles leaves us with the estimate
        exact = None
    if exact is not None:
        return exact
    asked = estimate_tokens(request.system) if request.system else 0
    return asked + sum(estimate_tokens(message.text) for message in request.messages)


def can_stop(provider: Provider, request: Request) -> bool:
    """Whether the provider's generation ends with its stream."""
    ask = cast("Callable[[Request], bool] | None", getattr(provider, "can_stop", None))
    if ask is None:
        return False
    try:
        return bool(ask(request))
    except Exception:  # noqa: BLE001 - who can't say is asked in full
        return False
