"""Which topic the query is nearest to, by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._by_meaning import BY, READS, ByMeaning, shown, too_many

LEAST: Final = 0.4
"""The default of `least`: on `examples/data/topic_queries.csv`, 88% of the queries that are about a topic are at or
above it, and 8% of those that are about none."""


class Nearest(ByMeaning):
    """``nearest("topics.yaml")``."""

    spec: ClassVar[Spec] = Spec(
        name="nearest",
        kind="signal",
        summary="the topic whose examples the query is nearest to",
        doc=f"""
The label of the example whose embedding is nearest to the query's. Where even that one is no nearer than `least` (the
cosine, from 0 to 1), the query is about something else, and the signal is unknown: say with `else` what then, or let
`route` do so. [What a threshold does](signals.md) is measured.

The file is YAML: labels, each with a list of examples; eight of each are a beginning.

```yaml
billing:
  - I was charged twice
  - Where can I download my invoice?
technical:
  - The app crashes when I open the settings
```

The same as a `.json` object is read, too, and a `.csv` with the columns `label` and `text`. A label is a word that a
policy can name.
{READS}""",
        gives="label",
        params=(
            Param("topics", "topics_file", "labels with examples: `.yaml`, `.json` or `.csv`", required=True),
            Param("least", "number", "how near the nearest example has to be", default=LEAST),
            BY,
        ),
        bare=False,
        calls=2,
        examples=(
            'nearest("topics.yaml")',
            'nearest("topics.yaml", least: 0.5) == billing',
            'nearest("topics.yaml", least: 0.5, by: mini)',
        ),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        topics = args["topics"]["topics"]
        pairs = [(label, text) for label, texts in topics.items() for text in texts]
        super().__init__(args, [text for _, text in pairs])
        self._labels = [label for label, _ in pairs]
        self._least = float(args["least"])

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        if not 0 <= float(args["least"]) <= 1:
            return ["`least` is a cosine: from 0 to 1"]
        return too_many(args, sum(len(texts) for texts in args["topics"]["topics"].values()))

    def found(self, best: int, near: float) -> Finding:
        """See `ByMeaning.found`."""
        label = self._labels[best]
        if near < self._least:
            return Finding(None, f"the nearest is `{label}` at {near:.2f}, below {self._least:g}")
        return Finding(label, f"{near:.2f} to {shown(self.texts[best])}")

    def told(self, words: str) -> Finding:
        """See `ByMeaning.told`."""
        return Finding(words, "a script says so") if words in self._labels else Finding(None, "that is no label")


SIGNAL = Nearest
