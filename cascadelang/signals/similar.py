"""How near the query is to examples, by embedding."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._unsupported import Unsupported


class Similar(Unsupported):
    """``similar``."""

    spec: ClassVar[Spec] = Spec(
        name="similar",
        kind="signal",
        summary="how near the query is to the nearest example",
        doc="The similarity of the query's embedding to that of the nearest line of the file, from 0 to 1.",
        gives="score",
        params=(Param("examples", "file", "the examples, one a line", required=True),),
        supported="signals by meaning are not part of this version",
        bare=False,
        examples=('similar("examples.txt") >= 0.8',),
    )


SIGNAL = Similar
