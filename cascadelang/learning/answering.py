"""Recorded answers in the place of every model: the one provider of a replay.

Takes: one record at a time, and by the policy's name of each model what records may call it. Gives: the record's
answers. Guarantees: nothing is called and nothing is made up, unless stand-ins are given (`impute`), whose use is
noted in ``imputed``. What a run asks for and the record doesn't hold (an
answer, its text, its log probabilities, a judgement) is noted in ``missing``, whatever the run makes of it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.clock import Clock
from cascadelang.contracts.estimate import estimate_tokens
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Reply, Request, TokenLogprob, Usage
from cascadelang.contracts.price import Price
from cascadelang.contracts.spec import Capability, Spec
from cascadelang.graph.cost import cost_of
from cascadelang.learning.impute import StandIn
from cascadelang.records.read import Record, RecordedAnswer

NO_ANSWER: Final = "no answer of "
"""How what a record lacks begins where that is a model's answer."""

_NO_RECORD: Final = Record({"id": "", "query": "", "answers": {}}, 0)
_UNCOUNTED: Final = Usage(0, 0, 0, estimated=True)


class SerialClock:
    """Time of runs that wait for one thing at a time: it goes on by what each answer took, and nobody waits."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now_s(self) -> float:
        """See `Clock.now_s`."""
        return self.passed_s

    def wall_s(self) -> float:
        """See `Clock.wall_s`."""
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        self.passed_s += max(0.0, seconds)


class PartlyRecorded(Reply):
    """A reply whose text or log probabilities aren't recorded: who looks at them is noted.

    INVARIANT: the runtime looks at ``logprobs`` once, when it bills the call; every further look is a check's.
    """

    __slots__ = ("_answering", "_held_logprobs", "_held_text", "_looks")
    _answering: Answering
    _held_logprobs: tuple[TokenLogprob, ...] | None
    _held_text: str | None
    _looks: int

    def __init__(
        self, answering: Answering, answer: RecordedAnswer, name: str, usage: Usage, wanted: int | None
    ) -> None:
        put = object.__setattr__
        put(self, "model", name)
        put(self, "usage", usage)
        put(self, "finish_reason", answer.finish_reason or "unknown")
        put(self, "tool_calls", ())
        put(self, "_answering", answering)
        put(self, "_held_text", answer.text)
        put(self, "_held_logprobs", None if wanted is None else _logprobs(answer))
        put(self, "_looks", 0 if _lacks_logprobs(answer, wanted) else -1)

    @property
    def text(self) -> str:
        """The text, where it is recorded."""
        if self._held_text is None:
            self._answering.miss(f"no text of the answer of `{self.model}`")
            return ""
        return self._held_text

    @property
    def logprobs(self) -> tuple[TokenLogprob, ...] | None:
        """The log probabilities, where they are recorded."""
        if self._looks >= 0:
            if self._looks:
                self._answering.miss(f"no log probabilities of the answer of `{self.model}`")
            object.__setattr__(self, "_looks", 1)
        return self._held_logprobs


class Answering:
    """See `cascadelang.contracts.provider.Provider`. The ``model`` of a request is the policy's own name of it.

    Args:
        names: by the policy's name of a model, the names that records may have it under, the likeliest first.
        prices: of the models, for answers whose cost isn't recorded.
        clock: on which answers take as long as they took.
        counts: usage is needed for more than the cost of what has none recorded: a ``within`` counts dollars.
        samples: some check compares further answers of the same model.

    Attributes:
        stand_ins: by the policy's name of a model, what an answer is taken to be that isn't recorded.
        imputed: the models whose answers were taken to be so.
        missing: what the run asked for and the record doesn't hold; empty where it held everything.
        cost_usd: of all calls of the run.
        unpriced: the cost of some call isn't known.
        untimed: how long some call took isn't recorded.
        estimated: some cost is by an estimate of tokens.
    """

    spec: ClassVar[Spec] = Spec(name="recorded", kind="provider", summary="recorded answers")
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"logprobs", "top_logprobs", "json", "tools", "vision"})
    embeds: ClassVar[bool] = True
    """It may be asked, so that it can say that no record holds an embedding."""

    def __init__(
        self,
        names: Mapping[str, tuple[str, ...]],
        prices: Mapping[str, Price | None],
        clock: Clock,
        *,
        counts: bool = False,
        samples: bool = False,
    ) -> None:
        self._names = names
        self._prices = prices
        self._clock = clock
        self._counts = counts
        self._samples = samples
        self.stand_ins: Mapping[str, StandIn] = {}
        self.begin(_NO_RECORD)

    def begin(self, record: Record) -> None:
        """Answer from this record from now on; a new run begins."""
        self._record = record
        self._asked = len([message for message in record.query.messages if message.role != "system"])
        self._given: dict[str, RecordedAnswer] = {}
        self.imputed: dict[str, RecordedAnswer] = {}
        self.missing = ""
        self.cost_usd = 0.0
        self.unpriced = self.untimed = self.estimated = False

    def miss(self, what: str) -> None:
        """Note what the record doesn't hold; the first thing counts."""
        self.missing = self.missing or what

    def answer_of(self, name: str) -> RecordedAnswer | None:
        """What the record has of a model of the policy."""
        answers = self._record.answers
        for known in self._names.get(name, (name,)):
            found = answers.get(known)
            if found is not None:
                return found
        return None

    async def send(self, request: Request) -> Reply:
        """See `Provider.send`."""
        if request.embed:
            raise self._fail(f"no embedding by `{request.model}`")
        if request.purpose in {"answer", "sample"}:
            return await self._answer(request)
        if request.purpose == "judge":
            return await self._judgement(request)
        raise self._fail(f"no choice of `{request.model}`, which the policy asks to sort the query")

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        """See `Provider.stream`: whole."""
        yield await self.send(request)

    async def count_tokens(self, request: Request) -> int | None:  # noqa: ARG002 - the contract's parameter
        """See `Provider.count_tokens`: a record has no tokenizer."""
        return None

    async def close(self) -> None:
        """See `Provider.close`."""

    async def _answer(self, request: Request) -> Reply:
        name = request.model
        answer = self.answer_of(name)
        stood_in = answer is None and name in self.stand_ins
        if stood_in:
            answer = self.imputed[name] = self.stand_ins[name].answer
        if answer is None:
            raise self._fail(f"{NO_ANSWER}`{name}`")
        if len(request.messages) != self._asked:
            raise self._fail(f"no answer of `{name}` to the query with an earlier draft beside it")
        if request.purpose == "answer":
            self._given[name] = answer
        elif self._samples and name in self._given:
            raise self._fail(f"no further sample of `{name}`")
        await self._wait(answer.latency_s, request)
        usage = self._spend(name, answer.cost_usd, answer.input_tokens, answer.output_tokens, request, answer.text)
        if stood_in:  # whoever would go by its tokens looks at its text instead, which isn't there
            usage = Usage(usage.input_tokens, usage.output_tokens, 0, estimated=True)
        wanted = request.logprobs
        if answer.text is None or _lacks_logprobs(answer, wanted):
            return PartlyRecorded(self, answer, name, usage, wanted)
        return Reply(
            answer.text, name, usage, answer.finish_reason or "unknown", None if wanted is None else _logprobs(answer)
        )

    async def _judgement(self, request: Request) -> Reply:
        """What a model is recorded to have said of the answer that it is asked to judge."""
        name = request.model
        missing = f"no judgement of `{name}`"
        try:
            judged = json.loads(request.messages[-1].text)["answer"]
        except (IndexError, KeyError, TypeError, ValueError):
            raise self._fail(missing) from None
        for answer in self._given.values():
            if answer.text != judged:
                continue
            for known in self._names.get(name, (name,)):
                said = answer.judgements.get(known)
                if said is not None and said.get("score") is not None:
                    return await self._judged(said, request)
        raise self._fail(missing)

    async def _judged(self, said: Mapping[str, Any], request: Request) -> Reply:
        verdict = RecordedAnswer({k: said.get(k) for k in ("cost_usd", "input_tokens", "output_tokens", "latency_s")})
        await self._wait(verdict.latency_s, request)
        text = json.dumps({"score": said["score"], "reason": str(said.get("reason") or "")}, ensure_ascii=False)
        tokens = verdict.input_tokens, verdict.output_tokens
        return Reply(text, request.model, self._spend(request.model, verdict.cost_usd, *tokens, request, text))

    async def _wait(self, latency_s: float | None, request: Request) -> None:
        """Let the answer take as long as it took, or as the request allows.

        Raises:
            CallFailed: ``timeout`` when that is shorter.
        """
        if latency_s is None:
            self.untimed = True
            return
        late = latency_s > request.timeout_s
        await self._clock.sleep(request.timeout_s if late else latency_s)
        if late:
            raise CallFailed("timeout", f"the recorded answer took longer than {request.timeout_s:g} s")

    def _spend(  # noqa: PLR0917 - all that a cost is made of
        self,
        name: str,
        cost_usd: float | None,
        input_tokens: int | None,
        output_tokens: int | None,
        request: Request,
        text: str | None,
    ) -> Usage:
        """Count what the answer cost: as recorded, else by its tokens and the policy's price; give its usage."""
        if cost_usd is not None:
            self.cost_usd += cost_usd
            if not self._counts:
                return _UNCOUNTED if input_tokens is None else Usage(input_tokens, output_tokens or 0)
        price = self._prices.get(name)
        guessed = input_tokens is None or output_tokens is None
        if input_tokens is None:
            input_tokens = sum(estimate_tokens(message.text) for message in request.messages)
            input_tokens += estimate_tokens(request.system)
        if output_tokens is None:
            if text is None:
                self.unpriced = self.unpriced or cost_usd is None
                return Usage(input_tokens, 0, 0, estimated=True)
            output_tokens = estimate_tokens(text)
        usage = Usage(input_tokens, output_tokens, 0, guessed)
        if cost_usd is None:
            if price is None:
                self.unpriced = True
            else:
                self.cost_usd += cost_of(price, usage)
                self.estimated = self.estimated or guessed
        return usage

    def _fail(self, what: str) -> CallFailed:
        self.miss(what)
        return CallFailed("policy", f"the record holds {what}")


def _lacks_logprobs(answer: RecordedAnswer, wanted: int | None) -> bool:
    """Whether a check that asked for log probabilities would miss them; records have no alternatives of tokens."""
    return wanted is not None and (answer.logprobs is None or wanted > 0)


def _logprobs(answer: RecordedAnswer) -> tuple[TokenLogprob, ...] | None:
    """Records hold the numbers only, not the tokens."""
    if answer.logprobs is None:
        return None
    return tuple([TokenLogprob("", value) for value in answer.logprobs])
