"""Values as JSON text, whatever they are.

Takes: a value. Gives: its JSON. Guarantees: what JSON can't hold stands there as its words.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_SUBCLASS


def encode(value: Any) -> str:
    """JSON of a value: by `orjson`, which takes a tenth of `json`'s time, and by `json` where that can't hold it.

    Raises:
        ValueError, RecursionError: if it can't be had: a value is in itself.
    """
    try:
        return orjson.dumps(value, None, _OPTIONS).decode()
    except TypeError:
        pass
    try:  # not at once, for it takes longer where all keys are texts, too
        return orjson.dumps(
            value, None, _OPTIONS | orjson.OPT_NON_STR_KEYS
        ).decode()  # slower, also where there are none
    except TypeError:  # an integer of more than 64 bits, half of a surrogate pair, a type it doesn't know
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
