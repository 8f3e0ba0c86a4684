"""Whether the answer is mathematically equal to what is expected."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class MathEquals(Unsupported):
    """``math_equals``."""

    spec: ClassVar[Spec] = Spec(
        name="math_equals",
        kind="check",
        summary="whether the answer equals an expression",
        doc="The final answer and the expression are compared as mathematics, not as text.",
        gives="bool",
        params=(Param("expected", "text", "the expression", required=True),),
        supported="comparing mathematics is not part of this version",
        bare=False,
        examples=('math_equals("1/2")',),
    )


CHECK = MathEquals
