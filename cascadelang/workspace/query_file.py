"""Conversations and facts about the caller, from what a user gives.

Takes: the JSON that the OpenAI chat completions API takes as ``messages`` (and, around it, ``tools`` and
``response_format``), or ``key=value`` words. Gives: a `Query`, or its parts. Guarantees: what can't be understood
is a `Mistake` that says where it stands; nothing is dropped in silence.

The form is that of the OpenAI API reference, "Create chat completion": a message's ``content`` is a text or a list of
parts, of type ``text`` or ``image_url``; ``developer`` is the newer name of the role ``system``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from cascadelang.contracts.messages import Image, Message, Query, Role, Tool
from cascadelang.contracts.typed import typed
from cascadelang.workspace.mistake import Mistake

MAX_BYTES = 64 * 1024 * 1024
_ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def query_of(
    text: str | None = None,
    messages: Sequence[Message] | Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Query:
    """The query that a text, or messages, or both make (the text is then the last user message).

    Args:
        text: what the user says.
        messages: `Message` values, or mappings of the form of the OpenAI API, or one mapping that holds
            ``messages`` and may hold ``tools`` and ``response_format``.
        meta: the caller's facts.

    Raises:
        Mistake: when there is neither, or the messages have another form.
    """
    said: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    wants_json = False
    if messages is not None:
        if isinstance(messages, Mapping):
            said, tools, wants_json = _request(messages)
        elif isinstance(messages, str | bytes) or not isinstance(messages, Sequence):
            raise Mistake(
                "what is asked is neither a text nor messages",
                "give a text, or a list of messages with `role` and `content`",
                usage=True,
            )
        else:
            said = tuple(_message(m, f"messages[{i}]") for i, m in enumerate(messages))
    if text is not None:
        if not isinstance(text, str):
            raise Mistake("the query beside `messages` must be a text", usage=True)
        said = (*said, Message("user", text))
    if not any(message.role == "user" for message in said):
        raise Mistake("there is no query: no message is from the user", usage=True)
    return Query(messages=said, meta=dict(meta or {}), tools=tools, wants_json=wants_json)


def read_messages(path: str) -> Mapping[str, Any] | list[Mapping[str, Any]]:
    """The JSON in a messages file.

    Raises:
        Mistake: when it can't be read or isn't a list or an object.
    """
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise Mistake(
            f"`{path}` is not JSON: {error.msg.lower()} (line {error.lineno}, column {error.colno})", usage=True
        ) from None
    except RecursionError:
        raise Mistake(f"`{path}` is nested too deeply", usage=True) from None
    if not isinstance(value, list | dict):
        raise Mistake(
            f"`{path}` holds no messages", "give a list of messages, or an object with `messages`", usage=True
        )
    return value


def read_text(path: str) -> str:
    """The text of a file the user named, UTF-8, with or without a byte order mark.

    Raises:
        Mistake: when it can't be read.
    """
    file = Path(path)
    try:
        if file.is_dir():
            raise Mistake(f"`{path}` can't be read: it is a folder", usage=True)
        if file.stat().st_size > MAX_BYTES:
            raise Mistake(f"`{path}` can't be read: it is larger than {MAX_BYTES // 1024 // 1024} MB", usage=True)
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Mistake(f"`{path}` can't be read: it is not UTF-8 text", usage=True) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not usable"
        raise Mistake(f"`{path}` can't be read: {reason.lower()}", usage=True) from None


def check_meta(meta: Mapping[str, Any]) -> None:
    """Refuse facts about the caller that no policy could look at.

    Raises:
        Mistake: when they aren't texts, numbers or booleans by name; ``None`` stands for a fact that isn't known.
    """
    if not isinstance(meta, Mapping) or not all(isinstance(name, str) for name in meta):
        raise Mistake("`meta` must be facts by name", 'for example: `{"plan": "gold"}`', usage=True)
    for name, value in meta.items():
        if value is not None and not isinstance(value, str | int | float | Decimal):
            raise Mistake(f"`meta.{name[:40]}` is neither a text nor a number nor true or false", usage=True)
        if isinstance(value, float | Decimal) and not math.isfinite(value):
            raise Mistake(f"`meta.{name[:40]}` is no finite number", usage=True)


def meta_of(words: Sequence[str]) -> dict[str, Any]:
    """The facts that ``name=value`` words give: ``true`` and ``false``, numbers, else texts.

    A value in double quotes is a text, whatever it looks like: ``plan='"7"'``.

    Raises:
        Mistake: for a word without ``=``, a name that can't be one, or a name given twice.
    """
    meta: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise Mistake(f"`{word}` is not of the form name=value", "for example: --meta plan=gold", usage=True)
        if name in meta:
            raise Mistake(f"`{name}` is given twice", usage=True)
        meta[name] = typed(value)
    return meta


def _request(body: Mapping[str, Any]) -> tuple[tuple[Message, ...], tuple[Tool, ...], bool]:
    """Messages, tools and whether JSON is wanted, of an object of the form of a request."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise Mistake("there is no list of `messages`", usage=True)
    tools = body.get("tools") or []
    if not isinstance(tools, list):
        raise Mistake("`tools` must be a list", usage=True)
    form = body.get("response_format")
    wants_json = isinstance(form, Mapping) and form.get("type") in {"json_object", "json_schema"}
    said = tuple(_message(m, f"messages[{i}]") for i, m in enumerate(messages))
    return said, tuple(_tool(t, f"tools[{i}]") for i, t in enumerate(tools)), wants_json


