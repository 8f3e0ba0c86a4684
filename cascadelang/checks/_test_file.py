"""What a file of Python tests is, as far as reading it tells; nothing of it is run.

Takes: its text, which is the policy's own. Gives: what is wrong with it, and how many tests it has at least.
"""

from __future__ import annotations

from typing import Any


def tests_wrong(text: str) -> list[str]:
    """What is wrong with a test file, as far as reading it tells."""
    import ast
    import sys

    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return [f"the test file doesn't parse: {error.msg}" + (f" (line {error.lineno})" if error.lineno else "")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [f"the test file doesn't parse: {error}"]
    if not tree.body:
        return ["the test file is empty"]
    if not any(_is_test(statement) for statement in tree.body):
        return ["the test file has no tests: no assert, no `test_…` function and no class of tests"]
    known = sys.stdlib_module_names | {"solution", "pytest", "__future__"}
    needs = sorted({name for name in _imported(tree) if name.split(".")[0] not in known})
    return [f"the tests import `{name}`, and there is only the standard library in the sandbox" for name in needs]


def least_tests(text: str) -> int:
    """How many tests a file has at least: the functions at its top, each one or, with parameters, more."""
    import ast

    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    plain = [each for each in body if isinstance(each, kinds) and not each.decorator_list]
    return len({each.name for each in plain if each.name.startswith("test")})


def _is_test(statement: Any) -> bool:
    import ast

    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.name.startswith("test")
    if isinstance(statement, ast.ClassDef):
        return statement.name.startswith("Test") or bool(statement.bases)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    return isinstance(statement, (ast.Assert, ast.For, ast.While, ast.If, ast.With, ast.Try))


def _imported(tree: Any) -> list[str]:
    """The modules that a file imports at its top."""
    import ast

    found: list[str] = []
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            found += [name.name for name in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            found.append(statement.module)
    return found
