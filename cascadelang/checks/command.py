"""What a program of the user says of the answer."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from cascadelang.checks._one_line import one_line
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec

_OUTPUT_BYTES: Final = 65_536
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")
"""The environment that a program gets: where things are and how people write, never a key."""


class Command:
    """``command("./check.sh")``."""

    spec: ClassVar[Spec] = Spec(
        name="command",
        kind="check",
        summary="whether a program accepts the answer",
        doc="""
The program is started by itself, never through a shell, in the folder it lies in. On its standard input it gets one
line of JSON: `query` and `answer` (texts), `model`, `messages` (the whole conversation, each with `role` and `text`)
and `meta` (the caller's facts). It answers by its exit code: 0 passes, 1 doesn't, anything else leaves it unknown;
the first line it writes is the reason. Or it exits with 0 and writes JSON as its last line:
`{"pass": true, "reason": "…"}`, with `null` for unknown.

Of the environment it gets `PATH`, `HOME`, the language, the time zone and the folder for temporary files: no keys. It
may take as long as `timeout` says; then it is killed, and the check is unknown; 64 KB of output are read. What it
leaves running is killed as well, unless that has begun a session of its own (`setsid`). It runs with your rights, so
use it for programs that you trust: what they do with the answer is up to them.
With `sandboxed: true` it is run in [the sandbox](sandbox.md), with the system's programs, its own folder to read and
no network.
""",
        gives="bool",
        params=(
            Param("program", "program", "the program, relative to the policy file", required=True),
            Param("timeout", "duration", "how long it may take", default=10.0),
            Param("sandboxed", "bool", "whether it is run in the sandbox", default=False),
        ),
        time_limit="timeout",
        bare=False,
        examples=('command("./check.sh")', 'command("./check.sh", timeout: 2s, sandboxed: true)'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._program = Path(str(args["program"])).absolute()
        self._time_s = float(args["timeout"])
        self._sandboxed = bool(args["sandboxed"])

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        if not str(args["program"]).strip() or "\0" in str(args["program"]):
            return ["`program` must be the path of a program"]
        return [] if 0.1 <= float(args["timeout"]) <= 600 else ["`timeout` must lie between 100ms and 10m"]

    @staticmethod
    def missing_for(args: Mapping[str, Any]) -> str:
        """What has to be there first: the program, and where it is wanted a sandbox."""
        if os.name != "posix":
            return "programs are run as checks on Linux and macOS only"
        path = Path(str(args["program"]))
        if not path.is_file():
            return f"there is no program `{path}`"
        if not os.access(path, os.X_OK):
            return f"`{path}` may not be run: `chmod +x {path}` lets it"
        if not args["sandboxed"]:
            return ""
        from cascadelang.sandbox.choose import chosen

        return "" if chosen().sandbox is not None else chosen().why

    async def judge_timed(self, answer: Answer) -> Finding:
        """See `TimedCheck.judge_timed`."""
        from cascadelang.graph.wording import seconds
        from cascadelang.sandbox.limits import Limits
        from cascadelang.sandbox.process import run
        from cascadelang.sandbox.turns import late

        given = _given(answer)
        limits = Limits(time_s=self._time_s, output_bytes=_OUTPUT_BYTES)
        try:
            if self._sandboxed:
                ended = await _contained(str(self._program), given, limits)
            else:
                env = {name: os.environ[name] for name in _KEPT if name in os.environ}
                folder = str(self._program.parent)
                ended = await run([str(self._program)], given, self._time_s, _OUTPUT_BYTES, env, cwd=folder)
        except OSError as error:
            return Finding(None, f"`{self._program.name}` couldn't be started: {_why_not(error)}")
        if ended.waited_s and ended.why in {"turn", "time"}:
            return Finding(None, f"`{self._program.name}`: {late(ended, self._time_s)}")
        if ended.why == "time":
            return Finding(None, f"`{self._program.name}` wasn't done within {seconds(self._time_s)}")
        if ended.why == "output":
            return Finding(None, f"`{self._program.name}` wrote more than 64 KB")
        if ended.why == "files":
            return Finding(None, f"`{self._program.name}` made more than {limits.files:,} files")
        return _found(self._program.name, ended.code, ended.output.decode("utf-8", "replace"), ended.errors)


def _why_not(error: OSError) -> str:
    """Why a program that is there can't be started."""
    match error.errno:
        case errno.ENOENT:
            return "what its first line names isn't there"
        case errno.ENOEXEC:
            return "its first line names nothing that runs it, as `#!/bin/sh` does"
    return error.strerror or str(error)


async def _contained(program: str, given: bytes, limits: Any) -> Any:
    """Run it in the sandbox.

    Raises:
        OSError: when there is none.
    """
    from cascadelang.sandbox.choose import chosen

    choice = chosen()
    if choice.sandbox is None:
        raise OSError(choice.why)
    return await choice.sandbox.program(program, given, limits)


def _given(answer: Answer) -> bytes:
    """What the program reads; what isn't JSON among the caller's facts is left out."""
    query = answer.query
    meta = {name: value for name, value in query.meta.items() if isinstance(value, (bool, int, float, str))}
    said = {
        "query": query.text,
        "answer": answer.text,
        "model": answer.model,
        "messages": [{"role": message.role, "text": message.text} for message in query.messages],
        "meta": meta,
    }
    return json.dumps(said).encode() + b"\n"


def _found(name: str, code: int, output: str, errors: str) -> Finding:
    """The verdict: of the JSON in the last line, else of the exit code."""
    lines = [line for line in output.splitlines() if line.strip()]
    if code == 0 and lines and lines[-1].lstrip().startswith("{"):
        try:
            said = json.loads(lines[-1])
        except (ValueError, RecursionError):
            return Finding(None, f"what `{name}` wrote is no JSON")
        verdict = said.get("pass")
        if "pass" not in said or (verdict is not None and not isinstance(verdict, bool)):
            return Finding(None, f"what `{name}` wrote has no `pass` that is true, false or null")
        return Finding(verdict, one_line(str(said.get("reason") or "")))
    words = one_line(lines[0] if lines else "")
    if code in (0, 1):
        return Finding(code == 0, words or one_line(errors.splitlines()[0] if code and errors else ""))
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    why = words or one_line(errors.splitlines()[0] if errors else "")
    return Finding(None, f"`{name}` {how}" + (f": {why}" if why else ""))


CHECK = Command
