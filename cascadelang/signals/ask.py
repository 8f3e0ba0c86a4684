"""What a model says of the query."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._unsupported import Unsupported


class Ask(Unsupported):
    """``ask``."""

    spec: ClassVar[Spec] = Spec(
        name="ask",
        kind="signal",
        summary="what a model says the query is, out of the labels",
        doc="A model is asked the question about the query and answers with one of the labels; its cost counts.",
        gives="label",
        params=(
            Param("model", "model", "who is asked", required=True),
            Param("question", "text", "what is asked", required=True),
            Param("labels", "labels", "the possible answers", required=True),
        ),
        supported="asking a model before routing is not part of this version",
        bare=False,
        calls=1,
        examples=('ask(mini, "Which kind of request is this?", [billing, technical, chat])',),
    )


SIGNAL = Ask
