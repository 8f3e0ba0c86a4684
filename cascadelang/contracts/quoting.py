"""Texts of others, quoted as data in a request of ours.

Takes: a value for JSON. Gives: its text. Guarantees: a byte becomes at most two, and a message of a conversation, as
``{"role": …, "text": …}``, gets no more than twice `cascadelang.graph.limits.MESSAGE_TOKENS` bytes around it; bounds
count with both.
"""

from __future__ import annotations

import json
from typing import Any, Final

from cascadelang.contracts.patterns import without_surrogates

_CONTROLS: Final = {code: " " for code in range(0x20) if chr(code) not in "\b\f\n\r\t"}
"""Control characters that JSON writes as six characters and that say nothing to a model."""


def quoted(value: Any) -> str:
    """The value as JSON in its shortest form: lone surrogates as U+FFFD, control characters as spaces."""
    return without_surrogates(json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_CONTROLS)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
