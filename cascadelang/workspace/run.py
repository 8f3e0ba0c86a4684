"""One query through one policy, for the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cascadelang.workspace.mistake import Mistake
from cascadelang.workspace.query_file import MAX_BYTES, meta_of, query_of, read_messages, read_text

if TYPE_CHECKING:
    from cascadelang.contracts.messages import Query
    from cascadelang.contracts.provider import Progress
    from cascadelang.workspace.result import Result


def read_query(query: str | None, messages: str | None, meta: Sequence[str]) -> Query:
    """The query that the command line's words make.

    Args:
        query: a text, ``-`` for stdin, or ``@file``.
        messages: path of a messages file.
        meta: ``name=value`` words.

    Raises:
        Mistake: when there is no query, or a file can't be read.
    """
    facts = meta_of(meta)
    if query is None and messages is None:
        raise Mistake("there is no query", 'give one: --query "…", --query - (stdin), --query @file', usage=True)
    said = read_messages(messages) if messages is not None else None
    return query_of(None if query is None else _text(query), said, facts)


def _text(query: str) -> str:
    """The text that ``--query`` names; of stdin without the line end that a shell command puts behind its output."""
    if query == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise Mistake(f"the query on stdin is larger than {MAX_BYTES // 1024 // 1024} MB", usage=True)
        try:
            return data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise Mistake("the query on stdin is not UTF-8 text", usage=True) from None
    return read_text(query[1:]) if query.startswith("@") and len(query) > 1 else query


@contextmanager
def running(
    path: str,
    query: Query,
    *,
    policy: str = "main",
    seed: int | None = None,
    cache: bool = True,
    on_text: Callable[[str], None] | None = None,
    on_pull: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Result]:
    """Run one query through the policy file at ``path``; what is recorded is written when the block ends.

    Args:
        path: of the policy, or of a graph that `compile` printed.
        query: what is asked.
        policy: which one of the file.
        seed: see `Policy.run`.
        cache: see `Policy.run`.
        on_text: see `Policy.run`.
        on_pull: see `Policy.load`.
        warn: see `Policy.load`.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when there is no such policy, or the settings can't be read.
        KeyboardInterrupt: when interrupted; the run is recorded as cancelled.
    """
    from cascadelang.workspace.policy import Policy

    with Policy.load(path, warn=warn, on_pull=on_pull) as loaded:
        yield loaded.run(query, policy=policy, seed=seed, on_text=on_text, cache=cache)
