"""Regular expressions of policies, run by RE2, so that no text can make them hang.

Takes: the value of a ``/pattern/flags`` argument: the pattern, with its flags inline in front (``(?i)word``), or a
mapping with ``pattern`` and ``flags``. Gives: a test of a text. Guarantees: time linear in the text; never raises on
any text, also one with lone surrogates. RE2 itself is imported at the first compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

_MOST_BYTES: Final = 1024 * 1024
"""What a policy's pattern may take: compiling one of this size takes some 10 ms, one of RE2's own limit 0.15 s."""

TOO_LARGE: Final = "it is too large"
"""What is wrong with a pattern that takes more."""


class BadPattern(Exception):  # noqa: N818 - it names what is so
    """RE2 refuses the pattern. ``str()`` of it says why, in lower case."""


def pattern_text(value: str | Mapping[str, Any]) -> str:
    """The pattern with its flags inline, from either form of the argument."""
    if isinstance(value, str):
        return value
    flags = "".join(dict.fromkeys(str(value.get("flags") or "")))
    pattern = str(value.get("pattern", ""))
    return f"(?{flags}){pattern}" if flags else pattern


def finder(value: str | Mapping[str, Any]) -> Callable[[str], str | None]:
    """A function that gives the first match of the pattern in a text, or ``None``.

    Raises:
        BadPattern: if RE2 refuses the pattern.
    """
    search = _compiled(pattern_text(value)).search

    def find(text: str) -> str | None:
        match = search(without_surrogates(text))
        return None if match is None else str(match.group())

    return find


def pattern_problem(value: str | Mapping[str, Any]) -> str:
    """Why RE2 refuses the pattern, or the empty text."""
    try:
        _compiled(pattern_text(value))
    except BadPattern as problem:
        return str(problem)
    return ""


def without_surrogates(text: str) -> str:
    """The text with each lone surrogate, which no encoding carries, replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    return compile_re2(without_surrogates(pattern), _MOST_BYTES)


def compile_re2(expression: str, most_bytes: int | None = None) -> Any:
    """The expression, compiled by RE2.

    Args:
        expression: without lone surrogates.
        most_bytes: how much memory the compiled program may take; RE2's own limit (8 MB) by default.

    Raises:
        BadPattern: if RE2 refuses it.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    if most_bytes is not None:
        options.max_mem = most_bytes
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        raw = error.args[0] if error.args else "it is not a regular expression"
        said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        raise BadPattern(_hint(said)) from None


def _hint(said: str) -> str:
    if "pattern too large" in said:
        return TOO_LARGE
    if "(?=" in said or "(?!" in said or "(?<" in said:
        return f"look-ahead and look-behind aren't in RE2's syntax ({said})"
    if "invalid escape sequence" in said and said.rstrip()[-1:].isdigit():
        return f"back-references aren't in RE2's syntax ({said})"
    return said
