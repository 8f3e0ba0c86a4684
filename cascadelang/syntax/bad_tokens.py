# ruff: noqa: RUF001 - signs and letters that look alike are what this is about
"""What isn't a token of the language: what to say about it, and what was probably meant.

Takes: the source and the offset where the lexer could not go on, or a token it has doubts about.
Gives: a `Bad`: the token to go on with (its kind is empty to skip it), where it ends, and the diagnostic.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator

from cascadelang.diagnostics.model import Diagnostic, Fix
from cascadelang.source import SourceFile, Span
from cascadelang.source.frozen import dataclass

DECLARATIONS = frozenset(
    ["use", "provider", "model", "tier", "signal", "check", "tune", "policy", "require", "alert", "test"]
)
NAMING = DECLARATIONS - {"use", "require", "alert", "test"}
"""The declarations that bind a name."""
CLAUSES = frozenset(["query", "meta", "reply", "judge", "ask", "expect"])
STRATEGIES = frozenset(["route", "cascade", "fallback", "hedge", "split", "shadow", "vote"])


class Late:
    """A regular expression that is compiled when it is first used: a file without mistakes uses none of these."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def match(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """As `re.Pattern.match`."""
        return re.compile(self._pattern).match(text, start, end)

    def search(self, text: str) -> re.Match[str] | None:
        """As `re.Pattern.search`."""
        return re.compile(self._pattern).search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As `re.Pattern.finditer`."""
        return re.compile(self._pattern).finditer(text)


UNIT_WORDS = {
    **dict.fromkeys(["msec", "millis", "millisecond", "milliseconds", "MS"], "ms"),
    **dict.fromkeys(["sec", "secs", "second", "seconds", "S"], "s"),
    **dict.fromkeys(["min", "mins", "minute", "minutes"], "m"),
    **dict.fromkeys(["hr", "hrs", "hour", "hours", "H"], "h"),
    **dict.fromkeys(["day", "days", "D"], "d"),
    **dict.fromkeys(["K", "thousand", "ktok", "ktokens"], "k"),
    **dict.fromkeys(["million", "mio", "Mtok"], "M"),
    **dict.fromkeys(["percent", "pct"], "%"),
}
"""Units as people write them, and as the language does."""

_SPACED = Late(
    rf"[ \t]+({'|'.join(sorted([*UNIT_WORDS, 'ms', 's', 'm', 'h', 'd', 'k', 'M', '%'], key=len, reverse=True))})"
    r"(?![A-Za-z0-9_])(?![ \t]*[.(:=-])"
)
_UNITS = frozenset(["", *UNIT_WORDS.values()])
_MONEY_WORDS = frozenset(["usd", "USD", "dollar", "dollars", "cents", "eur", "EUR", "euro", "euros", "gbp", "GBP"])

# Signs of other languages and typefaces: what is meant here, as (kind, text).
_LOOK_ALIKES: dict[str, tuple[str, str]] = {
    "===": ("EQUAL", "=="),
    "!==": ("UNEQUAL", "!="),
    "<=>": ("EQUAL", "=="),
    "=>": ("ARROW", "->"),
    "=<": ("AT_MOST", "<="),
    "<>": ("UNEQUAL", "!="),
    ":=": ("BIND", "="),
    "&&": ("NAME", "and"),
    "||": ("NAME", "or"),
    "&": ("NAME", "and"),
    "|": ("NAME", "or"),
    "!": ("NAME", "not"),
    "≤": ("AT_MOST", "<="),
    "≥": ("AT_LEAST", ">="),
    "≠": ("UNEQUAL", "!="),
    "→": ("ARROW", "->"),
    "⇒": ("ARROW", "->"),
    "…": ("RANGE", ".."),
    "–": ("MINUS", "-"),
    "—": ("MINUS", "-"),
    "−": ("MINUS", "-"),
    "×": ("STAR", "*"),
    "÷": ("SLASH", "/"),
    "，": ("COMMA", ","),
    "：": ("COLON", ":"),
    "（": ("LEFT_PAREN", "("),
    "）": ("RIGHT_PAREN", ")"),
    "¬": ("NAME", "not"),
    "∧": ("NAME", "and"),
    "∨": ("NAME", "or"),
}
_SIGN_RUN = Late(r"===|!==|<=>|=>|=<|<>|:=|&&|\|\||[&|!≤≥≠→⇒…–—−×÷，：（）¬∧∨]")

