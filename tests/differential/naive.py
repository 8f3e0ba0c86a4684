"""The language a second time, naively: who is asked, and what comes of it, by walking the checked syntax.

Takes: a checked policy, a query, what the models do. Gives: what a run comes to (`Told`). There is no graph here, no
optimiser, no event loop: one thing happens after the other, time is a number that grows, and what ends badly is an
exception. Where two strategies run beside one another, the one whose wait ends first goes on (`Timeline`). Written
from ``docs/language.md``, of which it is the second meaning: where the interpreter says otherwise, one of the two is
wrong.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from behaviours import Play, carried, failure_of, input_tokens, reply_of
from timeline import Beaten, Strand, Timeline
from truth import Place, Truth, key_of

from cascadelang.contracts import check as contract
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Message, Query, Reply, Request, Usage
from cascadelang.semantics.checked import BoundCall, CheckedPolicy, ModelInfo, Symbol
from cascadelang.syntax import ast
from cascadelang.workspace.makers import make_check, make_signal

MOVES_ON = (
    "rate_limit",
    "timeout",
    "connection",
    "server",
    "context_length",
    "content_filter",
    "over_budget",
    "unmet",
)
TRIED_AGAIN = ("rate_limit", "timeout", "connection", "server")
ROUNDING_USD = 1e-12


@dataclass(eq=False)
class Limit:
    """A ``within`` that is being run."""

    usd: float | None
    until_s: float | None
    taken_usd: float = 0.0


class Failing(Exception):  # noqa: N818 - it names what happens
    """No answer. ``limit`` is the ``within`` that let no call through, as long as it is around."""

    def __init__(self, kind: str, limit: Limit | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.limit = limit


@dataclass(frozen=True)
class Asked:
    """The call that gave an answer."""

    model: ModelInfo
    request: Request
    retry: int


@dataclass
class Answer:
    """An answer and its verdict."""

    reply: Reply
    asked: Asked
    outcome: str = "unchecked"
    score: float | None = None
    unknown: bool = False


@dataclass(frozen=True)
class Around:
    """What holds at one place of the strategy.

    ``limits`` are outermost first. ``gates`` are the paid checks that an answer has yet to pass, each with what is
    around it. ``streams``: nothing takes an answer back.
    """

    path: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    retry: int | None = None
    limits: tuple[Limit, ...] = ()
    carried: tuple[Message, ...] = ()
    gates: tuple[tuple[BoundCall, Around], ...] = ()
    streams: bool = False


@dataclass
class Told:
    """What a run came to."""

    status: str = ""
    kind: str = ""
    answer: str = ""
    model: str = ""
    verdict: tuple[str, float | None, bool] = ("unchecked", None, False)
    path: list[str] = field(default_factory=list)
    arms: list[Any] = field(default_factory=list)
    cost_usd: float | None = 0.0
    tokens: list[int] = field(default_factory=lambda: [0, 0, 0])
    at_s: float = 0.0


class Naive:
    """One run. ``dealt`` says which share of a ``split`` a key falls to (``None`` for no key)."""

    def __init__(self, checked: CheckedPolicy, query: Query, play: Play, seed: int, dealt: Any = None) -> None:
        self.checked = checked
        self.query = query
        self.play = play
        self.seed = seed
        self.dealt = dealt
        self.truth = Truth(checked, query)
        self.dice = random.Random(seed)  # noqa: S311 - the interpreter's own
        self.told = Told()
        self.streamed = False
        self.asked: dict[str, Any] = {}
        self.time = Timeline()
        self.strand = Strand()
        self.part, self.parts = "", 0

    def run(self, policy: str, *, streams: bool = False) -> Told:
        told = self.told
        try:
            answer = self.answer(ast.NameStrategy(ast.Name((policy,))), Around(self.checked.path, streams=streams))
        except Failing as failing:
            told.status, told.kind = "failed", failing.kind
        else:
            told.status = {"passed": "accepted", "failed": "unmet"}.get(answer.outcome, "unchecked")
            told.answer, told.model = answer.reply.text, answer.asked.model.id
            told.verdict = (answer.outcome, answer.score, answer.unknown)
        told.arms = [arm for _, arm in told.arms]
        told.at_s = self.time.at_s
        return told

    # ---- Strategies ---------------------------------------------------------------------------------------------

    def answer(self, strategy: ast.Strategy, around: Around) -> Answer:  # noqa: PLR0911, PLR0912 - one case a form
        match strategy:
            case ast.NameStrategy():
                symbol = self.checked.resolve(strategy.name, around.path)
                if symbol.kind == "model":
                    return self.call(symbol, around)
                return self.answer(symbol.decl.strategy, replace(around, path=symbol.path))
            case ast.Route():
                for number, arm in enumerate(strategy.arms, 1):
                    if self.signal(arm.condition, around) is True:
                        return self.take(str(number), arm.strategy, around)
                return self.take("else", strategy.otherwise, around)
            case ast.RouteBy():
                label = self.signal(strategy.by, around)
                arm = next((arm for arm in strategy.arms if arm.label == label), None)
                return self.take(arm.label if arm else "else", arm.strategy if arm else strategy.otherwise, around)
            case ast.Split():
                key = None if strategy.by is None else self.signal(strategy.by, around)
                number = self.dealt(strategy, key)
                return self.take(str(number + 1), strategy.shares[number].strategy, around)
            case ast.Cascade():
                return self.cascade(strategy, around)
            case ast.Fallback():
                return self.fallback(strategy, around)
            case ast.Hedge():
                return self.hedge(strategy, around)
            case ast.Within():
                return self.within(strategy, around)
            case ast.Retry():
                return self.answer(strategy.strategy, replace(around, retry=int(strategy.times.value)))
            case ast.With():
                settings = {**around.settings, **self.checked.settings[id(strategy)]}
                return self.answer(strategy.strategy, replace(around, settings=settings))
        raise AssertionError(strategy)

    def take(self, arm: str, strategy: ast.Strategy | None, around: Around) -> Answer:
        self.told.arms.append((self.time.at_s, arm))
        if strategy is None:  # a label that isn't known, and no `else`
            raise Failing("policy")
        return self.answer(strategy, around)

    def fallback(self, node: ast.Fallback, around: Around) -> Answer:
        *others, last = node.members
        for member in others:
            try:
                return self.answer(member, around)
            except Failing as failing:
                if not self.moves_on(failing) or (node.when and failing.kind not in map(str, node.when)):
                    raise
        return self.answer(last, around)

    def hedge(self, node: ast.Hedge, around: Around) -> Answer:
        quiet = replace(around, streams=False)
        parts: list[Naive] = []
        strands: list[Strand] = []

        def begin(strategy: ast.Strategy) -> Strand:
            part = self.beside()
            parts.append(part)
            strands.append(self.time.begin(self.strand, lambda strand: part.along(strand, strategy, quiet)))
            return strands[-1]

        try:
            first = begin(node.first)
            self.time.wait_for(self.strand, [first], float(node.after.value_s))
            if not first.ended:
                return self.sooner(first, begin(node.second))
        finally:
            for strand in strands:
                self.time.stop(self.strand, strand)
            self.take_in(parts)
        try:
            answer: Answer = first.outcome
        except Failing as failing:
            if failing.kind not in MOVES_ON:
                raise
            return self.answer(node.second, around)
        return answer

    def sooner(self, first: Strand, second: Strand) -> Answer:
        """The first answer of two; a mistake of either is the end, else they have failed as the second did."""
        waiting = [first, second]
        while waiting:
            self.time.wait_for(self.strand, waiting)
            for strand in [strand for strand in waiting if strand.ended]:
                waiting.remove(strand)
                if not isinstance(strand.error, Failing) or strand.error.kind not in MOVES_ON:
                    answer: Answer = strand.outcome
                    return answer
        raise second.error or AssertionError

    def beside(self) -> Naive:
        """A part of the run that goes on beside another, with what is known so far and dice of its own."""
        part = copy.copy(self)
        self.parts += 1
        part.part, part.parts = f"{self.part}.{self.parts}", 0
        part.told, part.asked, part.streamed = Told(), dict(self.asked), False
        part.dice = random.Random(f"seed {self.seed}{part.part}")  # noqa: S311 - the interpreter's own
        return part

    def along(self, strand: Strand, strategy: ast.Strategy, around: Around) -> Answer:
        self.strand = strand
        return self.answer(strategy, around)

    def take_in(self, parts: list[Naive]) -> None:
        """What parts came to, in the order in which they began; choices in order of time."""
        told = self.told
        told.arms += sorted((arm for part in parts for arm in part.told.arms), key=lambda arm: arm[0])
        for part in parts:
            told.path += part.told.path
            told.tokens = [one + other for one, other in zip(told.tokens, part.told.tokens, strict=True)]
            unknown = told.cost_usd is None or part.told.cost_usd is None
            told.cost_usd = None if unknown else told.cost_usd + part.told.cost_usd
            for key, value in part.asked.items():
                self.asked.setdefault(key, value)

    def moves_on(self, failing: Failing) -> bool:
        return failing.kind in MOVES_ON and not self.streamed

    def within(self, node: ast.Within, around: Around) -> Answer:
        usd = None if node.money is None else float(node.money.value)
        limit = Limit(usd, None if node.time is None else self.time.at_s + float(node.time.value_s))
        try:
            return self.answer(node.strategy, replace(around, limits=(*around.limits, limit)))
        except Failing as failing:
            if failing.limit is limit:
                failing.limit = None
            raise

    def cascade(self, node: ast.Cascade, around: Around) -> Answer:
        ending = "last" if node.otherwise is None else node.otherwise.kind
        best: Answer | None = None
        failed: Failing | None = None
        before: Reply | None = None
        handed = around.carried
        for number in range(self.first_rung(node, around), len(node.rungs)):
            rung = node.rungs[number]
            gate = node.until if rung.until is None else rung.until
            paid = {} if gate is None else self.truth.paid_uses(gate, around.path)
            stays = ending == "last" and number + 1 == len(
                node.rungs
            )  # its answer is the cascade's, whatever is found
            waived = stays and bool(paid)
            judged = gate is not None and not waived
            inside = replace(
                around,
                carried=handed,
                streams=around.streams and (stays or not judged),
                gates=(*around.gates, *((call, around) for call in paid.values() if judged)),
            )
            stopped: Limit | None = None
            try:
                answer = self.answer(rung.strategy, inside)
            except Failing as failing:
                if not self.moves_on(failing):
                    raise
                failed, stopped = failing, failing.limit
            else:
                if gate is None or waived:
                    if waived and answer.outcome != "failed":
                        answer.outcome, answer.score, answer.unknown = "unchecked", None, False
                    return answer
                stopped = self.judge(answer, gate, around, before)
                before = answer.reply
                if answer.outcome == "passed":
                    return answer
                best = answer if ending != "best" or best is None or rank(answer) >= rank(best) else best
                if node.carry is not None:
                    handed = around.carried + carried(answer.reply if node.carry == "draft" else None)
            if stopped is not None:
                break
        if node.otherwise is not None and node.otherwise.strategy is not None:
            return self.answer(node.otherwise.strategy, around)
        if best is None:
            raise failed
        if ending == "fail":
            raise Failing("unmet")
        return best

    def first_rung(self, node: ast.Cascade, around: Around) -> int:
        if node.start is None:
            return 0
        label = self.signal(node.start, around)
        for number, rung in enumerate(node.rungs):
            inner = rung.strategy
            while isinstance(inner, ast.Within | ast.Retry | ast.With):
                inner = inner.strategy
            if isinstance(inner, ast.NameStrategy) and inner.name.parts[-1] == label:
                self.told.arms.append((self.time.at_s, label))
                return number
        self.told.arms.append((self.time.at_s, "else"))
        return 0

    # ---- Checks and signals ------------------------------------------------------------------------------------

    def judge(self, answer: Answer, gate: ast.Expr, around: Around, before: Reply | None) -> Limit | None:
        """Give the answer its verdict; the ``within`` that had no room for judging it, if one hadn't."""
        made: dict[str, Any] = {}
        said = contract.Answer(self.query, answer.reply, answer.asked.model.id, before)

        def ask(call: BoundCall) -> Any:
            if call.kind == "signal":
                return self.ask_signal(call, around)
            key = key_of(call)
            if key not in made and call.spec.time_limit:
                made[key] = self.make(call, said, around)
            if key not in made:
                made[key] = (
                    self.sample(call, answer, said, around) if call.spec.samples else self.ask(call, said, around)
                )
            return made[key]

        try:
            value, answer.score = self.truth.value(gate, Place(around.path, said, ask), settled=True)
        except Failing as failing:
            if failing.kind != "over_budget":
                raise
            answer.outcome, answer.score, answer.unknown = "failed", None, True
            return failing.limit
        answer.outcome = "passed" if value is True else "failed"
        answer.unknown = value is not True and value is not False
        return None

    def make(self, call: BoundCall, said: contract.Answer, around: Around) -> Any:
        """What a check finds that takes time: none of a test's, but it isn't begun when a limit's time is over."""
        timed = [limit for limit in around.limits if limit.until_s is not None]
        if timed:
            soonest = min(timed, key=lambda limit: limit.until_s)
            if soonest.until_s <= self.time.at_s:
                raise Failing("over_budget", soonest)
        return done(make_check(call.spec.name, call.args).judge_timed(said)).value

    def signal(self, expr: ast.Expr, around: Around) -> Any:
        """The value of a condition over the query."""
        return self.truth.value(expr, Place(around.path, ask=lambda call: self.ask_signal(call, around)))[0]

    def ask_signal(self, call: BoundCall, around: Around) -> Any:
        """The value of a paid signal, asked once a run; unknown when its call fails, or doesn't fit."""
        key = key_of(call)
        if key not in self.asked:
            try:
                self.asked[key] = self.ask(call, None, around)
            except Failing as failing:
                if failing.kind != "over_budget":
                    raise
                self.asked[key] = None
        return self.asked[key]

    def ask(self, call: BoundCall, said: contract.Answer | None, around: Around) -> Any:
        """What a paid check or signal finds; unknown when its call fails in a way that moves on."""
        failed: list[Failing] = []
        names = {symbol.name: symbol for symbol in call.args.values() if isinstance(symbol, Symbol)}

        async def place(name: str, asked: Request) -> Reply:
            model = self.checked.models[id(names[name].decl)]
            try:
                return self.place(model, judging(asked, model, self.seed), replace(around, gates=(), streams=False))
            except Failing as failing:
                failed.append(failing)
                raise CallFailed(failing.kind, "") from None  # type: ignore[arg-type]

        args = {name: value.name if isinstance(value, Symbol) else value for name, value in call.args.items()}
        try:
            if said is None:
                signal = make_signal(call.spec.name, {**args, "scope": call.scope})
                return done(signal.read_paid(self.query, place)).value
            return done(make_check(call.spec.name, args).judge_paid(said, place)).value
        except CallFailed as raised:
            if raised.kind in MOVES_ON and raised.kind != "over_budget":
                return None
            raise failed[-1] from None

    def sample(self, call: BoundCall, answer: Answer, said: contract.Answer, around: Around) -> Any:
        """What a check finds that has the model answer once more; unknown when that fails in a way that moves on."""
        assert call.args["samples"] == 2  # more of them go on at once, which nothing does here
        asked, dice = answer.asked, self.dice
        request = replace(
            asked.request,
            seed=asked.request.seed + 1,
            temperature=0.7 if asked.request.temperature == 0 else asked.request.temperature,
            purpose="sample",
        )
        self.parts += 1
        self.dice = random.Random(f"seed {self.seed}{self.part}.{self.parts}")  # noqa: S311 - the interpreter's own
        beside = replace(around, retry=asked.retry, gates=(), streams=False)
        try:
            reply = self.place(asked.model, request, beside)
        except Failing as failing:
            if failing.kind in MOVES_ON and failing.kind != "over_budget":
                return None
            raise
        finally:
            self.dice = dice
        return make_check(call.spec.name, call.args).judge_samples(said, [reply]).value

    # ---- Calls --------------------------------------------------------------------------------------------------

    def call(self, symbol: Symbol, around: Around) -> Answer:
        model = self.checked.models[id(symbol.decl)]
        own = {**vars(model), **around.settings}
        system = [own["system"], *(m.text for m in self.query.messages if m.role == "system")]
        request = Request(
            model=model.id,
            messages=tuple(m for m in self.query.messages if m.role != "system") + around.carried,
            system="\n\n".join(text for text in system if text) if own["system"] else "\n\n".join(system[1:]),
            max_tokens=own["max_tokens"],
            temperature=own["temperature"],
            top_p=own["top_p"],
            seed=self.seed if own["seed"] is None else own["seed"],
            stop=tuple(own["stop"]),
            effort=own["effort"],
            logprobs=0,
            timeout_s=own["timeout_s"],
        )
        retry = model.retry if around.retry is None else around.retry
        return Answer(self.place(model, request, around), Asked(model, request, retry))

    def place(self, model: ModelInfo, request: Request, around: Around) -> Reply:
        """One call with all its attempts, if every ``within`` around has room for it."""
        retry = model.retry if around.retry is None else around.retry
        whole_s = request.timeout_s
        cut, request = self.time_left(request, around)
        each_usd = self.money_left(model, request, around, retry, whole_s)
        most_usd, spent = each_usd * tries(retry, request.timeout_s), Limit(None, None)
        self.pay(around, most_usd)  # set aside, so that who goes on beside this can't spend it
        try:
            return self.place_all(model, request, replace(around, limits=(spent,)), retry, cut, each_usd)
        finally:
            self.pay(around, spent.taken_usd - most_usd)

    def place_all(  # noqa: PLR0917 - the second half of `place`
        self, model: ModelInfo, request: Request, around: Around, retry: int, cut: Limit | None, each_usd: float
    ) -> Reply:
        """The attempts."""
        told = self.told
        if request.purpose == "answer":
            told.path.append(model.id)
        over_s = self.time.at_s + request.timeout_s
        for attempt in range(1, retry + 2):
            reply, failed = self.attempt(model, request, around, each_usd)
            if reply is not None:
                return reply
            failing = Failing(failed.kind)
            if cut is not None and failed.kind == "timeout" and self.time.at_s >= over_s - 0.02:
                failing = Failing("over_budget", cut)
            if failing.kind not in TRIED_AGAIN or attempt > retry or self.streamed:
                raise failing
            wait_s = whole_wait_s(attempt) * (0.5 + 0.5 * self.dice.random())
            wait_s = max(wait_s, failed.retry_after_s or 0.0)
            if wait_s >= over_s - self.time.at_s:
                raise failing
            self.time.sleep(self.strand, wait_s)
            request = replace(request, timeout_s=over_s - self.time.at_s)
        raise AssertionError("the last attempt ends the call")

    def time_left(self, request: Request, around: Around) -> tuple[Limit | None, Request]:
        """The request with no more time than the limits around have, and the limit that cut it."""
        timed = [limit for limit in around.limits if limit.until_s is not None]
        if not timed:
            return None, request
        soonest = min(timed, key=lambda limit: limit.until_s)
        left_s = soonest.until_s - self.time.at_s
        if left_s <= 0:
            raise Failing("over_budget", soonest)
        return (soonest, replace(request, timeout_s=left_s)) if left_s < request.timeout_s else (None, request)

    def money_left(self, model: ModelInfo, request: Request, around: Around, retry: int, whole_s: float) -> float:
        """The most that an attempt can cost, if all of them fit, with what judging the answer can cost."""
        if all(limit.usd is None for limit in around.limits):
            return 0.0
        each_usd = dollars(model, Usage(input_tokens(request), request.max_tokens))
        for limit in around.limits:
            most_usd = each_usd * tries(retry, request.timeout_s)
            most_usd += self.judging_usd(request.max_tokens, around, limit)
            most_usd += self.further(around, limit) * each_usd * tries(retry, whole_s)
            if limit.usd is not None and limit.taken_usd + most_usd > limit.usd + ROUNDING_USD:
                raise Failing("over_budget", limit)
        return each_usd

    def attempt(
        self, model: ModelInfo, request: Request, around: Around, each_usd: float
    ) -> tuple[Reply, None] | tuple[None, CallFailed]:
        """What the model does, billed."""
        turn = self.play.next(request)
        late = turn.latency_s > request.timeout_s
        try:
            self.time.sleep(self.strand, min(turn.latency_s, request.timeout_s))
        except Beaten:
            self.pay(around, each_usd)  # nobody says what was used
            raise
        if not late and not turn.error:
            reply = reply_of(turn, request)
            self.streamed = self.streamed or (around.streams and bool(reply.text))
            self.pay(around, self.bill(model, reply.usage))
            return reply, None
        failed = CallFailed("timeout", "too slow") if late else failure_of(turn, request)
        if not isinstance(failed, CallFailed):
            failed = CallFailed("policy", "a provider that is mistaken", maybe_billed=True)
        self.streamed = self.streamed or (around.streams and not late and turn.pieces > 0)
        if failed.usage is not None:
            self.pay(around, self.bill(model, failed.usage))
        elif failed.maybe_billed or self.streamed:
            self.pay(around, each_usd)
        return None, failed

    def further(self, around: Around, limit: Limit) -> int:
        """How often the model may have to answer again, inside the limit."""
        sampled = [call for call, beside in around.gates if call.spec.samples and limit in beside.limits]
        return sum(call.args[call.spec.samples] - 1 for call in sampled)

    def judging_usd(self, answer_tokens: int, around: Around, limit: Limit) -> float:
        """The most that those of the paid checks to come can cost that are inside the limit."""
        total = 0.0
        for call, beside in around.gates:
            if key_of(call) in self.asked:
                continue
            quoted = 0 if call.kind == "signal" or call.spec.plain else 2 * answer_tokens
            for symbol in call.args.values():
                if isinstance(symbol, Symbol) and limit in beside.limits:
                    model = self.checked.models[id(symbol.decl)]
                    request = Request("", (Message("user", ""),), "instructions")
                    if call.spec.plain:
                        request = plain(Request("", self.query.messages), model)
                    asked = input_tokens(request) + quoted
                    retry = model.retry if beside.retry is None else beside.retry
                    total += tries(retry, model.timeout_s) * dollars(model, Usage(asked, model.max_tokens))
        return total

    def bill(self, model: ModelInfo, usage: Usage) -> float:
        told = self.told
        told.tokens[0] += usage.input_tokens
        told.tokens[1] += usage.output_tokens
        told.tokens[2] += usage.cached_tokens
        if model.price is None:
            told.cost_usd = None
            return 0.0
        usd = dollars(model, usage)
        told.cost_usd = None if told.cost_usd is None else told.cost_usd + usd
        return usd

    def pay(self, around: Around, usd: float) -> None:
        for limit in around.limits:
            limit.taken_usd += usd


