"""Whether an answer promises what support may not promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec


class Promises:
    """``promises``, ``promises(["free of charge"])``."""

    spec: ClassVar[Spec] = Spec(
        name="promises",
        kind="check",
        summary="whether the answer promises what support may not promise",
        doc="Looks for the phrases, in any case. The reason names the first one that is there.",
        params=(Param("phrases", "texts", "what counts as a promise", default=("guarantee", "refund")),),
        always_known=True,
        examples=("not promises", 'not promises(["free of charge"])'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._phrases = [str(phrase).casefold() for phrase in args["phrases"]]

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What lint says about the arguments, beyond their types."""
        return [] if all(str(phrase).strip() for phrase in args["phrases"]) else ["a phrase is empty"]

    def judge(self, answer: Answer) -> Finding:
        """Judge the answer: quickly, and without raising."""
        text = answer.text.casefold()
        for phrase in self._phrases:
            if phrase in text:
                return Finding(value=True, reason=f"it says `{phrase}`")
        return Finding(value=False, reason="nothing is promised")
