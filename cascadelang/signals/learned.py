"""What a trained router says of the query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._scope import scope_of, text_of


class Learned:
    """``learned("router.json")``.

    Attributes:
        slow, ready: see `SlowSignal`; slow is one whose file has an embedding in it.
    """

    spec: ClassVar[Spec] = Spec(
        name="learned",
        kind="signal",
        summary="a label or a score, by a router that was trained on records",
        doc="""
The file is JSON: coefficients over words, parts of words, the query's shape and, where it says so, its embedding.
[Learned files](learned.md) says what each field means. It is computed here, in a millisecond or less; with an
embedding, which needs `pip install 'cascadelang[embed]'`, in some more. Nothing in the file is ever run.

A file of labels gives the most probable one. Where that is less probable than the file's own `least`, or the one
given here, the signal is unknown: say with `else` what then. A file of a score gives a number from 0 to 1.
""",
        gives="label",
        params=(
            Param("router", "learned_file", "the trained router: `.json`", required=True),
            Param("least", "number", "how probable the label has to be; the file says, unless it is given"),
        ),
        bare=False,
        examples=('learned("router.json") == hard', 'learned("router.json", least: 0.7) == hard'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        from cascadelang.learned.read import read_learned
        from cascadelang.learned.serve import Predictor

        self._predictor = Predictor(read_learned(args["router"]["learned"]))
        learned = self._predictor.learned
        self._least = learned.least if args.get("least") is None else float(args["least"])
        self._scope = scope_of(args)
        self.slow = self._predictor.embeds
        self.ready = not self.slow

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        from cascadelang.learned.read import WrongLearned, read_learned

        try:
            learned = read_learned(args["router"]["learned"])
        except WrongLearned as wrong:
            return [str(wrong)]
        if learned.gives == "scores":
            return ["the file has a score for each of several models, which is for `order by learned(…)`"]
        if args.get("least") is None:
            return []
        if learned.gives != "label":
            return ["only labels have a `least`; compare a score with a number"]
        return [] if 0 <= float(args["least"]) < 1 else ["`least` is a probability: 0 or more, and below 1"]

    @staticmethod
    def missing_for(args: Mapping[str, Any]) -> str:
        """What has to be installed first for a use with these arguments."""
        if all(block.get("kind") != "embedding" for block in args["router"]["learned"]["features"]):
            return ""
        from cascadelang.embedding.built_in import missing_package

        return missing_package()

    def prepare(self) -> None:
        """See `SlowSignal.prepare`."""
        from cascadelang.embedding.built_in import built_in

        built_in().load()
        self.ready = True

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        from cascadelang.learned.numbers import query_numbers
        from cascadelang.learned.serve import Facts

        predictor = self._predictor
        numbers = query_numbers(query, predictor.wants)
        found = predictor.predict(Facts(text_of(query, self._scope), numbers=numbers))
        if not found.values:
            return Finding(None, found.reason)
        best = found.best
        share = found.values[best]
        if predictor.learned.gives != "label":
            return Finding(round(share, 6))
        if share < self._least:
            return Finding(None, f"`{best}` is {share:.2f} probable, below {self._least:g}")
        return Finding(best, f"{share:.2f} probable")


SIGNAL = Learned
