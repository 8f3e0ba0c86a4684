"""The beginning of a JSON value: whether anything that follows can still make JSON of it, and what is in it so far.

Takes: a text in pieces. Gives: `JsonReader`, which reads as Python's `json` does with the checks' own rules (no key
twice, no NaN, no infinity), and tells a follower of each key and value once it is there. Guarantees: linear time;
what it calls broken is refused by `cascadelang.checks._json_value` in its strict form, however the text goes on.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, Protocol

MOST_DEPTH: Final = 210
"""Deeper than what the checks take, however levels are counted."""

_MOST_TOKEN: Final = 5_000
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]+')
_BEGUN: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?[0-9]*)?)?")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: Final = ("true", "false", "null")
_SPACE: Final = " \t\n\r"
_KINDS: Final = {"{": "object", "[": "array", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}


class Follower(Protocol):
    """Is told what was read. What it returns, unless empty, says that the value can't be taken, and why."""

    def begins(self, kind: str, path: list[str | int]) -> str:
        """A value of that kind begins at the path: ``object``, ``array``, ``string``, ``number`` and so on."""
        ...

    def key(self, key: str, path: list[str | int]) -> str:
        """An object at the path has this key."""
        ...

    def ends(self, value: Any, path: list[str | int]) -> str:
        """The value at the path is whole."""
        ...


class JsonReader:
    """Reads a text piece by piece.

    Attributes:
        broken: why no text that begins so is JSON that can be taken; empty while it may be.
        lost: it reads no more, for something in it is too long to be looked at.
    """

    def __init__(self, follower: Follower | None = None) -> None:
        self.broken = ""
        self.lost = False
        self._follower = follower
        self._wants = "value"  # value, first (value or end), key, first key, colon, comma, end
        self._holders: list[Any] = []
        self._path: list[str | int] = []
        self._token: list[str] = []
        self._size = 0
        self._in = ""  # string, escape, scalar
        self._escape = ""

    def feed(self, text: str) -> str:
        """Take the next piece; give `broken`."""
        at, end = 0, len(text)
        while at < end and not self.broken and not self.lost:
            if self._in == "string":
                at = self._string(text, at)
            elif self._in == "escape":
                at = self._escaped(text, at)
            elif self._in == "scalar":
                at = self._scalar(text, at)
            else:
                self._between(text[at])
                at += 1
        return self.broken

    def _between(self, char: str) -> None:  # noqa: C901, PLR0912 - one case a form
        """A character outside of texts, numbers and words."""
        wants = self._wants
        if char in _SPACE or (not self._holders and char.isspace()):
            return
        if wants in ("value", "first"):
            if char == "]" and wants == "first":
                self._close()
            elif char in '{["-0123456789tfn':
                self._begin(char)
            else:
                self._break(f"`{char}` where a value has to begin")
        elif wants in ("key", "first key"):
            if char == '"':
                self._in = "string"
            elif char == "}" and wants == "first key":
                self._close()
            else:
                self._break(f"`{char}` where a key has to begin")
        elif wants == "colon":
            if char == ":":
                self._wants = "value"
            else:
                self._break(f"`{char}` where a colon has to be")
        elif wants == "comma":
            holder = self._holders[-1]
            if char == ",":
                self._wants = "key" if isinstance(holder, dict) else "value"
            elif char == ("}" if isinstance(holder, dict) else "]"):
                self._close()
            else:
                self._break(f"`{char}` where a comma or an end has to be")
        else:
            self._break("more text behind the value")

    def _begin(self, char: str) -> None:
        """A value begins."""
        holder = self._holders[-1] if self._holders else None
        if isinstance(holder, list):
            self._path.append(len(holder))
        if self._follower is not None:
            self._break(self._follower.begins(_KINDS.get(char, "number"), self._path))
        if char in "{[":
            self._holders.append({} if char == "{" else [])
            self._wants = "first key" if char == "{" else "first"
            if len(self._holders) > MOST_DEPTH:
                self._break("it is nested too deeply")
        elif char == '"':
            self._in = "string"
        else:
            self._in = "scalar"
            self._add(char)

    def _string(self, text: str, at: int) -> int:
        """Go on in a text or key; give where to go on."""
        plain = _PLAIN.match(text, at)
        if plain is not None:
            self._add(plain.group())
            at = plain.end()
            if at == len(text):
                return at
        if text[at] == '"':
            value = json.loads(f'"{"".join(self._token)}"')
            self._end_token()
            if self._wants in ("key", "first key"):
                self._take_key(value)
            else:
                self._take(value)
        elif text[at] == "\\":
            self._in, self._escape = "escape", ""
        else:
            self._break("a control character in a text")
        return at + 1

    def _escaped(self, text: str, at: int) -> int:
        """The next character behind a backslash."""
        char = text[at]
        self._escape += char
        if self._escape[0] == "u":
            if len(self._escape) > 1 and char not in "0123456789abcdefABCDEF":
                self._break("an escape that isn't one")
            whole = len(self._escape) == 5
        else:
            whole = True
            if char not in '"\\/bfnrt':
                self._break("an escape that isn't one")
        if whole:
            self._add(f"\\{self._escape}")
            self._in = "string"
        return at + 1

    def _scalar(self, text: str, at: int) -> int:
        """Go on in a number or a word."""
        char = text[at]
        token = "".join(self._token)
        word = token[0] in "tfn"
        if char.isalnum() or char in "+-.":
            longer = token + char
            fits = any(each.startswith(longer) for each in _WORDS) if word else _BEGUN.fullmatch(longer) is not None
            if not fits:
                self._break(f"`{longer[:20]}` is no value")
            self._token = [longer]
            self._size += 1
            self.lost = self._size > _MOST_TOKEN
            return at + 1
        if token not in _WORDS and (word or _NUMBER.fullmatch(token) is None):
            self._break(f"`{token[:20]}` is no value")
            return at
        self._end_token()
        value = json.loads(token)
        if value in (float("inf"), float("-inf")):
            self._break("a number that is too large")
        self._take(value)
        return at

    def _add(self, part: str) -> None:
        self._token.append(part)
        self._size += len(part)

    def _end_token(self) -> None:
        self._token, self._size, self._in = [], 0, ""

    def _take_key(self, key: str) -> None:
        """A key is whole."""
        holder = self._holders[-1]
        if key in holder:
            self._break(f"the key `{key[:60]}` is given twice")
        elif self._follower is not None:
            self._break(self._follower.key(key, self._path))
        holder[key] = None
        self._path.append(key)
        self._wants = "colon"

    def _close(self) -> None:
        self._take(self._holders.pop())

    def _take(self, value: Any) -> None:
        """A value is whole: into what holds it."""
        if self._follower is not None:
            self._break(self._follower.ends(value, self._path))
        if not self._holders:
            self._wants = "end"
            return
        holder = self._holders[-1]
        step = self._path.pop()
        if isinstance(holder, dict):
            holder[step] = value
        else:
            holder.append(value)
        self._wants = "comma"

    def _break(self, why: str) -> None:
        self.broken = self.broken or why


def hopeless(body: str) -> bool:
    """Whether a text that begins so is no JSON and can't be repaired either, strips of white space aside."""
    body = body.lstrip()
    if not body or not JsonReader().feed(body):
        return False
    if body[0] not in "{[":
        return True
    inside = body[1:].lstrip()
    if body[0] == "[":
        return bool(inside) and inside[0] not in "{[\"']" and not inside[0].isdigit()
    name = inside.partition(":")[0].strip()
    return bool(name) and name[0] not in "\"'" and not name.isidentifier()
