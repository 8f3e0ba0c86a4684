"""What the beginning of a text settles of a search with a regular expression.

Takes: a pattern as policies give it. Gives: whether a match, once found, stays one however the text goes on; and for
a pattern held to the text's start, an expression of all beginnings of texts that it can match. Guarantees: both err
on the safe side: for what isn't understood there is ``None``, or "no".

The beginnings of what ``ab`` matches are those of ``a``, and all of ``a`` with those of ``b`` behind; of ``a|b``,
those of either; of ``a*``, any number of ``a`` with those of ``a`` behind. Patterns are taken apart by Python's own
parser and put together again for RE2; what the two read differently is left alone. Classes with a name keep it, so
that they mean what RE2 means by them.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

from cascadelang.contracts.patterns import BadPattern, compile_re2, without_surrogates

_MOST_BYTES: Final = 1024 * 1024
_MOST_CHARS: Final = 20_000
_MOST_TIMES: Final = 1000
"""Of repetitions RE2 takes no more."""

_LOOKS_AHEAD: Final = re.compile(r"\$|\\[bBzZ]|\(\?[a-zA-Z]*-|\\Q")
_FLAGS: Final = re.compile(r"\(\?([ims]+)\)")
_READ_OTHERWISE: Final = (r"\p", r"\P", "[[", r"\Q", r"\C", r"\x{", "{,", "--", "&&", "~~", "||")
"""What Python's parser doesn't know, or reads otherwise than RE2, or warns of."""

_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def stays(pattern: str) -> bool:
    """Whether a match found in the beginning of a text is one whatever follows: nothing in it looks to the right."""
    return _LOOKS_AHEAD.search(pattern) is None


def beginnings(pattern: str) -> Any:
    """A compiled expression that matches, as a whole, every beginning of a text in which the pattern can match.

    ``None`` where there is no saying: it isn't held to the start of the text, or has something in it that isn't
    understood.
    """
    given = _FLAGS.match(pattern)
    flags = given.group(1) if given else ""
    body = pattern[given.end() :] if given else pattern
    held = body.startswith(("^", r"\A"))
    if not held or "m" in flags or any(word in body for word in _READ_OTHERWISE):
        return None
    ends = body.endswith("$") and not body.endswith(r"\$")
    if body.endswith(r"\z"):
        body, ends = body.removesuffix(r"\z"), True
    try:
        tree = list(import_module("re._parser").parse(body))
        if str(tree[0][0]) != "AT":
            return None
        tree = tree[1:]
        if ends and tree and str(tree[-1][0]) == "AT":
            tree = tree[:-1]
        written = _begun(tree) if ends else f"(?:{_begun(tree)}|(?:{_whole(tree)})(?s:.*))"
        if len(written) > _MOST_CHARS:
            return None
        return compile_re2(without_surrogates(f"(?{flags}){written}" if flags else written), _MOST_BYTES)
    except (BadPattern, _Unknown, re.error, ImportError, OverflowError, RecursionError, ValueError):
        return None


class _Unknown(Exception):  # noqa: N818 - it names what is so
    """A part of a pattern that isn't understood."""


def _whole(tree: Any) -> str:
    """A sequence, written out again."""
    return "".join(_part(*item) for item in tree)


def _begun(tree: Any) -> str:
    """The beginnings of a sequence: each part begun, behind all of those before it."""
    written = ""
    for op, value in reversed(list(tree)):
        own = _begun_part(op, value)
        written = f"(?:{own}|{_part(op, value)}{written})" if written else f"(?:{own})"
        if len(written) > _MOST_CHARS:
            raise _Unknown
    return written


def _part(op: Any, value: Any) -> str:  # noqa: PLR0911 - one case a form
    """One part, written out again."""
    name = str(op)
    if name == "LITERAL":
        return _char(value)
    if name == "NOT_LITERAL":
        return f"[^{_char(value)}]"
    if name == "ANY":
        return "."
    if name == "IN":
        return _class(value)
    if name == "BRANCH":
        return f"(?:{'|'.join(_whole(branch) for branch in value[1])})"
    if name == "SUBPATTERN" and not value[1] and not value[2]:
        return f"(?:{_whole(value[3])})"
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = value
        return f"(?:{_whole(inner)}){_times(least, most)}"
    raise _Unknown


def _begun_part(op: Any, value: Any) -> str:
    """The beginnings of one part, itself among them."""
    name = str(op)
    if name == "BRANCH":
        return f"(?:{'|'.join(_begun(branch) for branch in value[1])})"
    if name == "SUBPATTERN" and not value[1] and not value[2]:
        return f"(?:{_begun(value[3])})"
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = value
        if int(most) == 0:
            return ""
        _times(least, most)
        fewer = "*" if int(most) > _MOST_TIMES else _times(0, int(most) - 1)
        return f"(?:{_whole(inner)}){fewer}(?:{_begun(inner)})?"
    return f"(?:{_part(op, value)})?"


def _times(least: Any, most: Any) -> str:
    low, high = int(least), int(most)
    if low > _MOST_TIMES:
        raise _Unknown
    return f"{{{low},}}" if high > _MOST_TIMES else f"{{{low},{high}}}"


def _class(items: Any) -> str:
    written = ""
    for op, value in items:
        name = str(op)
        if name == "NEGATE":
            written = "^"
        elif name == "LITERAL":
            written += _char(value)
        elif name == "RANGE":
            written += f"{_char(value[0])}-{_char(value[1])}"
        elif name == "CATEGORY" and str(value) in _CATEGORIES:
            written += _CATEGORIES[str(value)]
        else:
            raise _Unknown
    return f"[{written}]"


def _char(code: int) -> str:
    if 0xD800 <= code <= 0xDFFF:
        raise _Unknown
    return f"\\x{{{code:x}}}"
