"""Which topic the query is nearest to, by embedding."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._unsupported import Unsupported


class Nearest(Unsupported):
    """``nearest``."""

    spec: ClassVar[Spec] = Spec(
        name="nearest",
        kind="signal",
        summary="the topic whose examples the query is nearest to",
        doc="The label of the topic with the example whose embedding is nearest to the query's.",
        gives="label",
        params=(Param("topics", "file", "topics with their examples", required=True),),
        supported="signals by meaning are not part of this version",
        bare=False,
        examples=('nearest("topics.yaml")',),
    )


SIGNAL = Nearest
