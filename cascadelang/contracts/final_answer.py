r"""The final answer in an answer: what `agree`, `agrees` and `vote` compare.

Takes: an answer's text. Gives: a key, equal for answers that say the same in the end. Guarantees: never raises, takes
time in proportion to the text, evaluates nothing.

Looked for in this order, the first that is there:

1. **JSON**: the whole answer, or its only fenced block, is a JSON object or list. The key is its value: order of
   keys, spaces and the way numbers are written (``1``, ``1.0``, ``1e0``) don't count.
2. **Boxed**: the last ``\boxed{…}``. A number in it is compared as a number, anything else as folded text.
3. **Stated**: the last line, or sentence, that says so: ``answer: …``, ``the answer is …``, ``#### …``, in English,
   German, French and Spanish. An option letter (``B``, ``(B)``, ``B)``), a number or a short text after it.
4. **An option letter alone**: the answer is nothing but ``B``, ``(b)``, ``**B.**`` or ``B) because …``.
5. **A number**: an answer that is a number with at most a unit beside it, or whose last line says one: ``= 42``,
   ``is 42``, ``: 42`` (``ist``, ``est``, ``es``; ``gives``, ``get`` and their like), a unit behind it or not.
   ``1,234.50``, ``1234.5`` and ``$1,234.50`` are the same number; ``50%`` is not ``50``; ``1/2`` is ``0.5``. A number
   that only stands somewhere in a text isn't its answer, and neither is a part of a date or a time.
6. **Folded text**: the text without case, accents, punctuation and surplus spaces.

What is written around a value doesn't count: emphasis, quotation marks, ``$…$``, a full stop at the end.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from fractions import Fraction
from typing import Any, Final

from cascadelang.contracts.patterns import without_surrogates

LONGEST: Final = 200_000
"""Characters that are looked at: the end of a longer answer, where it says what it comes to."""

_SHORT_CHARS: Final = 80
_DIGITS: Final = 40
_EXACT_BELOW: Final = 1e30
_UNIT_CHARS: Final = 20
_LINE_CHARS: Final = 2_000

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}+|~{3,}+)[^\n`]*\n(.*?)^ {0,3}\1[ \t]*$", re.DOTALL | re.MULTILINE)
_STATED: Final = re.compile(
    r"(?:^[ \t]*####[ \t]*"
    r"|\b(?:final answer|answer|solution|result|endergebnis|ergebnis|antwort|lösung|réponse|respuesta|resultado)\b"
    r"[ \t*_]*(?:is|are|ist|lautet|est|es)?[ \t*_]*(?:[:=]|\b(?<=is)|(?<=are)|(?<=ist)|(?<=lautet)|(?<=est)|(?<=es))"
    r"[ \t*_:=]*\n{0,2}[ \t]*)"
    r"(?P<said>[^\n]+)",
    re.IGNORECASE | re.MULTILINE,
)
_OPTION: Final = re.compile(
    r"^(?:(?:option|choice|antwort|réponse|opción)\s+)?[(\[]?([A-J])(?:[)\].:,;]|\s*$|\s+[-\u2013\u2014])",
    re.IGNORECASE,
)
_ONLY_OPTION: Final = re.compile(r"^[(\[]?([A-Ja-j])[)\].:]{0,2}$")
_LETTER_WITH_WHY: Final = re.compile(r"^[(\[]?([A-J])[)\].:]{1,2}\s")
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?<!\d[-/:])[-+\u2212]?[$€£]?[ \t]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?"
    r"(?:[ \t]*%|/\d+(?![\w/]))?(?!\w)(?![-/:]\d)"
)
_SAYS: Final = re.compile(
    r"(?:[=≈:]|\b(?:is|are|was|were|gets?|equals?|totals?|makes?|gives?|leaves?|have|has|ist|sind|ergibt|macht|bleiben|est"
    r"|sont|fait|reste|es|son|da|quedan)\b)[ \t*_$\\(]*"
    r"(?:(?:exactly|about|then|therefore|thus|also|genau|also|donc|entonces)[ \t]+)?$",
    re.IGNORECASE,
)
_WRAPPING: Final = " \t\r\n*_`\"'“”„«»$"
_WORDS: Final = re.compile(r"[^\w]+")


def final_answer(text: str) -> str:
    """The key of an answer's final answer; empty only for a text that says nothing."""
    text = without_surrogates(text[-LONGEST:]).strip()
    for find in (_json, _boxed, _stated, _letter, _number):
        found = find(text)
        if found:
            return found
    return _folded(text)


