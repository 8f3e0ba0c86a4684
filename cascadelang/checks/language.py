"""Which language the answer is written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.languages import language_of, missing_package
from cascadelang.contracts.spec import Spec


class Language:
    """``language``."""

    spec: ClassVar[Spec] = Spec(
        name="language",
        kind="check",
        summary="which language the answer is written in, as a two-letter code",
        doc="""
The code that the signal of that name would give for such a text, by the same classifier and with the
same package (`pip install 'cascadelang[lang]'`). A short answer ("42", "Paris") has no language that can be told, and
neither has a short query: `check same = language == query.language else pass` lets those pass.
""",
        gives="language",
        examples=("language == query.language", "language == de", 'language in ["de", "fr"]'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    @staticmethod
    def missing() -> str:
        """What has to be installed first."""
        return missing_package()

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        return language_of(answer.reply.text)


CHECK = Language
