"""How near the query is to examples, by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._by_meaning import BY, READS, ByMeaning, shown, too_many


class Similar(ByMeaning):
    """``similar("examples.txt")``."""

    spec: ClassVar[Spec] = Spec(
        name="similar",
        kind="signal",
        summary="how near the query is to the nearest example",
        doc=f"""
The cosine of the query's embedding and that of the nearest example, from 0 (nothing in common) to 1 (the same text).
Two ways to say a thing are often at 0.4 to 0.7; [what a threshold does](signals.md) is measured.

The file has an example a line; lines that begin with `#` are comments. A list of texts in `.json` or `.yaml` and the
column `text` of a `.csv` are read, too.
{READS}""",
        gives="score",
        params=(
            Param("examples", "examples_file", "the examples: `.txt`, `.json`, `.yaml` or `.csv`", required=True),
            BY,
        ),
        bare=False,
        calls=2,
        examples=('similar("examples.txt") >= 0.4', 'similar("examples.txt", by: mini) >= 0.6'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        super().__init__(args, args["examples"]["texts"])

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        return too_many(args, len(args["examples"]["texts"]))

    def found(self, best: int, near: float) -> Finding:
        """See `ByMeaning.found`."""
        score = round(min(max(near, 0.0), 1.0), 4)
        return Finding(score, f"{score:.2f} to {shown(self.texts[best])}")

    def told(self, words: str) -> Finding:
        """See `ByMeaning.told`."""
        try:
            score = float(words)
        except ValueError:
            score = -1.0
        return Finding(score, "a script says so") if 0 <= score <= 1 else Finding(None, "that is no score")


SIGNAL = Similar
