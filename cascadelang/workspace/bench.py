"""One policy file's graph on scripted replies, and its ``test`` blocks run there.

Takes: a loaded policy, and a ``test`` declaration. Gives: how each of its cases went. Guarantees: nothing is called;
a model without a reply is an error of the test, with the line to add; a reply that no call used is told; no time
passes but on the test's own clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cascadelang.contracts.clock import VirtualClock
from cascadelang.graph.model import Graph, ProviderSpec
from cascadelang.providers.scripted import Scripted
from cascadelang.source.files import FileMissing, beside
from cascadelang.syntax import ast
from cascadelang.syntax.visit import walk
from cascadelang.workspace.case_file import Row, read_cases
from cascadelang.workspace.case_run import Case, Scripting, case_name, case_of, check_rows
from cascadelang.workspace.coverage import Reached
from cascadelang.workspace.expectations import Sight, shown, words_of
from cascadelang.workspace.makers import make_check, make_signal
from cascadelang.workspace.mistake import Mistake, nearest
from cascadelang.workspace.test_report import CaseResult, Unmet

if TYPE_CHECKING:
    from cascadelang.contracts.result import RunResult
    from cascadelang.workspace.load import Loaded

_PROVIDER = "test"


class Bench:
    """One file's graph, on scripted replies, and what its tests reached so far."""

    def __init__(self, loaded: Loaded, runner: asyncio.Runner) -> None:
        self.reached = Reached(loaded.graph)
        self._loaded = loaded
        self._runner = runner
        self._graph = scripted_graph(loaded.graph)
        self._words = loaded.checked.words if loaded.checked is not None else {}

    def test(
        self, decl: ast.CaseDecl, line: int, wanted: Sequence[str], *, fail_fast: bool
    ) -> tuple[list[CaseResult], int]:
        """Run one ``test`` block: once, or once for each case of its file. Gives how many cases it left out, too."""
        rows: Sequence[Row | None] = [None]
        own = decl.words.value
        if decl.for_each is not None:
            if wanted and not any(part in own.casefold() for part in wanted) and not self._readable(decl):
                return [], 1
            try:
                rows = self._rows(decl)
            except Mistake as error:
                return [CaseResult(own, line, error.message, error.help)], 0
        results: list[CaseResult] = []
        left_out = 0
        unused: dict[int, int] = {}
        for number, row in enumerate(rows, 1):
            name = case_name(decl, row, number)
            if (wanted and not any(part in name.casefold() for part in wanted)) or (
                fail_fast and results and not results[-1].passed
            ):
                left_out += 1
                continue
            started_s = time.perf_counter()
            try:
                result = self._case(case_of(decl, row, number), line, unused)
            except Mistake as error:
                result = CaseResult(name, line, error.message, error.help, at=row.at if row else "")
                unused.clear()
            results.append(replace(result, seconds=time.perf_counter() - started_s))
        notes = [words for clause, words in self._clauses(decl) if unused.get(id(clause)) == len(results)]
        if results and notes and not left_out:
            results[-1] = replace(results[-1], notes=(*results[-1].notes, *notes))
        return results, left_out

    def _readable(self, decl: ast.CaseDecl) -> bool:
        """Whether the cases of a block can be read: one that isn't asked for isn't blamed for its file."""
        try:
            self._rows(decl)
        except Mistake:
            return False
        return True

    def _rows(self, decl: ast.CaseDecl) -> list[Row]:
        """The cases of a block's file.

        Raises:
            Mistake: when it can't be read, or isn't about what the block is about.
        """
        name = decl.for_each.value if decl.for_each is not None else ""
        path = beside(self._loaded.path, name)
        try:
            data = self._loaded.files.read_bytes(path)
        except FileMissing as error:
            raise Mistake(f"`{path}` can't be read: {error}") from None
        rows = read_cases(path, data)
        check_rows(decl, rows)
        return rows

    def _clauses(self, decl: ast.CaseDecl) -> Iterable[tuple[Scripting, str]]:
        """The scripted clauses of a block, with what to say of one that no call used."""
        source = self._loaded.checked.modules[self._loaded.checked.path].source if self._loaded.checked else None
        for clause in decl.clauses:
            if isinstance(clause, ast.CaseReply | ast.CaseJudge | ast.CaseAsk) and source is not None:
                word = {ast.CaseReply: "reply", ast.CaseJudge: "judge", ast.CaseAsk: "ask"}[type(clause)]
                at = source.position(clause.span.start).line
                yield clause, f"no call used `{word} {clause.model}` (line {at})"

    def _case(self, case: Case, line: int, unused: dict[int, int]) -> CaseResult:
        """Run one case and look at what is expected of it."""
        graph = self._graph
        for model in case.replies:
            if model not in graph.models:
                meant = nearest(model, list(graph.models))
                raise Mistake(f"no policy here calls `{model}`", f"did you mean `{meant}`?" if meant else "")
        if case.policy not in graph.policies:
            meant = nearest(case.policy, list(graph.policies))
            raise Mistake(f"there is no policy `{case.policy}`", f"did you mean `{meant}`?" if meant else "")
        clock = VirtualClock()
        scripted = Scripted(case.replies, clock=clock, names={name: name for name in graph.models})
        result = self._runner.run(_run(case, graph, scripted, clock, self.reached.on_check))
        self.reached.add(result, case.policy)
        _count_unused(case, scripted, unused)
        missing = _missing_reply(case, result)
        if missing is not None:
            return CaseResult(case.name, line, *missing, (), result, case.at)
        problem, help_ = _unexpected_path(case, result) or ("", "")
        if not problem and not case.expectations and "path" not in case.row:
            problem, help_ = "the test expects nothing", f"add a line: `expect path == {shown(result.path)}`"
        sight_facts = facts(result)
        unmet = []
        for clause in case.expectations:
            sight = Sight(sight_facts, case.row, self._words)
            holds = sight.holds(clause.expr)
            if not holds:
                unmet.append(Unmet(clause, tuple(sight.looked), holds is not None))
        return CaseResult(case.name, line, problem, help_, tuple(unmet), result, case.at)


