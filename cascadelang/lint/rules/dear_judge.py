"""A judge that costs more than it can save."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.model import CascadeNode
from cascadelang.graph.wording import dollars, use_wording
from cascadelang.lint.gates import Gate, gates
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.lint.typical import MIDDLE, SIZES, Size, answer_costs, judging_cost
from cascadelang.source.frozen import dataclass

LEAST_RATE: Final = 0.25
"""Below this break-even rate of escalation it is told: cascades seldom escalate less than a quarter."""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a rung costs and can save at one size, in dollars.

    Attributes:
        answer: of the rung's cheapest model.
        judging: the rung's judges, each asked once.
        beyond: all the rungs above, each at its dearest, with their judges.
        free: whether free checks stand beside the judges, which may keep them from being asked.
    """

    answer: float
    judging: float
    beyond: float
    free: bool

    @property
    def rate(self) -> float:
        """The share of answers turned down at which the rung neither saves nor costs; negative when it can't save."""
        if not self.beyond:
            return -1.0
        rates = [1 - (self.answer + self.judging) / self.beyond]
        if self.free and self.beyond > self.judging:
            rates.append(1 - self.answer / (self.beyond - self.judging))  # free checks turn all bad answers down
        if self.free:
            rates.append((self.beyond - self.answer) / (self.beyond + self.judging))  # or let all good ones through
        return max(rates)


Sums = tuple[float, float, float]
"""What a rung's answer costs, what judging it costs, and what all rungs above it cost."""

Known = dict[str, dict[Size, list[Sums | None]]]
"""The sums of all rungs, by cascade and size."""


class DearJudge(Rule):
    """See its code."""

    code = Code(
        "dear-judge",
        "warning",
        "a judge that costs more than the rung can save",
        "A rung whose answer costs `a` and whose judges cost `j`, below rungs that cost `c`, costs `a + j + p * c` "
        "a query when the share `p` of its answers is turned down, and without it a query costs `c`. So it saves "
        "only while `p < 1 - (a + j) / c`, the break-even rate (the cost of a cascade as in Chen, Zaharia and Zou, "
        "FrugalGPT, arXiv:2305.05176). It is told when that rate is under 25% for queries of 200, 1,000 and 4,000 "
        "tokens with answers of 200, 400 and 800, or what `max_tokens` allows; a judge reads both and its rubric. "
        "Where free checks stand beside the judge, the most favourable case is counted: that they settle all they "
        "can.",
        "The cascade costs more than asking the better model right away, and takes longer.",
        (
            'use "std/anthropic"\n'
            'policy main = cascade [sonnet, opus] until judge(opus, "is every claim supported?") >= 0.8\n'
        ),
        (
            'use "std/anthropic"\n'
            'policy main = cascade [sonnet, opus] until judge(haiku, "is every claim supported?") >= 0.8\n'
        ),
        more_good=(
            'use "std/anthropic"\npolicy main = cascade [haiku, opus] until judge(sonnet, "is it right?") >= 0.8\n',
            # what a judge reads of an answer is no more than a model writes
            (
                'use "std/anthropic"\nmodel terse = anthropic("claude-haiku-5-5") { max_tokens: 10 }\n'
                'model critic = openai("critic") { price: $2.4 / $10, can: [json] }\n'
                'policy main = cascade [terse, sonnet] until judge(critic, "is it right?") >= 0.8\n'
            ),
            # most answers are settled by what is free
            (
                'use "std/anthropic"\n'
                'policy main = cascade [haiku, opus] until json or judge(opus, "is it right?") >= 0.8\n'
            ),
        ),
    )
    words = ("judge", "cascade")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a cascade: at its first such rung."""
        told: set[str] = set()
        known: Known = {}
        for gate in gates(subject):
            if gate.is_last or gate.node.id in told:
                continue
            found = self._rung(gate, subject, known)
            if found is not None:
                told.add(gate.node.id)
                yield found

    def _rung(self, gate: Gate, subject: Subject, known: Known) -> Diagnostic | None:
        judges = [use for use in subject.measure.gate(gate.node, gate.rung) if use.entry == "judge"]
        if not judges:
            return None
        if gate.node.id not in known:
            known[gate.node.id] = {size: _sums(gate.node, subject, size) for size in SIZES}
        sums = {size: rungs[gate.rung] for size, rungs in known[gate.node.id].items()}
        free = any(use.calls == 0 for use in gate.checks)
        found = {size: None if one is None else Stakes(*one, free) for size, one in sums.items()}
        if any(stakes is None or not stakes.judging or stakes.rate >= LEAST_RATE for stakes in found.values()):
            return None
        stakes = found[MIDDLE]
        assert stakes is not None  # noqa: S101 - looked at above
        judge = use_wording(judges[0])
        above = "the rungs above cost" if len(gate.node.rungs) - gate.rung > 2 else "the rung above costs"
        answers = subject.answering[gate.node.rungs[gate.rung].node]
        written = min([MIDDLE.answer, *(subject.graph.models[name].max_tokens for name in answers)])
        for_query = f"for a query of {MIDDLE.query:,} tokens and an answer of {written}"
        said = (
            f"{for_query}, the answer costs about {dollars(stakes.answer)}, judging it {dollars(stakes.judging)}; "
            f"{above} {dollars(stakes.beyond)}"
        )
        rate = int(stakes.rate * 100)
        message = (
            f"`{judge}` pays only while fewer than {rate}% of the answers are turned down"
            if stakes.rate > 0.005
            else f"`{judge}` costs more than the rung can save, however few answers are turned down"
        )
        return self.found(
            message,
            subject.span(judges[0].place),
            related=(Label(gate.source.rungs[gate.rung].span, "the rung it judges"),),
            help="let a cheaper model judge, ask free checks instead, or leave this rung out",
            notes=(said,),
        )


def _sums(node: CascadeNode, subject: Subject, size: Size) -> list[Sums | None]:
    """For each rung what goes into its `Stakes`; ``None`` when a price isn't known."""
    last = [0.0] if node.otherwise_node is None else answer_costs(subject, node.otherwise_node, size)
    beyond = None if last is None else max(last)
    found: list[Sums | None] = []
    for number in reversed(range(len(node.rungs))):
        own, judging = answer_costs(subject, node.rungs[number].node, size), _judging(number, node, subject, size)
        if own is None or judging is None or beyond is None:
            return [*[None] * (number + 1), *found[::-1]]
        found.append((min(own), judging, beyond))
        beyond += max(own) + judging
    return found[::-1]


def _judging(rung: int, node: CascadeNode, subject: Subject, size: Size) -> float | None:
    """What the judges of a rung cost, which read no more than its models write; other paid checks aren't counted."""
    graph = subject.graph
    written = [graph.models[name].max_tokens for name in subject.answering[node.rungs[rung].node]]
    read = Size(size.query, min([size.answer, *written]))
    costs = [judging_cost(graph, use, read) for use in subject.measure.gate(node, rung) if use.entry == "judge"]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


RULE = DearJudge()
