"""A layout algebra: what a text says, and where its lines may break.

Takes: pieces of text. Gives: a `Doc`, which `page.lay_out` turns into lines. Guarantees: a document knows its own
width on one line, so that whether a group fits is known without walking it.

The algebra is Wadler's (Philip Wadler, "A prettier printer", in The Fun of Programming, 2003): text, lines that may
break, nesting and groups, a group being on one line if it fits. Deciding each group by what stands on the rest of its
line, in linear time, is Oppen's (Derek C. Oppen, "Prettyprinting", ACM TOPLAS 2(4), 1980). Ours are the comments: one
that ends a line breaks what goes on after it, and nothing that it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

TEXT, SPACE, LINE, HARD, CONCAT, GROUP, NEST, CHOICE, LONG, TRAILING, OWN = range(11)
"""The kinds of documents. A ``LINE`` holds whether it is a space on one line, or nothing; a ``HARD`` always breaks,
and holds whether an empty line follows."""

NEVER = 1 << 20
"""The width of what can't stand on one line."""


class Doc:
    """A piece of a layout; made by the functions of this module and never changed.

    Attributes:
        kind: one of the kinds above.
        width: columns that it takes on one line; `NEVER` or more if it can't stand on one.
        value: what the kind needs: a text, parts, or a number of columns with a part.
        ends: whether it ends in a comment, after which nothing may stand on the line.
    """

    __slots__ = ("ends", "kind", "value", "width")

    def __init__(self, kind: int, width: int, value: Any, ends: bool = False) -> None:
        self.kind = kind
        self.width = width
        self.value = value
        self.ends = ends


def text(written: str) -> Doc:
    """Text without a line break."""
    return Doc(TEXT, len(written), written)


def long_text(written: str) -> Doc:
    """A text as it is written, with line breaks of its own; what holds it stands on several lines."""
    return Doc(LONG, NEVER, written)


def spaces(count: int) -> Doc:
    """So many spaces; none at the start or the end of a line."""
    return Doc(SPACE, count, count)


def trailing(written: str) -> Doc:
    """A comment at the end of a line; it may only be followed by a comma or a line break."""
    return Doc(TRAILING, 0, written, ends=True)


def own_line(written: str) -> Doc:
    """A comment on a line of its own."""
    return Doc(OWN, NEVER, written, ends=True)


NOTHING = text("")
COMMA = text(",")
ONE_SPACE = spaces(1)
LINE_OR_SPACE = Doc(LINE, 1, value=True)
LINE_OR_NOTHING = Doc(LINE, 0, value=False)
BREAK = Doc(HARD, NEVER, value=False)
BLANK_LINE = Doc(HARD, NEVER, value=True)
MUST_BREAK = Doc(CONCAT, NEVER, ())
"""Nothing, but a group with it in it is never on one line."""


def choice(broken: Doc, flat: Doc) -> Doc:
    """One of two: the first where the group around it is broken, the second where it is on one line."""
    return Doc(CHOICE, flat.width, (broken, flat))


COMMA_IF_BROKEN = choice(COMMA, NOTHING)
_AFTER_COMMENTS = frozenset([SPACE, LINE, HARD])


def concat(parts: Sequence[Doc]) -> Doc:
    """One after the other. With a comment that isn't at the end, it can't stand on one line."""
    if len(parts) == 1:
        return parts[0]
    width = 0
    ends = False
    for part in parts:
        width += part.width
        if part.ends:
            if ends:
                width += NEVER
            ends = True
        elif ends and part.kind not in _AFTER_COMMENTS and part is not COMMA and part is not COMMA_IF_BROKEN:
            width += NEVER
            ends = False
    return Doc(CONCAT, width, parts, ends)


def group(*parts: Doc) -> Doc:
    """On one line if it fits there, broken at its lines otherwise."""
    inner = concat(parts)
    return Doc(GROUP, inner.width, inner, inner.ends)


def nest(columns: int, *parts: Doc) -> Doc:
    """With lines that break so many columns further in."""
    inner = concat(parts)
    return Doc(NEST, inner.width, (columns, inner), inner.ends)


def spaced(*parts: Doc) -> Doc:
    """The parts with a space between each two."""
    found = [parts[0]]
    for part in parts[1:]:
        found += [ONE_SPACE, part]
    return concat(found)