def plain(asked: Request, model: ModelInfo) -> Request:
    """The query itself, as the model is asked it."""
    texts = [model.system, *(m.text for m in asked.messages if m.role == "system")]
    messages = tuple(m for m in asked.messages if m.role != "system")
    return replace(asked, messages=messages, system="\n\n".join(text for text in texts if text))


def judging(asked: Request, model: ModelInfo, seed: int) -> Request:
    """A judge's request with what its model's declaration says."""
    if asked.purpose == "sample":
        asked = replace(asked, system="\n\n".join(text for text in (model.system, asked.system) if text))
    return replace(
        asked,
        model=model.id,
        max_tokens=model.max_tokens,
        temperature=model.temperature,
        seed=seed if model.seed is None else model.seed,
        timeout_s=model.timeout_s,
    )


def whole_wait_s(attempt: int) -> float:
    return min(20.0, 0.5 * 2.0 ** (attempt - 1))


def tries(retry: int, timeout_s: float) -> int:
    """How often a call can be tried before its time is over, if every wait is half of the whole."""
    waits_s = [sum(whole_wait_s(n) * 0.49 for n in range(1, attempt)) for attempt in range(1, retry + 2)]
    return sum(waited_s < timeout_s for waited_s in waits_s)


def rank(answer: Answer) -> float:
    return float("-inf") if answer.score is None else answer.score


def dollars(model: ModelInfo, usage: Usage) -> float:
    """By prices that are the same for every token in, and for every token out."""
    if model.price is None:
        raise AssertionError("lint lets no unknown price into a limit")
    return (float(model.price.input) * usage.input_tokens + float(model.price.output) * usage.output_tokens) / 1e6


def done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The value of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stopped:
        return stopped.value
    raise AssertionError("it waits")
