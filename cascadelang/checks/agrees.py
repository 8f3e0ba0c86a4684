"""Whether two models give the same final answer."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class Agrees(Unsupported):
    """``agrees``."""

    spec: ClassVar[Spec] = Spec(
        name="agrees",
        kind="check",
        summary="whether an earlier rung, or another model, gives the same final answer",
        doc="With `previous` the answer of the rung before is compared; with a model, that model is asked.",
        gives="bool",
        params=(
            Param(
                "model",
                "model",
                "who else answers: a model, or the rung before",
                required=True,
                choices=("previous",),
            ),
        ),
        supported="agreement between answers is not part of this version",
        bare=False,
        examples=("agrees(sonnet)", "agrees(previous)"),
        calls=1,
    )


CHECK = Agrees
