"""What people write out of habit, from other languages or from plain words, and how it is said here.

Takes: the tokens of a file and the place of one that doesn't fit. Gives: what to do about it; empty where what was
meant is no known habit. Guarantees: looks only at what stands around the place, and says nothing about what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_ARMS: Final = "further conditions are further arms, before the one `else`: `route c1 -> s1, c2 -> s2 else s3`"
_WORDS: Final = {
    "elif": _ARMS,
    "elsif": _ARMS,
    "elseif": _ARMS,
    "unless": "what a good answer is follows `until`: `cascade [a, b] until CHECK`",
    "while": "what a good answer is follows `until`: `cascade [a, b] until CHECK`",
    "timeout": "a limit in time is written `within 30s`; a call's own is `with { timeout: 30s }`",
    "budget": "a limit in money is written `within $0.05`",
    "max_cost": "a limit in money is written `within $0.05`",
    "retries": "further tries are written `retry 2`",
}
_GOES_ON: Final = frozenset(
    ["->", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "is", "(", "+", "-", "*", "/"]
)
"""What follows a condition's first name, and never a strategy's."""
_AROUND: Final = frozenset(["route", "signal", "check"])
"""What an ``else`` may belong to."""


def habit(texts: Sequence[str], kinds: Sequence[str], at: int) -> str:  # noqa: PLR0911 - one case after the other
    """What to do about the token at ``at``, by what stands before it."""
    word = texts[at]
    before, earlier, first = (texts[at - back] if at >= back else "" for back in (1, 2, 3))
    if kinds[at] == "NAME" and word in _WORDS:
        return _WORDS[word]
    if word == "->" and before == "else":
        return "`else` has no arrow: write `else STRATEGY`"
    in_route = next((text for text in reversed(texts[:at]) if text in _AROUND), "") == "route"
    if in_route and earlier == "else" and (before == "if" or (kinds[at - 1] == "NAME" and word in _GOES_ON)):
        return _ARMS
    if before == "if":
        return "a choice is written `route condition -> strategy else strategy`"
    if word == "or" and "within" in (earlier, *texts[max(at - 4, 0) : at - 2]):
        return "limits are joined by `and`: `within $0.05 and 20s`"
    if first == "model" and before == "=" and kinds[at] == "TEXT":
        return f'say at which provider: `model {earlier} = openai("gpt-4.1")`'
    if kinds[at] == "NAME" and before == "," and kinds[at - 2] == "TEXT" and texts[at + 1 : at + 2] == [":"]:
        return f'settings stand in braces behind it: `openai("gpt-4.1") {{ {word}: … }}`'
    return ""
