"""What a word that somebody typed stands for, where nothing says of what type it is.

Takes: text, as in ``--meta plan=gold`` or a cell of a table. Gives: a truth, a number or a text.
"""

from __future__ import annotations

import math
import re
from typing import Final

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


def typed(value: str) -> bool | int | float | str:
    """A value as what it looks like; a number too large to be one is a text."""
    if value in {"true", "false"}:
        return value == "true"
    number = _NUMBER.fullmatch(value)
    if number and len(value) <= 40:
        found = float(value) if number[1] or number[2] else int(value)
        return found if math.isfinite(found) else value
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value
