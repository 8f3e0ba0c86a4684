"""Whether pieces of SQL parse, through sqlglot; done in a process of its own.

Takes: pieces of SQL and their dialect. Gives: true or false with the reason: the line and what is wrong there.
Guarantees: nothing is run.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r" but got <Token token_type: [\w.]+?(SENTINEL)?, text: (.*?), line: .*", re.DOTALL)
_MISSING = re.compile(r"Required keyword: '\w+' missing for <class .*", re.DOTALL)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def work(given: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Parse; see the module's docstring."""
    logging.disable(logging.CRITICAL)
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, SqlglotError

    number = 0
    for text in given["pieces"]:
        try:
            statements = [each for each in sqlglot.parse(text, dialect=given["dialect"] or None) if each is not None]
        except ParseError as error:
            first: dict[str, Any] = error.errors[0] if error.errors else {}
            near = f" at `{first['highlight'][:40]}`" if first.get("highlight") else ""
            said = _plain(str(first.get("description") or error)).strip().rstrip(".")
            return False, f"line {first.get('line') or 1}: {said[:1].lower()}{said[1:200]}{near}"
        except SqlglotError as error:
            return False, _ESCAPES.sub("", " ".join(str(error).split()))[:200]
        for statement in statements:
            number += 1
            # sqlglot reads prose as an expression with an alias
            if isinstance(statement, exp.Condition | exp.Alias | exp.Identifier | exp.Tuple | exp.Aliases):
                said = " ".join(text.split())
                return False, f"`{said if len(said) <= 40 else said[:39] + '…'}` is no statement"
    if not number:
        return False, "there is no statement in it"
    return True, "the statement parses" if number == 1 else f"all {number} statements parse"


def _plain(said: str) -> str:
    """What sqlglot says, without the names of its classes."""
    said = _MISSING.sub("something is missing", said)
    return _TOKEN.sub(lambda match: " but nothing follows" if match[1] else f" but got `{match[2]}`", said)
