"""What changes in the models, signals, checks, tunes, requirements and alerts of two graphs.

Takes: a `Match`. Gives: a `Change` for each thing that differs. Guarantees: only what the policies reach is looked
at; a changed declaration is told once, however often it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from cascadelang.graph import model as g
from cascadelang.graph.diff.graft import old_value
from cascadelang.graph.diff.match import Kind, Match, tunes
from cascadelang.graph.diff.model import Area, Change, Revert
from cascadelang.graph.wording import literal_wording, price_wording, require_wording, seconds, wording

Ranges = Mapping[str, tuple[float, float]]
"""The ranges of declared tunes."""

_BOUNDED: Final = frozenset({"price", "max_tokens", "timeout_s", "retry", "system"})
"""Fields of a model that its bounds depend on."""


def declared(match: Match, old_ranges: Ranges, new_ranges: Ranges) -> Iterator[Change]:
    """Everything that changes in what names stand for."""
    yield from _tunes(match, old_ranges, new_ranges)
    yield from _conditions(match, "signal")
    yield from _conditions(match, "check")
    yield from _models(match)


def _renamed(kind: Kind, area: Area, match: Match) -> Iterator[Change]:
    for was, is_ in match.names[kind].items():
        if was != is_:
            yield Change(area, "renamed", f"{kind} {is_}", f"was called `{was}`", was, is_)


def _tunes(match: Match, old_ranges: Ranges, new_ranges: Ranges) -> Iterator[Change]:
    yield from _renamed("tune", "tune", match)
    old, new = tunes(match.old), tunes(match.new)
    for was, is_ in match.names["tune"].items():
        if old[was] != new[is_]:
            words = f"is {new[is_]:g}, it was {old[was]:g}"
            yield Change("tune", "changed", f"tune {is_}", words, f"{old[was]:g}", f"{new[is_]:g}")
        before, now = old_ranges.get(was), new_ranges.get(is_)
        if before is not None and now is not None and before != now:
            said = [f"{low:g} .. {high:g}" for low, high in (before, now)]
            words = f"may move in {said[1]}, it was {said[0]}"
            yield Change("tune", "changed", f"tune {is_}", words, said[0], said[1])
    for name in new:
        if name not in match.names["tune"].values():
            yield Change("tune", "added", f"tune {name}", f"is new: {new[name]:g}", None, f"{new[name]:g}")
    for name in old:
        if name not in match.names["tune"]:
            yield Change("tune", "removed", f"tune {name}", f"is gone, it was {old[name]:g}", f"{old[name]:g}", None)


def _conditions(match: Match, kind: Kind) -> Iterator[Change]:
    area: Area = "signal" if kind == "signal" else "check"
    olds: Mapping[str, Any] = match.old.signals if kind == "signal" else match.old.checks
    news: Mapping[str, Any] = match.new.signals if kind == "signal" else match.new.checks
    meaning = match.signal if kind == "signal" else match.check
    judged = kind == "check"
    yield from _renamed(kind, area, match)
    for was, is_ in match.names[kind].items():
        if meaning("old", was) == meaning("new", is_):
            continue
        before, now = (
            wording(olds[was].expr, match.old, judged=judged),
            wording(news[is_].expr, match.new, judged=judged),
        )
        revert = _condition_back(kind, is_, olds[was])
        if match.expr("old", olds[was].expr) != match.expr("new", news[is_].expr):
            words = f"is `{now}`, it was `{before}`"
            if before == now:
                words = f"is `{now}` as it was, with other arguments"
            yield Change(area, "changed", f"{kind} {is_}", words, before, now, revert)
        for before, now in _ends(olds[was], news[is_]):
            yield Change(area, "changed", f"{kind} {is_}", f"{now}, it was {before}", before, now)
    for name, each in news.items():
        if name not in match.names[kind].values() and not match.stands_in("old", meaning("new", name)):
            words = wording(each.expr, match.new, judged=judged)
            yield Change(area, "added", f"{kind} {name}", f"is new: `{words}`", None, words)
    for name, each in olds.items():
        if name not in match.names[kind] and not match.stands_in("new", meaning("old", name)):
            words = wording(each.expr, match.old, judged=judged)
            yield Change(area, "removed", f"{kind} {name}", f"is gone, it was `{words}`", words, None)


def _ends(was: Any, is_: Any) -> Iterator[tuple[str, str]]:
    """What a declared name counts as when it isn't known, and the labels it can have: words before and now."""
    if isinstance(was, g.NamedSignal):
        ends = ["unknown" if e.default is None else f"`{literal_wording(e.default)}`" for e in (was, is_)]
        if sorted(was.labels) != sorted(is_.labels):
            labels = [", ".join(each.labels) or "those of its value" for each in (was, is_)]
            yield labels[0], f"has the labels {labels[1]}"
        words = f"counts as {ends[1]} when it can't be known"
    else:
        ends = ["passed" if each.else_pass else "failed" for each in (was, is_)]
        words = f"counts as {ends[1]} when it can't be made"
    if ends[0] != ends[1] or getattr(was, "default", None) != getattr(is_, "default", None):
        yield ends[0], words


