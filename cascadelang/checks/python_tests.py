"""Whether the Python code in the answer passes tests, run in a sandbox."""

from __future__ import annotations

import json
import marshal
import secrets
from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any, ClassVar, Final

from cascadelang.checks._code import MAX_CHARS, code_in
from cascadelang.checks._code_languages import LABELS
from cascadelang.checks._one_line import one_line
from cascadelang.checks._test_file import has_asserts, least_tests, tests_wrong
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec

_TRIED: Final = 2
"""How many tests that must fail are put among the others."""


_START: Final = "import marshal, sys\ncode, GIVEN = marshal.loads(sys.stdin.buffer.read())\nexec(code)\n"
"""Marshalled by us, for the same Python; nothing comes back that way."""


class PythonTests:
    """``python_tests("tests.py")``."""

    spec: ClassVar[Spec] = Spec(
        name="python_tests",
        kind="check",
        summary="whether the Python code in the answer passes the tests",
        doc="""
The code is taken out of the answer (the blocks marked as Python, else those without a mark, in their order; else the
whole answer, prose around it left out) and run with the test file in a sandbox: no network, no files but Python and
its standard library, limits on time, memory, processes and disk. Needs Linux and bubblewrap or sandlock:
`pip install "cascadelang[sandbox]"`. Without either the check is refused; nothing is ever run unprotected.

The test file sees the names of the code, and the code as the module `solution`. It may have plain asserts, functions
`test_…`, classes `Test…` and `unittest.TestCase`, and use `pytest.raises`, `pytest.approx` and
`pytest.mark.parametrize`; pytest itself isn't needed. Fixtures aren't known.

The first test that fails makes the check fail, with its name and message as the reason; so do code that doesn't parse
or run, and tests that aren't done in time. Unknown is only what isn't the answer's fault: a sandbox that can't be
started, tests that need a package. What a hostile answer could still do is told in `docs/sandbox.md`.
""",
        gives="bool",
        params=(
            Param("tests", "file", "the test file", required=True),
            Param("timeout", "duration", "how long all of it may take", default=10.0),
            Param("memory", "count", "megabytes that the code may use", default=512),
        ),
        time_limit="timeout",
        bare=False,
        examples=('python_tests("tests.py")', 'not empty and python_tests("tests.py", timeout: 5s)'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._tests = str(args["tests"])
        self._least = least_tests(self._tests)
        self._time_s = float(args["timeout"])
        self._memory = int(args["memory"])

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types: tests that aren't any."""
        found = _limits_wrong(float(args["timeout"]), int(args["memory"]))
        return found + tests_wrong(str(args["tests"]))

    @staticmethod
    def missing() -> str:
        """What has to be installed first; asked before the first run, it tries the sandbox once."""
        from cascadelang.sandbox.choose import chosen

        choice = chosen()
        return "" if choice.sandbox is not None else choice.why

    async def judge_timed(self, answer: Answer) -> Finding:  # noqa: PLR0911 - one case an end
        """See `TimedCheck.judge_timed`."""
        from cascadelang.sandbox.choose import chosen
        from cascadelang.sandbox.limits import MEGABYTE, Limits
        from cascadelang.sandbox.turns import late

        pieces = [piece for piece in code_in(answer.text, LABELS, "python") if piece.text.strip()]
        if not pieces:
            return _failed("there is no Python code in the answer")
        if sum(len(piece.text) for piece in pieces) > MAX_CHARS:
            return _failed(f"the code is longer than {MAX_CHARS:,} characters")
        sandbox = chosen().sandbox
        if sandbox is None:
            return Finding(None, chosen().why)
        secret = secrets.token_hex(16)
        bad = sorted((secrets.randbelow(8), *_different()) for _ in range(_TRIED))
        given = {
            "secret": secret,
            "blocks": [piece._asdict() for piece in pieces],
            "tests": self._tests,
            "bad": bad,
            "stand_ins": _inside("_stand_ins_inside.py"),
        }
        limits = Limits(time_s=self._time_s, memory_bytes=self._memory * MEGABYTE)
        try:
            ended = await sandbox.python(_START, marshal.dumps((_inside("_tests_inside.py"), given)), limits)
        except OSError as error:
            return Finding(None, f"the sandbox couldn't be started: {error}")
        lines = ended.output.split(b"\n")
        said = _said(lines, secret)
        if said is not None:
            return _found(said, {one for _, one, _ in bad}, self._least, self._tests)
        if ended.waited_s and ended.why in {"turn", "time"}:  # the answer might have been in time by itself
            return Finding(None, late(ended, self._time_s))
        if lines[0] != b"ready" and ended.why == "itself":
            why = one_line(ended.errors) or f"exit code {ended.code}"
            return Finding(None, f"the sandbox couldn't be started: {why}")
        return _failed(_broke_off(ended.why, ended.code, _at(lines), self._time_s))


def _failed(reason: str) -> Finding:
    return Finding(value=False, reason=reason)


def _different() -> tuple[int, int]:
    one = secrets.randbelow(1 << 30)
    return one, one + 1 + secrets.randbelow(1 << 30)


@cache
def _inside(name: str) -> CodeType:
    """What runs there, compiled here: it is the same Python."""
    from importlib.resources import files

    text = files("cascadelang.checks").joinpath(name).read_text(encoding="utf-8")
    return compile(text, "<tests>", "exec")


def _said(lines: list[bytes], secret: str) -> dict[str, Any] | None:
    """What the tests came to: the one line that knows the secret."""
    mark = secret.encode()
    for line in lines:
        if line.startswith(mark):
            try:
                said = json.loads(line[len(mark) :])
            except ValueError:
                return None
            return said if isinstance(said, dict) else None
    return None


def _found(said: Mapping[str, Any], must_fail: set[int], least: int, tests: str) -> Finding:
    """The verdict, in words; ``least`` is how many tests there are at least."""
    message, test = one_line(str(said.get("message", ""))), one_line(str(said.get("test", "")))
    match said.get("result"):
        case "broken":
            return Finding(None, message)
        case "failed":
            return _failed(f"`{test}`: {message}" if test else message)
        case "passed":
            passed, of = said.get("passed"), said.get("of")
            caught = said.get("caught")
            if not isinstance(caught, list) or set(caught) != must_fail or not isinstance(of, int) or of < least:
                return _failed("the code tampers with how tests are judged")
            if of == 0 and has_asserts(tests):
                return Finding(value=True, reason="all asserts hold")
            return (
                Finding(value=True, reason=f"{passed} of {of} tests pass")
                if passed
                else Finding(None, "no test was run")
            )
    return Finding(None, "what the tests came to can't be read")


def _at(lines: list[bytes]) -> str:
    """The test that was begun last."""
    for line in reversed(lines):
        if line.startswith(b'"'):
            try:
                return one_line(str(json.loads(line)))
            except ValueError:
                continue
    return ""


def _broke_off(why: str, code: int, at: str, time_s: float) -> str:
    """Why there is no verdict although the tests were begun."""
    from cascadelang.graph.wording import seconds

    where = f"`{at}`: " if at else ""
    if why == "time":
        return f"{where}it wasn't done within {seconds(time_s)}"
    if why in {"output", "files"}:
        return f"{where}it wrote too much" if why == "output" else f"{where}it made too many files"
    signal = -code if code < 0 else code - 128
    if 0 < signal < 65:
        return f"{where}it crashed (signal {signal})"
    return f"{where}it ended the process before the tests were done"


def _limits_wrong(time_s: float, megabytes: int) -> list[str]:
    found = [] if 0.1 <= time_s <= 600 else ["`timeout` must lie between 100ms and 10m"]
    return found + ([] if 64 <= megabytes <= 16_384 else ["`memory` must lie between 64 and 16384"])


CHECK = PythonTests
