"""What models do, as a function of what they are asked and when: the same for both runtimes.

A model's turns are taken in order, and begin again after the last; where several may be asked at the same moment,
which turn it is hangs on the request and the time instead, so that nothing hangs on who of them comes first. Every
message counts ten tokens, so that what a request comes to doesn't hang on the words that a runtime puts into it.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Message, Reply, Request, TokenLogprob, Usage
from cascadelang.providers import scripted
from cascadelang.providers.scripted import ScriptedReply

MESSAGE_TOKENS = 10


@dataclass(frozen=True)
class Turn:
    """What a model does with one call: answers, judges, or fails, after a while.

    Attributes:
        text, score: what it says when it is asked for an answer, and as a judge; no score is no verdict. Asked for a
            label, it takes the score for its place.
        tokens: of the answer, as far as ``max_tokens`` lets it.
        logprob, gap: of the answer's first token, and by how much the second likeliest is less.
        error: how it fails instead: a kind of failure, or ``broken`` for an adapter's own mistake.
        pieces: how many pieces of an answer it streams before it fails.
        stated: whether it says what a failed call is billed.
        maybe_billed: whether a failed call of which nothing is said may be billed.
    """

    text: str = "yes"
    score: float | None = 0.9
    tokens: int = 3
    cached: bool = False
    cut_off: bool = False
    logprob: float = -0.1
    gap: float = 1.9
    latency_s: float = 0.0
    error: str = ""
    retry_after_s: float | None = None
    pieces: int = 0
    stated: bool = False
    maybe_billed: bool = False


TEXTS = (
    "yes",
    "Yes.",
    "",
    "I'm not sure " * 9,
    "word " * 60,
    '{"score": 0.5}',
    "yes thanks",
    "no: " + "again " * 40,
    "the answer is yes",
)
ERRORS = ("rate_limit", "timeout", "connection", "server", "context_length", "content_filter")
ENDINGS = ("auth", "bad_request", "policy", "broken")
LATENCIES = st.sampled_from((0.0, 0.0, 0.3, 1.9, 4.0, 100.0))
ANSWERING = st.builds(
    Turn,
    text=st.sampled_from(TEXTS),
    score=st.sampled_from((0.9, 0.5, 0.2, 0.0, 7.0, None)),
    tokens=st.sampled_from((0, 3, 50, 5000)),
    cached=st.booleans(),
    cut_off=st.booleans(),
    logprob=st.sampled_from((-0.1, -0.9)),
    gap=st.sampled_from((1.9, 0.2)),
    latency_s=LATENCIES,
)
FAILING = st.builds(
    Turn,
    error=st.sampled_from(ERRORS * 3 + ENDINGS),
    tokens=st.sampled_from((0, 3, 5000)),
    latency_s=LATENCIES,
    retry_after_s=st.sampled_from((None, None, 0.0, 1.5, 1000.0)),
    pieces=st.integers(0, 2),
    stated=st.booleans(),
    maybe_billed=st.booleans(),
)
TURNS = st.lists(st.one_of(ANSWERING, ANSWERING, FAILING), min_size=1, max_size=4)


def plays(models: Sequence[str]) -> st.SearchStrategy[dict[str, list[Turn]]]:
    """The turns of each model, by its id."""
    return st.fixed_dictionaries(dict.fromkeys(models, TURNS))


class Play:
    """The turns as they are taken, and what was asked for each: with the time, where several may be asked at once."""

    def __init__(self, turns: Mapping[str, Sequence[Turn]], *, at_once: bool = False) -> None:
        self._turns = turns
        self._at_once = at_once
        self._taken: Counter[str] = Counter()
        self.asked: list[dict[str, Any]] = []

    def next(self, request: Request, at_s: float) -> Turn:
        """The turn of the model that is asked, at that time."""
        turns = self._turns[request.model]
        asked = what_counts(request)
        if self._at_once:
            asked["at_s"] = round(at_s, 3)
            number = zlib.crc32(repr(sorted(asked.items())).encode("utf-8", "surrogatepass"))
        else:
            number = self._taken[request.model]
            self._taken[request.model] += 1
        self.asked.append(asked)
        return turns[number % len(turns)]

    def all_asked(self) -> list[Any]:
        """What was asked, in order; of what is asked at the same moment, in any."""
        return sorted(self.asked, key=repr) if self._at_once else self.asked


def what_counts(request: Request) -> dict[str, Any]:
    """What both runtimes must ask alike; the words of a judge's instructions and of a hand-over are their own."""
    judging = request.purpose in ("judge", "ask")
    return {
        "model": request.model,
        "purpose": request.purpose,
        "system": "" if judging else request.system,
        "messages": [message.role for message in request.messages],
        "drafts": [] if judging else [m.text for m in request.messages if m.role == "assistant"],
        "max_tokens": request.max_tokens,
        "sampling": (request.temperature, request.top_p, request.seed, request.stop, request.effort),
        "timeout_s": round(request.timeout_s, 3),
        "logprobs": None if judging else request.logprobs,
    }


