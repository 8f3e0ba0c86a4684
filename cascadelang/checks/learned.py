"""What a trained scorer says of the answer."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class Learned(Unsupported):
    """``learned``."""

    spec: ClassVar[Spec] = Spec(
        name="learned",
        kind="check",
        summary="how likely the answer is right, by a trained scorer",
        doc="The score of a scorer that was trained on recorded answers.",
        gives="score",
        params=(Param("scorer", "json_file", "the trained scorer", required=True),),
        supported="learned checks are not part of this version",
        bare=False,
        examples=('learned("scorer.json") >= 0.8',),
    )


CHECK = Learned
