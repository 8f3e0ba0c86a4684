"""What is wrong with a graph's JSON values, in one line of the user's words.

Takes: pydantic's list of errors, and the values they are about. Gives: a `GraphError` that names the place as a JSON
path, ``nodes["main.else"].rungs[0].node``, what must stand there, and what does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from cascadelang.graph.errors import GraphError

_MUST: Final = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "dataclass_type": "an object",
    "model_attributes_type": "an object",
    "price": 'a price as a text, such as "0.25"',
}
_QUOTE: Final = "'"
"""What pydantic writes words with: ``'last', 'best' or 'fail'``. In JSON they have double quotes."""


def mistake(errors: Sequence[Any], value: Any) -> GraphError:
    """The first thing that is wrong; where several types would do, all that would.

    Args:
        errors: of a pydantic ``ValidationError``.
        value: the JSON values that were read.
    """
    placed = [(*_place(error, value), error) for error in errors]
    first = placed[0][0]
    inside = [item for item in placed if item[0][: len(first)] == first]
    path, found, error = max(inside, key=lambda item: len(item[0]))
    at = path_wording(path)
    if error["type"] == "recursion_loop":
        return GraphError("the graph is nested too deeply")
    if error["type"] in ("missing", "union_tag_not_found"):
        return GraphError(f"the graph lacks `{at}`")
    if error["type"] == "string_unicode":
        return GraphError(f"the graph has an unknown field in `{at}`")
    if error["type"] == "unexpected_keyword_argument":
        return GraphError(f"the graph has an unknown field at `{at}`")
    must = dict.fromkeys(_must(other) for where, _, other in inside if where == path)
    return GraphError(f"the graph is wrong at `{at}`: it must be {' or '.join(must)}, not {shown(found)}")


def shown(value: Any) -> str:
    """A JSON value in a few characters."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) <= 40 else f"{words[:39]}…"


def path_wording(path: Sequence[str | int]) -> str:
    """A JSON path: ``nodes["main.else"].rungs[0]``."""
    words = ""
    for key in path:
        if isinstance(key, int):
            words += f"[{key}]"
        elif key.isidentifier():
            words += f".{key}" if words else key
        else:
            words += f"[{json.dumps(key if len(key) <= 60 else key[:59] + '…', ensure_ascii=False)}]"
    return words


def _must(error: Any) -> str:
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"]).replace(_QUOTE, '"')
    if error["type"] == "union_tag_invalid":
        return f"one of {', '.join(sorted(error['ctx']['expected_tags'].replace(_QUOTE, '').split(', ')))}"
    return _MUST.get(error["type"], "another value")


def _place(error: Any, value: Any) -> tuple[tuple[str | int, ...], Any]:
    """The path of an error in the values, and what stands there.

    Pydantic's own place also names the member of a union that was tried: an object's ``kind``, or a type's name.
    These aren't steps in the values.
    """
    path: list[str | int] = []
    steps = list(error["loc"])
    if error["type"].startswith("union_tag"):
        steps.append("kind")
    arrived = True
    for number, named in enumerate(steps):
        step = _key(named, value)
        last = number == len(steps) - 1
        if arrived and not last and isinstance(value, dict) and value.get("kind") == step:
            arrived = False
            continue
        if isinstance(value, list) and isinstance(step, int):
            value = value[step]
        elif isinstance(value, dict) and (step in value or (last and _names_a_field(error))):
            value = value.get(step)
        else:
            continue
        path.append(step)
        arrived = True
    return tuple(path), value


def _key(step: str | int, value: Any) -> str | int:
    """The key that pydantic means by a step: what it tells has no half characters."""
    if not isinstance(value, dict) or step in value:
        return step
    return next((k for k in value if k.encode("utf-8", "surrogatepass").decode("utf-8", "replace") == step), step)


def _names_a_field(error: Any) -> bool:
    """Whether the last step is a field's name, although the object has no such field."""
    return error["type"] in ("missing", "union_tag_not_found")