def input_tokens(request: Request) -> int:
    return MESSAGE_TOKENS * (len(request.messages) + bool(request.system))


def usage_of(turn: Turn, request: Request) -> Usage:
    """What the call is billed."""
    asked = input_tokens(request)
    return Usage(asked, min(turn.tokens, request.max_tokens), asked // 2 if turn.cached else 0)


def reply_of(turn: Turn | ScriptedReply, request: Request) -> Reply:
    if isinstance(turn, ScriptedReply):
        return scripted._reply(turn, request)
    text = turn.text
    both = (("yes", turn.logprob), ("no", turn.logprob - turn.gap)) if request.logprobs else ()
    tokens = (TokenLogprob("yes", turn.logprob, both), TokenLogprob("!", -0.2))
    if request.purpose == "judge":
        text = "no verdict" if turn.score is None else json.dumps({"reason": "so it is", "score": turn.score})
    if request.purpose == "ask":
        labels = request.json_schema["properties"]["label"]["enum"]
        label = "no label" if turn.score is None else labels[round(turn.score * 10) % len(labels)]
        text = json.dumps({"label": label})
        tokens = (TokenLogprob('{"label": "', 0.0), TokenLogprob(label, turn.logprob), TokenLogprob('"}', 0.0))
    wanted = request.logprobs is not None
    finish = "length" if turn.cut_off else "stop"
    return Reply(text, request.model, usage_of(turn, request), finish, tokens if wanted else None)


def failure_of(turn: Turn | ScriptedReply, request: Request) -> Exception:
    if isinstance(turn, ScriptedReply):
        return scripted._failure(turn.error, request)
    if turn.error == "broken":
        return ZeroDivisionError("a mistake in an adapter")
    stated = usage_of(turn, request) if turn.stated else None
    return CallFailed(
        turn.error,  # type: ignore[arg-type]
        "as it is played",
        retry_after_s=turn.retry_after_s,
        usage=stated,
        maybe_billed=turn.maybe_billed,
    )


class Player:
    """The turns as a provider of the interpreter."""

    def __init__(self, play: Play, clock: VirtualClock) -> None:
        self.play = play
        self._clock = clock

    async def send(self, request: Request) -> Reply:
        turn = await self._take(request)
        if turn.error:
            raise failure_of(turn, request)
        return reply_of(turn, request)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        turn = await self._take(request)
        if turn.error:
            for _ in range(turn.pieces):
                yield Delta("piece ")
            raise failure_of(turn, request)
        reply = reply_of(turn, request)
        if reply.text:
            yield Delta(reply.text)
        yield reply

    async def count_tokens(self, request: Request) -> int:
        return input_tokens(request)

    async def close(self) -> None:
        pass

    async def _take(self, request: Request) -> Turn:
        turn = self.play.next(request, self._clock.now_s())
        await self._clock.sleep(min(turn.latency_s, request.timeout_s))
        if turn.latency_s > request.timeout_s:
            raise CallFailed("timeout", "too slow")
        return turn


def carried(reply: Reply | None) -> tuple[Message, Message]:
    """The two messages that a rejected answer is handed on in; ``None`` is one that is left out."""
    said = "[An answer was given here. It was not accepted and is left out.]"
    if reply is not None:
        said = reply.text if reply.text.strip() else "[The answer was empty.]"
    return Message("assistant", said), Message("user", "It was not accepted.")
