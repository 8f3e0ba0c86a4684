r"""The final answer in an answer: what `agree`, `agrees` and `vote` compare.

Takes: an answer's text. Gives: a key, equal for answers that say the same in the end. Guarantees: never raises, takes
time in proportion to the text, evaluates nothing.

Looked for in this order, the first that is there:

1. **JSON**: the whole answer, or its only fenced block, is a JSON object or list. The key is its value: order of
   keys, spaces and the way numbers are written (``1``, ``1.0``, ``1e0``) don't count.
2. **Boxed**: the last ``\boxed{…}``. A number in it is compared as a number, anything else as folded text. An option
   letter or a number that is stated behind it comes before it.
3. **Stated**: the last line, or sentence, that says so: ``answer: …``, ``the answer is …``, ``#### …``, in English,
   German, French and Spanish. An option letter (``B``, ``(B)``, ``B)``), a number or a short text after it; a list
   after it counts with all its items, and several options (``A, C``) are text. Of two statements in one line the last
   counts, but ``The answer is (B). The answer is 4 m.`` is the option.
4. **An option letter alone**: the answer is nothing but ``B``, ``(b)``, ``**B.**`` or ``B) because …``.
5. **A number**: an answer that is a number with at most a unit beside it, or whose last line says one: ``= 42``,
   ``is 42``, ``: 42`` (``ist``, ``est``, ``es``; ``gives``, ``get`` and their like), a unit behind it or not; behind
   ``=`` the sentence may go on, and a calculation may be summed up (``7 * 6 = 42. So the shop has 42 apples this
   week``: the only number of the last sentence, and one that an equation before it came to).
   ``1,234.50``, ``1234.5`` and ``$1,234.50`` are the same number; ``50%`` is not ``50``; ``1/2`` is ``0.5``, and
   ``3 million`` is ``3,000,000``. Other units don't count: ``5 km`` is ``5``. A number that only stands somewhere in
   a text isn't its answer, and neither is a part of a date, a time or a version, the number of an item in a list, one
   of several (``x = 3, y = 4``), or one that is a limit or denied (``more than 4``, ``not 4``): those are text.
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

_OPTION_KEY: Final = "option:"
_NUMBER_KEY: Final = "number:"
_TYPED: Final = (_OPTION_KEY, _NUMBER_KEY)
_SHORT_CHARS: Final = 80
_DIGITS: Final = 40
_EXACT_BELOW: Final = 1e30
_UNIT_CHARS: Final = 20
_SENTENCE_CHARS: Final = 100
_LINE_CHARS: Final = 2_000

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}+|~{3,}+)[^\n`]*\n(.*?)^ {0,3}\1[ \t]*$", re.DOTALL | re.MULTILINE)
_STATED: Final = re.compile(
    r"(?:^[ \t]*####[ \t]*"
    r"|\b(?:(?:correct|right|best) (?:option|choice)|final answer|answer|(?P<weak>solution|result)"
    r"|endergebnis|ergebnis|antwort|lösung|réponse|respuesta|resultado)\b"
    r"(?:[ \t]to\b[^.:=\n]{1,60}?(?=[ \t](?:is|are)\b))?"
    r"[ \t*_]*(?:is|are|ist|lautet|est|es)?[ \t*_]*(?:[:=]|\b(?<=is)|(?<=are)|(?<=ist)|(?<=lautet)|(?<=est)|(?<=es))"
    r"(?:[ \t]+(?:then|thus|therefore|hence|indeed|also|donc|entonces)\b,?)?"
    r"[ \t*_:=]*\n{0,2}[ \t]*)(?=[^\n])",
    re.IGNORECASE | re.MULTILINE,
)
_OPTION: Final = re.compile(
    r"^(?:(?i:option|choice|antwort|réponse|opción)\s+)?[(\[]?"
    r"(?:([A-J])(?:[)\].:,;]|\s*$|\s+[-\u2013\u2014(]|\s+(?:because|since|weil|denn|car|porque)\b)"
    r"|([a-j])(?:[)\]]|\.?\s*$))",
)
_FURTHER_OPTION: Final = re.compile(
    r"[)\].]?\s*(?:[,;/&+]|\b(?:and|or|und|oder|et|ou|y|o)\b)\s*(?:(?:and|or|und|oder|et|ou|y|o)\s+)?"
    r"[(\[]?[A-HJ](?:[)\].,;:]|\s|$)",
    re.IGNORECASE,
)
_ONLY_OPTION: Final = re.compile(r"^(?:(?i:option|choice)\s+)?[(\[]?([A-Ja-j])[)\].:]{0,2}$")
_LETTER_WITH_WHY: Final = re.compile(r"^[(\[]?([A-J])[)\].:]{1,2}\s")
_NUMBER: Final = re.compile(
    r"(?<![\w.√])(?<!\d[-/:])[-+\u2212]?[$€£]?[ \t]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?"
    r"(?:[ \t]*%|/\d+(?![\w/]))?(?!\w)(?![-/:.]\d)"
)
_SCALES: Final = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 10**3,
    "tausend": 10**3,
    "mille": 10**3,
    "mil": 10**3,
    "million": 10**6,
    "millions": 10**6,
    "millionen": 10**6,
    "mio": 10**6,
    "millón": 10**6,
    "millones": 10**6,
    "billion": 10**9,
    "billions": 10**9,
    "bn": 10**9,
    "milliarde": 10**9,
    "milliarden": 10**9,
    "mrd": 10**9,
    "milliard": 10**9,
    "milliards": 10**9,
    "trillion": 10**12,
    "trillions": 10**12,
}
_BEHIND: Final = re.compile(
    r"\s*(?:(?P<share>per ?cent\b|prozent\b|pour cent\b|por ciento\b)|(?P<time>[ap]\.?m\b)|(?P<word>[^\W\d_]+))",
    re.IGNORECASE,
)
_LIMIT: Final = re.compile(
    r"\b(?:not|isn't|never|no|nicht|kein\w*|pas|less|greater|larger|smaller|fewer|under|over|below|above|between"
    r"|at least|at most|up to|more than|or more|minimum|maximum|mindestens|höchstens|weniger|mehr als|über|unter"
    r"|moins|plus de|menos|más)\b|n[\u2019']t\b|[<>≤≥≠±]",
    re.IGNORECASE,
)
_ASSIGNED: Final = re.compile(r"[^\W\d]\w*[ \t$]*[=:][ \t$]*[-+\u2212]?\d")
_ITEM: Final = re.compile(r"[ \t]*(?:\d{1,3}[.)]|[-*\u2022])[ \t]+\S")
_TEX: Final = (
    (re.compile(r"(?<=\d)\\[dt]?frac"), r" \g<0>"),  # a mixed number isn't a fraction of its digits
    (re.compile(r"\\[dt]?frac\{(\d{1,40})\}\{(\d{1,40})\}"), r"\1/\2"),
    (re.compile(r"\\(?:text|textbf|mathrm|mathbf)\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\[!,;()\[\]]|\\(?:left|right)\b"), ""),
)
_COMES_TO: Final = re.compile(r"(?:[=≈]|>>)[ \t*_$\\(]*$")
_GOES_ON: Final = re.compile(r"\d|[.!?][ \t]+\w")
_RESULT: Final = re.compile(r"[=≈][ \t*_\\(]*([-+\u2212]?[$€£]?[ \t]?\d[\d,]*(?:\.\d+)?(?:[ \t]*%)?)")
_SAYS: Final = re.compile(
    r"(?:[=≈:]|\b(?:is|are|was|were|gets?|equals?|totals?|makes?|gives?|leaves?|have|has|ist|sind|ergibt|macht|bleiben|est"
    r"|sont|fait|reste|es|son|da|quedan|(?:it|that)['\u2019]s)\b)[ \t*_$\\(]*"
    r"(?:(?:exactly|about|then|therefore|thus|also|genau|also|donc|entonces)[ \t]+)?$",
    re.IGNORECASE,
)
_WRAPPING: Final = " \t\r\n*_`\"'“”„«»$"
_WORDS: Final = re.compile(r"[^\w]+")


def final_answer(text: str) -> str:
    """The key of an answer's final answer; empty only for a text that says nothing."""
    text = without_surrogates(text[-LONGEST:]).strip()
    for find in (_json, _said, _letter, _number):
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


