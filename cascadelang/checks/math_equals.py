"""Whether the answer is mathematically equal to what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.final_answer import final_answer
from cascadelang.contracts.patterns import without_surrogates
from cascadelang.contracts.spec import Param, Spec

_LAST_CHARS: Final = 4_000
_MOST_REFERENCE_CHARS: Final = 2_000
_NOT_THERE: Final = "math-verify is not installed; run: pip install 'cascadelang[math]'"


class MathEquals:
    """``math_equals("1/2")``, ``math_equals(meta.answer)``."""

    spec: ClassVar[Spec] = Spec(
        name="math_equals",
        kind="check",
        summary="whether the answer equals a piece of mathematics",
        doc=r"""
The answer and the reference are compared as mathematics, not as text: `\frac{1}{2}`, `0.5` and `1/2` are equal, and
so are `(x+1)^2` and `x^2+2x+1`, sets, intervals and matrices. Compared is the final answer when it is a number or an
option letter, like the reference; else what the answer has in LaTeX, boxed first (of several formulas the last,
in the last 4,000 characters); else its last line, where that is a formula. An answer with no mathematics in it fails.

The reference is a text, in LaTeX or plain (`sqrt(2)/2`), or a fact that the caller gives: `math_equals(meta.answer)`
is for evaluation, where every query has its own right answer. Without it, the check is unknown.

The comparison is [math-verify](https://github.com/huggingface/Math-Verify)'s: `pip install 'cascadelang[math]'`. It
is done in a process of its own, which is killed after `timeout`: a formula that can't be worked out by then leaves
the check unknown. A text is read by a grammar of LaTeX and never evaluated as Python. The first use in a program
takes a second or two longer, more on a busy machine.
""",
        gives="bool",
        params=(
            Param("expected", "text_or_meta", "the reference", required=True),
            Param("timeout", "duration", "how long one comparison may take", default=10.0),
        ),
        time_limit="timeout",
        bare=False,
        examples=(
            'math_equals("1/2")',
            "math_equals(meta.answer)",
            'math_equals("\\\\frac{\\\\pi}{4}", timeout: 20s)',
        ),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._expected = args["expected"]
        self._limit_s = float(args.get("timeout") or 10.0)

    @staticmethod
    def missing() -> str:
        """What has to be installed first."""
        return "" if find_spec("math_verify") is not None else _NOT_THERE

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        expected = args["expected"]
        if isinstance(expected, str) and not expected.strip():
            return ["the reference is empty"]
        if isinstance(expected, str) and len(expected) > _MOST_REFERENCE_CHARS:
            return [f"the reference is longer than {_MOST_REFERENCE_CHARS:,} characters"]
        return [] if float(args["timeout"]) > 0 else ["`timeout` must be more than 0s"]

    async def judge_timed(self, answer: Answer) -> Finding:
        """See `TimedCheck.judge_timed`."""
        expected = self._reference(answer)
        if isinstance(expected, Finding):
            return expected
        text = without_surrogates(answer.reply.text)
        final, wanted = final_answer(text), final_answer(expected)
        if not final:
            return Finding(value=False, reason="the answer is empty")
        exact = ("number:", "option:")
        if wanted.startswith(exact) and (final == wanted or final.startswith("option:")):
            return _alike(final, wanted)
        last = text.rstrip()[-_LAST_CHARS:]
        number = final.startswith("number:")
        given = {
            "expected": expected,
            "answer": last,
            "final": final.removeprefix("number:") if number else last.rpartition("\n")[2],
        }
        from cascadelang.checks._worker import worked

        return await worked("math", given, self._limit_s)

    def _reference(self, answer: Answer) -> str | Finding:
        if isinstance(self._expected, str):
            return without_surrogates(self._expected)
        name = str(self._expected["meta"])
        value = answer.query.meta.get(name)
        if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
            return Finding(None, f"the caller gave no `meta.{name}` to compare with")
        said = without_surrogates(str(value))
        if not said.strip() or len(said) > _MOST_REFERENCE_CHARS:
            return Finding(None, f"`meta.{name}` is no reference that can be compared with")
        return said


def _alike(final: str, wanted: str) -> Finding:
    shown = final.partition(":")[2]
    if final == wanted:
        return Finding(value=True, reason=f"the final answer is `{shown}`")
    return Finding(value=False, reason=f"the final answer is `{shown}`, not `{wanted.partition(':')[2]}`")


CHECK = MathEquals
