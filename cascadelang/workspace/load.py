"""From a path to a graph that can run.

Takes: the path of a policy file, or of a graph that `compile` printed. Gives: a `Loaded`. Guarantees: a graph is only
given for a file without errors, unproved requirements and what rules count as errors included; rules that only warn
cost nothing until someone asks what they say; no model is called and no key is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from cascadelang.source import DiskFiles, FileMissing, Files, MemoryFiles, SourceFile
from cascadelang.source.frozen import dataclass
from cascadelang.workspace.mistake import Mistake, PolicyError, nearest

if TYPE_CHECKING:
    from datetime import date

    from cascadelang.diagnostics.model import Diagnostic, Severity
    from cascadelang.graph.model import Graph
    from cascadelang.lint.engine import Allowed, Findings
    from cascadelang.lint.levels import Levels
    from cascadelang.lint.subject import Subject
    from cascadelang.semantics.checked import CheckedPolicy


_LATER = "not-supported-yet"
"""What is told of forms that parse and are checked, and that this version can't run."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A policy file that was checked, and its graph when it has no errors.

    Attributes:
        checked: what checking found out.
        diagnostics: everything found, unproved requirements included.
        graph: ``None`` when there are errors, or nobody needed it.
        allowed: what comments in the files silence.
        subject: what rules look at; ``None`` where errors of the language keep them from it.
    """

    checked: CheckedPolicy
    diagnostics: tuple[Diagnostic, ...]
    graph: Graph | None
    allowed: tuple[Allowed, ...] = ()
    subject: Subject | None = None

    @property
    def sources(self) -> Mapping[str, SourceFile]:
        """The text of each file that takes part, by path."""
        found = {path: module.source for path, module in self.checked.modules.items()}
        lock = self.checked.lock_source
        return found if lock is None else {**found, lock.path: lock}


@dataclass(frozen=True)
class Loaded:
    """A policy that can run.

    Attributes:
        path: of the file, as it was given.
        graph: what runs.
        checked: what checking found out; ``None`` for a graph file.
        files: where files were read from.
        subject: what rules look at; ``None`` for a graph file.
        levels: what each rule counts as; ``None`` is what it says itself.
        unproved: the errors it has all the same, where it was loaded to be looked at.
    """

    path: str
    graph: Graph
    checked: CheckedPolicy | None = None
    files: Files = field(default_factory=DiskFiles)
    subject: Subject | None = None
    levels: Levels | None = None
    unproved: tuple[Diagnostic, ...] = ()

    @property
    def sources(self) -> Mapping[str, SourceFile]:
        """The text of each file that takes part, by path; none for a graph file."""
        return {} if self.checked is None else {p: module.source for p, module in self.checked.modules.items()}

    @property
    def error(self) -> PolicyError | None:
        """What is wrong with a policy that was loaded to be looked at, as it would have been raised."""
        return PolicyError(self.path, self.unproved, self.sources) if self.unproved else None

    @cached_property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What doesn't stop it; looked for when it is first asked for.

        Raises:
            Mistake: when a rule of another package fails.
        """
        if self.checked is None or self.subject is None:
            return ()
        from cascadelang.semantics.check import in_order

        found = (*self.checked.diagnostics, *_rules(self.subject, self.levels).diagnostics)
        return in_order(self.checked.path, self.checked.modules, (d for d in found if d.severity == "warning"))


def prove(
    path: str,
    files: Files | None = None,
    *,
    needs_graph: bool = False,
    levels: Levels | None = None,
    only: Severity | None = None,
    locked: bool = False,
) -> Proved:
    """Check a policy file, prove what it requires, and let the rules look at it.

    What is wrong with it is in the diagnostics. A file with errors of the language isn't looked at by rules, but for
    one that only says what this version can't run: of that, the rules that need no graph speak.

    Args:
        path: the file.
        files: where it is read from.
        needs_graph: give the graph, too; without it, a file of which neither limits nor rules need it isn't compiled.
        levels: what each rule counts as; ``None`` is what it says itself.
        only: look only at the rules that count as this.
        locked: tell, too, where the lock beside the file is out of date, or that there is none.

    Raises:
        Mistake: when a file that was checked can't be compiled: beyond the limits of a graph, say; or when a rule of
            another package fails.
    """
    from cascadelang.catalog.models import find
    from cascadelang.semantics.check import check, in_order
    from cascadelang.workspace.catalog import InstalledCatalog

    files = files or DiskFiles()
    checked = check(path, files, InstalledCatalog(), find)
    if checked.path not in checked.modules or any(
        d.name != _LATER for d in checked.diagnostics if d.severity == "error"
    ):
        return Proved(checked, checked.diagnostics, None)
    from cascadelang.graph.errors import GraphError
    from cascadelang.lint.subject import Subject

    subject = Subject(checked, today=today, known_models=find)
    if not checked.ok:
        said = _rules(subject, levels, only, graph=False)
        found = in_order(checked.path, checked.modules, (*checked.diagnostics, *said.diagnostics))
        return Proved(checked, found, None, said.allowed)
    proofs: tuple[Diagnostic, ...] = ()
    try:
        if _has_limits(checked):
            proofs = _proofs(subject)
        findings = _rules(subject, levels, only)
        if locked:
            from cascadelang.workspace.lock import stale

            proofs = (*proofs, *stale(checked, subject.graph, files))
        graph = subject.graph if needs_graph else None
    except GraphError as error:
        raise Mistake(f"`{path}` can't be compiled: {error}") from None
    found = in_order(checked.path, checked.modules, (*checked.diagnostics, *proofs, *findings.diagnostics))
    wrong = any(d.severity == "error" for d in found)
    return Proved(checked, found, None if wrong else graph, findings.allowed, subject)


