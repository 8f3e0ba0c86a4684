"""Whether the equations in the answer are right."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Spec


class Arithmetic(Unsupported):
    """``arithmetic``."""

    spec: ClassVar[Spec] = Spec(
        name="arithmetic",
        kind="check",
        summary="whether every equation in the answer is right",
        doc="Every equation between numbers in the answer is worked out again.",
        gives="bool",
        supported="recomputing equations is not part of this version",
        bare=True,
        examples=("arithmetic",),
    )


CHECK = Arithmetic