_OPENING_QUOTES = {"“": "”", "”": "”", "„": "“”", "«": "»", "'": "'", "‘": "’", "’": "’", "`": "`"}

# Letters of other scripts that look like Latin ones (a selection from Unicode's confusables.txt, UTS #39).
_LATIN = dict(
    zip(
        "аеорсухіјѕһԁԛԝАВЕКМНОРСТУХЅІЈαορυνικΑΒΕΖΗΙΚΜΝΟΡΤΥΧıⅼ０１２３４５６７８９",
        "aeopcyxijshdqwABEKMHOPCTYXSIJaopuvikABEZHIKMNOPTYXil0123456789",
        strict=True,
    )
)
INVISIBLE = Late("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u00ad\u061c\u180e]")
"""Bidirectional controls and characters without width."""
_BIDIRECTIONAL = Late("[\u202a-\u202e\u2066-\u2069]")
"""Those that turn text round: embeddings, overrides and isolates (Boucher and Anderson, "Trojan Source", 2021). The
marks U+200E, U+200F and U+061C only say on which side a full stop stands; honest Arabic or Hebrew texts have them."""
_LINE_ENDS = Late("\r(?!\n)|[\u0085\u2028\u2029]")
"""What many editors show as the end of a line and no comment ends at."""

_HYPHEN_NUMBER = Late(r"\w+(?:-\w+){0,3}?-[0-9]")
_GLUED = Late(r"[A-Za-z_][\w.:/@]*(?:-[\w.:/@]+)+")


@dataclass(frozen=True, slots=True)
class Bad:
    """A mended token.

    Attributes:
        kind: its terminal; empty where there is nothing to put in its place.
        text: as it was meant.
        end: the offset past it.
        diagnostic: what to say; ``None`` if it was said elsewhere.
        guess: whether what was meant isn't certain, so that the declaration can't be relied on.
    """

    kind: str
    text: str
    end: int
    diagnostic: Diagnostic | None
    guess: bool = False


def character_name(character: str) -> str:
    """A character as a person can look it up: ``U+202E right-to-left override``."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'control character').lower()}"


def glued(text: str, start: int) -> str:
    """The run of letters, digits, dots and hyphens from ``start`` on, up to 80; nothing if it has no hyphen."""
    match = _GLUED.match(text, start, start + 80)
    return match.group() if match else ""


def error(
    name: str,
    message: str,
    span: Span,
    *,
    label: str = "",
    help: str = "",  # noqa: A002 - as the field is called
    fix: Fix | None = None,
) -> Diagnostic:
    """A diagnostic that is an error."""
    return Diagnostic(name, "error", message, span, label, help, fix=fix)


def hyphenated(source: SourceFile, start: int, run: str) -> Diagnostic:
    """About ``gpt-4o`` where a name or a quoted model id should stand."""
    own = re.sub(r"\W", "_", run)
    return error(
        "hyphen-in-name",
        f"`{run}` is not a name: names have no hyphens",
        Span(source.path, start, start + len(run)),
        help=f'a model id is quoted (`"{run}"`); a name of your own is written `{own}`',
    )


def hyphenated_word(source: SourceFile, start: int, *, quoted: bool) -> Bad | None:
    """``gpt-4o``, if it can't be a subtraction: a part after a hyphen starts like a number and is none."""
    if not _HYPHEN_NUMBER.match(source.text, start, start + 80):
        return None
    run = glued(source.text, start).rstrip(".:/@")
    parts = run.split("-")[1:]
    if not any(
        part[:1].isdigit() and not re.fullmatch(r"[0-9]+(\.[0-9]+)?(ms|s|m|h|d|k|M)?", part) for part in parts
    ):
        return None
    kind, text = ("TEXT", f'"{run}"') if quoted else ("NAME", re.sub(r"\W", "_", run))
    return Bad(kind, text, start + len(run), hyphenated(source, start, run), guess=not quoted)


