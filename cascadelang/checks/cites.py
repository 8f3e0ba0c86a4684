"""Whether the answer cites its sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from cascadelang.checks._fences import without_blocks
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec
from cascadelang.contracts.words import find_phrase, fold

_NUMBER: Final = re.compile(r"\[\^?(\d{1,4})\]")
_URL: Final = re.compile(r"(?:https?://|www\.)\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/\S*")
_SCHEME: Final = re.compile(r"^(?:https?://)?(?:www\.)?")
_MARKS: Final = re.compile(
    r"\[[ ]?\^?(\d{1,4}(?:[ ]?(?:[,;\u2013-]|and|to)[ ]?\^?\d{1,4}){0,50})[ ]?\]"
    r"|\u3010(\d{1,4})(?:\u2020[^\u3010\u3011]{0,200})?\u3011"
)
_PART: Final = re.compile(r"(\d{1,4})(?:[ ]?(?:\u2013|-|to)[ ]?\^?(\d{1,4}))?")
_INLINE_CODE: Final = re.compile(r"(?<!`)`[^`\n]{1,400}`(?!`)")
_BETWEEN: Final = str.maketrans(dict.fromkeys(',;:()[]{}<>*_|"\u201c\u201d\u201e\u00ab\u00bb', " "))

Found = Callable[["_Text"], bool]
"""Whether a source is cited in a text."""


class Cites:
    """``cites(["handbook", "[1]"])`` and ``cites([…], least: 1)``."""

    spec: ClassVar[Spec] = Spec(
        name="cites",
        kind="check",
        summary="whether the answer cites the sources",
        doc="""
Every one of the sources has to be cited, or, with `least`, so many of them. A source is one of three:

- A number, `"[1]"`: cited by `[1]`, `[^1]` and `【1】`; in a list or a range (`[1, 2]`, `[1-3]`) it counts as well.
- An address, `"https://acme.com/handbook"`: the same address in any case, with or without `https://` and `www.`, and
  what lies under it (`acme.com/handbook/leave`, `…#leave`, `…?page=2`).
- A name, `"Employee Handbook"`: its words in this order, whole words in any case. Commas, brackets, quotes and
  emphasis between them don't count: `Smith (2020)` is `"Smith 2020"`.

It counts wherever it stands in the prose, in a list of references too; fenced blocks don't count, and a number in
`code` is an index and no citation. That a source is named says nothing about what it says: `the handbook doesn't
cover this` names the handbook. For that, ask a `judge`.
""",
        params=(
            Param("sources", "texts", "the sources", required=True),
            Param("least", "count", "how many of them are enough; all unless given"),
        ),
        always_known=True,
        bare=False,
        examples=('cites(["handbook"])', 'cites(["[1]", "[2]"])', 'cites(["acme.com/terms", "FAQ"], least: 1)'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        sources = _sources(args)
        self._found: tuple[tuple[str, Found], ...] = tuple((source, _finder(source)) for source in sources)
        self._least = len(sources) if args.get("least") is None else int(args["least"])

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        sources = _sources(args)
        if not sources:
            return ["it needs at least one source"]
        for source in sources:
            if not _says_something(source):
                return [f"`{source}` names no source" if source.strip() else "a source is empty"]
        least = args.get("least")
        if least is None:
            return []
        if least < 1:
            return ["`least` is 1 or more: nothing has to be cited otherwise"]
        return [] if least <= len(sources) else [f"`least` is {least}, but the list has {len(sources)}"]

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        text = _Text(without_blocks(answer.reply.text))
        cited = [source for source, found in self._found if found(text)]
        missing = [source for source, _ in self._found if source not in cited]
        said = f"cites {_listed(cited)}" if cited else "cites none of the sources"
        return Finding(len(cited) >= self._least, f"{said}, not {_listed(missing)}" if cited and missing else said)


class _Text:
    """An answer's prose, made ready for each kind of source the first time one asks."""

    def __init__(self, prose: str) -> None:
        self._prose = prose
        self._folded = fold(prose)
        self._words: str | None = None
        self._numbers: set[int] | None = None

    def has_number(self, number: int) -> bool:
        """Whether a bracket holds the number."""
        if self._numbers is None:
            self._numbers = _numbers(_INLINE_CODE.sub(" ", self._prose))
        return number in self._numbers

    def has_words(self, words: str) -> bool:
        """Whether the words stand in a row."""
        if self._words is None:
            self._words = _words(self._folded)
        return find_phrase(self._words, words) != -1

    def has_address(self, address: str) -> bool:
        """Whether the address stands there, whole: no longer host, no longer word at its end."""
        text = self._folded
        at = text.find(address)
        while at != -1:
            before, behind = text[max(0, at - 4) : at], text[at + len(address) : at + len(address) + 2]
            if _begins(before) and _ends(behind):
                return True
            at = text.find(address, at + 1)
        return False


def _begins(before: str) -> bool:
    if before.endswith(("//", "www.")):
        return True
    return not before or not (before[-1].isalnum() or before[-1] in "-_@/.")


def _ends(behind: str) -> bool:
    if not behind:
        return True
    goes_on = behind[0] in ".:" and len(behind) > 1 and behind[1].isalnum()
    return not (goes_on or behind[0].isalnum() or behind[0] in "-_~%")


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for match in _MARKS.finditer(text):
        for part in _PART.finditer(match[1] or match[2]):
            first = int(part[1])
            last = int(part[2]) if part[2] else first
            found.update(range(first, min(last, first + 1_000) + 1))
    return found


def _words(folded: str) -> str:
    return " ".join(folded.translate(_BETWEEN).split())


def _sources(args: Mapping[str, Any]) -> Sequence[str]:
    sources = args.get("sources") or ()
    return (sources,) if isinstance(sources, str) else tuple(dict.fromkeys(sources))


def _says_something(source: str) -> bool:
    return any(char.isalnum() for char in source)


def _finder(source: str) -> Found:
    """How it is seen that a source is cited."""
    folded = fold(source)
    number = _NUMBER.fullmatch(folded)
    if number is not None:
        return lambda text: text.has_number(int(number[1]))
    if _URL.fullmatch(folded):
        address = _SCHEME.sub("", folded).rstrip("/")
        return lambda text: text.has_address(address)
    words = _words(folded)
    return lambda text: text.has_words(words)


def _listed(sources: Sequence[str]) -> str:
    shown = [f"`{source}`" for source in sources[:5]]
    return ", ".join(shown) + (f" and {len(sources) - 5} more" if len(sources) > 5 else "")


CHECK = Cites
