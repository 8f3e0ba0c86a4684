"""Two names that a reader takes for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.semantics.load import place_of

_PROTOTYPES: Final = str.maketrans({"0": "O", "1": "l", "I": "l", "m": "rn"})
"""What names can hold that looks like something else they can hold: the rows of Unicode's ``confusables.txt`` (UTS
#39) for ``A``-``Z``, ``a``-``z``, ``0``-``9`` and ``_``. Letters of other scripts can't stand in a name at all."""


def skeleton(name: str) -> str:
    """What a name looks like: equal for names that can't be told apart (UTS #39, section 4)."""
    return name.translate(_PROTOTYPES)


class ConfusableNames(Rule):
    """See its code."""

    code = Code(
        "confusable-names",
        "warning",
        "two names that look alike",
        "Two names in one file differ only in signs that many typefaces draw alike: `0` and `O`, `1`, `l` and `I`, "
        "`m` and `rn`.",
        "A reader, and whoever approves the file, takes the one for the other.",
        'model opus1 = anthropic("claude-haiku-4-5")\nmodel opusl = anthropic("claude-opus-4-8")\n'
        "policy main = cascade [opus1, opusl] until json\n",
        'model small = anthropic("claude-haiku-4-5")\nmodel large = anthropic("claude-opus-4-8")\n'
        "policy main = cascade [small, large] until json\n",
    )
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a name that looks like one before it; names of the file itself, beside all it can use."""
        seen: dict[str, str] = {}
        names = subject.module.names
        own = [name for name, symbol in names.items() if symbol.path == subject.path]
        for name in dict.fromkeys((*(name for name in names if names[name].path != subject.path), *own)):
            first = seen.setdefault(skeleton(name), name)
            if first == name or names[name].path != subject.path:
                continue
            place = place_of(names[first])
            known = place.path in subject.checked.modules
            yield self.found(
                f"`{name}` looks like `{first}`",
                place_of(names[name]),
                help="give one of the two a name that reads differently",
                related=(Label(place, f"`{first}` is declared here"),) if known else (),
            )


RULE = ConfusableNames()