def spaced_unit(source: SourceFile, start: int, end: int) -> Bad | None:
    """A number and its unit with a space between: ``5 sec``."""
    follows = source.text[end : end + 20].lstrip(" \t")[:1]
    match = _SPACED.match(source.text, end) if follows.isalpha() or follows in ("%", "") else None
    if match is None or not source.text[start].isdigit():
        return None
    unit = UNIT_WORDS.get(match.group(1), match.group(1))
    meant = source.text[start:end] + unit
    span = Span(source.path, start, match.end(1))
    return Bad(
        kind_of("", unit),
        meant,
        match.end(1),
        error(
            "bad-number",
            f"a number and its unit stand together: `{meant}`",
            span,
            help=f"write `{meant}`",
            fix=Fix(span, meant, f"write `{meant}`"),
        ),
    )


def bad_number(source: SourceFile, start: int, end: int) -> Bad:
    """About digits with a unit, a sign or a form that the language doesn't have."""
    written = source.text[start:end]
    span = Span(source.path, start, end)
    match = re.match(r"(\$?)([0-9]*(?:\.[0-9]+)?)(.*)", written, re.DOTALL)
    money, digits, unit = match.groups() if match else ("", written, "")
    known = UNIT_WORDS.get(unit, unit)
    if digits.startswith(".") and (known == "" if money else known in _UNITS):
        meant = f"{money}0{digits}{known}"
        fix = Fix(span, meant, f"write `{meant}`")
        return Bad(
            kind_of(money, known),
            meant,
            end,
            error("bad-number", f"a number starts with a digit: `{written}`", span, help=f"write `{meant}`", fix=fix),
        )
    if digits.startswith("."):
        digits = f"0{digits}"
    if money:
        help_ = f"write `${digits}`" if unit in _MONEY_WORDS or not unit else _money_help(digits, unit)
        return Bad(
            "MONEY",
            f"${digits}",
            end,
            error("bad-number", f"`{written}` is not an amount of money", span, help=help_),
        )
    if unit in UNIT_WORDS:
        meant = digits + UNIT_WORDS[unit]
        fix = Fix(span, meant, f"write `{meant}`")
        return Bad(
            kind_of("", UNIT_WORDS[unit]),
            meant,
            end,
            error("bad-number", f"`{unit}` is not a unit", span, help=f"write `{meant}`", fix=fix),
        )
    if unit in _MONEY_WORDS:
        return Bad(
            "MONEY",
            f"${digits}",
            end,
            error(
                "bad-number", f"`{written}` is not an amount of money", span, help="money is in US dollars: `$0.02`"
            ),
        )
    if unit.startswith(("_", ".")):
        message, help_ = (
            f"`{written}` is not a number",
            "digits stand together, with one point at most: `1000`, `0.8`",
        )
    elif re.fullmatch(r"[eE][0-9]*", unit):
        message, help_ = f"`{written}` is not a number", "write it out (`0.001`), or with `k` or `M` (`4k`, `2M`)"
    else:
        message = f"`{unit}` is not a unit"
        help_ = "units are `ms` `s` `m` `h` `d` for time, `k` `M` for counts, `%` for shares; money is `$0.02`"
    return Bad("NUMBER", digits, end, error("bad-number", message, span, help=help_), guess=True)


def kind_of(money: str, unit: str) -> str:
    """The terminal of a number with this sign before and this unit after it."""
    if money:
        return "MONEY"
    return {"k": "COUNT", "M": "COUNT", "%": "PERCENT", "": "NUMBER"}.get(unit, "DURATION")


def _money_help(digits: str, unit: str) -> str:
    factor = {"k": 1_000, "K": 1_000, "M": 1_000_000}.get(unit)
    if factor is None:
        return f"money is in US dollars, without a unit: `${digits}`"
    return f"money is written out: `${float(digits) * factor:g}`"


