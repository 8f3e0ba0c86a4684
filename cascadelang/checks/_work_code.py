"""Whether pieces of code parse; done in a process of its own, since a parser may be brought to its knees.

Takes: pieces of code with their languages. Gives: true, false or unknown, with the reason: the line and what is wrong
there. Guarantees: nothing is run, compiled or imported of what is parsed.
"""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Mapping
from typing import Any

from cascadelang.checks._code_languages import LANGUAGES

NOT_THERE = "{package} is not installed; run: pip install 'cascadelang[code]'"


def work(given: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Parse; see the module's docstring."""
    pieces = given["pieces"]
    for number, (language, text) in enumerate(pieces, 1):
        which = f"block {number} ({language}), " if len(pieces) > 1 else ""
        if not text.strip():
            return False, f"{which}there is no code in it" if which else "there is no code in the block"
        try:
            problem = _problem(language, text)
        except ModuleNotFoundError as error:
            return None, NOT_THERE.format(package=str(error.name).replace("_", "-"))
        if problem:
            return False, f"{which}{problem}"
    said = ", ".join(dict.fromkeys(language for language, _ in pieces))
    return True, f"the {said} parses"


def _problem(language: str, text: str) -> str:
    if language == "python":
        return _python(text)
    if language == "json":
        return _json(text)
    return _tree(language, text)


def _python(text: str) -> str:
    import ast

    warnings.simplefilter("ignore")
    try:
        ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno or 1}: {error.msg}"
    except ValueError as error:
        return str(error)
    return ""


def _json(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}"
    except ValueError:
        return "a number in it is too long"
    return ""


def _tree(language: str, text: str) -> str:
    from tree_sitter import Language, Parser

    known = LANGUAGES[language]
    grammar = importlib.import_module(known.module)
    function = "language_php_only" if language == "php" and "<?" not in text else known.function
    tree = Parser(Language(getattr(grammar, function)())).parse(text.encode())
    node = tree.root_node
    if not node.has_error:
        return ""
    while True:
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            break
        node = inner
    line = node.start_point[0] + 1
    if node.is_missing:
        return f"line {line}: `{node.type}` is missing"
    said = (node.text or b"").decode("utf-8", "replace").strip().split("\n", 1)[0]
    return f"line {line}: `{said if len(said) <= 40 else said[:39] + '…'}` does not fit"
