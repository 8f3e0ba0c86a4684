"""What of a run is kept: its texts, their hashes, or nothing but numbers; and what is blacked out before that.

Takes: a `RunRecord`. Gives: one that may be written. Guarantees: nothing that people or models said gets past it: a
text is kept only where it is known to be a word of the language or of the policy, so that what a later version adds
to an event is taken for a text of somebody's.

``text``
    Everything, blacked out where a pattern says so.
``hashes``
    A text is kept as ``hmac:`` and 32 hexadecimal digits of its HMAC-SHA-256 under a key, so that equal ones can be
    told to be equal. Without the key a hash can't be tried against guesses; a hash without a key could: most short
    texts are found within minutes.
``numbers``
    Texts are empty, and of the caller's facts nothing is kept.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from cascadelang.contracts.patterns import compile_re2, without_surrogates
from cascadelang.contracts.trace_sink import Event, RunRecord
from cascadelang.trace.events import HASHED

Keep = Literal["text", "hashes", "numbers"]

BLACKED_OUT: Final = "[redacted]"

_WORDS: Final = frozenset(
    {
        "arm",
        "check",
        "finish_reason",
        "from",
        "kind",
        "model",
        "node",
        "of",
        "outcome",
        "purpose",
        "status",
        "to",
        "within",
    }
)
"""What stands under these in an event is a word of the language or of the policy; under ``because`` too, where it
isn't signals."""
_MODELS: Final = frozenset({"groups"})
"""Under these, lists of names of the policy's models."""
_MOST_DEEP: Final = 64


class Privacy:
    """What is kept.

    Args:
        keep: see the module's docstring.
        redact: RE2 patterns; what they match is `BLACKED_OUT`, in whatever anybody said.
        key: of the hashes.

    Raises:
        cascadelang.contracts.patterns.BadPattern: when RE2 refuses a pattern.
    """

    def __init__(self, keep: Keep = "text", redact: Sequence[str] = (), key: bytes = b"") -> None:
        self.keep = keep
        self._patterns = [_compiled(pattern) for pattern in redact]
        self._key = key
        if keep == "hashes" and not key:
            raise ValueError("hashes need a key")
        self._text: Callable[[str], str] = {"text": self._clean, "hashes": self._hash, "numbers": _nothing}[keep]

    @property
    def keeps_everything(self) -> bool:
        """Whether runs are kept as they are."""
        return self.keep == "text" and not self._patterns

    def kept(self, text: str) -> str:
        """What of a text is kept."""
        return self._text(text)

    def clean(self, run: RunRecord) -> RunRecord:
        """The run as it may be kept."""
        meta: Mapping[str, Any] = {} if self.keep == "numbers" else self._facts(run.meta)
        return RunRecord(
            run.trace_id,
            run.policy,
            run.policy_path,
            run.graph_sha256,
            run.started_wall_s,
            run.latency_s,
            run.status,
            run.failure,
            run.model,
            run.path,
            run.cost_usd,
            run.input_tokens,
            run.output_tokens,
            self._text(run.query),
            self._text(run.answer),
            meta,
            [Event(kind, node, at_s, self._event(data)) for kind, node, at_s, data in run.events],
        )

    def _event(self, data: Mapping[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for key, value in data.items():
            if key in _WORDS or key in _MODELS or (key == "because" and isinstance(value, str)):
                cleaned[key] = value
            elif key == "because" and isinstance(value, Mapping):
                cleaned[key] = self._facts(value, _label(data))
            elif key == "stopped" and isinstance(value, Mapping):  # its names are ours, and the check is the policy's
                cleaned[key] = {name: each if name == "by" else self._value(each) for name, each in value.items()}
            else:
                cleaned[key] = self._value(value)
        return cleaned

    def _facts(self, values: Mapping[Any, Any], label: str = "") -> dict[Any, Any]:
        """Signals, or the caller's facts; their names, which policies have, are blacked out and never hashed.

        A value that is the label of the arm that was taken is the policy's word, and known by the arm anyway.
        """
        return {
            self._clean(key) if isinstance(key, str) else key: value
            if label and value == label
            else self._value(value, 1)
            for key, value in values.items()
        }

    def _value(self, value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one for each kind of value
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):  # of the event itself, or a fact: a card's number may come as a number
            return value if depth == 0 or self._clean(str(value)) == str(value) else self._text(str(value))
        if depth > _MOST_DEEP:
            return BLACKED_OUT
        if isinstance(value, Mapping):
            return {self._text(str(key)): self._value(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(each, depth + 1) for each in value]
        return self._text(str(value))

    def _clean(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern(text)
        return text

    def _hash(self, text: str) -> str:
        if not text:
            return ""
        cleaned = self._clean(text).encode("utf-8", "replace")
        return f"{HASHED}{hmac.digest(self._key, cleaned, 'sha256').hex()[:32]}"


def _label(data: Mapping[str, Any]) -> str:
    """The label of the arm that was taken; empty where an arm has none, only a number or ``else``."""
    arm = data.get("arm")
    return arm if isinstance(arm, str) and arm != "else" and not arm.isdecimal() else ""


def _nothing(text: str) -> str:  # noqa: ARG001 - whatever it says
    return ""


def _compiled(pattern: str) -> Callable[[str], str]:
    """Blacks out what a pattern matches."""
    found = compile_re2(without_surrogates(pattern))

    def black_out(text: str) -> str:
        return str(found.sub(BLACKED_OUT, without_surrogates(text)))

    return black_out
