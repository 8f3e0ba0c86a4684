"""Runs the tests of ``python_tests`` inside the sandbox: read as text by `python_tests`, never imported.

Takes, as ``GIVEN``: a secret, the blocks of code of the answer, the test file, and where tests that must fail are put
among the others. Gives, on its standard output: a line for each test that begins, and at the
end one line that starts with the secret. Guarantees: what it needs it takes before the answer's code runs, and what
that code prints goes nowhere.
"""

import builtins
import os
import sys
import types
from _json import encode_basestring_ascii as quoted  # all of json takes longer to import than the rest here to run


def main():  # inside, nothing is typed
    write, leave = os.write, os._exit
    given = globals().pop("GIVEN")
    secret = given.pop("secret")
    out = os.dup(1)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    write(out, b"ready\n")

    def tell(result, **more):
        line = _dumps({"result": result, **more})
        write(out, f"{secret}{line}\n".encode())
        leave(0)

    def begin(name):
        write(out, f"{quoted(name)}\n".encode())

    failing = AssertionError
    try:
        tests = compile(given["tests"], "tests.py", "exec")
    except (SyntaxError, ValueError) as error:
        tell("broken", message=f"the test file doesn't parse: {error}")
    code = _parsed(given["blocks"])
    if isinstance(code, str):
        tell("failed", test="", message=code)
    lines = given["tests"].split("\n")
    if "unittest" in given["tests"]:
        import unittest.case  # noqa: F401 - before the answer's code could put something in its place
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    if "pytest" in given["tests"]:
        sys.modules["pytest"] = _pytest()
    before = _held()
    own = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")  # what decides isn't for the code to find
    begin("the code")
    try:
        for part in code:
            exec(part, module.__dict__)  # this is what the sandbox is for
    except BaseException as error:  # whatever it is, the code doesn't run
        tell("failed", test="", message=f"the code doesn't run: {_words(error, 'the code', {})}")
    _restore(before)
    space = types.ModuleType("tests")
    space.__dict__.update({k: v for k, v in vars(module).items() if not k.startswith("__")})
    sys.modules["tests"] = space
    begin("the test file")
    try:
        exec(tests, space.__dict__)  # the policy's own
    except BaseException as error:  # an assert at the top, or what the file needs isn't there
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing and missing not in {"solution", "tests"} and _from_tests(error):
            tell("broken", message=f"the tests need `{missing}`, and there is only the standard library")
        tell("failed", test="the test file", message=_words(error, "tests.py", lines))
    found = _collect(space)
    passed = 0
    bad = list(given["bad"])  # INVARIANT: each of these must fail, or something tampers with how tests are judged
    caught = []
    for at, (name, test) in enumerate([*found, ("", None)]):
        while bad and (bad[0][0] <= at or test is None):
            _, one, other = bad.pop(0)
            _restore(before)
            if all(_is_caught(try_, one, other, failing) for try_ in _must_fail()):
                caught.append(one)
        if test is None:
            break
        begin(name)
        _restore(before)
        try:
            done = test()
        except BaseException as error:  # every way to fail is one
            tell("failed", test=name, message=_words(error, "tests.py", lines), passed=passed)
        else:
            passed += 1 if done is not None else 0
    del own
    tell("passed", passed=passed, of=len(found), caught=caught)


def _dumps(value):
    """A value as JSON: texts, whole numbers, lists and objects of them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {_dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dumps, value)) + "]"
    return quoted(value) if isinstance(value, str) else str(value)


def _must_fail():
    """Ways to compare two numbers that aren't the same, each of which must fail."""

    def asserted(one, other):
        assert one == other

    if "unittest" not in sys.modules:
        return [asserted]
    return [asserted, sys.modules["unittest"].TestCase().assertEqual]


def _is_caught(way, one, other, failing):
    try:
        way(one, other)
    except failing:
        return True
    except BaseException:
        return False
    return False


def _parsed(blocks):
    """The code of the blocks that parse, compiled; else words."""
    found, first = [], ""
    for block in blocks:
        for text in _tries(block):
            try:
                found.append(compile(text, "the code", "exec"))
                break
            except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
                line = getattr(error, "lineno", None)
                where = f" (line {line})" if line else ""
                deep = "it is nested too deeply" if isinstance(error, (MemoryError, RecursionError)) else ""
                first = first or f"the code doesn't parse: {deep or getattr(error, 'msg', None) or error}{where}"
                if block["bare"] and _starts(block["text"]) is None:
                    first = "there is no Python code in the answer"
    return found or first


