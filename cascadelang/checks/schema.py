"""Whether the answer is JSON of a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Final

from cascadelang.checks._beginning import Beginning, certain_json
from cascadelang.checks._json_beginning import Follower, JsonReader, hopeless
from cascadelang.checks._json_value import read_json
from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta
from cascadelang.contracts.spec import Param, Spec

MAX_CHARS: Final = 1_000_000
"""Longer answers are refused: validating takes longer than parsing."""


class Schema:
    """``schema("file.json")``."""

    spec: ClassVar[Spec] = Spec(
        name="schema",
        kind="check",
        summary="whether the answer is JSON that matches a JSON Schema",
        doc="""
The answer's JSON value, found as `json` finds it, must match the schema: draft 2020-12, or the draft that `$schema`
names. The reason says where the first mismatch is and what was expected there; the value comes back in the result.
References to other documents are refused, never fetched. Patterns are RE2: one that RE2 refuses is an error when the
policy is checked. `format` is not checked.
""",
        params=(
            Param("file", "schema_file", "the JSON Schema", required=True),
            Param("strict", "bool", "take the whole answer only, and repair nothing", default=False),
        ),
        early=frozenset({"false"}),
        bare=False,
        examples=('schema("answer.schema.json")', 'schema("answer.schema.json", strict: true)'),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._schema = args["file"]
        self._strict = bool(args.get("strict"))
        self._problem: Callable[[Any], str] | None = None

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        if len(answer.reply.text) > MAX_CHARS:
            return Finding(value=False, reason=f"the answer is longer than {MAX_CHARS:,} characters")
        found = read_json(answer.reply.text, strict=self._strict)
        if found.problem:
            return Finding(value=False, reason=found.problem)
        try:
            if self._problem is None:
                from cascadelang.checks._schema import compiled

                self._problem = compiled(self._schema)
            problem = self._problem(found.value)
        except Exception as error:  # noqa: BLE001 - a schema that lint would have refused, or the library's fault
            return Finding(None, f"the schema can't be applied: {str(error)[:200]}")
        if problem:
            return Finding(value=False, reason=problem, data=found.value)
        repaired = f" after a repair ({found.repaired})" if found.repaired else ""
        return Finding(value=True, reason=f"matches the schema{repaired}", data=found.value)

    def watch(self, most_tokens: int) -> Watcher | None:
        """See `Watching.watch`."""
        del most_tokens
        from cascadelang.checks._schema_beginning import followed

        try:
            follower = followed(self._schema)
        except Exception:  # noqa: BLE001 - a schema that lint would have refused, or the library's fault
            return None
        return _Strict(follower) if self._strict else Beginning(partial(_settled, follower), MAX_CHARS)


class _Strict:
    """Reads the whole answer as JSON, up to where it can't be any, or not of this form."""

    def __init__(self, follower: Follower) -> None:
        self._reader = JsonReader(follower)

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        if self._reader.broken:
            return None
        broken = self._reader.feed(delta.text)
        return Outlook(value=False, reason=f"it can't match any more: {broken}") if broken else None


def _settled(follower: Follower, text: str) -> Outlook | None:
    """Of JSON that may be repaired only its kind is certain: an object stays one, and so does a list."""
    body = certain_json(text)
    wrong = follower.begins("object" if body[0] == "{" else "array", []) if body[:1] in ("{", "[") else ""
    if wrong:
        return Outlook(value=False, reason=wrong)
    if hopeless(body):
        return Outlook(value=False, reason="it can't become JSON, and can't be repaired")
    return None


CHECK = Schema
