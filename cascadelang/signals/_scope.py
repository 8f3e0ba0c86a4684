"""Which text a signal reads: the last user message, or all messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cascadelang.contracts.messages import Query

Scope = Literal["query", "conversation"]


def scope_of(args: Mapping[str, Any]) -> Scope:
    """The scope in a signal's arguments; the query when none is given."""
    return "conversation" if args.get("scope") == "conversation" else "query"


def text_of(query: Query, scope: Scope) -> str:
    """The text in scope: the last user message's, or that of all messages, one under the other."""
    if scope == "query":
        return query.text
    return "\n".join([message.text for message in query.messages])
