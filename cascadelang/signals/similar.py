"""How near the query is to examples, by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._by_meaning import NO_TEXT, READS, ByMeaning, shown


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
        ),
        bare=False,
        examples=('similar("examples.txt") >= 0.4',),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        super().__init__(args, args["examples"]["texts"])

    def read(self, query: Query) -> Finding:
        """See `SlowSignal.read`."""
        found = self.nearest_example(query)
        if found is None:
            return Finding(None, NO_TEXT)
        best, near = found
        score = round(min(max(near, 0.0), 1.0), 4)
        return Finding(score, f"{score:.2f} to {shown(self.texts[best])}")


SIGNAL = Similar