def _json(text: str) -> str:
    blocks = _FENCE.findall(text) if "```" in text or "~~~" in text else []
    candidates = [text, *([blocks[0][1]] if len(blocks) == 1 else [])]
    for each in candidates:
        said = each.strip()
        if said[:1] + said[-1:] not in ("{}", "[]"):
            continue
        try:
            value = json.loads(said, parse_int=_json_number, parse_float=_json_number, parse_constant=_no_constant)
            return "json:" + json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError, TypeError):
            continue
    return ""


def _json_number(text: str) -> dict[str, str]:
    """A number of JSON as something that no other value of JSON is: equal ones written alike."""
    return {"\0": _plain(text) or text}


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _boxed(text: str) -> str:
    start = text.rfind("\\boxed{")
    if start < 0:
        return ""
    depth, begin = 0, start + len("\\boxed{")
    for at in range(begin, min(len(text), begin + 2_000)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            if depth == 0:
                return _value(text[begin:at])
            depth -= 1
    return ""


def _stated(text: str) -> str:
    said = ""
    for match in _STATED.finditer(text):
        said = match["said"]
    if not said:
        return ""
    value = said.strip(_WRAPPING)
    option = _OPTION.match(value)
    if option:
        return f"option:{option[1].upper()}"
    if len(value) > _SHORT_CHARS:  # a sentence that goes on: what it begins with may still be a number
        value = re.split(r"[.;,](?:\s|$)", value, maxsplit=1)[0]
    return _value(value)


def _letter(text: str) -> str:
    said = text.strip(_WRAPPING)
    only = _ONLY_OPTION.match(said) or _LETTER_WITH_WHY.match(said)
    return f"option:{only[1].upper()}" if only else ""


def _number(text: str) -> str:
    last = text.rstrip().rpartition("\n")[2][-_LINE_CHARS:]
    match = None
    for match in _NUMBER.finditer(last):  # noqa: B007 - the last one is meant
        pass
    if match is None or _letters(last[match.end() :]) > _UNIT_CHARS:
        return ""
    alone = last == text and _letters(last[: match.start()]) == 0
    found = _plain(match[0]) if alone or _SAYS.search(last[: match.start()].rstrip()) else ""
    return f"number:{found}" if found else ""


def _letters(text: str) -> int:
    return len(_WORDS.sub("", text))


def _value(said: str) -> str:
    """A value that was boxed or stated: an option letter, a number, or its words."""
    said = said.strip().strip(_WRAPPING).rstrip(".!").strip(_WRAPPING)
    only = _ONLY_OPTION.match(said)
    if only and only[1].isupper():
        return f"option:{only[1]}"
    numbers = _NUMBER.findall(said)
    if len(numbers) == 1:
        found = _plain(numbers[0])
        if found and _letters(said.replace(numbers[0], "", 1)) <= _UNIT_CHARS:  # a unit or a name: `42 km`, `x = 42`
            return f"number:{found}"
    return _folded(said)


def _plain(text: str) -> str:
    """A number, written in one way; empty when it is none, or none that can be compared."""
    said = text.strip().replace(",", "").replace("\u2212", "-").replace(" ", "").replace("\t", "")
    said = re.sub(r"[$€£]", "", said)
    share = said.endswith("%")
    top, slash, bottom = said.removesuffix("%").partition("/")
    try:
        if slash:
            value = Fraction(int(top[-_DIGITS:]), int(bottom)) if len(top) <= _DIGITS >= len(bottom) else None
        else:
            number = float(top)
            if not math.isfinite(number):
                return ""
            exact = (
                len(top) <= _DIGITS and abs(number) < _EXACT_BELOW and (number == 0 or abs(number) > 1 / _EXACT_BELOW)
            )
            if not exact:
                return f"{number:.12g}{'%' * share}"
            value = Fraction(top)
    except (ValueError, ZeroDivisionError, OverflowError):
        return ""
    if value is None:
        return ""
    written = str(value.numerator) if value.denominator == 1 else f"{float(value):.12g}"
    return f"{written}{'%' * share}"


def _folded(text: str) -> str:
    """Without case, accents, punctuation and surplus spaces; a text of signs alone as it is."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(_WORDS.sub(" ", plain).replace("_", " ").split()) or " ".join(text.split())
