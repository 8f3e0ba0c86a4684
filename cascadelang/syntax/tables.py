"""The parse tables of the grammar: compiled once by lark, kept in the user's cache folder, loaded in a millisecond.

Takes: ``cascade.lark``, packaged beside this module (in a checkout: ``grammar/cascade.lark``).
Gives: `Tables`, the LALR(1) automaton as plain dicts, which ``syntax.parse`` drives.
Guarantees: the cache is JSON, so loading it can't run anything; a file that is foreign, damaged or of another version
is ignored and made anew; a cache that can't be written is no error. lark is only imported to compile.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from cascadelang.source.digest import sha256
from cascadelang.source.frozen import dataclass
from cascadelang.source.kept import read_kept, write_kept_beside

FORMAT = 1
"""Raised whenever the cached form below changes."""

LARK_OPTIONS = {"parser": "lalr", "lexer": "contextual", "maybe_placeholders": True}


@dataclass(frozen=True, slots=True)
class Rule:
    """One production.

    Attributes:
        origin: what it makes: the nonterminal's name.
        size: how many symbols it takes off the stack.
        build: the name of the function that builds its node; empty for lists that dissolve into their parent.
        single: hand on the only child as it is, if there is only one.
        plan: which of the symbols are kept, in order; -1 stands for an optional part that is missing.
    """

    origin: str
    size: int
    build: str
    single: bool
    plan: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """The automaton.

    Attributes:
        actions: per state, what a symbol does: ``n >= 0`` goes to state ``n``; ``n < 0`` reduces by rule ``~n``.
        rules: the productions.
        start: the first state.
        end: the state in which ``$END`` accepts.
        words: the keywords and the terminals they are.
        signs: the signs and the terminals they are.
        patterns: regular expressions of the other terminals.
    """

    actions: list[dict[str, int]]
    rules: list[Rule]
    start: int
    end: int
    words: dict[str, str]
    signs: dict[str, str]
    patterns: dict[str, str]


def grammar_path() -> Path:
    """Where the grammar file is: beside this module in an installation, under ``grammar/`` in a checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "cascade.lark"
    return packaged if packaged.is_file() else here.parents[1] / "grammar" / "cascade.lark"


@cache
def load_tables() -> Tables:
    """The tables of this version's grammar, from the cache if there is a sound one."""
    grammar = grammar_path().read_bytes()
    path = _cache_path(grammar)
    data = _read_cache(path)
    if data is None:
        data = compile_grammar(grammar.decode())
        if path is not None:
            write_kept_beside(path, data)
        data = json.loads(json.dumps(data))
    return _tables(data)


def compile_grammar(grammar: str) -> dict[str, Any]:
    """The tables as JSON data; takes some 200 ms.

    Raises:
        lark.exceptions.GrammarError: if the grammar is not well formed.
    """
    from lark import Lark
    from lark.lexer import PatternStr

    made = Lark(grammar, **LARK_OPTIONS)
    automaton = made.parser.parser._parse_table  # noqa: SLF001 - lark offers no other way to its tables
    numbers: dict[Any, int] = {}
    rules: list[list[Any]] = []
    states: list[dict[str, int]] = []
    # lark's states come out of sets; numbered in the order they are reached, they are always the same
    order = {automaton.start_states["start"]: 0}
    reached = list(order)
    for state in reached:
        actions: dict[str, int] = {}
        for symbol, (action, argument) in sorted(automaton.states[state].items()):
            if action.name == "Shift":
                if argument not in order:
                    order[argument] = len(order)
                    reached.append(argument)
                actions[str(symbol)] = order[argument]
                continue
            if argument not in numbers:
                numbers[argument] = len(rules)
                rules.append(_rule_data(argument))
            actions[str(symbol)] = ~numbers[argument]
        states.append(actions)
    words, signs, patterns = {}, {}, {}
    for terminal in made.terminals:
        if not isinstance(terminal.pattern, PatternStr):
            patterns[terminal.name] = terminal.pattern.value
        elif terminal.pattern.value.isalpha():
            words[terminal.pattern.value] = terminal.name
        else:
            signs[terminal.pattern.value] = terminal.name
    return {
        "format": FORMAT,
        "actions": states,
        "rules": rules,
        "start": order[automaton.start_states["start"]],
        "end": order[automaton.end_states["start"]],
        "words": words,
        "signs": signs,
        "patterns": patterns,
    }


def _rule_data(rule: Any) -> list[Any]:
    """A lark rule as ``[origin, size, build, single, plan]``, with lark's own meaning of what a tree keeps."""
    missing = rule.options.empty_indices or (False,) * len(rule.expansion)
    plan: list[int] = []
    at = 0
    for absent in missing:
        if absent:
            plan.append(-1)
            continue
        symbol = rule.expansion[at]
        if not (symbol.is_term and symbol.filter_out):
            plan.append(at)
        at += 1
    origin = str(rule.origin.name)
    build = "" if origin.startswith("_") else str(rule.alias or origin)
    return [origin, len(rule.expansion), build, bool(rule.options.expand1) and not rule.alias, plan]


def _tables(data: dict[str, Any]) -> Tables:
    return Tables(
        actions=data["actions"],
        rules=[Rule(origin, size, build, single, tuple(plan)) for origin, size, build, single, plan in data["rules"]],
        start=data["start"],
        end=data["end"],
        words=data["words"],
        signs=data["signs"],
        patterns=data["patterns"],
    )


def _cache_path(grammar: bytes) -> Path | None:
    from cascadelang.source.folders import cache_folder

    key = sha256(grammar)
    key.update(f"{FORMAT} {_lark_version()} {sys.version_info[:2]}".encode())
    try:
        return cache_folder() / f"grammar-{key.hexdigest()[:24]}.json"
    except (OSError, RuntimeError):
        return None


def _lark_version() -> str:
    """The installed lark's version, without importing lark: its folder's metadata is named after it."""
    from importlib.util import find_spec

    spec = find_spec("lark")
    if spec is None or not spec.origin:
        return ""
    site = Path(spec.origin).parents[1]
    names = os.listdir(site)  # noqa: PTH208 - hundreds of them, of which one is wanted
    return ",".join(sorted(name for name in names if name.startswith("lark-") and name.endswith(".dist-info")))


def _read_cache(path: Path | None) -> dict[str, Any] | None:
    """What the cache holds, or ``None`` if there is none that can be trusted."""
    data = None if path is None else read_kept(path)
    return data if _is_sound(data) else None


def _is_sound(data: Any) -> bool:
    """Whether cached data has the form that `compile_grammar` gives: a damaged file is only slow, not fatal."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return False
    try:
        states, rules = len(data["actions"]), len(data["rules"])
        tables = _tables(data)
        return (
            0 <= tables.start < states
            and 0 <= tables.end < states
            and all(-rules <= min(row.values()) and max(row.values()) < states for row in tables.actions if row)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