def _tries(block):
    """The block, then what may be code in it, with the prose around it left out."""
    yield block["text"]
    first = _starts(block["text"]) if block["bare"] else None
    if first is not None:
        lines = block["text"].split("\n")
        for last in range(len(lines), max(first, len(lines) - 200), -1):
            yield "\n".join(lines[first:last])


def _starts(text):
    """The line in which code seems to start, among prose; ``None`` where nothing looks like code."""
    import re

    starts = re.compile(r"(?:async\s+def|def|class|import|from|@)\b|@|[A-Za-z_]\w*\s*=[^=]")
    return next((n for n, line in enumerate(text.split("\n")) if starts.match(line)), None)


def _held():
    """What deciding hangs on and the answer's code could put something else in place of."""
    held = [(builtins, dict(vars(builtins)))]
    held += [(module, dict(vars(module))) for name in ("os", "re") if (module := sys.modules.get(name))]
    for name in ("unittest.case", "unittest.suite", "unittest.loader", "unittest.result", "pytest"):
        module = sys.modules.get(name)
        if module is not None:
            held.append((module, dict(vars(module))))
            kinds = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == name]
            held += [(kind, dict(vars(kind))) for kind in kinds]
    return held


def _restore(held):
    """Put all of it back."""
    sys.settrace(None)
    sys.setprofile(None)
    for owner, _ in held:
        if isinstance(owner, types.ModuleType):
            sys.modules[owner.__name__] = owner
    if "unittest.case" in sys.modules:
        sys.modules["unittest"].TestCase = sys.modules["unittest.case"].TestCase
    for owner, values in held:
        for name, value in values.items():
            if name not in {"__dict__", "__weakref__", "_"} and vars(owner).get(name) is not value:
                try:
                    setattr(owner, name, value)
                except (AttributeError, TypeError):
                    pass


def _from_tests(error):
    """Whether an import that failed stands in the test file itself."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        last = trace.tb_frame.f_code.co_filename if "importlib" not in trace.tb_frame.f_code.co_filename else last
        trace = trace.tb_next
    return last == "tests.py"


def _words(error, file, lines):
    """What went wrong, in words: the exception, the line of ``file`` it came through, and an assert's own text."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        said = str(error)
    except BaseException:  # it is the answer's own class
        said = ""
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        said, kind = f"it exits ({said})", ""
    source = lines[line - 1].strip() if lines and 0 < line <= len(lines) else ""
    if isinstance(error, AssertionError):
        words = said or (f"`{source}` doesn't hold" if source.startswith("assert") else "an assertion doesn't hold")
    else:
        words = f"{kind}: {said}" if said and kind else said or kind
    return (words + (f" (line {line})" if line else ""))[:2000]


def _collect(space):
    """The tests of the file, in the order they stand there: pairs of a name and a function without arguments."""
    found = []
    for name, value in list(vars(space).items()):
        if getattr(value, "__module__", "tests") != "tests":
            continue
        if isinstance(value, type):
            if "unittest" in sys.modules and issubclass(value, sys.modules["unittest"].TestCase):
                found += _cases(value)
            elif name.startswith("Test"):
                for method in [n for n in dict.fromkeys(_attributes(value)) if n.startswith("test")]:
                    made = (lambda kind, method: lambda *a, **k: _method(kind, method, a, k))(value, method)
                    found += _each(f"{name}.{method}", made, getattr(value, method))
        elif name.startswith("test") and callable(value):
            found += _each(name, value, value)
    return found


def _attributes(kind):
    for each in reversed(kind.__mro__):
        yield from vars(each)


def _method(kind, method, given, named):
    self = kind()
    for before in ("setup_method", "setUp"):
        if hasattr(self, before):
            getattr(self, before)()
    try:
        return _run(getattr(self, method), given, named)
    finally:
        for after in ("teardown_method", "tearDown"):
            if hasattr(self, after):
                getattr(self, after)()


