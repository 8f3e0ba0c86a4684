"""Whether a model gives the same final answer again and again."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class Agree(Unsupported):
    """``agree``."""

    spec: ClassVar[Spec] = Spec(
        name="agree",
        kind="check",
        summary="the share of samples with the same final answer",
        doc="The model is asked for that many samples; the score is the share that has the commonest final answer.",
        gives="score",
        params=(Param("samples", "count", "how many samples", required=True),),
        supported="self-consistency is not part of this version",
        bare=False,
        examples=("agree(5) >= 0.8",),
        calls=None,
    )


CHECK = Agree
