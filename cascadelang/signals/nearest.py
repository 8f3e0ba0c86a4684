"""Which topic the query is nearest to, by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.spec import Param, Spec
from cascadelang.signals._by_meaning import NO_TEXT, READS, ByMeaning, shown

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
        ),
        bare=False,
        examples=('nearest("topics.yaml")', 'nearest("topics.yaml", least: 0.5) == billing'),
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
        return [] if 0 <= float(args["least"]) <= 1 else ["`least` is a cosine: from 0 to 1"]

    def read(self, query: Query) -> Finding:
        """See `SlowSignal.read`."""
        found = self.nearest_example(query)
        if found is None:
            return Finding(None, NO_TEXT)
        best, near = found
        label = self._labels[best]
        if near < self._least:
            return Finding(None, f"the nearest is `{label}` at {near:.2f}, below {self._least:g}")
        return Finding(label, f"{near:.2f} to {shown(self.texts[best])}")


SIGNAL = Nearest
