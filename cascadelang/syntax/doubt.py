"""What a mistake puts in doubt: the part of a file of which nothing else is said until the mistake is mended.

Takes: a `Machine` that stopped, and the change that would mend it. Gives: `Doubts`, which grow with every mistake.
How far a doubt goes: from the start of the declaration with the mistake to the next word that begins a declaration
for certain. A strategy that stands alone isn't certain: a mistake can cut a policy in two, whose second half then
looks like one. Guarantees: whatever a declaration in doubt may have declared is in `Doubts.names`, or
`Doubts.nameless` is true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cascadelang.syntax.bad_tokens import DECLARATIONS, NAMING, STRATEGIES

if TYPE_CHECKING:
    from cascadelang.syntax.machine import Machine


@dataclass(slots=True)
class Doubts:
    """What is in doubt.

    Attributes:
        parts: from where to where, as offsets: what other passes find there may only follow from the mistake.
        left_out: those of them whose declarations can't be relied on, and so don't reach the tree.
        names: what they may have declared.
        nameless: whether a name that they declare couldn't be made out, so that any unknown name may be it.
    """

    parts: list[tuple[int, int]] = field(default_factory=list)
    left_out: list[tuple[int, int]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    nameless: bool = False

    def add(self, machine: Machine, index: int, *, certain: bool) -> None:
        """Note a mistake at the token ``index``, before its tokens are changed.

        Args:
            machine: as it stopped.
            index: the token that doesn't fit.
            certain: what is meant is known, so that the declaration can stay.
        """
        tokens = machine.tokens
        first = _first(machine, index)
        stop = next_certain(machine, max(index, first + 1))
        part = (tokens.starts[first], tokens.starts[stop])
        self.parts.append(part)
        if certain:
            return
        self.left_out.append(part)
        for at in range(first, stop):
            self._declared(machine, at)
        if tokens.texts[first] in STRATEGIES:
            self.names.add("main")
        self.nameless |= tokens.kinds[first] in ("TEXT", "LONG_TEXT")  # what should it be but a file to use?

    def _declared(self, machine: Machine, at: int) -> None:
        """Note the name that is declared by the token ``at``, if it begins a declaration or stands before a `=`."""
        tokens = machine.tokens
        word, following = tokens.texts[at], tokens.kinds[at + 1]
        if following == "BIND" and tokens.kinds[at] == "NAME":
            self.names.add(word)
        if word == "use" and following in ("TEXT", "LONG_TEXT"):
            self.nameless = True
        if not machine.first_on_line(at):
            return
        if word in NAMING:
            if following == "NAME":
                self.names.add(tokens.texts[at + 1])
            self.nameless |= following != "NAME" or tokens.kinds[at + 2] not in ("BIND", "COLON")
        self.nameless |= word == "use"

    def follows(self, start: int) -> bool:
        """Whether a place is in a part that is in doubt already."""
        return any(begin <= start < end for begin, end in self.parts)

    def holds(self, start: int) -> bool:
        """Whether a declaration that starts there isn't to reach the tree."""
        return any(begin <= start < end for begin, end in self.left_out)


def next_certain(machine: Machine, index: int) -> int:
    """The next token from ``index`` on that begins a declaration for certain; the end of the file if none does."""
    tokens = machine.tokens
    last = len(tokens.kinds) - 1
    while index < last:
        if tokens.texts[index] in DECLARATIONS and (machine.begins(index) or _at_edge(machine, index)):
            return index
        index += 1
    return last


def _at_edge(machine: Machine, index: int) -> bool:
    start = machine.tokens.starts[index]
    return start == 0 or machine.text[start - 1] in "\r\n"


def _first(machine: Machine, index: int) -> int:
    """Where a doubt begins: with the declaration being read or, between two, with the one before if it may go on."""
    tokens = machine.tokens
    if index > machine.decl_start or not machine.decl_tokens:
        return machine.decl_start
    if tokens.kinds[index] == "NAME" and tokens.kinds[index + 1] in ("NAME", "TEXT", "LONG_TEXT", "BIND"):
        return machine.decl_start
    starts = machine.decl_tokens
    number = len(starts) - 1
    while number and tokens.texts[starts[number]] in STRATEGIES:  # perhaps the second half of what stands before it
        number -= 1
    return starts[number]
