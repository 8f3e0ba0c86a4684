"""Whether the answer says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cascadelang.contracts.check import Answer, Finding, Outlook, Watcher
from cascadelang.contracts.messages import Delta
from cascadelang.contracts.spec import Spec


class Empty:
    """``empty``."""

    spec: ClassVar[Spec] = Spec(
        name="empty",
        kind="check",
        summary="whether the answer has no text",
        doc="""
True when there is nothing but white space and invisible characters. An answer that only asks for a tool call is not
empty.
""",
        gives="bool",
        early=frozenset({"false"}),
        always_known=True,
        examples=("not empty",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        del args

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        if answer.reply.tool_calls:
            return Finding(value=False, reason="the answer asks for a tool call")
        head = answer.reply.text.lstrip()
        if head and head[0].isprintable() and not head[0].isspace():
            return Finding(value=False, reason="the answer has text")
        blank = not any(char.isprintable() and not char.isspace() for char in head)
        return Finding(value=blank, reason="the answer is empty" if blank else "the answer has text")

    def watch(self, most_tokens: int) -> Watcher:
        """See `Watching.watch`."""
        del most_tokens
        return _Looking()


class _Looking:
    """Whether there was text: then the answer isn't empty, whatever follows."""

    def __init__(self) -> None:
        self._found = False

    def feed(self, delta: Delta) -> Outlook | None:
        """See `Watcher.feed`."""
        if self._found or not any(char.isprintable() and not char.isspace() for char in delta.text):
            return None
        self._found = True
        return Outlook(value=False, reason="the answer has text")


CHECK = Empty