def _message(value: object, where: str) -> Message:
    """One message."""
    if isinstance(value, Message):
        return _checked(value, where)
    if not isinstance(value, Mapping):
        raise Mistake(f"`{where}` must be an object with `role` and `content`", usage=True)
    role = _ROLES.get(str(value.get("role")))
    if role is None:
        raise Mistake(
            f"`{where}` has the role `{str(value.get('role'))[:40]}`",
            "roles are `system`, `developer` (the same), `user` and `assistant`",
            usage=True,
        )
    if value.get("tool_calls"):
        raise Mistake(
            f"`{where}` calls tools, and this version takes no conversation with calls of tools in it",
            "leave out the messages about tools, or give as texts what they came to",
            usage=True,
        )
    content = value.get("content")
    if isinstance(content, str):
        return Message(role, content)
    if not isinstance(content, list):
        raise Mistake(f"`{where}.content` must be a text or a list of parts", usage=True)
    texts: list[str] = []
    images: list[Image] = []
    for index, part in enumerate(content):
        at = f"{where}.content[{index}]"
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "image_url":
            images.append(_image(part.get("image_url"), at))
        else:
            raise Mistake(
                f"`{at}` is neither text nor an image", "parts are of type `text` or `image_url`", usage=True
            )
    return Message(role, "\n".join(texts), tuple(images))


def _checked(message: Message, where: str) -> Message:
    """A message that the caller made, if its text is one."""
    if not isinstance(message.text, str):
        raise Mistake(f"the text of `{where}` is no text", usage=True)
    return message


def _image(value: object, where: str) -> Image:
    """An image part: ``{"url": …}`` or the URL itself."""
    url = value.get("url") if isinstance(value, Mapping) else value
    if not isinstance(url, str) or not url.startswith(("https://", "http://", "data:")):
        raise Mistake(f"`{where}` has no image URL", "it must begin with `https:` or `data:`", usage=True)
    return Image(url=url)


def _tool(value: object, where: str) -> Tool:
    """A tool: ``{"type": "function", "function": {…}}``."""
    function = value.get("function") if isinstance(value, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise Mistake(f"`{where}` is not a function with a name", usage=True)
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(parameters, Mapping):
        raise Mistake(f"`{where}.function.parameters` must be a JSON Schema", usage=True)
    return Tool(
        name=function["name"],
        description=str(function.get("description") or ""),
        parameters=cast("Mapping[str, Any]", parameters),
    )