def bad_word(source: SourceFile, start: int, end: int) -> Bad:
    """About a word with letters outside ``A-Z a-z 0-9 _``."""
    written = source.text[start:end]
    span = Span(source.path, start, end)
    odd = next(c for c in written if not c.isascii())
    meant = "".join(map(_latin, written))
    if meant.isascii():
        return Bad(
            "NAME",
            meant,
            end,
            error(
                "confusable-text",
                f"`{written}` has a letter that only looks like `{_latin(odd)}`",
                span,
                label=f"it is {character_name(odd)}",
                help=f"write `{meant}` in Latin letters",
                fix=Fix(span, meant, f"write `{meant}` in Latin letters"),
            ),
        )
    plain = unicodedata.normalize("NFKD", written).encode("ascii", "ignore").decode()
    return Bad(
        "NAME",
        plain or "_",
        end,
        error(
            "unexpected-character",
            f"`{odd}` can't stand in a name",
            span,
            help="names are made of `A`-`Z`, `a`-`z`, `0`-`9` and `_`; any text can stand in quotes",
        ),
        guess=True,
    )


def _latin(letter: str) -> str:
    """The Latin letter that a letter looks like, also one of another width or typeface; else the letter itself."""
    plain = _LATIN.get(letter) or unicodedata.normalize("NFKC", letter)
    return plain if plain.isascii() and plain.isalnum() else letter


def bad_escape(source: SourceFile, start: int, end: int) -> Diagnostic | None:
    """About the first escape of a one-line text that JSON doesn't have; ``None`` if all are good."""
    text = source.text
    at = text.find("\\", start, end)
    while at != -1:
        follows = text[at + 1]
        if follows == "u":
            if not re.match(r"[0-9a-fA-F]{4}", text[at + 2 : at + 6]):
                return error(
                    "bad-escape",
                    "`\\u` needs four hexadecimal digits",
                    Span(source.path, at, min(at + 6, end - 1)),
                    help="as in `\\u00e9`; the character itself can stand in the text too",
                )
        elif follows not in '"\\/bfnrt':
            return error(
                "bad-escape",
                f"`\\{follows}` is not an escape",
                Span(source.path, at, at + 2),
                help='escapes are `\\"` `\\\\` `\\/` `\\b` `\\f` `\\n` `\\r` `\\t` `\\u0041`; '
                "a backslash itself is written `\\\\`",
            )
        at = text.find("\\", at + 2, end)
    return None


def invisible(source: SourceFile) -> list[Diagnostic]:
    """About bidirectional controls anywhere, and characters without width outside texts: one for each line."""
    found: dict[int, Diagnostic] = {}
    for match in _BIDIRECTIONAL.finditer(source.text):
        at = match.start()
        line = source.position(at).line
        if line not in found:
            found[line] = _invisible(source, at)
    return list(found.values())


def false_line_end(source: SourceFile) -> Diagnostic | None:
    """About the first line end that many editors show and that is none here; ``None`` where there is none."""
    match = _LINE_ENDS.search(source.text)
    if match is None:
        return None
    at = match.start()
    return error(
        "confusable-text",
        "a character here looks like the end of a line and is none: a comment before it goes on behind it",
        Span(source.path, at, at + 1),
        label=f"it is {character_name(source.text[at])}",
        help="write an ordinary line end; in a text in quotes it can be written as an escape",
    )


def _invisible(source: SourceFile, at: int) -> Diagnostic:
    what = "changes the direction of the text" if _BIDIRECTIONAL.match(source.text, at) else "can't be seen"
    return error(
        "confusable-text",
        f"a character here {what}, so that the file reads otherwise than it runs",
        Span(source.path, at, at + 1),
        label=f"it is {character_name(source.text[at])}",
        help="delete it; in a text in quotes it can be written as an escape",
        fix=Fix(Span(source.path, at, at + 1), "", "delete it"),
    )


def bad_text(source: SourceFile, at: int, open_brackets: str) -> Bad:
    """About what no token starts with. ``open_brackets`` are those open before it, outermost first."""
    text = source.text
    character = text[at]
    if text.startswith('"""', at):
        span = Span(source.path, at, at + 3)
        return Bad(
            "LONG_TEXT",
            text[at + 3 :],
            len(text),
            error("unclosed-text", 'this text has no closing `"""`', span, help='close it with `"""`'),
            guess=True,
        )
    if character == '"':
        return _unclosed(source, at, open_brackets)
    if character in _OPENING_QUOTES:
        return _other_quotes(source, at, _OPENING_QUOTES[character])
    if text.startswith(("//", "/*"), at):
        end = text.find("*/", at) + 2 if text[at + 1] == "*" else text.find("\n", at)
        end = end if end > at else len(text)
        span = Span(source.path, at, at + 2)
        return Bad("", "", end, error("unexpected-character", "a comment starts with `#`", span, help="write `#`"))
    match = _SIGN_RUN.match(text, at)
    if match:
        kind, meant = _LOOK_ALIKES[match.group()]
        span = Span(source.path, at, match.end())
        said = f"`{match.group()}` is written `{meant}` here"
        return Bad(
            kind,
            meant,
            match.end(),
            error("wrong-sign", said, span, help=f"write `{meant}`", fix=Fix(span, meant, f"write `{meant}`")),
        )
    return _other_character(source, at)


