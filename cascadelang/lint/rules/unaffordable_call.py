"""A limit in money that a call inside can never fit."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.graph.bounds import Point
from cascadelang.graph.model import CallNode, WithinNode
from cascadelang.graph.wording import count, dollars
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class UnaffordableCall(Rule):
    """See its code."""

    code = Code(
        "unaffordable-call",
        "warning",
        "a call that the `within` around it never has room for",
        "Before every call, `within` asks what it can cost at most: with `max_tokens` of answer, and with all its "
        "retries. This call can cost more than the whole limit even when the query is empty and nothing was spent "
        "before, so it is never made. A limit under which no call at all can be made is `within-too-small`.",
        "The model stands in the policy and answers nobody: a rung that is never asked, or an arm whose queries "
        "always end in `over_budget`.",
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet, opus] until json within $0.05\n',
        'use "std/anthropic"\npolicy main = cascade [haiku, sonnet, opus] until json within $0.20\n',
        more_bad=(
            'use "std/anthropic"\npolicy main = (route has_code -> opus else haiku) within $0.05\n',
            'use "std/anthropic"\nuse "std/openai"\npolicy main = fallback [luna, opus retry 2] within $0.10\n',
        ),
        more_good=(
            (
                'use "std/anthropic"\n'
                "policy main = cascade [haiku, sonnet, opus with { max_tokens: 2k }] until json within $0.05\n"
            ),
            'use "std/anthropic"\npolicy main = route has_code -> opus else (haiku within $0.05)\n',
        ),
    )
    words = ("within",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a limit, with the calls that it never has room for."""
        from cascadelang.graph.cheapest import cheapest_first_calls
        from cascadelang.graph.requirements import TOLERANCE

        measure, graph = subject.measure, subject.graph
        around: dict[Point, tuple[WithinNode, ...]] = {}
        never: dict[str, dict[str, Point]] = {}
        for point in reversed(measure.points):  # what is around comes first
            node, limits = graph.nodes[point[0]], around.get(point, ())
            if isinstance(node, WithinNode) and node.cost_usd is not None and node not in limits:
                limits = (*limits, node)
            for child in measure.below(point) if limits else ():
                around[child] = (*around.get(child, ()), *(one for one in limits if one not in around.get(child, ())))
            most = measure.points[point].cost_most
            if isinstance(node, CallNode) and most is not None:
                tightest = min(limits, key=lambda limit: limit.cost_usd or 0.0, default=None)
                if tightest is not None and most.at(0) > (tightest.cost_usd or 0.0) * (1 + TOLERANCE):
                    never.setdefault(tightest.id, {}).setdefault(node.model, point)
        first = cheapest_first_calls(measure) if never else {}
        for id_, calls in never.items():
            limit = graph.nodes[id_]
            starts = [call for (at, _), call in first.items() if at == id_]
            if not isinstance(limit, WithinNode) or limit.cost_usd is None:
                continue
            if all(call is not None and call.cost_usd > limit.cost_usd * (1 + TOLERANCE) for call in starts):
                continue  # lets nothing through, which is an error of its own
            yield self._found(limit, calls, subject)

    def _found(self, limit: WithinNode, found: dict[str, Point], subject: Subject) -> Diagnostic:
        places = {model: subject.span(subject.graph.nodes[point[0]].place) for model, point in found.items()}
        calls = dict(sorted(found.items(), key=lambda item: (places[item[0]].path, places[item[0]].start)))
        measured = {model: subject.measure.points[point] for model, point in calls.items()}
        costs = {model: one.cost_most.at(0) for model, one in measured.items() if one.cost_most is not None}
        dearest = max(costs, key=lambda model: costs[model])
        said = f"`within {dollars(limit.cost_usd or 0.0)}`"
        notes = []
        for model, one in measured.items():
            tries = "" if one.calls_most in (None, 1) else f"{count(one.calls_most or 1, 'attempt')} with "
            notes.append(
                f"a call of `{model}` can cost {dollars(costs[model])}: {tries}up to {one.answer_tokens:,} tokens of "
                "answer"
            )
        return self.found(
            f"{said} never has room for {' and '.join(f'`{model}`' for model in calls)}",
            subject.suffix_span(limit),
            label="checked before each call, against the most that it can cost",
            help=f"allow more than {dollars(costs[dearest])}, or lower the `max_tokens` of `{dearest}`",
            notes=tuple(notes),
            related=tuple(Label(places[model], "never asked") for model in calls),
        )


RULE = UnaffordableCall()
