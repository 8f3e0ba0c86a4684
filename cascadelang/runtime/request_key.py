"""What a request is known by, for giving the same one the same answer.

Takes: what decides the answer in the policy (`graph.fingerprint`, the settings around), and a run. Gives: a digest.
Guarantees: two requests have the same key only where everything that the policy or a model can see of them is the
same: messages with their images, tools, whether JSON is wanted, what was handed on (``carry``), the seed, and the
caller's facts that conditions look at; keys hold nothing that could be read back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cascadelang.contracts.messages import Message, Query
from cascadelang.source.digest import sha256

if TYPE_CHECKING:
    from cascadelang.runtime.state import Run


_SIGN: Final = "[-+*/^%=<>\u2212\u00d7\u00f7$\u20ac\u00a3\u00a5]"  # and a minus, times, divided by, euro, pound, yen
_NUMBER: Final = re.compile(rf"(?:{_SIGN} ?)*\d+(?: ?{_SIGN})*")
"""A number with the signs beside it: "17 minus 23" asks something else than "23 minus 17", "5 + 3" than "5 - 3"."""


class Keys:
    """The keys of one node's requests.

    Args:
        prefix: what decides the answer besides the request.
        facts: the caller's facts that count; ``None`` for all.
    """

    __slots__ = ("_facts", "_start")

    def __init__(self, prefix: str, facts: tuple[str, ...] | None) -> None:
        self._start = sha256(_bytes(prefix))
        self._facts = facts

    def of(self, run: Run, extra: tuple[Message, ...]) -> str:
        """The key of a run's query with what was handed on, 64 hexadecimal digits."""
        return self._of(run, extra, run.query, "")

    def group(self, run: Run, extra: tuple[Message, ...], embedder: str) -> str:
        """The same for all queries that differ in the words of the last user message only.

        Its numbers, their order and the signs beside them are the same. ``embedder``: whose vectors are compared.
        """
        query = run.query
        at = max(n for n, message in enumerate(query.messages) if message.role == "user")
        last = query.messages[at]
        text = " ".join(unicodedata.normalize("NFKC", last.text).split())
        numbers = [found.replace(" ", "") for found in _NUMBER.findall(text)]
        bare = replace(last, text="")
        messages = (*query.messages[:at], bare, *query.messages[at + 1 :])
        return self._of(run, extra, replace(query, messages=messages), f"{embedder} {numbers}")

    def _of(self, run: Run, extra: tuple[Message, ...], query: Query, more: str) -> str:
        meta = query.meta
        names = sorted(meta) if self._facts is None else [name for name in self._facts if name in meta]
        tools = [(tool.name, tool.description, tool.parameters) for tool in query.tools]
        parts = (
            _plain(query.messages),
            _plain(extra),
            tools,
            query.wants_json,
            run.seed,
            [(name, type(meta[name]).__name__, meta[name]) for name in names],
            more,
        )
        digest = self._start.copy()
        digest.update(_bytes(json.dumps(parts, sort_keys=True, default=repr)))
        return digest.hexdigest()


def _plain(messages: Iterable[Message]) -> list[Any]:
    return [
        (message.role, message.text, [(image.url, image.data, image.media_type) for image in message.images])
        for message in messages
    ]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
