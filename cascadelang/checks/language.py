"""Which language the answer is written in."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Spec


class Language(Unsupported):
    """``language``."""

    spec: ClassVar[Spec] = Spec(
        name="language",
        kind="check",
        summary="which language the answer is written in",
        doc="A two-letter code, as the signal of that name gives for the query.",
        gives="language",
        supported="the language of an answer is not part of this version",
        bare=True,
        examples=("language == query.language",),
    )


CHECK = Language
