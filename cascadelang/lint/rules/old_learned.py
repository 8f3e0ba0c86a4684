"""A learned file that was made too long ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.lint.learned_files import learned_files
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

DAYS_MAX: Final = 90

_FILE: Final = """{
  "cascadelang": "learned 1",
  "gives": "label",
  "outputs": ["easy", "hard"],
  "bias": [0.2, -0.2],
  "features": [
    {"kind": "numbers", "names": ["query.words"], "mean": [30], "scale": [20], "weights": [[-1], [1]]}
  ],
  "made": {"on": "2026-01-07", "records": {"easy": 120, "hard": 80}}
}
"""
_POLICY: Final = 'use "std/anthropic"\nsignal kind = learned("router.json")\nroute kind == hard -> opus else haiku\n'
_SCORER: Final = """{
  "cascadelang": "learned 1",
  "gives": "score",
  "outputs": ["score"],
  "bias": [0.5],
  "features": [
    {"kind": "numbers", "names": ["answer.words"], "mean": [60], "scale": [40], "weights": [[-0.7]]}
  ],
  "made": {"on": "2026-01-07", "records": {"right": 140, "wrong": 90}}
}
"""
_GATE: Final = 'use "std/anthropic"\npolicy main = cascade [haiku, opus] until learned("scorer.json") >= 0.8\n'


class OldLearned(Rule):
    """See its code."""

    code = Code(
        "old-learned",
        "warning",
        f"a learned file that was made more than {DAYS_MAX} days ago",
        "The file that `learned` names says on which day it was made. Since then queries may have become others, and "
        "services change the models behind their names.",
        "What was learned holds for queries and models like those it was learned from; nothing says that these are.",
        "# router.json says that it was made on 2026-01-07\n" + _POLICY,
        "# router.json says that it was made yesterday\n" + _POLICY.replace("router", "newer"),
        more_bad=(_GATE,),
        more_good=(_GATE.replace("scorer", "later"),),
        files={
            "router.json": _FILE,
            "newer.json": _FILE.replace("2026-01-07", "2099-01-01"),
            "scorer.json": _SCORER,
            "later.json": _SCORER.replace("2026-01-07", "2099-01-01"),
        },
    )
    words = ("learned",)
    needs_graph = False

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a use."""
        for file, learned, span in learned_files(subject):
            made = str(learned["made"]["on"])
            if (subject.today - date.fromisoformat(made)).days > DAYS_MAX:
                yield self.found(
                    f"`{file}` was made on {made}, more than {DAYS_MAX} days ago",
                    span,
                    help="train it on newer records",
                )


RULE = OldLearned()