def _proofs(subject: Subject) -> tuple[Diagnostic, ...]:
    """What is wrong with the limits that the file sets and requires."""
    graph = subject.graph
    if not graph.requirements and not any(node.kind == "within" for node in graph.nodes.values()):
        return ()
    from cascadelang.graph.requirements import check_requirements

    found = check_requirements(graph, subject.bounds, subject.measure)
    if found and subject.checked.lock is not None:
        from cascadelang.graph.repriced import blame_prices

        return blame_prices(found, graph, subject.checked.lock)
    return found


def _rules(subject: Subject, levels: Levels | None, only: Severity | None = None, *, graph: bool = True) -> Findings:
    """What the rules say; ``graph``: whether there is one to look at."""
    from cascadelang.lint.engine import look
    from cascadelang.lint.levels import EVERYTHING
    from cascadelang.lint.table import RuleFaultError

    try:
        return look(subject, levels or EVERYTHING, only=only, graph=graph)
    except RuleFaultError as error:
        raise Mistake(str(error), "take the package out, or its rule: `[rules]` in cascadelang.toml") from None


def today() -> date:
    """The day."""
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def _has_limits(checked: CheckedPolicy) -> bool:
    """Whether a file may say ``require`` or ``within``: what the graph is needed for to prove."""
    texts = [module.source.text for module in checked.modules.values()]
    return any(word in text for text in texts for word in ("require", "within"))


def load(path: str, files: Files | None = None, *, levels: Levels | None = None, to_look: bool = False) -> Loaded:
    """A policy that can run, from a policy file or a graph file (``.json``).

    Args:
        path: the file.
        files: where it is read from.
        levels: what each rule counts as; ``None`` is what the settings say for a file on disk, else what it says
            itself.
        to_look: it won't run: a policy that means something is given, even though a requirement doesn't hold or a
            rule's error stands against it. Those are in ``unproved``.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when the graph file or the settings can't be read.
    """
    if path.endswith(".json"):
        return Loaded(path, _graph_file(path, files or DiskFiles()), files=files or DiskFiles())
    if levels is None and not isinstance(files, MemoryFiles):
        from cascadelang.workspace.config import read

        levels = read(path).levels
    files = files or DiskFiles()
    proved = prove(path, files, needs_graph=True, levels=levels, only="error")
    if proved.graph is not None:
        return Loaded(path, proved.graph, proved.checked, files, proved.subject, levels)
    if to_look and proved.subject is not None and proved.checked.ok:
        errors = tuple(d for d in proved.diagnostics if d.severity == "error")
        return Loaded(path, proved.subject.graph, proved.checked, files, proved.subject, levels, errors)
    raise PolicyError(path, proved.diagnostics, proved.sources)


def _graph_file(path: str, files: Files) -> Graph:
    """The graph in a JSON file."""
    from cascadelang.graph.errors import GraphError
    from cascadelang.graph.json_form import from_json

    try:
        return from_json(files.read_bytes(path).decode("utf-8"))
    except FileMissing as error:
        raise Mistake(f"`{path}` can't be read: {error}") from None
    except UnicodeDecodeError:
        raise Mistake(f"`{path}` can't be read: it is not UTF-8 text") from None
    except GraphError as error:
        raise Mistake(f"`{path}` is not a graph that can run: {error}", "`cascadelang compile` prints one") from None


def policy_named(graph: Graph, name: str) -> str:
    """The name, if the graph has a policy of it.

    Raises:
        Mistake: if it hasn't, with the one that was probably meant.
    """
    if not isinstance(name, str):
        raise Mistake("the name of a policy must be a text", usage=True)
    if name in graph.policies:
        return name
    meant = nearest(name, list(graph.policies))
    names = ", ".join(f"`{n}`" for n in graph.policies)
    help_ = f"did you mean `{meant}`?" if meant else f"it has {names}" if names else "declare one: `policy main = …`"
    raise Mistake(f"`{graph.path}` has no policy `{name}`", help_, usage=True)
