"""Runs the rules over a policy, each at most once, and lets its comments silence what they find.

Takes: a `Subject` and `Levels`. Gives: `Findings`. Guarantees: a rule that is off, or whose words stand nowhere in
the policy's files and its lock, isn't imported; what is silenced is handed on, with its reason; a rule of another
package that fails is told as `RuleFaultError`, one of ours is a bug and raises as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cascadelang.diagnostics.model import Diagnostic, Severity
from cascadelang.lint.levels import EVERYTHING, Levels
from cascadelang.lint.subject import Subject
from cascadelang.lint.table import Entry, RuleFaultError, rule, table
from cascadelang.source.frozen import dataclass

_MARKS: Final = "cl:|CL:|Cl:|cL:"
"""What begins a comment that allows something; in capitals it doesn't, and that is told."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding that a comment silences, and why."""

    diagnostic: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules say, in no order of places."""

    diagnostics: tuple[Diagnostic, ...]
    allowed: tuple[Allowed, ...] = ()


def look(
    subject: Subject, levels: Levels = EVERYTHING, *, only: Severity | None = None, graph: bool = True
) -> Findings:
    """Everything the rules find in a policy.

    Args:
        subject: the policy.
        levels: what each rule counts as.
        only: look only at the rules that count as this; comments that silence nothing aren't told then.
        graph: whether the policy can be compiled; if not, only rules that don't look at the graph are asked.

    Raises:
        RuleFaultError: when a rule of another package fails.
        GraphError: if a rule needs the graph, and the policy is beyond what a graph can be.
    """
    texts = [module.source.text for module in subject.checked.modules.values()]
    if subject.checked.lock_source is not None:
        texts.append(subject.checked.lock_source.text)
    stands: dict[str, bool] = {}

    def has(words: str) -> bool:
        if words not in stands:
            stands[words] = any(word in text for word in words.split("|") for text in texts)
        return stands[words]

    found: list[Diagnostic] = []
    looked_at: set[str] = set()
    for entry in table().values():
        level = levels.of(entry.name, entry.severity)
        if level is None or only not in (None, level) or (entry.needs_graph and not graph):
            continue
        looked_at.add(entry.name)
        if all(map(has, entry.words)):
            found += (d if d.severity == level else replace(d, severity=level) for d in _asked(entry, subject))
    found = list(dict.fromkeys(found))  # what several policies share is told once
    if not has(_MARKS):
        return Findings(tuple(found))
    return _silenced(found, subject, levels, frozenset(looked_at), told=only is None)


def _asked(entry: Entry, subject: Subject) -> Iterator[Diagnostic]:
    """What one rule finds."""
    one = rule(entry)
    if entry.module.startswith(__package__):
        yield from one.look(subject)
        return
    try:
        yield from one.look(subject)
    except Exception as error:
        raise RuleFaultError(f"the rule `{entry.name}` of another package failed: {error}") from error


def _silenced(
    found: list[Diagnostic], subject: Subject, levels: Levels, looked_at: frozenset[str], *, told: bool
) -> Findings:
    """The findings without those that a comment allows; ``told``: with what is wrong with the comments."""
    from cascadelang.lint.registry import OWN
    from cascadelang.lint.suppress import MARK, Allow, allows_of, complaints

    modules = subject.checked.modules
    read = {path: allows_of(module) for path, module in modules.items() if MARK in module.source.text.lower()}
    speaking: dict[tuple[str, str], list[Allow]] = {}
    for path, (allows, _) in read.items():
        for allow in allows:
            for name in dict.fromkeys(name for name, _ in allow.names):
                speaking.setdefault((path, name), []).append(allow)
    kept: list[Diagnostic] = []
    allowed: list[Allowed] = []

    def sift(diagnostics: list[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            path = diagnostic.span.path
            line = modules[path].source.position(diagnostic.span.start).line if path in read else 0
            by = [a for a in speaking.get((path, diagnostic.name), ()) if a.silences(diagnostic.name, line)]
            for allow in by:
                allow.used.add(diagnostic.name)
            if by:
                allowed.append(Allowed(diagnostic, by[0].reason))
            else:
                kept.append(diagnostic)

    sift(found)
    if told and subject.path in read:  # those of other files may be needed by whoever else uses these
        said = complaints(*read[subject.path], modules[subject.path].source, looked_at)
        severity = {name: levels.of(name, "warning") for name in OWN}
        sift([replace(d, severity=level) for d in said if (level := severity[d.name]) is not None])
    return Findings(tuple(kept), tuple(allowed))
