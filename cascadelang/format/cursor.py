"""The tokens of a file in order, each with the comments around it.

Takes: a file's text, tokens and comments. Gives: a `Cursor` that hands out every token exactly once, as written.
Guarantees: a comment is handed out between the two tokens it stands between: at the end of the first one's line
(``trailing``) or on lines of its own before the second (``leading``). Parentheses that stand directly in parentheses
are left out, unless there is a comment between them; commas are handed out by `comma` only, for where one stands is
up to the layout.
"""

from __future__ import annotations

from bisect import bisect_right

from cascadelang.format.doc import BREAK, Doc, concat, long_text, own_line, text, trailing
from cascadelang.source import SourceFile
from cascadelang.syntax.ast import Comment, Node
from cascadelang.syntax.tokens import Tokens

_SPACE = frozenset(" \t\r\n\f\v\u00a0\ufeff")


class LostPlace(Exception):  # noqa: N818 - it names what happened
    """The tree and the tokens don't say the same: a mistake of ours."""


class Cursor:
    """A place in a file's tokens.

    Attributes:
        at: the token that comes next.
        starts: where tokens start.
    """

    def __init__(self, source: SourceFile, tokens: Tokens) -> None:
        self._text = source.text
        self._matches = _matches(tokens.kinds)
        self._kinds, self.starts, self._ends = tokens.kinds, tokens.starts, tokens.ends
        if "LEFT_PAREN" in tokens.kinds:
            self._leave_out(_doubled(tokens, self._matches), tokens)
        self.at = 0
        self._leading: dict[int, list[Comment]] = {}
        self._trailing: dict[int, Comment] = {}
        self._place(tokens.comments)

    def _leave_out(self, dropped: set[int], tokens: Tokens) -> None:
        """Leave tokens out."""
        if not dropped:
            return
        kept = [i for i in range(len(tokens.kinds)) if i not in dropped]
        new = {old: i for i, old in enumerate(kept)}
        self._matches = {new[o]: new[c] for o, c in self._matches.items() if o in new and c in new}
        self._kinds = [tokens.kinds[i] for i in kept]
        self.starts = [tokens.starts[i] for i in kept]
        self._ends = [tokens.ends[i] for i in kept]

    def _place(self, comments: list[Comment]) -> None:
        """Say of each comment which token it goes with."""
        for comment in comments:
            start = comment.span.start
            following = bisect_right(self.starts, start)
            before = following - 1
            if (
                before >= 0
                and before not in self._trailing
                and following not in self._leading
                and self._text.find("\n", self._ends[before], start) == -1
            ):
                self._trailing[before] = comment
            else:
                self._leading.setdefault(following, []).append(comment)

    # ---- Looking

    @property
    def word(self) -> str:
        """What comes next, as written."""
        return self._text[self.starts[self.at] : self._ends[self.at]]

    def next_is(self, kind: str) -> bool:
        """Whether a token of that kind comes next."""
        return self._kinds[self.at] == kind

    def wraps(self, node: Node) -> bool:
        """Whether a parenthesis comes next and its pair stands behind all of ``node``."""
        at = self.at
        if self._kinds[at] != "LEFT_PAREN":
            return False
        span = node.span  # type: ignore[attr-defined]
        return bool(self.starts[at] < span.start and self.starts[self._matches[at]] >= span.end)

    def blank_before(self) -> bool:
        """Whether there is an empty line above what comes next, its comments included."""
        comments = self._leading.get(self.at)
        return self._blank_above(comments[0].span.start if comments else self.starts[self.at])

    def _blank_above(self, start: int) -> bool:
        said = self._text
        breaks = 0
        while start and said[start - 1] in _SPACE:
            start -= 1
            breaks += said[start] == "\n"
        return breaks > 1

    # ---- Taking

    def take(self) -> Doc:
        """The next token, with its comments."""
        at = self.at
        kind = self._kinds[at]
        if kind in ("$END", "COMMA"):
            raise LostPlace
        self.at = at + 1
        written = self._text[self.starts[at] : self._ends[at]]
        long = kind == "LONG_TEXT" and "\n" in written
        found = long_text(with_line_feeds(written)) if long else text(written)
        if at not in self._leading and at not in self._trailing:
            return found
        parts = [own_line(comment.text) for comment in self._leading.pop(at, ())]
        parts.append(found)
        if at in self._trailing:
            parts.append(trailing(self._trailing[at].text))
        return concat(parts)

    def take_all(self, end: int) -> list[Doc]:
        """The tokens that stand before the offset ``end``."""
        found = []
        while self.starts[self.at] < end:
            found.append(self.take())
        return found

    def lines(self) -> list[Doc]:
        """The comments on lines of their own before the next token; it comes without them then."""
        return [own_line(comment.text) for comment in self._leading.pop(self.at, ())]

    def spaced_lines(self) -> list[tuple[bool, Doc]]:
        """The same, each with whether there is an empty line above it."""
        return [(self._blank_above(c.span.start), own_line(c.text)) for c in self._leading.pop(self.at, ())]

    def comma(self) -> list[Doc]:
        """Pass a comma if one comes next; the comments around it, to stand after the comma that is written."""
        at = self.at
        if self._kinds[at] != "COMMA":
            return []
        self.at = at + 1
        found = []
        for comment in self._leading.pop(at, ()):
            found += [BREAK, own_line(comment.text)]
        if at in self._trailing:
            found.append(trailing(self._trailing[at].text))
        return found


def with_line_feeds(written: str) -> str:
    """A text with line feeds for line ends, unless a carriage return stands elsewhere: that one means itself."""
    if "\r" not in written:
        return written
    fed = written.replace("\r\n", "\n")
    return written if "\r" in fed else fed


def _matches(kinds: list[str]) -> dict[int, int]:
    """For each opening bracket the token that closes it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for at, kind in enumerate(kinds):
        if kind.startswith("LEFT_"):
            opened.append(at)
        elif kind.startswith("RIGHT_"):
            if not opened:
                raise LostPlace
            found[opened.pop()] = at
    return found


def _doubled(tokens: Tokens, matches: dict[int, int]) -> set[int]:
    """Parentheses that stand directly in others: the inner ones."""
    kinds = tokens.kinds
    comments = [comment.span.start for comment in tokens.comments]
    found: set[int] = set()
    for opening, closing in matches.items():
        if kinds[opening] != "LEFT_PAREN" or kinds[opening + 1] != "LEFT_PAREN":
            continue
        inner = matches[opening + 1]
        between = ((opening, opening + 2), (inner - 1, closing))
        if inner + 1 == closing and not any(
            bisect_right(comments, tokens.starts[a]) != bisect_right(comments, tokens.starts[b]) for a, b in between
        ):
            found |= {opening + 1, inner}
    return found
