"""Whether the answer is JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.checks._json_beginning import JsonReader
from cascadelang.checks._json_value import read_json
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta
from cascadelang.contracts.spec import Param, Spec


class Json:
    """``json`` and ``json(strict: true)``."""

    spec: ClassVar[Spec] = Spec(
        name="json",
        kind="check",
        summary="whether the answer is JSON; the value comes back in the result",
        doc="""
The whole answer must be one JSON value, or its only fenced block must be (of several blocks, the only one labelled
`json`). Small mistakes, such as a trailing comma, single quotes or an unquoted key, are repaired, and the reason says
so. An answer that is cut off is not repaired: what is missing can't be known. A key given twice, `NaN`, numbers that
don't fit and more than 200 levels are refused. With `strict: true` only the whole answer counts and
nothing is repaired.
""",
        params=(Param("strict", "bool", "take the whole answer only, and repair nothing", default=False),),
        early=frozenset({"false"}),
        always_known=True,
        examples=("json", "json(strict: true)"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._strict = bool(args.get("strict"))

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        found = read_json(answer.reply.text, strict=self._strict)
        if found.problem:
            return Finding(value=False, reason=found.problem)
        reason = f"valid after a repair ({found.repaired})" if found.repaired else "valid JSON"
        return Finding(value=True, reason=reason, data=found.value)

    def watch(self, most_tokens: int) -> Watcher | None:
        """See `Watching.watch`: where a fenced block may follow, or a repair, next to nothing is settled early."""
        del most_tokens
        return _Strict() if self._strict else None


class _Strict:
    """Reads the whole answer as JSON, up to where it can't be any."""

    def __init__(self) -> None:
        self._reader = JsonReader()

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        if self._reader.broken:
            return None
        broken = self._reader.feed(delta.text)
        return Outlook(value=False, reason=f"it can't become JSON: {broken}") if broken else None


CHECK = Json
