r"""Whether two pieces of mathematics are equal, through math-verify; done in a process of its own.

Takes: the reference, the end of the answer, and what its final answer seems to be. Gives: true or false, or unknown,
with the reason. Guarantees: a text is only ever read by the grammar of LaTeX (latex2sympy), never by Python: neither
``sympify`` nor ``parse_expr`` sees a word of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_MATHS: Final = re.compile(r"\$|\\\(|\\\[|\\boxed")
_STATED: Final = re.compile(
    r"(?:=|\b(?:answer|result|solution)\b[^\n]{0,20}?(?:is|:|=)|:)\s*([^=:\n]+?)\s*$", re.IGNORECASE
)
_ROOT: Final = re.compile(r"\bsqrt\(([^()]{1,80})\)")
_NAMES: Final = re.compile(r"(?<![\\\w])(pi|infinity|theta|alpha|beta|gamma|sin|cos|tan|log|ln|exp)(?![a-zA-Z])")
_POWER_OF_TEN: Final = re.compile(r"(?<=\d)[eE]([-+]?\d{1,3})\b")
_PROSE: Final = re.compile(
    r"(?<![\\A-Za-z{])(?!(?:sqrt|pi|infinity|theta|alpha|beta|gamma|sin|cos|tan|log|exp)\b)[A-Za-z]{3,}"
)
_SIGNS: Final = {
    ord(sign): word
    for sign, word in {
        **dict.fromkeys("\u2212\u2013", "-"),
        **dict.fromkeys("\u00b7\u00d7", "*"),
        **dict.fromkeys("\u00f7\u2215\u2044", "/"),
        "π": " pi ",
        "∞": " infinity ",
        "θ": " theta ",
    }.items()
}
"""Signs that people write, and what they are in plain mathematics."""
_RAISED: Final = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_DIGIT_OF: Final = {ord(sign): str(at) for at, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_RADICAL: Final = re.compile(r"√\s*(?:\(([^()]{1,80})\)|(\d+(?:\.\d+)?|[A-Za-z]))")
_PLAIN_CHARS: Final = 200


def work(given: Mapping[str, str]) -> tuple[bool | None, str]:
    """Compare; see the module's docstring."""
    import logging

    logging.disable(logging.CRITICAL)
    from math_verify import verify

    said, plain = given["expected"], _dressed(given["expected"])
    # of `2π` not in LaTeX, math-verify reads the 2
    expected = (_read(said) if said.isascii() or not plain else []) or _read(plain)
    if not expected:
        return None, "the reference can't be read as mathematics"
    found = _read(given["answer"]) or _read(_dressed(given["final"]))
    if not found:
        return False, "no mathematics was found in the answer"
    shown = _shown(found)
    if verify(expected[:-1], found[:-1], timeout_seconds=None):
        return True, f"`{shown}` equals the reference"
    return False, f"`{shown}` does not equal `{_shown(expected)}`"


def _read(text: str) -> list[Any]:
    """What can be read, its text last; empty for nothing."""
    from math_verify import LatexExtractionConfig, parse

    if not text:
        return []
    config = LatexExtractionConfig(boxed_match_priority=0)
    found: list[Any] = parse(text, [config], fallback_mode="first_match", parsing_timeout=None)
    return found if len(found) > 1 else []


def _dressed(text: str) -> str:
    """Plain mathematics (`sqrt(2)/2`, `x**2`) as LaTeX; empty when it is none."""
    said = _RADICAL.sub(lambda match: f"sqrt({match[1] or match[2]})", text.translate(_SIGNS))
    said = _RAISED.sub(lambda match: f"^{{{match[0].translate(_DIGIT_OF)}}}", said).strip().rstrip(".").strip("*`_ ")
    if not said or _MATHS.search(said):
        return ""
    stated = _STATED.search(said)
    if stated and len(said) > len(stated[1]) and not re.fullmatch(r"\w+\s*=.*", said):
        said = stated[1]
    if len(said) > _PLAIN_CHARS or "\n" in said or _PROSE.search(said):
        return ""
    said = _POWER_OF_TEN.sub(r"\\cdot 10^{\1}", said)
    said = _ROOT.sub(r"\\sqrt{\1}", said).replace("**", "^").replace("*", r"\cdot ")
    return f"${_named(said)}$"


def _named(said: str) -> str:
    return _NAMES.sub(lambda match: ("\\infty" if match[1] == "infinity" else f"\\{match[1]}") + " ", said)


def _shown(found: list[Any]) -> str:
    text = " ".join(str(found[-1]).split())
    return text if len(text) <= 60 else text[:59] + "…"
