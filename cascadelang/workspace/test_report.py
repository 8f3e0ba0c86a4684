"""How the tests of policy files went.

Takes: nothing; `cascadelang.workspace.testing` makes these. Gives: `TestReport`, `FileResult` and `CaseResult`, which
are plain data. Guarantees: frozen; figures of a report are those of its cases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cascadelang.workspace.coverage import Coverage

if TYPE_CHECKING:
    from cascadelang.contracts.result import RunResult
    from cascadelang.source import SourceFile
    from cascadelang.syntax import ast
    from cascadelang.workspace.expectations import Looked
    from cascadelang.workspace.mistake import Mistake


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
        at: file and line of its row, when it has one.
        notes: what isn't wrong, but probably not meant: a reply that no call used.
        seconds: how long it took, on the wall.
    """

    name: str
    line: int
    problem: str = ""
    help: str = ""
    unmet: tuple[Unmet, ...] = ()
    run: RunResult | None = None
    at: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything expected held."""
        return not self.problem and not self.unmet


@dataclass(frozen=True, slots=True)
class FileResult:
    """How the tests of one file went.

    Attributes:
        path: of the file.
        source: its text.
        cases: in order.
        error: why the file has none that could run.
        coverage: what they reached; without parts when no test ran.
        policies: that a caller can ask for.
        left_out: tests whose name wasn't asked for, or that come after the one that failed.
    """

    path: str
    source: SourceFile | None = None
    cases: tuple[CaseResult, ...] = ()
    error: Mistake | None = None
    coverage: Coverage = field(default_factory=Coverage)
    policies: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def bad(self) -> bool:
        """Whether something is wrong in it."""
        return self.error is not None or not all(case.passed for case in self.cases)


@dataclass(frozen=True, slots=True)
class TestReport:
    """All files, in order."""

    __test__ = False  # pytest looks for classes called Test…

    files: tuple[FileResult, ...] = ()

    @property
    def passed(self) -> int:
        """How many cases passed."""
        return sum(case.passed for file in self.files for case in file.cases)

    @property
    def failed(self) -> int:
        """How many cases didn't."""
        return sum(not case.passed for file in self.files for case in file.cases)

    @property
    def broken(self) -> int:
        """How many files have errors."""
        return sum(file.error is not None for file in self.files)

    @property
    def left_out(self) -> int:
        """How many tests weren't run."""
        return sum(file.left_out for file in self.files)

    @property
    def reached(self) -> tuple[int, int]:
        """How many parts of all policies were reached, and how many there are."""
        return sum(f.coverage.reached for f in self.files), sum(len(f.coverage.parts) for f in self.files)
