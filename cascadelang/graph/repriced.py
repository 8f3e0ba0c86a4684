"""Requirements that a changed price breaks.

Takes: a graph with today's prices, the lock with those it was reviewed at, and what `check_requirements` found.
Gives: the same findings, where a requirement on the cost holds at the locked prices and not at today's told as that.
Guarantees: nothing else is changed, and each finding stays one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.bounds import PLAIN, Measure, bounds
from cascadelang.graph.model import Graph, Requirement
from cascadelang.graph.requirements import check_requirements, most_of, span_of
from cascadelang.graph.wording import dollars, require_wording
from cascadelang.lock.compare import price_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascadelang.contracts.price import Price
    from cascadelang.lock.model import Lock


def blame_prices(found: Sequence[Diagnostic], graph: Graph, lock: Lock) -> tuple[Diagnostic, ...]:
    """The findings, with those that only a changed price explains told as `price-breaks-requirement`."""
    costs = {span_of(r.place): r for r in graph.requirements if r.what == "cost" and r.op in ("<", "<=", "==")}
    broken = [d for d in found if d.name == "unproved-requirement" and d.span in costs]
    changed = _changed(graph, lock) if broken else {}
    if not changed:
        return tuple(found)
    locked = {name: replace(graph.models[name], price=price) for name, price in changed.items()}
    then = replace(graph, models={**graph.models, **locked})
    still = {d.span for d in check_requirements(then, bounds(then))}
    blamed = [d for d in broken if d.span not in still]
    if not blamed:
        return tuple(found)
    measure = Measure(graph)
    told = {d.span: _told(d, costs[d.span], measure, changed, lock) for d in blamed}
    return tuple(told.get(d.span, d) if d in blamed else d for d in found)


def _changed(graph: Graph, lock: Lock) -> dict[str, Price | None]:
    """The locked prices of the models that had another one; a model that is another one now isn't among them."""
    return {
        name: held.price
        for name, spec in graph.models.items()
        if (held := lock.models.get(name)) is not None and held.id == spec.id and held.price != spec.price
    }


def _told(
    found: Diagnostic, requirement: Requirement, measure: Measure, changed: dict[str, Price | None], lock: Lock
) -> Diagnostic:
    models = measure.graph.models
    said = f"`{requirement.policy}` {require_wording(requirement)}"
    most = most_of(requirement, measure.points[(requirement.node, PLAIN)])
    can = f"it can cost {dollars(most)}" if most is not None else "it can't be proved"
    pairs = {n: (price_words(p, models[n].price), price_words(models[n].price, p)) for n, p in changed.items()}
    if len(changed) == 1:
        [(name, (then, today))] = pairs.items()
        words = f"{said} was proved at {then} for `{name}` on {lock.locked}; at today's {today} {can}"
        notes: list[str] = []
    else:
        words = f"{said} was proved at the prices of {lock.locked}; at today's {can}"
        notes = [f"`{name}` was {then} and is {today}" for name, (then, today) in pairs.items()]
    help_ = f"{found.help}; prices are dollars per million tokens in and out" if found.help else ""
    return replace(found, name="price-breaks-requirement", message=words, help=help_, notes=(*notes, *found.notes))