def _condition_back(kind: Kind, name: str, was: Any) -> Revert:
    old = replace(was, name=name, expr=old_value(was.expr, frozenset()))
    if kind == "signal":
        return lambda graph: replace(graph, signals={**graph.signals, name: old})
    return lambda graph: replace(graph, checks={**graph.checks, name: old})


def _models(match: Match) -> Iterator[Change]:
    yield from _renamed("model", "model", match)
    for was, is_ in match.names["model"].items():
        old, new = match.old.models[was], match.new.models[is_]
        where = f"model {is_}"
        yield from _provider(match, old, new, where)
        for field in fields(g.ModelSpec):
            before, now = getattr(old, field.name), getattr(new, field.name)
            if field.name in ("name", "provider", "place") or before == now:
                continue
            said = [_said(field.name, value) for value in (before, now)]
            words = f"has {_label(field.name)} {said[1]}, it was {said[0]}"
            if field.name == "id":
                words = f"is {said[1]}, it was {said[0]}"
            if field.name == "price":
                words = f"costs {said[1]}, it was {said[0]}"
            revert = _model_back(is_, field.name, before) if field.name in _BOUNDED else None
            yield Change("model", "changed", where, words, said[0], said[1], revert)


def _provider(match: Match, old: g.ModelSpec, new: g.ModelSpec, where: str) -> Iterator[Change]:
    was, is_ = match.old.providers[old.provider], match.new.providers[new.provider]
    if was.kind != is_.kind:
        yield Change("model", "changed", where, f"is served by {is_.kind}, it was {was.kind}", was.kind, is_.kind)
        return
    for name in dict.fromkeys((*was.settings, *is_.settings)):
        before, now = was.settings.get(name), is_.settings.get(name)
        if before != now:
            said = [literal_wording("" if value is None else value) for value in (before, now)]
            words = f"has {name} `{said[1]}` at its provider, it was `{said[0]}`"
            yield Change("model", "changed", where, words, said[0], said[1])
    if was.key_env != is_.key_env:
        words = f"takes its key from `{is_.key_env}`, it was `{was.key_env}`"
        yield Change("model", "changed", where, words, was.key_env, is_.key_env)


def _model_back(name: str, field: str, value: Any) -> Revert:
    return lambda graph: replace(graph, models={**graph.models, name: replace(graph.models[name], **{field: value})})


def _label(field: str) -> str:
    return f"`{field.removesuffix('_s')}`"


def _said(field: str, value: Any) -> str:
    if field == "price":
        return price_wording(value)
    if value in (None, "", []):
        return "none"
    if field.endswith("_s"):
        return seconds(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"`{literal_wording(value)}`" if isinstance(value, str) else literal_wording(value)


def requirements(match: Match) -> Iterator[Change]:
    """What is required of the policies, and isn't any more."""
    olds, news = _required(match.old), _required(match.new)
    for key, now in news.items():
        before = olds.get(key)
        what = f"requires `{require_wording(now)}`{_for_input(now)}"
        if before is None:
            yield Change("requirement", "added", now.policy, f"{what}, which is new", None, require_wording(now))
        elif (before.op, before.limit) != (now.op, now.limit):
            said = require_wording(before)
            yield Change("requirement", "changed", now.policy, f"{what}, it was `{said}`", said, require_wording(now))
    for key, before in olds.items():
        if key not in news:
            said = require_wording(before)
            words = f"doesn't require `{said}`{_for_input(before)} any more"
            yield Change("requirement", "removed", before.policy, words, said, None)


def alerts(match: Match) -> Iterator[Change]:
    """What is told of recorded runs, and isn't any more. Alerts are told apart by their words."""
    olds, news = ({alert.words: alert for alert in graph.alerts} for graph in (match.old, match.new))
    for words, now in news.items():
        before = olds.get(words)
        said = _alert_said(now)
        if before is None:
            yield Change("alert", "added", words, f"is new: {said}", None, said)
        elif (before.condition, before.over) != (now.condition, now.over):
            was = _alert_said(before)
            yield Change("alert", "changed", words, f"holds {said}, it was {was}", was, said)
    for words, before in olds.items():
        if words not in news:
            was = _alert_said(before)
            yield Change("alert", "removed", words, f"is gone, it was {was}", was, None)


def _alert_said(alert: g.GraphAlert) -> str:
    return f"`when {alert.said} over {alert.over:,} queries`"


def _required(graph: g.Graph) -> dict[tuple[Any, ...], g.Requirement]:
    return {(r.policy, r.what, r.op.strip("=") or "=", r.input_tokens): r for r in graph.requirements}


def _for_input(requirement: g.Requirement) -> str:
    return f" for input <= {requirement.input_tokens:,}" if requirement.input_tokens else ""
