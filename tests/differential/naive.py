"""The language a second time, naively: who is asked, and what comes of it, by walking the checked syntax.

Takes: a checked policy, a query, what the models do. Gives: what a run comes to (`Told`). There is no graph here, no
optimiser, no event loop: one thing happens after the other, time is a number that grows, and what ends badly is an
exception. Where strategies run beside one another, the one whose wait ends first goes on (`Timeline`). Written from
``docs/language.md``, of which it is the second meaning: where the interpreter says otherwise, one of them is wrong.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from behaviours import Play, carried
from judging import Judging
from keeping import Flight, Kept, World, copied, key_of_request
from outcomes import Answer, Around, Failing, Limit, Told, moves_on
from timeline import Beaten, Strand
from truth import Truth

from cascadelang.contracts.final_answer import final_answer
from cascadelang.contracts.messages import Query, Reply
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.syntax import ast


class Naive(Judging):
    """One run.

    ``dealt`` says where a node's draw falls, from 0 to 1, for a key (``None`` for none): the interpreter's own dice.
    """

    def __init__(  # noqa: PLR0917 - all that a run hangs on
        self, checked: CheckedPolicy, query: Query, play: Play, seed: int, dealt: Any, world: World | None = None
    ) -> None:
        self.checked = checked
        self.query = query
        self.play = play
        self.seed = seed
        self.dealt = dealt
        self.world = world or World()
        self.time = self.world.time
        self.truth = Truth(checked, query)
        self.strand = Strand()
        self.begin()

    def begin(self) -> None:
        """Know nothing yet."""
        self.dice = random.Random(self.seed)  # noqa: S311 - the interpreter's own
        self.told = Told()
        self.streamed = False
        self.asked: dict[str, Any] = {}
        self.part, self.parts = "", 0
        self.shadows: list[Shadowed] = []
        self.began_s = self.time.at_s

    def run(self, policy: str, *, streams: bool = False) -> Told:
        """What a run comes to; what it leaves behind goes on as runs of their own (`World.settle`)."""
        self.begin()
        strategy = ast.NameStrategy(ast.Name((policy,)))
        told = self.ended(partial(self.answer, strategy, Around(self.checked.path, streams=streams)))
        self.begin_shadows()
        return told

    def ended(self, answered: Callable[[], Answer]) -> Told:
        """What it comes to."""
        told = self.told
        try:
            answer = answered()
        except Failing as failing:
            told.status, told.kind = "failed", failing.kind
        except Beaten:
            told.status = "cancelled"
        else:
            told.status = {"passed": "accepted", "failed": "unmet"}.get(answer.outcome, "unchecked")
            told.answer, told.model = answer.reply.text, answer.asked.model.id
            told.verdict = (answer.outcome, answer.score, answer.unknown)
            told.cached = answer.made_s is not None
        told.arms = [arm for _, arm in told.arms]
        told.at_s = self.time.at_s - self.began_s
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
                number = share_of(strategy, self.dealt(strategy, key))
                return self.take(str(number + 1), strategy.shares[number].strategy, around)
            case ast.Cascade():
                return self.cascade(strategy, around)
            case ast.Fallback():
                return self.fallback(strategy, around)
            case ast.Hedge():
                return self.hedge(strategy, around)
            case ast.Vote():
                return self.vote(strategy, around)
            case ast.Shadow():
                return self.shadow(strategy, around)
            case ast.Cached():
                return self.cached(strategy, around)
            case ast.Within():
                return self.within(strategy, around)
            case ast.Retry():
                return self.answer(strategy.strategy, replace(around, retry=int(strategy.times.value)))
            case ast.With():
                settings = {**around.settings, **self.checked.settings[id(strategy)]}
                return self.answer(strategy.strategy, replace(around, settings=settings))
        raise AssertionError(strategy)

    def take(self, arm: str, strategy: ast.Strategy | None, around: Around) -> Answer:
        self.arm(arm)
        if strategy is None:  # a label that isn't known, and no `else`
            raise Failing("policy")
        return self.answer(strategy, around)

    def arm(self, name: str) -> None:
        self.told.arms.append((self.time.at_s, name))

    def moves_on(self, failing: Failing) -> bool:
        return moves_on(failing) and not self.streamed

    def fallback(self, node: ast.Fallback, around: Around) -> Answer:
        *others, last = node.members
        for member in others:
            try:
                return self.answer(member, around)
            except Failing as failing:
                if not self.moves_on(failing) or (node.when and failing.kind not in map(str, node.when)):
                    raise
        return self.answer(last, around)

    def within(self, node: ast.Within, around: Around) -> Answer:
        usd = None if node.money is None else float(node.money.value)
        limit = Limit(usd, None if node.time is None else self.time.at_s + float(node.time.value_s))
        try:
            return self.answer(node.strategy, replace(around, limits=(*around.limits, limit)))
        except Failing as failing:
            if failing.limit is limit:
                failing.limit = None
            raise

    def cascade(self, node: ast.Cascade, around: Around) -> Answer:  # noqa: PLR0912 - read from top to bottom
        ending = "last" if node.otherwise is None else node.otherwise.kind
        best: Answer | None = None
        failed: Failing | None = None
        before: Reply | None = None
        handed = around.carried
        left = list(range(self.first_rung(node, around), len(node.rungs)))
        number = left[0]
        if node.order_by is not None:
            number = self.best(node, left, around, handed)
            self.arm(str(number + 1))
        while True:
            left.remove(number)
            rung = node.rungs[number]
            gate = node.until if rung.until is None else rung.until
            paid = {} if gate is None else self.truth.paid_uses(gate, around.path)
            stays = ending == "last" and not left  # its answer is the cascade's, whatever is found
            waived = stays and bool(paid)
            judged = gate is not None and not waived
            inside = replace(
                around,
                carried=handed,
                streams=around.streams and (stays or not judged),
                gates=(*around.gates, *((call, around) for call in paid.values() if judged)),
                logprobs=self.needed(gate, around),
            )
            stopped: Limit | None = None
            shadows = len(self.shadows)
            try:
                answer = self.answer(rung.strategy, inside)
            except Failing as failing:
                answer, failed, stopped = None, failing, failing.limit
            if judged and not paid:
                for shadowed in self.shadows[shadows:]:
                    shadowed.gate = shadowed.gate or (gate, around)
            if answer is None:
                if not self.moves_on(failed):
                    raise failed
            else:
                if not judged:
                    if waived and answer.outcome != "failed":
                        answer.outcome, answer.score, answer.unknown = "unchecked", None, False
                    return answer
                stopped = self.judge(answer, gate, around, before)
                before = answer.reply
                if answer.outcome == "passed":
                    return answer
                best = answer if ending != "best" or best is None or rank(answer.score) >= rank(best.score) else best
                if node.carry is not None:
                    handed = around.carried + carried(answer.reply if node.carry == "draft" else None)
            if stopped is not None or not left:
                break
            number = left[0] if node.order_by is None else self.best(node, left, around, handed)
        if node.otherwise is not None and node.otherwise.strategy is not None:
            return self.answer(node.otherwise.strategy, around)
        if best is None:
            raise failed
        if ending == "fail":
            raise Failing("unmet")
        return best

    def needed(self, expr: ast.Expr | None, around: Around) -> int | None:
        """What log probabilities an answer has to come with, for the checks around and one more."""
        needs = [] if expr is None else self.truth.needs(expr, around.path)
        own = [2] if "top_logprobs" in needs else [0] if "logprobs" in needs else []
        return max([*own, *([] if around.logprobs is None else [around.logprobs])], default=None)

    def first_rung(self, node: ast.Cascade, around: Around) -> int:
        if node.start is None:
            return 0
        label = self.signal(node.start, around)
        for number, rung in enumerate(node.rungs):
            inner = rung.strategy
            while isinstance(inner, ast.Within | ast.Retry | ast.With | ast.Cached):
                inner = inner.strategy
            if isinstance(inner, ast.NameStrategy) and inner.name.parts[-1] == label:
                self.arm(label)
                return number
        self.arm("else")
        return 0

    # ---- Several at once ----------------------------------------------------------------------------------------

    def further_part(self) -> Naive:
        """A part of the run that goes on beside another, with what is known so far and dice of its own."""
        part = copy.copy(self)
        self.parts += 1
        part.part, part.parts = f"{self.part}.{self.parts}", 0
        part.told, part.asked, part.streamed, part.shadows = Told(), dict(self.asked), False, []
        part.dice = random.Random(f"seed {self.seed}{part.part}")  # noqa: S311 - the interpreter's own
        return part

    def start(self, work: Callable[[Naive], Any]) -> tuple[Naive, Strand]:
        """Begin a part."""
        part = self.further_part()

        def along(strand: Strand) -> Any:
            part.strand = strand
            return work(part)

        return part, self.time.begin(along)

    def take_in(self, parts: list[Naive]) -> None:
        """What parts came to, in the order in which they began; choices in order of time."""
        told = self.told
        told.arms += sorted((arm for part in parts for arm in part.told.arms), key=lambda arm: arm[0])
        for part in parts:
            told.path += part.told.path
            told.tokens = [one + other for one, other in zip(told.tokens, part.told.tokens, strict=True)]
            unknown = told.cost_usd is None or part.told.cost_usd is None
            told.cost_usd = None if unknown else told.cost_usd + part.told.cost_usd
            self.streamed = self.streamed or part.streamed
            self.shadows += part.shadows
            for key, value in part.asked.items():
                self.asked.setdefault(key, value)

    def all_at_once(self, works: list[Callable[[Naive], Any]]) -> list[Any]:
        """What all parts come to, answers or failures, when the last has ended; raises a mistake at once."""
        begun = [self.start(work) for work in works]
        strands = [strand for _, strand in begun]
        try:
            while waiting := [strand for strand in strands if not strand.ended]:
                self.time.wait_for(self.strand, waiting)
                for strand in strands:
                    if strand.error is not None and not moves_on(strand.error):
                        raise strand.error
        finally:
            self.time.stop(self.strand, strands)
            self.take_in([part for part, _ in begun])
        return [strand.error or strand.value for strand in strands]

    def hedge(self, node: ast.Hedge, around: Around) -> Answer:
        quiet = replace(around, streams=False)
        first = self.start(lambda part: part.answer(node.first, quiet))
        slow = self.time.timer(float(node.after.value_s))
        begun, strands = [first], [first[1], slow]
        try:
            self.time.wait_for(self.strand, strands)
            if not first[1].ended:
                second = self.start(lambda part: part.answer(node.second, quiet))
                begun.append(second)
                strands.append(second[1])
                return self.sooner(first[1], second[1])
        finally:
            self.time.stop(self.strand, strands)
            self.take_in([part for part, _ in begun])
        if moves_on(first[1].error):
            return self.answer(node.second, around)
        answer: Answer = first[1].outcome
        return answer

    def sooner(self, first: Strand, second: Strand) -> Answer:
        """The first answer of two; a mistake of either is the end, else they have failed as the second did."""
        waiting = [first, second]
        while waiting:
            self.time.wait_for(self.strand, waiting)
            for strand in [strand for strand in waiting if strand.ended]:
                waiting.remove(strand)
                if not moves_on(strand.error):
                    answer: Answer = strand.outcome
                    return answer
        raise second.error or AssertionError

    def vote(self, node: ast.Vote, around: Around) -> Answer:
        """The final answer that most give, or that scores best; the one that stands first of equals."""
        paid = {} if node.by is None else self.truth.paid_uses(node.by, around.path)
        inside = replace(
            around,
            streams=False,
            gates=(*around.gates, *((call, around) for call in paid.values())),
            logprobs=self.needed(node.by, around),
        )
        came_to = self.all_at_once([partial(answered, strategy=member, around=inside) for member in node.members])
        groups: dict[str, list[Answer]] = {}
        for one in came_to:
            if isinstance(one, Answer):
                groups.setdefault(final_answer(one.reply.text), []).append(one)
        if not groups:
            raise came_to[-1]
        scores: list[float | None] = [None] * len(groups)
        if node.by is not None and len(groups) > 1:
            try:
                for at, (first, *_) in enumerate(groups.values()):
                    scores[at] = self.weigh(first, node.by, around)
            except Failing as failing:
                if failing.kind != "over_budget":
                    raise
        ranked = zip(groups.values(), map(rank, scores), strict=True)
        chosen, _ = max(ranked, key=lambda one: (one[1], len(one[0])))
        return chosen[0]

    def shadow(self, node: ast.Shadow, around: Around) -> Answer:
        """As without it; the other strategy is remembered, for when the run has ended."""
        if self.dealt(node, None) < (1.0 if node.share is None else float(node.share.value)):
            self.shadows.append(Shadowed(node.beside, replace(around, gates=(), streams=False)))
        return self.answer(node.live, around)

    def begin_shadows(self) -> None:
        """Run what was to run beside this run, as runs of their own."""
        for shadowed in self.shadows:
            self.world.beside.append(self.time.begin(partial(copy.copy(self).as_shadow, shadowed)))

    def as_shadow(self, shadowed: Shadowed, strand: Strand) -> None:
        self.strand = strand
        self.begin()

        def judged() -> Answer:
            for limit in shadowed.around.limits:  # only dollars are left to keep to
                limit.until_s = None
            answer = self.answer(shadowed.strategy, shadowed.around)
            if shadowed.gate is not None and answer.outcome == "unchecked":
                self.judge(answer, *shadowed.gate, None)
            return answer

        self.world.recorded.append(("shadow", self.ended(judged)))
        self.begin_shadows()

    # ---- Kept answers -------------------------------------------------------------------------------------------

    def cached(self, node: ast.Cached, around: Around) -> Answer:
        """What was answered before, or what somebody else is being answered just now, or an answer to keep."""
        key = key_of_request(self.checked, node, around, self.query, self.seed)
        while True:
            kept = self.world.young(key, float(node.ttl.value_s))
            if kept is not None:
                self.world.seen.add("kept")
                return kept
            flight = self.world.flights.get(key)
            if flight is None:
                return self.ask_for_all(node, around, key)
            answer = self.wait_for_another(flight, around)
            if answer is not None:
                return answer

    def ask_for_all(self, node: ast.Cached, around: Around, key: str) -> Answer:
        """Have it answered, for whoever asks the same meanwhile, too."""
        flight = self.world.flights[key] = Flight(self)
        flight.part, flight.strand = self.start(lambda part: part.fly(node, around, key, flight))
        try:
            self.time.wait_for(self.strand, [flight.strand])
        except Beaten:
            if flight.waiting:
                flight.orphaned = True  # it goes on for the others, as a run of its own
                self.world.beside.append(self.time.begin(partial(flight.part.goes_on, flight.strand)))
            else:
                self.land(flight, key)
                self.time.stop(self.strand, [flight.strand])
                self.take_in([flight.part])
            raise
        self.take_in([flight.part])
        answer: Answer = flight.strand.outcome
        return answer

    def fly(self, node: ast.Cached, around: Around, key: str, flight: Flight) -> Answer:
        met = sum(limit.met for limit in around.limits)
        good = False
        try:
            answer, alike = self.meant(node, around)
            if answer is None:
                answer = self.answer(node.strategy, around)
                self.keep(node, key, answer, alike)
            good = answer.outcome != "failed"
            flight.outcome = copied(answer, None)
        except Failing as failing:
            flight.outcome = failing.kind
            raise
        finally:
            flight.limited = not good and sum(limit.met for limit in around.limits) > met
            self.land(flight, key)
        return answer

    def keep(self, node: ast.Cached, key: str, answer: Answer, alike: Any) -> None:
        """Keep what is accepted, or not checked; an answer that was kept further inside stays as old as it is."""
        made_s = self.time.at_s if answer.made_s is None else answer.made_s
        if answer.outcome != "failed" and made_s + float(node.ttl.value_s) > self.time.at_s:
            self.world.kept[key] = Kept(copied(answer, None), made_s, alike)

    def meant(self, node: ast.Cached, around: Around) -> tuple[Answer | None, Any]:
        """An answer to a query that means the same, and what this one can be found by."""
        text = self.query.text
        if node.similar is None or not text.strip():
            return None, None
        group = key_of_request(self.checked, node, around, self.query, self.seed, meant=True)
        vector = self.world.vectors[text]
        near = self.world.nearest(group, vector, float(node.ttl.value_s))
        if near is None or near[1] < float(node.similar.value):
            return None, (group, vector)
        self.world.seen.add("meant the same")
        return self.world.young(near[0], float(node.ttl.value_s)), (group, vector)

    def land(self, flight: Flight, key: str) -> None:
        if self.world.flights.get(key) is flight:
            del self.world.flights[key]

    def wait_for_another(self, flight: Flight, around: Around) -> Answer | None:
        """What another comes to with the same request; nothing where that hung on limits of its own."""
        assert flight.strand is not None
        cut = around.soonest()
        late = [] if cut is None else [self.time.timer(cut.until_s - self.time.at_s)]
        flight.waiting += 1
        try:
            self.time.wait_for(self.strand, [flight.strand, *late])
        finally:
            flight.waiting -= 1
            self.time.stop(self.strand, late)
            if flight.orphaned and not flight.waiting:
                self.time.stop(self.strand, [flight.strand])
        self.world.seen.add("waited")
        if not flight.strand.ended:
            raise Failing("over_budget", cut)
        if flight.limited:
            return None
        if isinstance(flight.outcome, str):
            raise Failing(flight.outcome)
        return copied(flight.outcome, self.time.at_s if flight.outcome.made_s is None else None)

    def goes_on(self, work: Strand, strand: Strand) -> None:
        """Record a part of a run that was cancelled, which goes on for others."""
        while not work.ended:
            self.time.wait_for(strand, [work])
        self.world.recorded.append(("cached", self.ended(lambda: work.outcome)))
        self.begin_shadows()


class Shadowed:
    """A strategy that is to run once the run has ended, and what is to judge its answer."""

    def __init__(self, strategy: ast.Strategy, around: Around) -> None:
        self.strategy = strategy
        self.around = around
        self.gate: tuple[ast.Expr, Around] | None = None


def answered(part: Naive, *, strategy: ast.Strategy, around: Around) -> Any:
    """An answer of a strategy."""
    return part.answer(strategy, around)


def share_of(split: ast.Split, drawn: float) -> int:
    """Which share a draw from 0 to 1 falls to."""
    total = 0.0
    for number, share in enumerate(split.shares):
        total += float(share.share.value)
        if drawn < total:
            return number
    return max(number for number, share in enumerate(split.shares) if share.share.value)


def rank(score: float | None) -> float:
    return float("-inf") if score is None else score