def _unclosed(source: SourceFile, at: int, open_brackets: str) -> Bad:
    """A one-line text without its closing quote: up to what closes brackets at the end of its line."""
    text = source.text
    end = text.find("\n", at)
    end = len(text) if end == -1 else end
    body = text[at:end].rstrip()
    closers = {"(": ")", "[": "]", "{": "}"}
    for opener in reversed(open_brackets):
        trimmed = body.rstrip(", \t")
        if not trimmed.endswith(closers[opener]) or trimmed == '"':
            break
        body = trimmed[:-1]
    body = body.rstrip(", \t") or '"'
    span = Span(source.path, at, at + len(body))
    return Bad(
        "TEXT",
        '"' + body[1:].replace("\\", "") + '"',
        at + len(body),
        error(
            "unclosed-text",
            'this text has no closing `"` on its line',
            span,
            help='close it with `"`; a text over several lines stands between `"""` and `"""`',
        ),
        guess=True,
    )


def _other_quotes(source: SourceFile, at: int, closing: str) -> Bad:
    text = source.text
    line_end = text.find("\n", at)
    line_end = len(text) if line_end == -1 else line_end
    end = next((i for i in range(at + 1, line_end) if text[i] in closing or text[i] == '"'), -1)
    if end == -1:
        end = at
    span = Span(source.path, at, end + 1)
    inner = text[at + 1 : end] if end > at else ""
    fix = Fix(span, f'"{inner}"', "write it in straight double quotes") if '"' not in inner and inner else None
    return Bad(
        "TEXT",
        '"' + inner.replace("\\", "").replace('"', "") + '"',
        end + 1,
        error(
            "wrong-quotes",
            f"a text stands in straight double quotes, not `{text[at]}`",
            span,
            help=f'write `"{inner}"`' if inner else 'write `"…"`',
            fix=fix,
        ),
        guess=not inner,
    )


def _other_character(source: SourceFile, at: int) -> Bad:
    text = source.text
    character = text[at]
    if INVISIBLE.match(character):
        known = _BIDIRECTIONAL.match(character)  # told by `invisible` already
        return Bad("", "", at + 1, None if known else _invisible(source, at))
    end = at + 1
    if character in "€£¥₹":
        match = re.compile(r"\s?([0-9]+(?:\.[0-9]+)?)[A-Za-z]*").match(text, at + 1)
        end = match.end() if match else end
        span = Span(source.path, at, end)
        message = f"money is in US dollars, not in `{character}`"
        amount = match.group(1) if match else "0"
        return Bad(
            "MONEY", f"${amount}", end, error("bad-number", message, span, help="write it as `$0.02`"), guess=True
        )
    while end < len(text) and end - at < 10_000 and _is_odd(text[end]):
        end += 1
    span = Span(source.path, at, end)
    if character == ";":
        fix = Fix(span, "", "delete it")
        return Bad(
            "", "", end, error("unexpected-character", "`;` has no meaning here", span, help="delete it", fix=fix)
        )
    shown = f"`{character}`" if character.isprintable() and not character.isspace() else character_name(character)
    help_ = "percentages and prices are `60%` and `$0.02`" if character in "%$" else "delete it, or put it in quotes"
    return Bad("", "", end, error("unexpected-character", f"{shown} has no meaning here", span, help=help_))


def _is_odd(character: str) -> bool:
    """Whether a character can only continue a run of characters without meaning."""
    return not (character.isalnum() or character.isspace() or character in "_\"#$+-*/,:.()[]{}<>=!&|'`“”‘’„«»")
