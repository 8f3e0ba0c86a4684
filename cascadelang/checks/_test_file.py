"""What a file of Python tests is, as far as reading it tells; nothing of it is run.

Takes: its text, which is the policy's own. Gives: what is wrong with it, how many tests it has at least, and whether
it may do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_OF_PYTEST: Final = frozenset({"raises", "approx", "fail", "mark", "mark.parametrize"})


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
    found = [f"the tests import `{name}`, and there is only the standard library in the sandbox" for name in needs]
    there = "there are `raises`, `approx`, `fail` and `mark.parametrize`"
    found += [f"the tests use `pytest.{name}`, which isn't there: {there}" for name in _of_pytest_missing(tree)]
    found += [f"nothing of `{name}` would be run: {why}" for name, why in _idle(tree.body)]
    return found or [f"`{test}` needs `{name}`, and fixtures aren't known" for test, name in _fixtures(tree)]


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


def has_asserts(text: str) -> bool:
    """Whether a file that parses may test something at its top, outside of functions and classes."""
    import ast

    for each in ast.parse(text).body:
        guard = isinstance(each, ast.If) and "__name__" in ast.unparse(each.test)
        if (
            _is_test(each)
            and not guard
            and not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        ):
            return True
    return False


def _is_test(statement: Any) -> bool:
    import ast

    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.name.startswith("test")
    if isinstance(statement, ast.ClassDef):
        return statement.name.startswith("Test") or bool(statement.bases)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    return isinstance(statement, (ast.Assert, ast.For, ast.While, ast.If, ast.With, ast.Try))


def _idle(body: Any, outer: str = "", bases: str = "") -> Iterator[tuple[str, str]]:
    """Tests that would pass without having been run: pairs of a name, and why."""
    import ast

    for each in body:
        if isinstance(each, ast.ClassDef):
            yield from _idle(each.body, f"{outer}{each.name}.", " ".join(map(ast.unparse, each.bases)))
        elif isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each.name.startswith("test"):
            if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own(each)):
                yield f"{outer}{each.name}", "it has a `yield`"
            elif isinstance(each, ast.AsyncFunctionDef) and "TestCase" in bases and "Isolated" not in bases:
                yield f"{outer}{each.name}", "it is `async`, and no `unittest.IsolatedAsyncioTestCase`"


def _own(function: Any) -> Iterator[Any]:
    """What is in a function, and not in another in it."""
    import ast

    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, inner):
            waiting += ast.iter_child_nodes(node)


def _of_pytest_missing(tree: Any) -> list[str]:
    """What a file uses of pytest that isn't there."""
    import ast

    used: set[str] = set()
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import))
    called = {each.asname or each.name for node in imports for each in node.names if each.name == "pytest"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "pytest":
            used.update(each.name for each in node.names)
        elif isinstance(node, ast.Attribute):
            owner, name = node.value, node.attr
            if isinstance(owner, ast.Attribute) and owner.attr == "mark":
                owner, name = owner.value, f"mark.{name}"
            if isinstance(owner, ast.Name) and owner.id in called:
                used.add(name)
    return sorted(used - _OF_PYTEST)


def _fixtures(tree: Any) -> Iterator[tuple[str, str]]:
    """The parameters of tests that nothing gives a value: pairs of a test and a parameter."""
    import ast

    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            tests, own = [statement], 0
        elif isinstance(statement, ast.ClassDef) and statement.name.startswith("Test") and not statement.bases:
            tests, own = [each for each in statement.body if isinstance(each, ast.FunctionDef)], 1
        else:
            continue
        for test in tests:
            if test.name.startswith("test"):
                yield from ((test.name, name) for name in _not_given(test, own))


def _not_given(test: Any, own: int) -> list[str]:
    """The parameters of a test without a value; none of one with a decorator that may give some."""
    import ast

    given: set[str] = set()
    for mark in test.decorator_list:
        if not isinstance(mark, ast.Call) or not ast.unparse(mark.func).endswith("parametrize") or not mark.args:
            return []
        try:
            names = ast.literal_eval(mark.args[0])
        except ValueError:
            return []
        given.update(names.replace(",", " ").split() if isinstance(names, str) else names)
    args = test.args
    plain = [each.arg for each in (*args.posonlyargs, *args.args)]
    needed = plain[own : len(plain) - len(args.defaults)]
    needed += [each.arg for each, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is None]
    return [name for name in needed if name not in given]


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
