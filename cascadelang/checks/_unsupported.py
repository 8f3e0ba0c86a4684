"""What a check of the language that this version can't make answers, should it ever be asked: unknown, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Spec


class Unsupported:
    """A check whose meaning is not part of this version; lint refuses it, so that no run reaches `judge`."""

    spec: ClassVar[Spec]

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:  # noqa: ARG002 - the contract's signature
        """Unknown, with the reason."""
        return Finding(None, self.spec.supported)