def _said(text: str) -> str:
    """What is boxed or stated, whichever comes last; behind a box, only an option or a number counts as stated."""
    box_end, boxed = _boxed(text)
    stated_at, stated = _stated(text)
    if not boxed or (stated_at > box_end and stated.startswith(_TYPED)):
        return stated
    return boxed


def _boxed(text: str) -> tuple[int, str]:
    """Where the last box ends, and the key of what is in it; empty when there is none."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return -1, ""
    depth, begin = 0, start + len("\\boxed{")
    for at in range(begin, min(len(text), begin + 2_000)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            if depth == 0:
                return at, _value(text[begin:at])
            depth -= 1
    return -1, ""


def _stated(text: str) -> tuple[int, str]:
    """Where the last statement begins, and its key; empty when there is none."""
    last = before = None
    for match in _STATED.finditer(text):
        before, last = last, match
    if last is None:
        return -1, ""
    found = _statement(text, last)
    if before is not None and not found.startswith(_OPTION_KEY) and "\n" not in text[before.end() : last.start()]:
        earlier = _statement(text, before)
        told = found.startswith(_NUMBER_KEY)
        # `The answer is (B). The answer is 4 m.`, and `The answer is 4. That this result is so small is a surprise.`
        if earlier.startswith(_OPTION_KEY if told else _TYPED) and (told or last["weak"]):
            return before.start(), earlier
    return last.start(), found


def _statement(text: str, match: re.Match[str]) -> str:
    """The key of what stands behind the words that say that the answer follows."""
    end = text.find("\n", match.end())
    said, behind = (text[match.end() :], "") if end < 0 else (text[match.end() : end], text[end:])
    item = _ITEM.match(said) is not None and "\n" in match[0]
    if item and any(_ITEM.match(line) for line in behind.split("\n")):
        return _folded(text[match.end() :])
    for pattern, instead in _TEX:
        said = pattern.sub(instead, said)
    value = said.strip(_WRAPPING)
    option = _OPTION.match(value)
    if option:
        letter = 1 if option[1] else 2
        several = _FURTHER_OPTION.match(value, option.end(letter))
        return _folded(value) if several else f"option:{option[letter].upper()}"
    # a sentence that goes on: what it begins with may still be a number
    ends = r"[.;!,](?:\s|$)" if len(value) > _SHORT_CHARS else r"[.;!](?:\s|$)"
    first = "" if item else _value(re.split(ends, value, maxsplit=1)[0])
    return first if first.startswith("number:") else _value(value)


def _letter(text: str) -> str:
    said = text.strip(_WRAPPING)
    only = _ONLY_OPTION.match(said) or _LETTER_WITH_WHY.match(said)
    return f"option:{only[1].upper()}" if only else ""


def _number(text: str) -> str:
    last = text.rstrip().rpartition("\n")[2][-_LINE_CHARS:]
    match = None
    for match in _NUMBER.finditer(last):  # noqa: B007 - the last one is meant
        pass
    if match is None or len(_ASSIGNED.findall(last)) > 1:
        return ""
    before, behind = last[: match.start()], last[match.end() :]
    alone = last == text and _letters(before) == 0 and not _ITEM.match(last)
    found = _counted(match, behind) if alone or _SAYS.search(before.rstrip()) else ""
    return found or _worked_out(text, match, before, behind)


def _worked_out(text: str, number: re.Match[str], before: str, behind: str) -> str:
    """The key of a number in the last sentence that a calculation came to: in it, or in the text before it."""
    sentence = re.split(r"[.!?:][ \t]", before)[-1]
    if _letters(behind) > _SENTENCE_CHARS or _LIMIT.search(behind) or _GOES_ON.search(behind):
        return ""
    if not _COMES_TO.search(before.rstrip()):
        if _NUMBER.search(sentence) or _LIMIT.search(sentence):
            return ""
        value = _plain(number[0])
        if value not in {_plain(result[1]) for result in _RESULT.finditer(text[: -len(number[0] + behind)])}:
            return ""
    return _counted(number, behind[:_UNIT_CHARS].rpartition(" ")[0])


def _letters(text: str) -> int:
    return len(_WORDS.sub("", text))


def _value(said: str) -> str:
    """A value that was boxed or stated: an option letter, a number, or its words."""
    for pattern, instead in _TEX:
        said = pattern.sub(instead, said)
    said = said.strip().strip(_WRAPPING).rstrip(".!").strip(_WRAPPING)
    only = _ONLY_OPTION.match(said)
    if only and only[1].isupper():
        return f"option:{only[1]}"
    numbers = list(_NUMBER.finditer(said))
    if len(numbers) == 1 and not _ITEM.match(said):
        before = said[: numbers[0].start()]
        if _letters(before) <= _UNIT_CHARS and not _LIMIT.search(before):  # a name: `x = 42`
            return _counted(numbers[0], said[numbers[0].end() :]) or _folded(said)
    return _folded(said)


def _counted(number: re.Match[str], behind: str) -> str:
    """The key of a number and what stands behind it: a scale and a share count, another unit doesn't.

    Empty when it is no number after all: a time of day, a limit, the beginning of a sentence.
    """
    found = _plain(number[0])
    if not found or _letters(behind) > _UNIT_CHARS or _LIMIT.search(behind):
        return ""
    unit = _BEHIND.match(behind)
    if unit is None or found.endswith("%"):
        return f"number:{found}"
    if unit["time"]:
        return ""
    if unit["share"]:
        return f"number:{found}%"
    scale = _SCALES.get(unit["word"].casefold())
    if scale is not None:
        found = _plain(number[0], scale)
    return f"number:{found}"


def _plain(text: str, scale: int = 1) -> str:
    """A number times a scale, written in one way; empty when it is none, or none that can be compared."""
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
                return f"{number * scale:.12g}{'%' * share}"
            value = Fraction(top)
    except (ValueError, ZeroDivisionError, OverflowError):
        return ""
    if value is None:
        return ""
    value *= scale
    written = str(value.numerator) if value.denominator == 1 else f"{float(value):.12g}"
    return f"{written}{'%' * share}"


def _folded(text: str) -> str:
    """Without case, accents, punctuation and surplus spaces; a text of signs alone as it is."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(_WORDS.sub(" ", plain).replace("_", " ").split()) or " ".join(text.split())
