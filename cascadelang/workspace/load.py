"""From a path to a graph that can run.

Takes: the path of a policy file, or of a graph that `compile` printed. Gives: a `Loaded`. Guarantees: a graph is only
given for a file without errors, unproved requirements included; no model is called and no key is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cascadelang.source import DiskFiles, FileMissing, Files, SourceFile
from cascadelang.workspace.mistake import Mistake, PolicyError, nearest

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic
    from cascadelang.graph.model import Graph
    from cascadelang.semantics.checked import CheckedPolicy


@dataclass(frozen=True, slots=True)
class Proved:
    """A policy file that was checked, and its graph when it has no errors.

    Attributes:
        checked: what checking found out.
        diagnostics: everything found, unproved requirements included.
        graph: ``None`` when there are errors, or nobody needed it.
    """

    checked: CheckedPolicy
    diagnostics: tuple[Diagnostic, ...]
    graph: Graph | None

    @property
    def sources(self) -> Mapping[str, SourceFile]:
        """The text of each file that takes part, by path."""
        return {path: module.source for path, module in self.checked.modules.items()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy that can run.

    Attributes:
        path: of the file, as it was given.
        graph: what runs.
        checked: what checking found out; ``None`` for a graph file.
        warnings: diagnostics that don't stop it.
        files: where files were read from.
    """

    path: str
    graph: Graph
    checked: CheckedPolicy | None = None
    warnings: tuple[Diagnostic, ...] = ()
    files: Files = field(default_factory=DiskFiles)


def prove(path: str, files: Files | None = None, *, needs_graph: bool = False) -> Proved:
    """Check a policy file and prove what it requires. What is wrong with it is in the diagnostics.

    Args:
        path: the file.
        files: where it is read from.
        needs_graph: give the graph, too; without it, a file that limits and requires nothing isn't compiled.

    Raises:
        Mistake: when a file that was checked can't be compiled: beyond the limits of a graph, say.
    """
    from cascadelang.catalog.models import find
    from cascadelang.semantics.check import check, in_order
    from cascadelang.workspace.catalog import InstalledCatalog

    checked = check(path, files or DiskFiles(), InstalledCatalog(), find)
    if not checked.ok or checked.path not in checked.modules:
        return Proved(checked, checked.diagnostics, None)
    if not needs_graph and not _has_limits(checked):
        return Proved(checked, checked.diagnostics, None)
    from cascadelang.graph.compile import compile_policy
    from cascadelang.graph.errors import GraphError

    try:
        graph = compile_policy(checked)
    except GraphError as error:
        raise Mistake(f"`{path}` can't be compiled: {error}") from None
    found: tuple[Diagnostic, ...] = checked.diagnostics
    if graph.requirements or any(node.kind == "within" for node in graph.nodes.values()):
        from cascadelang.graph.bounds import bounds
        from cascadelang.graph.requirements import check_requirements

        proofs = check_requirements(graph, bounds(graph))
        found = in_order(checked.path, checked.modules, (*found, *proofs))
    wrong = any(d.severity == "error" for d in found)
    return Proved(checked, found, None if wrong else graph)


def _has_limits(checked: CheckedPolicy) -> bool:
    """Whether a file may say ``require`` or ``within``: what the graph is needed for to prove."""
    texts = [module.source.text for module in checked.modules.values()]
    return any(word in text for text in texts for word in ("require", "within"))


def load(path: str, files: Files | None = None) -> Loaded:
    """A policy that can run, from a policy file or a graph file (``.json``).

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when the graph file can't be read.
    """
    files = files or DiskFiles()
    if path.endswith(".json"):
        return Loaded(path, _graph_file(path, files), files=files)
    proved = prove(path, files, needs_graph=True)
    if proved.graph is None:
        raise PolicyError(path, proved.diagnostics, proved.sources)
    return Loaded(path, proved.graph, proved.checked, proved.diagnostics, files)


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
