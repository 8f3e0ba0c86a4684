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
    stand_ins = {}
    exec(given["stand_ins"], stand_ins)
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    if "pytest" in given["tests"]:
        sys.modules["pytest"] = stand_ins["pytest_module"]()
    texts = "\n".join([given["tests"], *(block["text"] for block in given["blocks"])])
    if any(name in texts for name in _TRACEBACKS):
        import traceback  # noqa: F401 - before nobody may look at frames
    if any(name in texts for name in _DEBUGGING):
        import asyncio.base_events

        stand_ins["without_debugging"](asyncio.base_events.BaseEventLoop)
    if "doctest" in texts:
        import doctest

        doctest._OutputRedirectingPdb = stand_ins["no_debugger"]
    if "unittest" in sys.modules:
        sys.modules["unittest"].main = stand_ins["no_main"]
    before = _held()
    own = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")  # what decides isn't for the code to find
    _hide_frames(stand_ins)
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
        _prepare(space, ("setup_module",), space)
    except BaseException as error:  # an assert at the top, or what the file needs isn't there
        if missing := _missing(error):
            tell("broken", message=missing)
        tell("failed", test="the test file", message=_words(error, "tests.py", lines))
    found = _collect(space, stand_ins)
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
            if missing := _missing(error):
                tell("broken", message=missing)
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


_TRACEBACKS = ("traceback", "logging", "asyncio", "async ", "unittest", "concurrent")
"""Where one of these is, something may want to write out a traceback."""
_DEBUGGING = ("IsolatedAsyncioTestCase", "set_debug", "debug=True")
"""Where one of these is, an event loop may be told to remember where its steps were made."""
_MAY_LOOK = []
"""Holds something while this file itself looks at frames."""
_FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
_REFUSED = {
    *("sys._getframe", "sys._current_frames", "sys._current_exceptions"),
    *("sys.settrace", "sys.setprofile", "sys.monitoring.register_callback", "sys.addaudithook"),
    *("gc.get_objects", "gc.get_referrers", "gc.get_referents"),
}
_BELOW = {"_ctypes", "_testcapi", "_testinternalcapi", "_xxsubinterpreters", "_interpreters"}
"""Modules that get at the interpreter's memory, or at another interpreter in this process."""


def _hide_frames(stand_ins):
    """From here on nobody but this file gets at frames, at what the interpreter holds, or below it (PEP 578).

    A hook can't be taken away or seen. Signal handlers are given frames without any event, so there are none.
    """
    for name, value in stand_ins["frameless"]().items():
        if "traceback" in sys.modules and hasattr(sys.modules["traceback"], name):
            setattr(sys.modules["traceback"], name, value)
    sys.modules["_signal"].signal = stand_ins["no_handler"]
    sys.settrace = stand_ins["no_trace"]
    no_frames = stand_ins["NoFrames"]
    may_look, frames, refused, below = _MAY_LOOK, frozenset(_FRAMES), frozenset(_REFUSED), frozenset(_BELOW)

    def look(event, args):
        if may_look:
            return
        if event in refused or (event == "object.__getattr__" and args[1] in frames):
            raise no_frames("code that is tested gets no frames of the interpreter")
        if event == "import" and args[0] in below:
            raise ImportError(f"code that is tested gets no `{args[0]}`", name=args[0])

    sys.addaudithook(look)


def _held():
    """What deciding hangs on and the answer's code could put something else in place of."""
    # tests may put something in the place of these for good, and nothing is decided by them
    held = [(builtins, {name: value for name, value in vars(builtins).items() if name not in {"input", "print"}})]
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


def _missing(error):
    """What the test file itself imports and isn't there, in words; ``None``: it isn't that."""
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if missing and missing not in {"solution", "tests"} and _from_tests(error):
        return f"the tests need `{missing}`, and there is only the standard library"
    return None


def _from_tests(error):
    """Whether an import that failed stands in the test file itself."""
    files = [file for file, _ in _places(error) if "importlib" not in file]
    return files[-1:] == ["tests.py"]


def _places(error):
    """The files and lines that an exception came through."""
    found, trace = [], error.__traceback__
    _MAY_LOOK.append(True)
    try:
        while trace is not None:
            found.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
            trace = trace.tb_next
    finally:
        _MAY_LOOK.pop()
    return found


def _words(error, file, lines):
    """What went wrong, in words: the exception, the line of ``file`` it came through, and an assert's own text."""
    line = next((line for at, line in reversed(_places(error)) if at == file), 0)
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


def _collect(space, stand_ins):
    """The tests of the file, in the order they stand there: pairs of a name and a function without arguments."""
    found = []
    for name, value in list(vars(space).items()):
        if getattr(value, "__module__", "tests") != "tests":
            continue
        if isinstance(value, type):
            if "unittest" in sys.modules and issubclass(value, sys.modules["unittest"].TestCase):
                found += _cases(value, stand_ins)
            elif name.startswith("Test"):
                found += _of_class(name, value)
        elif name.startswith("test") and callable(value):
            prepared = (lambda test: lambda *a, **k: _function(space, test, a, k))(value)
            found += _each(name, prepared, value)
    return found


def _of_class(name, kind):
    """The tests of a class, and of classes in it."""
    found, begun = [], []
    for each in dict.fromkeys(_attributes(kind)):
        if each.startswith("test"):
            made = (lambda each: lambda *a, **k: _method(kind, each, a, k, begun))(each)
            found += _each(f"{name}.{each}", made, getattr(kind, each))
        elif each.startswith("Test") and isinstance(getattr(kind, each), type):
            found += _of_class(f"{name}.{each}", getattr(kind, each))
    return found


def _attributes(kind):
    for each in reversed(kind.__mro__):
        yield from vars(each)


def _prepare(owner, names, given):
    """Call those of the functions that the tests have, with what is prepared if they take something."""
    for name in names:
        call = getattr(owner, name, None)
        if call is not None and getattr(call, "__module__", None) == "tests":
            takes = call.__code__.co_argcount - hasattr(call, "__self__")
            call(*[given][:takes])


def _function(space, test, given, named):
    _prepare(space, ("setup_function",), test)
    try:
        return _run(test, given, named)
    finally:
        _prepare(space, ("teardown_function",), test)


def _method(kind, method, given, named, begun):
    if not begun:
        begun.append(True)
        _prepare(kind, ("setup_class",), kind)
    self = kind()
    test = getattr(self, method)
    _prepare(self, ("setup_method", "setUp"), test)
    try:
        return _run(test, given, named)
    finally:
        _prepare(self, ("teardown_method", "tearDown"), test)


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


def _cases(kind, stand_ins):
    import unittest

    def one(test):
        def run():
            result = unittest.TestResult()
            raised, result._exc_info_to_string = stand_ins["keeping"]()
            unittest.TestSuite([test]).run(result)
            if result.failures or result.errors:
                raise raised[-1]
            if result.unexpectedSuccesses:
                raise AssertionError("it passes, and is expected to fail")
            return None if result.skipped else True

        return run

    names = unittest.TestLoader().getTestCaseNames(kind)
    order = {name: n for n, name in enumerate(_attributes(kind))}
    return [(f"{kind.__name__}.{name}", one(kind(name))) for name in sorted(names, key=lambda n: order.get(n, 0))]


if __name__ == "__main__":
    main()