def _count_unused(case: Case, scripted: Scripted, unused: dict[int, int]) -> None:
    """Count, by clause, the cases in which no call used it."""
    for model, clauses in case.said.items():
        before: dict[str, int] = {}
        for clause, reply in zip(clauses, case.replies[model], strict=True):
            at = before[reply.purpose] = before.get(reply.purpose, 0) + 1
            if clause is not None and scripted.calls(model, reply.purpose) < at:
                unused[id(clause)] = unused.get(id(clause), 0) + 1


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


_LINES: Mapping[str, tuple[str, str]] = {
    "answer": ("answer", '`reply {model} "…"`'),
    "judge": ("judgement", "`judge {model} 0.9`"),
    "ask": ("choice", "`ask {model} LABEL`"),
}
"""By what a call is for: what is missing, and the line that gives it."""


def _missing_reply(case: Case, result: RunResult) -> tuple[str, str] | None:
    """What to say about a call that the script has no reply for, and the line to add."""
    for event in result.events:
        if event.kind == "call_failed" and event.data.get("kind") == "policy":
            model, purpose = str(event.data.get("model")), str(event.data.get("purpose"))
            purpose = "answer" if purpose == "sample" else purpose
            if all(reply.purpose != purpose for reply in case.replies.get(model, ())):
                what, line = _LINES.get(purpose, ("", "a reply of `{model}`"))
                return (
                    f"no {what} of `{model}` is scripted, and nothing is called"
                    if what
                    else str(event.data.get("message")),
                    "add a line: " + line.format(model=model),
                )
    return None


async def _run(
    case: Case, graph: Graph, scripted: Scripted, clock: VirtualClock, on_check: Callable[[str, object], None]
) -> RunResult:
    """The policy's run on scripted replies."""
    from cascadelang.runtime.interpreter import Interpreter

    interpreter = Interpreter(
        graph,
        providers={_PROVIDER: scripted},
        make_check=make_check,
        make_signal=make_signal,
        clock=clock,
        on_check=on_check,
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
