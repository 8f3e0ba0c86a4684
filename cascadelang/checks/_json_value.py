"""The JSON value in an answer.

Takes: the answer's text. Gives: the value, whether it had to be repaired, or why there is none. Guarantees: never
raises; linear in the text but for a repair, whose input is capped; the value holds only what JSON has: no NaN, no
infinity, and at most `MAX_DEPTH` levels, so that whoever gets it can write it out again.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, NoReturn

from cascadelang.checks._fences import blocks

MAX_CHARS: Final = 8_000_000
"""Longer answers are refused unread."""

MAX_REPAIR_CHARS: Final = 64_000
"""Longer texts are not repaired."""

MAX_DEPTH: Final = 200
"""Values nested deeper are refused."""


class JsonValue(NamedTuple):
    """What was found. ``problem`` is empty when there is a value; ``repaired`` says what had to be repaired.

    ``final``: the problem is not a slip of form, so that no repair is tried.
    """

    value: Any = None
    problem: str = ""
    repaired: str = ""
    final: bool = False


class _Refused(ValueError):  # noqa: N818 - it names what is so
    """The text is JSON in form, but not a value we take."""


def read_json(text: str, *, strict: bool = False, repair: bool = True) -> JsonValue:
    """The value that is the whole text or its only fenced block.

    Args:
        text: the answer.
        strict: take the whole text only, and repair nothing.
        repair: try to repair small mistakes, where not strict.
    """
    body = text.strip()
    if not body or len(body) > MAX_CHARS:
        long = f"the answer is too long to be read as JSON: {len(body):,} characters"
        return JsonValue(problem=long if body else "the answer is empty")
    if body[0] in '{["-0123456789tfn':
        found = _parse(body)
        if not found.problem or strict:
            return found
    elif strict:
        return JsonValue(problem="the whole answer must be JSON, and it starts with other text")
    else:
        found = JsonValue(problem="there is no JSON in the answer")
    if body[0] not in "{[":
        fenced = _only_fenced(body)
        if isinstance(fenced, JsonValue):
            return fenced
        if fenced:
            body, found = fenced, _parse(fenced)
    return _repair(body, found.problem) if _worth(found, repair) and _repairable(body) else found


def _worth(found: JsonValue, repair: bool) -> bool:
    return repair and bool(found.problem) and not found.final


def _only_fenced(body: str) -> str | JsonValue:
    """The text of the only fenced block; empty when there is none; or why it can't be taken."""
    fenced = blocks(body)
    if len(fenced) > 1:
        labelled = [block for block in fenced if block.label in ("json", "jsonc", "json5")]
        if len(labelled) != 1:
            return JsonValue(problem=f"the answer has {len(fenced)} fenced blocks, so which is meant is not clear")
        fenced = labelled
    if not fenced:
        return ""
    if not fenced[0].closed:
        return JsonValue(problem="the answer is cut off inside its fenced block")
    return fenced[0].text.strip() or JsonValue(problem="the fenced block is empty")


def depth_over(value: Any, most: int) -> bool:
    """Whether a JSON value is nested deeper than ``most`` levels."""
    level: list[Any] = [value]
    for _ in range(most + 1):
        level = [
            part
            for item in level
            if isinstance(item, (dict, list))
            for part in (item.values() if isinstance(item, dict) else item)
            if isinstance(part, (dict, list))
        ]
        if not level:
            return False
    return True


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"`{name}` is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _Refused(f"the number `{digits[:30]}` is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"the key `{key[:60]}` is given twice")
            seen.add(key)
    return value


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant).decode


def _parse(body: str) -> JsonValue:
    try:
        value = _decode(body)
    except json.JSONDecodeError as error:
        said = (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")
        return JsonValue(problem=f"not valid JSON: {said}, at line {error.lineno}, column {error.colno}")
    except _Refused as refused:
        return JsonValue(problem=f"not valid JSON: {refused}", final=True)
    except RecursionError:
        return JsonValue(problem="the JSON is nested too deeply", final=True)
    except ValueError:
        return JsonValue(problem="a number in the JSON is too long", final=True)
    if body.count("[") + body.count("{") > MAX_DEPTH and depth_over(value, MAX_DEPTH):
        return JsonValue(problem=f"the JSON is nested deeper than {MAX_DEPTH} levels", final=True)
    return JsonValue(value)


def unclosed(body: str) -> bool:
    """Whether a text that starts as a JSON object or list ends inside it: in a string or before its last bracket."""
    open_, in_string, skip = 0, False, False
    for char in body:
        if skip:
            skip = False
        elif in_string:
            if char == "\\":
                skip = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            open_ += 1
        elif char in "]}":
            open_ -= 1
    return in_string or open_ > 0


def _repairable(body: str) -> bool:
    """Whether it is worth a try: an object or a list, whole, not too long, that isn't mere prose in brackets."""
    if len(body) > MAX_REPAIR_CHARS or body[:1] not in ("{", "["):
        return False
    inside = body[1:].lstrip()
    if body[0] == "[":
        return inside[:1] in ("{", "[", '"', "'", "]") or inside[:1].isdigit()
    if inside[:1] in ('"', "'"):
        return True
    name = inside.split(":", 1)
    return len(name) == 2 and name[0].strip().isidentifier()


def _repair(body: str, problem: str) -> JsonValue:
    if unclosed(body):
        return JsonValue(problem=f"the JSON is cut off ({problem})")
    if body[-1] not in "]}" or _nested(body) > MAX_DEPTH:
        return JsonValue(problem=problem)
    if (
        "twice" in problem
        or "too large" in problem
        or "too long" in problem
        or "`NaN`" in problem
        or "nfinity" in problem
    ):
        return JsonValue(problem=problem)
    import json_repair

    try:
        value = json_repair.loads(body, skip_json_loads=True)
        text = json.dumps(value, allow_nan=False)
    except Exception:  # noqa: BLE001 - whatever the repairer stumbles over, the text stays what it was: no JSON
        return JsonValue(problem=problem)
    kind = dict if body[0] == "{" else list
    if not isinstance(value, kind) or depth_over(value, MAX_DEPTH) or _invented(value, text, body):
        return JsonValue(problem=problem)
    return JsonValue(value, repaired=problem)


def _invented(value: Any, text: str, body: str) -> bool:
    """Whether a repair lost much of the text, or filled a gap with a value that nobody gave."""
    if not value or len(text) < len(body) // 4 or text.count('""') > body.count('""') + body.count("''"):
        return True
    return text.count("null") > body.count("null") + body.count("None")


def _nested(body: str) -> int:
    deepest = depth = 0
    for char in body:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