def _each(name, call, marked):
    """A test function, once for each set of parameters."""
    sets = getattr(marked, "_parameters", None)
    if sets is None:
        return [(name, lambda: _run(call, (), {}))]
    return [
        (f"{name}[{n}]", (lambda values: lambda: _run(call, (), values))(values)) for n, values in enumerate(sets, 1)
    ]


def _run(call, given, named):
    value = call(*given, **named)
    if hasattr(value, "__await__"):
        import asyncio

        asyncio.run(value)
    return True


def _cases(kind):
    import unittest

    def one(test):
        def run():
            result = unittest.TestResult()
            unittest.TestSuite([test]).run(result)
            for _, words in [*result.failures, *result.errors]:
                last = [line for line in words.strip().splitlines() if line.strip()]
                raise _Told(_last_words(words, last))
            if result.unexpectedSuccesses:
                raise _Told("it passes, and is expected to fail")
            return None if result.skipped else True

        return run

    names = unittest.TestLoader().getTestCaseNames(kind)
    order = {name: n for n, name in enumerate(_attributes(kind))}
    return [(f"{kind.__name__}.{name}", one(kind(name))) for name in sorted(names, key=lambda n: order.get(n, 0))]


class _Told(AssertionError):
    """A failure whose words are made already."""


def _last_words(words, lines):
    """The exception at the end of a traceback, and the line of the test file it came through."""
    import re

    at = re.findall(r'File "tests\.py", line (\d+)', words)
    named = [n for n, line in enumerate(lines) if re.match(r"[\w.]+(?:Error|Exception|Exit)\b", line)]
    start = named[0] if named else len(lines) - 1
    said = " ".join(" ".join(lines[start:]).split())
    return f"{said.removeprefix('AssertionError: ')}" + (f" (line {at[-1]})" if at else "")


def _pytest():
    """What there is of pytest; ``_test_file`` says what else a test file may not use."""
    import re

    pytest = types.ModuleType("pytest")

    class Raises:
        def __init__(self, kinds, match):
            self.kinds, self.match, self.value = kinds, match, None

        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            if error is None:
                raise AssertionError(f"nothing raised {_name(self.kinds)}")
            if not isinstance(error, self.kinds):
                return False
            self.value = error
            if self.match is not None and not re.search(self.match, str(error)):
                raise AssertionError(f"{str(error)!r} doesn't match {self.match!r}")
            return True

    def _name(kinds):
        return " or ".join(k.__name__ for k in (kinds if isinstance(kinds, tuple) else (kinds,)))

    def raises(kinds, *call, match=None, **named):
        caught = Raises(kinds, match)
        if not call:
            return caught
        with caught:
            call[0](*call[1:], **named)
        return caught

    class approx:  # its name in pytest
        def __init__(self, expected, rel=None, abs=None, nan_ok=False):
            self.expected, self.rel, self.abs, self.nan_ok = expected, rel, abs, nan_ok

        def _near(self, one, other):
            if isinstance(other, (list, tuple)):
                return len(one) == len(other) and all(self._near(a, b) for a, b in zip(one, other))
            if isinstance(other, dict):
                return one.keys() == other.keys() and all(self._near(one[k], other[k]) for k in other)
            if one == other or (self.nan_ok and one != one and other != other):
                return True
            least = self.abs if self.abs is not None else 1e-12
            share = self.rel if self.rel is not None else (0 if self.abs is not None else 1e-6)
            return abs(one - other) <= max(least, share * abs(other))

        def __eq__(self, other):
            return self._near(other, self.expected)

        __hash__ = None

        def __repr__(self):
            return f"about {self.expected!r}"

    def fail(reason=""):
        raise AssertionError(reason)

    def parametrize(names, values, **_):
        split = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)

        def mark(test):
            own = [dict(zip(split, v if len(split) > 1 else (v,))) for v in values]
            inner = getattr(test, "_parameters", None) or [{}]
            test._parameters = [{**a, **b} for a in own for b in inner]
            return test

        return mark

    pytest.raises, pytest.approx, pytest.fail = raises, approx, fail
    pytest.mark = types.SimpleNamespace(parametrize=parametrize)
    return pytest


if __name__ == "__main__":
    main()
