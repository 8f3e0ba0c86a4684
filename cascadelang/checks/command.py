"""What a program of the user says of the answer."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class Command(Unsupported):
    """``command``."""

    spec: ClassVar[Spec] = Spec(
        name="command",
        kind="check",
        summary="whether a program accepts the answer",
        doc="The program gets the query and the answer as JSON, and says by its exit code whether the answer passes.",
        gives="bool",
        params=(Param("program", "path", "the program", required=True),),
        supported="running programs as checks is not part of this version",
        bare=False,
        examples=('command("./check.sh")',),
    )


CHECK = Command
