"""Whether the equations in the answer are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.checks._equations import equations
from cascadelang.checks._fences import without_blocks
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Spec

MAX_CHARS: Final = 50_000
"""Longer answers are not worked out."""


class Arithmetic:
    """``arithmetic``."""

    spec: ClassVar[Spec] = Spec(
        name="arithmetic",
        kind="check",
        summary="whether every equation in the answer is right",
        doc=r"""
Every equation between numbers is worked out again, exactly: `48 / 2 = 24`, chains (`a = b = c`), `≈`, brackets,
powers, percentages (`20% of 50 = 10`), numbers such as `1,234.5`, `1.234,5` and `2 million`, mixed numbers, and LaTeX
(`\frac{1}{2} \times 6 = 3`). Units, currencies and bold type are passed over. The reason names the first equation
that is wrong and what its left side comes to.

A side that is written rounded may be rounded: with `=` to the decimals it has (`10 / 3 = 3.33`, but not
`10 / 3 = 3`), with `≈`, `about` or `rounded` to its last digit that isn't a trailing zero. Calculations go on with
rounded numbers, so a rounded side may be off by a thousandth, and by half a hundredth with `≈`.

Left out is what can't be worked out or may mean something else: equations with a variable or a function
(`2x + 3 = 7`, `sqrt(16) = 4`), conversions (`1 hour = 60 minutes`, `1 hour + 30 minutes = 90 minutes`), ranges and
names (`day 2 = …`), fenced blocks of code, `==` and `≠`. A right equation of the wrong numbers
passes: this finds slips of calculation, not of reasoning.

An answer without any equation is unknown, and so is one longer than 50,000 characters:
`check sums = arithmetic else pass` lets those pass.
""",
        gives="bool",
        bare=True,
        examples=("arithmetic", "arithmetic and not hedges"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        text = answer.reply.text
        if len(text) > MAX_CHARS:
            return Finding(None, f"the answer is longer than {MAX_CHARS:,} characters")
        found = equations(without_blocks(text))
        if not found:
            return Finding(None, "there is no equation between numbers in the answer")
        wrong = [each for each in found if not each.holds]
        if not wrong:
            said = "the only equation is right" if len(found) == 1 else f"all {len(found)} equations are right"
            return Finding(value=True, reason=said)
        first = wrong[0]
        reason = f"`{first.text}` is wrong"
        if first.worked != first.comes_to:
            reason += f": `{first.worked}` is {first.comes_to}"
        others = len(wrong) - 1
        if others:
            reason += f"; so {'is one other equation' if others == 1 else f'are {others} other equations'}"
        return Finding(value=False, reason=reason)


CHECK = Arithmetic
