"""Whether the code in the answer parses."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Final

from cascadelang.checks._code import code_to_parse
from cascadelang.checks._code_languages import LABELS, LANGUAGES
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec

_NAMED: Final = ", ".join(f"`{name}`" for name in LANGUAGES)


class CodeParses:
    """``code_parses``, ``code_parses(python)``."""

    spec: ClassVar[Spec] = Spec(
        name="code_parses",
        kind="check",
        summary="whether the code in the answer parses",
        doc=f"""
Every fenced block that names its language behind the fence must parse; other blocks and the prose around don't
count, and an answer without such a block is unknown. With a language, `code_parses(python)`, only its blocks count,
else those without a label, else, in an answer without fences, all of it. A block that is cut off fails. The reason
names the line and what is wrong there. Nothing is run: code that parses may still be wrong.

Languages: {_NAMED}.
Python is parsed as the Python that runs cascadelang has it, JSON likewise; the others by the grammars of
[tree-sitter](https://tree-sitter.github.io): `pip install 'cascadelang[code]'`. That is done in a process of its own,
which is killed after `timeout`; code that can't be parsed by then, or that is longer than a million characters, is
unknown.
""",
        gives="bool",
        params=(
            Param("language", "choice", "the only language that counts", default=None, choices=tuple(LANGUAGES)),
            Param("timeout", "duration", "how long parsing may take", default=5.0),
        ),
        time_limit="timeout",
        bare=True,
        examples=("code_parses", "code_parses(python)", 'code_parses("typescript", timeout: 2s)'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._language = str(args.get("language") or "")
        self._limit_s = float(args.get("timeout") or 5.0)

    @staticmethod
    def missing_for(args: Mapping[str, Any]) -> str:
        """What has to be installed before it can be used with these arguments."""
        module = LANGUAGES[args["language"]].module if args.get("language") else ""
        if not module or (find_spec("tree_sitter") is not None and find_spec(module) is not None):
            return ""
        return f"{module.replace('_', '-')} is not installed; run: pip install 'cascadelang[code]'"

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        return [] if float(args["timeout"]) > 0 else ["`timeout` must be more than 0s"]

    async def judge_timed(self, answer: Answer) -> Finding:
        """See `TimedCheck.judge_timed`."""
        found = code_to_parse(answer.reply.text, LABELS, self._language)
        if isinstance(found, Finding):
            return found
        from cascadelang.checks._worker import worked

        given = {"pieces": [(code.language, code.text) for code in found]}
        return await worked("code", given, self._limit_s)


CHECK = CodeParses
