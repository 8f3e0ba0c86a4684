"""What a trained router says of the query."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._unsupported import Unsupported


class Learned(Unsupported):
    """``learned``."""

    spec: ClassVar[Spec] = Spec(
        name="learned",
        kind="signal",
        summary="what a trained router says of the query",
        doc="The label or score of a router that was trained on recorded answers.",
        gives="label",
        params=(Param("router", "json_file", "the trained router", required=True),),
        supported="learned signals are not part of this version",
        bare=False,
        examples=('learned("router.json")',),
    )


SIGNAL = Learned
