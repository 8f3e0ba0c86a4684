"""Whether the answer cites its sources."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class Cites(Unsupported):
    """``cites``."""

    spec: ClassVar[Spec] = Spec(
        name="cites",
        kind="check",
        summary="whether the answer cites the sources",
        doc="Every one of the sources must be named in the answer.",
        gives="bool",
        params=(Param("sources", "texts", "the sources", required=True),),
        supported="checking citations is not part of this version",
        bare=False,
        examples=('cites(["handbook"])',),
    )


CHECK = Cites
