"""Whether the answer is SQL that parses."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Spec


class SqlParses(Unsupported):
    """``sql_parses``."""

    spec: ClassVar[Spec] = Spec(
        name="sql_parses",
        kind="check",
        summary="whether the SQL in the answer parses",
        doc="The SQL in the answer is parsed, not run.",
        gives="bool",
        supported="parsing SQL is not part of this version",
        bare=True,
        examples=("sql_parses",),
    )


CHECK = SqlParses
