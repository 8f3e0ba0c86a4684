"""Runs the ``test`` blocks of policy files: offline, on scripted replies, in no time.

Takes: paths. Gives: a `TestReport`. Guarantees: every model is replaced, so nothing is called; a model without a
reply is an error of the test, and so is a test that expects nothing; waiting costs no time (latencies are counted on
a clock of the test's own); nothing is recorded in the trace store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cascadelang.graph.model import Graph, ProviderSpec
from cascadelang.providers.scripted import Scripted
from cascadelang.source.files import beside
from cascadelang.syntax import ast
from cascadelang.syntax.visit import walk
from cascadelang.workspace.case_file import read_cases
from cascadelang.workspace.case_run import Case, case_of
from cascadelang.workspace.expectations import Looked, Sight, shown, words_of
from cascadelang.workspace.find import policy_files
from cascadelang.workspace.load import Loaded, load
from cascadelang.workspace.makers import make_check, make_signal
from cascadelang.workspace.mistake import Mistake, PolicyError, nearest

if TYPE_CHECKING:
    from cascadelang.contracts.result import RunResult
    from cascadelang.source import SourceFile

_PROVIDER = "test"


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation that didn't hold: its clause, and the values it looked at."""

    clause: ast.CaseExpect
    looked: tuple[Looked, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went.

    Attributes:
        name: of the case.
        line: where its test stands, from 1.
        problem: why it couldn't be run or judged; empty when it could.
        unmet: expectations that didn't hold.
        run: what the policy did; ``None`` when it didn't run.
    """

    name: str
    line: int
    problem: str = ""
    help: str = ""
    unmet: tuple[Unmet, ...] = ()
    run: RunResult | None = None

    @property
    def passed(self) -> bool:
        """Whether everything expected held."""
        return not self.problem and not self.unmet


@dataclass(frozen=True, slots=True)
class FileResult:
    """How the tests of one file went. ``error`` holds why the file has none that could run."""

    path: str
    source: SourceFile | None = None
    cases: tuple[CaseResult, ...] = ()
    error: Mistake | None = None
    unreached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestReport:
    """All files, in order."""

    __test__ = False  # pytest looks for classes called Test…

    files: tuple[FileResult, ...] = ()
    passed: int = 0
    failed: int = 0
    broken: int = field(default=0)


class TestClock:
    """A clock on which waiting takes no time."""

    __test__ = False

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        """See `Clock.now_s`."""
        return self._now_s

    def wall_s(self) -> float:
        """See `Clock.wall_s`: tests have no date."""
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`: time goes on, nobody waits."""
        self._now_s += max(0.0, seconds)
        await asyncio.sleep(0)


def test_paths(paths: Sequence[str]) -> TestReport:
    """Run the tests of the policy files under ``paths``; under the working directory when no path is given."""
    files = []
    with asyncio.Runner() as runner:
        for path in policy_files(paths):
            files.append(_test_file(path, runner))  # noqa: PERF401 - one file after the other, each reported whole
    cases = [case for file in files for case in file.cases]
    passed = sum(case.passed for case in cases)
    return TestReport(tuple(files), passed, len(cases) - passed, sum(file.error is not None for file in files))


test_paths.__test__ = False  # type: ignore[attr-defined] # pytest looks for functions called test_…


def _test_file(path: str, runner: asyncio.Runner) -> FileResult:
    """Run the tests of one file."""
    try:
        loaded = load(path)
    except PolicyError as error:
        return FileResult(path, error=error)
    if loaded.checked is None:
        return FileResult(path)
    module = loaded.checked.modules[loaded.checked.path]
    graph = scripted_graph(loaded.graph)
    results: list[CaseResult] = []
    for decl in module.file.decls:
        if isinstance(decl, ast.CaseDecl):
            line = module.source.position(decl.span.start).line
            results += _test_decl(decl, line, loaded, graph, runner)
    from cascadelang.workspace.coverage import unreached

    runs = [result.run for result in results if result.run is not None]
    return FileResult(path, module.source, tuple(results), None, unreached(loaded.graph, runs) if results else ())


def _test_decl(
    decl: ast.CaseDecl, line: int, loaded: Loaded, graph: Graph, runner: asyncio.Runner
) -> list[CaseResult]:
    """Run one ``test`` block: once, or once for each case of its file."""
    rows: Sequence[Mapping[str, Any] | None] = [None]
    try:
        if decl.for_each is not None:
            rows = read_cases(decl.for_each.value, loaded.files.read_bytes(beside(loaded.path, decl.for_each.value)))
    except Mistake as error:
        return [CaseResult(decl.words.value, line, error.message, error.help)]
    words = loaded.checked.words if loaded.checked is not None else {}
    results = []
    for number, row in enumerate(rows, 1):
        try:
            case = case_of(decl, row, number if decl.for_each else 0)
            results.append(_test_case(case, line, graph, words, runner))
        except Mistake as error:
            name = f"{decl.words.value} [{number}]" if decl.for_each else decl.words.value
            results.append(CaseResult(name, line, error.message, error.help))
    return results


def _test_case(case: Case, line: int, graph: Graph, words: Mapping[int, str], runner: asyncio.Runner) -> CaseResult:
    """Run one case and look at what is expected of it."""
    for model in case.replies:
        if model not in graph.models:
            meant = nearest(model, list(graph.models))
            raise Mistake(f"no policy here calls `{model}`", f"did you mean `{meant}`?" if meant else "")
    if case.policy not in graph.policies:
        raise Mistake(f"there is no policy `{case.policy}`")
    result = runner.run(_run(case, graph))
    missing = _missing_reply(case, result)
    if missing is not None:
        return CaseResult(case.name, line, missing, 'add a line: `reply NAME "…"`', (), result)
    problem, help_ = _unexpected_path(case, result) or ("", "")
    if not problem and not case.expectations and "path" not in case.row:
        problem, help_ = "the test expects nothing", "add a line: `expect …`"
    sight_facts = facts(result)
    unmet = []
    for clause in case.expectations:
        sight = Sight(sight_facts, case.row, words)
        holds = sight.holds(clause.expr)
        if not holds:
            unmet.append(Unmet(clause, tuple(sight.looked), holds is not None))
    return CaseResult(case.name, line, problem, help_, tuple(unmet), result)


def _unexpected_path(case: Case, result: RunResult) -> tuple[str, str] | None:
    """What to say when the row gives a path, no ``expect`` looks at one, and the run took another."""
    if "path" not in case.row or any(_looks_at_path(clause) for clause in case.expectations):
        return None
    meant = case.row["path"]
    models = words_of(meant) if isinstance(meant, str) else meant
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise Mistake("`path` of the case is not a list of models", "write `path: [haiku, opus]`")
    if models == list(result.path):
        return None
    return f"the path is {shown(result.path)}, and `path` of the case is {shown(models)}", ""


def _looks_at_path(clause: ast.CaseExpect) -> bool:
    """Whether an ``expect`` names the path, the run's or the case's."""
    names = (str(node.name) for node in walk(clause.expr) if isinstance(node, ast.Ref))
    return any(name in {"path", "case.path"} for name in names)


def _missing_reply(case: Case, result: RunResult) -> str | None:
    """What to say about a call that the script has no reply for; ``None`` when there was none."""
    for event in result.events:
        if event.kind == "call_failed" and event.data.get("kind") == "policy":
            model, purpose = str(event.data.get("model")), event.data.get("purpose")
            if all(reply.purpose != purpose for reply in case.replies.get(model, ())):
                return str(event.data.get("message"))
    return None


async def _run(case: Case, graph: Graph) -> RunResult:
    """The policy's run on scripted replies."""
    from cascadelang.runtime.interpreter import Interpreter

    clock = TestClock()
    scripted = Scripted(case.replies, clock=clock, names={name: name for name in graph.models})
    interpreter = Interpreter(
        graph,
        providers={_PROVIDER: scripted},
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
    )
    return await interpreter.run(case.query, case.policy, 0)


def facts(result: RunResult) -> dict[str, Any]:
    """What ``expect`` may look at, of a run."""
    outcome = result.verdict.outcome if result.failure is None else ""
    return {
        "path": list(result.path),
        "model": result.model,
        "answer": result.answer,
        "passed": outcome == "passed",
        "failed": outcome == "failed" or result.failure is not None,
        "unchecked": outcome == "unchecked",
        "status": result.status,
        "failure": result.failure.kind if result.failure else "",
        "cost": result.cost_usd,
        "calls": sum(event.kind in {"call", "call_failed"} for event in result.events),
        "latency": result.latency_s,
    }


def scripted_graph(graph: Graph) -> Graph:
    """The same graph with every model moved to the scripted provider, under the name the policy gives it."""
    return replace(
        graph,
        models={name: replace(model, provider=_PROVIDER, id=name) for name, model in graph.models.items()},
        providers={_PROVIDER: ProviderSpec(_PROVIDER, "scripted")},
    )
