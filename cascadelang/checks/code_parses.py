"""Whether the code in the answer parses."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Spec


class CodeParses(Unsupported):
    """``code_parses``."""

    spec: ClassVar[Spec] = Spec(
        name="code_parses",
        kind="check",
        summary="whether the code in the answer parses",
        doc="The code in the answer is parsed, not run.",
        gives="bool",
        supported="parsing code is not part of this version",
        bare=True,
        examples=("code_parses",),
    )


CHECK = CodeParses
