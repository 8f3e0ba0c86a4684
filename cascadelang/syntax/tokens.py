"""Text to tokens: one pass with one regular expression, on the whole file, never an exception.

Takes: a source file. Gives: `Tokens`, parallel lists ending in an ``$END`` token, the comments, and diagnostics for
what isn't a token of the language. Guarantees: each mistake in a token gives one diagnostic, and in its place stands
the token that the user most likely meant, so that the parser needn't complain about it again.

Terminals are named as in ``grammar/cascade.lark``. Words are all ``NAME``: the parser knows where one is a keyword.
"""

from __future__ import annotations

import re
from dataclasses import field

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.source import SourceFile, Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import bad_tokens
from cascadelang.syntax.ast import Comment
from cascadelang.syntax.bad_tokens import Bad

MAX_NESTING = 100
"""How deeply brackets may stand in each other, and nodes of the tree."""

MAX_BAD = 50
"""After so many characters without meaning the rest of a file isn't read."""

UNITS = {
    "ms": "DURATION",
    "s": "DURATION",
    "m": "DURATION",
    "h": "DURATION",
    "d": "DURATION",
    "k": "COUNT",
    "M": "COUNT",
    "%": "PERCENT",
    "": "NUMBER",
}

_SIGNS = {
    "->": "ARROW",
    "==": "EQUAL",
    "!=": "UNEQUAL",
    "<=": "AT_MOST",
    ">=": "AT_LEAST",
    "..": "RANGE",
    "<": "LESS",
    ">": "MORE",
    "=": "BIND",
    "+": "PLUS",
    "-": "MINUS",
    "*": "STAR",
    "/": "SLASH",
    ",": "COMMA",
    ":": "COLON",
    ".": "DOT",
    "(": "LEFT_PAREN",
    ")": "RIGHT_PAREN",
    "[": "LEFT_BRACKET",
    "]": "RIGHT_BRACKET",
    "{": "LEFT_BRACE",
    "}": "RIGHT_BRACE",
}

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n\f\v\u00a0]+)
    | (?P<word>[^\W\d]\w*)
    | (?P<long>"{3}[^"]*(?:"(?!"")[^"]*)*"{3,5})
    | (?P<text>"(?!"")(?:[^"\\\n]|\\[^\n])*")
    | (?P<comment>\#[^\n]*)
    | (?P<number>\$?(?:[0-9]+(?:\.[0-9]+)*|(?:\.[0-9]+)+)(?:%|\w+)?)
    | (?P<sign>->|==(?!=)|!=(?!=)|<=(?!>)|>=|\.\.|=(?![=><])|<(?![>=])|>|:(?!=)|[-+*/,.()\[\]{}])
    """,
    re.VERBOSE,
)
_REGEX = re.compile(r"/(?![*/])((?:[^/\\\n]|\\[^\n])+)/([A-Za-z]*)")
_GOOD_NUMBER = re.compile(r"(\$?)([0-9]+(?:\.[0-9]+)?)(%|[A-Za-z]*)")

_VALUE_ENDS = frozenset(
    "TEXT LONG_TEXT REGEX NUMBER COUNT PERCENT MONEY DURATION RIGHT_PAREN RIGHT_BRACKET RIGHT_BRACE".split()  # noqa: SIM905
)
_WORDS_BEFORE_VALUES = frozenset(["and", "or", "not", "until", "when", "expect", "from", "by", "else"])


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The tokens of a file, as parallel lists.

    Attributes:
        kinds: the terminals' names.
        texts: as written, or, where the writing was mended, as meant.
        starts: offsets of the first code points.
        ends: offsets past the last ones.
        comments: in order.
        diagnostics: about what isn't a token.
        bad: offsets of tokens that already have a diagnostic.
        guesses: offsets of tokens whose meaning is a guess.
    """

    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    guesses: list[int] = field(default_factory=list)


def tokenize(source: SourceFile) -> Tokens:  # noqa: C901, PLR0912, PLR0915 - one loop, kept flat for speed
    """The tokens of a file. Stops early, with one diagnostic, where brackets are nested too deeply."""
    out = Tokens()
    text, path = source.text, source.path
    kinds, texts, starts, ends = out.kinds, out.texts, out.starts, out.ends
    signs, match_token, length = _SIGNS, _TOKEN.match, len(text)
    brackets: list[str] = []
    pos = 1 if text.startswith("\ufeff") else 0
    if not text.isascii():
        out.diagnostics.extend(bad_tokens.invisible(source))
    if text.count("\r") != text.count("\r\n") or not text.isascii():
        false_end = bad_tokens.false_line_end(source)
        out.diagnostics.extend([false_end] if false_end else [])
    while pos < length:
        match = match_token(text, pos)
        bad: Bad | None = None
        kind = ""
        if match is None:
            bad = bad_tokens.bad_text(source, pos, "".join(brackets[-8:]))
            end = bad.end
        else:
            group, end = match.lastgroup, match.end()
            if group == "space":
                pos = end
                continue
            written = match.group()
            if group == "word":
                kind = "NAME"
                if not written.isascii() or text.startswith("-", end):
                    bad = _bad_word(source, pos, end, kinds)
            elif group == "sign":
                kind = signs[written]
                if written == "/":
                    kind, written, end, bad = _slash(source, pos, divides=_ends_value(kinds, texts))
                elif written in ("(", "[", "{"):
                    brackets.append(written)
                    if len(brackets) > MAX_NESTING:
                        out.diagnostics.append(_too_deep(path, pos))
                        out.bad.append(pos)
                        pos = length
                        break
                elif brackets and written in (")", "]", "}"):
                    brackets.pop()
            elif group == "number":
                kind, bad = _number(source, pos, end, written)
            elif group == "text":
                kind = "TEXT"
                if "\\" in written:
                    bad = _bad_escapes(source, pos, end, written)
            elif group == "long":
                kind = "LONG_TEXT"
                written = written[3:-3]
            else:
                out.comments.append(Comment(written.rstrip(), Span(path, pos, pos + len(written.rstrip()))))
                pos = end
                continue
        if bad is not None:
            end, kind, written = bad.end, bad.kind, bad.text
            if bad.diagnostic and _is_last(bad.diagnostic, bad, source, pos, out):
                break
            if not kind:
                pos = end
                continue
        kinds.append(kind)
        texts.append(written)
        starts.append(pos)
        ends.append(end)
        pos = end
    kinds.append("$END")
    texts.append("")
    starts.append(length)
    ends.append(length)
    return out


def _slash(source: SourceFile, start: int, *, divides: bool) -> tuple[str, str, int, Bad | None]:
    """The terminal that a slash begins, its text and end, or what is wrong with it."""
    text = source.text
    regex = None if divides else _REGEX.match(text, start)
    if regex:
        return "REGEX", regex.group(), regex.end(), None
    comment = text[start + 1 : start + 2] in ("/", "*")
    return "SLASH", "/", start + 1, bad_tokens.bad_text(source, start, "") if comment else None


def _is_last(diagnostic: Diagnostic, bad: Bad, source: SourceFile, at: int, out: Tokens) -> bool:
    """Note a mistake; whether it is one too many to read on."""
    out.diagnostics.append(diagnostic)
    out.bad.append(at)
    if bad.guess:
        out.guesses.append(at)
    if len(out.bad) < MAX_BAD:
        return False
    out.diagnostics.append(_too_many(source.path, at, len(source.text)))
    return True


def _bad_word(source: SourceFile, start: int, end: int, kinds: list[str]) -> Bad | None:
    """What is wrong with a word that has letters beyond ASCII, or a hyphen behind it."""
    text = source.text
    if not text[start:end].isascii():
        return bad_tokens.bad_word(source, start, end)
    if text[end + 1 : end + 2].isalnum():
        return bad_tokens.hyphenated_word(source, start, quoted=bool(kinds) and kinds[-1] == "LEFT_PAREN")
    return None


def _bad_escapes(source: SourceFile, start: int, end: int, written: str) -> Bad | None:
    """What is wrong with a text that has backslashes."""
    told = bad_tokens.bad_escape(source, start, end)
    return Bad("TEXT", '"' + written[1:-1].replace("\\", "") + '"', end, told) if told else None


def _number(source: SourceFile, start: int, end: int, written: str) -> tuple[str, Bad | None]:
    """A number's terminal, or what is wrong with it."""
    match = _GOOD_NUMBER.fullmatch(written)
    if match is None:
        return "", bad_tokens.bad_number(source, start, end)
    money, _, unit = match.groups()
    if money:
        return ("MONEY", None) if not unit else ("", bad_tokens.bad_number(source, start, end))
    kind = UNITS.get(unit)
    if kind == "NUMBER" and source.text[end : end + 1] in " \t":
        return kind, bad_tokens.spaced_unit(source, start, end)
    return (kind, None) if kind else ("", bad_tokens.bad_number(source, start, end))


def _ends_value(kinds: list[str], texts: list[str]) -> bool:
    """Whether the last token ends a value, so that a `/` after it divides."""
    if not kinds:
        return False
    if kinds[-1] == "NAME":
        return texts[-1] not in _WORDS_BEFORE_VALUES
    return kinds[-1] in _VALUE_ENDS


def _too_many(path: str, at: int, length: int) -> Diagnostic:
    return bad_tokens.error(
        "too-many-errors",
        f"more than {MAX_BAD} mistakes; the rest of the file was not read",
        Span(path, at, min(at + 1, length)),
        help="correct the ones above first",
    )


def _too_deep(path: str, at: int) -> Diagnostic:
    return bad_tokens.error(
        "too-deep",
        f"brackets are nested more than {MAX_NESTING} deep here",
        Span(path, at, at + 1),
        help="name the inner parts: `tier`, `signal`, `check` and `policy` each give a part a name",
    )
