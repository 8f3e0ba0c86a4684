"""``python_tests``: what it takes for code, which tests it runs, what it says, and which forgeries fail."""

from __future__ import annotations

import asyncio
import math
import time
from textwrap import indent

import pytest

from cascadelang.checks.python_tests import CHECK, PythonTests
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply
from cascadelang.sandbox.choose import chosen

ADD = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a * b\n"
OF_PYTEST = "which isn't there: there are `raises`, `approx`, `fail` and `mark.parametrize`"
ASSERTS = "assert add(1, 2) == 3\nassert add(2, 2) == 4\n"
FUNCTIONS = (
    "def test_small():\n    assert add(1, 2) == 3\n\ndef test_large():\n    assert add(10**9, 1) == 10**9 + 1\n"
)
UNITTEST = """
import unittest
from solution import add

class TestAdd(unittest.TestCase):
    def setUp(self):
        self.one = 1

    def test_small(self):
        self.assertEqual(add(self.one, 2), 3)

    def test_raises(self):
        with self.assertRaises(TypeError):
            add(1)
"""


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    if chosen().sandbox is None:
        pytest.skip(f"no sandbox: {chosen().why}")


def judged(answer: str, tests: str = FUNCTIONS, timeout: float = 60.0, memory: int = 256):
    check = PythonTests({"tests": tests, "timeout": timeout, "memory": memory})
    return asyncio.run(check.judge_timed(Answer(Query.of("Add!"), Reply(answer))))


def fenced(code: str, mark: str = "python") -> str:
    return f"Here you are:\n\n```{mark}\n{code}```\n\nThat should do.\n"


@pytest.mark.parametrize("tests", [ASSERTS, FUNCTIONS, UNITTEST])
def test_right_code_passes_and_wrong_code_doesnt(tests):
    assert judged(ADD, tests).value is True
    assert judged(WRONG, tests).value is False


@pytest.mark.parametrize(
    "answer",
    [
        ADD,
        fenced(ADD),
        fenced(ADD, "py"),
        fenced(ADD, ""),
        f"Sure, this is it.\n\n{ADD}\nI hope that it helps!",
        fenced("import math\n") + fenced("def add(a, b):\n    return math.fsum([a, b])\n"),
        fenced("$ pip install nothing\n", "sh") + fenced(ADD),
        fenced(">>> add(1, 2)\n3\n") + fenced(ADD),
        f"```python\n{ADD}",  # half a block
        f"````python\n{ADD}\nNOTE = '''\n```\nfence\n```\n'''\n````\n",
        f"~~~python\n{ADD}~~~\n",
        f"{ADD}\nif __name__ == '__main__':\n    raise SystemExit\n",
        f"{ADD}\nprint('noise' * 1000)\n",
        f"1. First:\n\n   ```python\n{indent(ADD, '   ')}   ```\n2. Done",
        f"- First:\n    ```python\n{indent(ADD, '    ')}    ```\n",
        fenced(indent(ADD, "    ")),
        fenced(f"MARKS = 'a\u2028b\x0cc\x85'\n{ADD}"),  # no ends of lines, whatever `splitlines` says
        f"```markdown\n# Adding\n```python\n{ADD}```\n```\n",
        f"````md\n```python\n{ADD}```\n````\n",
        fenced(f"HALF = '\ud800'\n{ADD}"),
    ],
)
def test_code_is_found_in_the_answer(answer):
    assert judged(answer).value is True


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "there is no Python code in the answer"),
        ("I'm afraid I can't.", "there is no Python code in the answer"),
        (fenced("x = " + "-" * 300_000 + "1\n"), "the code doesn't parse: it is nested too deeply"),
        (" \n\t", "there is no Python code in the answer"),
        ("```json\n{}\n```", "there is no Python code in the answer"),
        ("```python\n```", "there is no Python code in the answer"),
        ("x" * 5_000_000, "the code is longer than 1,000,000 characters"),
        ("def add(a, b) return a", "the code doesn't parse: expected ':' (line 1)"),
        ("raise ValueError('no')", "the code doesn't run: ValueError: no (line 1)"),
        (ADD + "import numpy\n", "the code doesn't run: ModuleNotFoundError: No module named 'numpy' (line 3)"),
        (WRONG, "`test_small`: `assert add(1, 2) == 3` doesn't hold (line 2)"),
        ("def add(a, b):\n    return [][1]\n", "`test_small`: IndexError: list index out of range (line 2)"),
        ("x = 1", "`test_small`: NameError: name 'add' is not defined (line 2)"),
        ("def add(a, b):\n    raise SystemExit(0)\n", "`test_small`: it exits (0) (line 2)"),
    ],
)
def test_why_it_fails(answer, reason):
    found = judged(answer)
    assert (found.value, found.reason) == (False, reason)


@pytest.mark.parametrize(
    "answer",
    [
        "```\n" * 200_000,
        "````\n```python\n1\n```\n````",
        "a " * 400_000,
        '{"a":' * 10_000,
        "\ud800 def",
        "def add(a, b):\n    return '\ud800'\n",
        "\x00",
        "\x1b[31mdef",
        "(" * 100_000,
        "-" * 100_000 + "1",
        "a." * 50_000 + "b",
        "\ufeff",
    ],
)
def test_odd_answers_fail(answer):
    found = judged(answer)
    assert found.value is False
    assert all(character.isprintable() for character in found.reason)


def test_what_pytest_offers_is_there():
    tests = """
import pytest

@pytest.mark.parametrize("a, b", [(1, 2), (3, 4)])
def test_sums(a, b):
    assert add(a, b) == pytest.approx(a + b)

@pytest.mark.parametrize("a", [0.1])
def test_near(a):
    assert add(a, 0.2) == pytest.approx(0.3)

def test_raises():
    with pytest.raises(TypeError, match="missing"):
        add(1)

class TestMore:
    def setup_method(self):
        self.two = 2

    def test_more(self):
        assert add(self.two, self.two) == 4

async def test_later():
    assert add(1, 1) == 2
"""
    assert judged(ADD, tests).reason == "6 of 6 tests pass"
    assert judged("def add(a, b):\n    return a + b if a != 3 else 0\n", tests).reason == (
        "`test_sums[2]`: `assert add(a, b) == pytest.approx(a + b)` doesn't hold (line 6)"
    )


OF_PYTEST_CASES = {
    "what was raised": (
        "def test_it():\n    with pytest.raises(TypeError, match='missing') as e: add(1)\n"
        "    assert e.type is TypeError and e.typename == 'TypeError' and e.match('argument') and e.value.args\n"
    ),
    "near decimals": "def test_it(): assert add(D('0.1'), D('0.2')) == pytest.approx(D('0.30000001'))\n",
    "not near nothing": "def test_it(): assert None != pytest.approx(add(1, 2)) != [add(1, 2)]\n",
    "prepared": (
        "made = []\ndef setup_module(module): made.append(module.__name__)\ndef setup_function(): made.append('f')\n"
        "def test_it(): assert made == ['tests', 'f'] and add(1, 2) == 3\n"
        "class TestIt:\n    @classmethod\n    def setup_class(cls): cls.one = []\n"
        "    def setup_method(self, method): self.one.append(method.__name__)\n"
        "    def test_one(self): assert self.one == ['test_one']\n"
        "    def test_two(self): assert add(self.one, []) == ['test_one', 'test_two']\n"
    ),
}


@pytest.mark.parametrize("tests", OF_PYTEST_CASES.values(), ids=OF_PYTEST_CASES)
def test_pytest_is_as_people_know_it(tests):
    found = judged(ADD, f"import pytest\nfrom decimal import Decimal as D\n{tests}")
    assert found.value is True, found.reason


def test_near_infinity_is_infinity_alone():
    tests = "import pytest, math\ndef test_it(): assert add(1, 2) == pytest.approx(math.inf)\n"
    assert judged(ADD, tests).value is False
    assert judged("def add(a, b): return float('inf')\n", tests).value is True


def test_classes_in_classes_are_tests_too():
    found = judged(WRONG, "class TestA:\n    class TestB:\n        def test_it(self): assert add(1, 2) == 3\n")
    assert (found.value, found.reason) == (False, "`TestA.TestB.test_it`: an assertion doesn't hold (line 3)")


@pytest.mark.parametrize(
    "tests",
    [
        "class AddTests(object):\n    def test_it(self): assert add(1, 2) == 3\n",
        "import unittest\nclass Add(object):\n    pass\nif __name__ == '__main__':\n    unittest.main()\n",
    ],
)
def test_where_nothing_is_tested_nothing_is_known(tests):
    found = judged(WRONG, tests)
    assert (found.value, found.reason) == (None, "no test was run")


STANDARD = {
    "async cases": (
        "import unittest\nclass TestAdd(unittest.IsolatedAsyncioTestCase):\n"
        "    async def test_it(self): self.assertEqual(add(1, 2), 3)\n"
    ),
    "a loop that debugs": (
        "import asyncio\nasync def three(): return 3\n"
        "def test_it(): assert asyncio.run(three(), debug=True) == add(1, 2)\n"
    ),
    "doctest": (
        "import doctest, solution\nsolution.add.__doc__ = '>>> add(1, 2)\\n3\\n'\n"
        "def test_it(): assert doctest.testmod(solution) == (0, 1)\n"
    ),
    "main": (
        "import unittest\nclass TestAdd(unittest.TestCase):\n    def test_it(self): self.assertEqual(add(1, 2), 3)\n"
        "unittest.main()\n"
    ),
    "input": "import builtins\nbuiltins.input = lambda *_: '1'\ndef test_it(): assert add(int(input()), 2) == 3\n",
    "time zones": (
        "from datetime import *\nfrom zoneinfo import ZoneInfo\ndef test_it():\n"
        "    there = datetime(2024, 7, 1, 14, tzinfo=ZoneInfo('Europe/Berlin'))\n"
        "    assert there.astimezone(UTC).hour == add(5, 7)\n"
    ),
}


@pytest.mark.parametrize("tests", STANDARD.values(), ids=STANDARD)
def test_what_tests_need_of_the_standard_library_works(tests):
    found = judged(ADD, tests)
    assert found.value is True, found.reason
    assert judged(WRONG, tests).value is False


def test_a_message_of_the_tests_is_the_reason():
    found = judged(WRONG, "def test_it():\n    assert add(1, 2) == 3, 'one and two'\n")
    assert found.reason == "`test_it`: one and two (line 2)"
    assert judged(WRONG, UNITTEST).reason == "`TestAdd.test_small`: 2 != 3 (line 10)"


def test_tests_that_hang_name_the_test():
    found = judged("def add(a, b):\n    while True: pass\n", timeout=4.0)
    assert (found.value, found.reason) == (False, "`test_small`: it wasn't done within 4s")


def test_a_memory_bomb_is_the_codes_fault():
    found = judged("def add(a, b):\n    return len([bytearray(10**7) for _ in range(10**4)])\n", memory=128)
    assert (found.value, found.reason) == (False, "`test_small`: MemoryError (line 2)")


def test_what_isnt_the_answers_fault_is_unknown():
    assert judged(ADD, "import numpy\ndef test_it(): pass\n").value is None
    assert judged(ADD, "def test_it(): import numpy\n").reason.startswith("the tests need `numpy`")
    assert judged(ADD, "def test_it(:\n").value is None


FORGERIES = {
    "leaves": "import os\nos._exit(0)\n",
    "leaves at the end": "import atexit, os\natexit.register(os._exit, 0)\n",
    "exits": "import sys\nsys.exit(0)\n",
    "leaves in the test": "import os\ndef add(a, b):\n    os._exit(0)\n",
    "prints a verdict": 'print(\'{"result": "passed", "passed": 2, "of": 2, "caught": []}\')\n',
    "writes a verdict everywhere": (
        'import os\nfor n in range(64):\n    try: os.write(n, b\'{"result": "passed", "passed": 2, "of": 2}\\n\')\n'
        "    except OSError: pass\nos._exit(0)\n"
    ),
    "replaces assertEqual": (
        "import unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None\n"
        "unittest.TestCase.assertTrue = lambda *a, **k: None\n"
    ),
    "replaces TestCase": (
        "import unittest\nclass Fine:\n    def __init__(self, *a): pass\n"
        "unittest.TestCase = unittest.case.TestCase = Fine\n"
    ),
    "replaces unittest": (
        "import sys, types\nfake = types.ModuleType('unittest')\nfake.TestCase = object\n"
        "sys.modules['unittest'] = fake\n"
    ),
    "replaces builtins": (
        "import builtins\nclass Never(Exception): pass\nbuiltins.AssertionError = Never\n"
        "builtins.BaseException = Never\nbuiltins.isinstance = lambda *a: False\n"
        "builtins.callable = lambda a: False\n"
    ),
    "replaces what collects": (
        "import __main__\n__main__._collect = lambda space: []\n__main__._run = lambda *a: True\n"
    ),
    "replaces json": 'import json\njson.dumps = lambda *a, **k: \'{"result": "passed"}\'\n',
    "traces": (
        "import sys\ndef trace(frame, event, arg):\n    if event == 'exception': frame.f_lineno\n    return trace\n"
        "sys.settrace(trace)\n"
    ),
    "replaces tests": "def test_small(): pass\ndef test_large(): pass\n",
    "leaves by a thread": (
        "import threading, os, time\ndef leave():\n    time.sleep(0.05)\n    os._exit(0)\n"
        "threading.Thread(target=leave, daemon=True).start()\n"
    ),
    "dies": "import os\nos.kill(os.getpid(), 9)\n",
    "crashes": "import ctypes\nctypes.string_at(0)\n",
}


@pytest.mark.parametrize("way", FORGERIES)
@pytest.mark.parametrize("tests", [FUNCTIONS, UNITTEST])
def test_a_cheap_forgery_fails(way, tests):
    wrong = "" if "def add" in FORGERIES[way] else "def add(a, b):\n    return 7\n"
    assert judged(wrong + FORGERIES[way], tests).value is False


LOOKS = {
    "a frame": "import sys\ndef look():\n    return sys._getframe()\n",
    "frames of inspect": "import inspect\ndef look():\n    return inspect.stack() and inspect.currentframe()\n",
    "a traceback's": "def look():\n    try: 1 / 0\n    except Exception as e: return e.__traceback__.tb_frame\n",
    "by another way": (
        "import operator\ndef look():\n    try: 1 / 0\n"
        "    except Exception as e: return operator.attrgetter('tb_' + 'frame')(e.__traceback__)\n"
    ),
    "a generator's": "def look():\n    return (x for x in []).gi_frame\n",
    "all threads'": "import sys\ndef look():\n    return sys._current_frames()\n",
    "what is held": "import gc\ndef look():\n    return gc.get_objects()\n",
    "what is held by something": "import gc\ndef look():\n    return gc.get_referents(gc.get_referrers(gc))\n",
    "by tracing": "import sys\ndef look():\n    sys.settrace(lambda *a: None)\n",
    "by a thread's tracing": "import sys\ndef look():\n    sys.setprofile(lambda *a: None)\n",
    "by a hook of its own": (
        "import sys\nseen = []\ndef look():\n    sys.addaudithook(lambda *a: seen.append(a))\n"
        "    compile('1', '', 'eval')\n"
        "    assert seen, 'code that is tested hears of nothing'\n"
    ),
    "by a signal": "import signal\ndef look():\n    signal.signal(signal.SIGALRM, lambda n, f: None)\n",
    "below": "def look():\n    import ctypes\n",
    "by logging's way": "import logging\ndef look():\n    return logging.currentframe()\n",
}


@pytest.mark.parametrize("way", LOOKS)
@pytest.mark.parametrize("tests", [FUNCTIONS, UNITTEST])
def test_code_that_looks_for_what_judges_it_gets_nothing(way, tests):
    wrong = "def add(a, b):\n    look()\n    return a + b\n"
    found = judged(wrong + LOOKS[way], tests)
    assert found.value is False
    assert "code that is tested" in found.reason


@pytest.mark.parametrize("tests", [FUNCTIONS, UNITTEST])
def test_what_tests_are_made_with_leads_to_nothing_that_judges(tests):
    code = (
        "import sys\ndef reached():\n    import pytest, unittest\n"
        "    ways = [pytest.raises, pytest.fail, *AssertionError.__subclasses__()]\n"
        "    ways += unittest.TestResult.__subclasses__()\n"
        "    return [w for w in ways if '_collect' in getattr(w, '__globals__', {}) or '__main__' == w.__module__\n"
        "            and any('_collect' in getattr(v, '__globals__', {}) for v in vars(w).values())]\n"
        "def add(a, b):\n    assert not reached() and not hasattr(sys.modules['__main__'], '_collect')\n"
        "    return a + b\n"
    )
    found = judged(code, f"import pytest, unittest\n{tests}")
    assert found.value is True, found.reason


HONEST = {
    "namedtuple": (
        "from collections import namedtuple\nP = namedtuple('P', 'a b')\ndef add(a, b): return sum(P(a, b))\n"
    ),
    "enum": "import enum\nE = enum.Enum('E', 'A B')\ndef add(a, b): return a + b + 0 * E.A.value\n",
    "typing": (
        "import typing\nT = typing.TypeVar('T')\nclass N(typing.NamedTuple):\n    a: int\n"
        "def add(a, b): return N(a).a + b\n"
    ),
    "dataclasses": (
        "import dataclasses\nD = dataclasses.make_dataclass('D', ['a'])\ndef add(a, b): return D(a).a + b\n"
    ),
    "traceback": (
        "import traceback\ndef add(a, b):\n    try: 1 / 0\n    except Exception:\n        traceback.print_exc()\n"
        "        assert 'division by zero' in traceback.format_exc()\n    return a + b\n"
    ),
    "logging": (
        "import logging\nlogging.basicConfig()\ndef add(a, b):\n    logging.warning('x')\n    try: 1 / 0\n"
        "    except Exception: logging.exception('y')\n    return a + b\n"
    ),
    "asyncio": "import asyncio\nasync def s(a, b): return a + b\ndef add(a, b): return asyncio.run(s(a, b))\n",
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\ndef add(a, b):\n"
        "    with ThreadPoolExecutor(2) as p: return sum(p.map(int, [a, b]))\n"
    ),
    "warnings": "import warnings\ndef add(a, b):\n    warnings.warn('x')\n    return a + b\n",
    "mocks": "from unittest import mock\ndef add(a, b):\n    return mock.Mock(return_value=a + b)()\n",
    "inspect": "import inspect\ndef add(a, b):\n    return a + b + 0 * len(inspect.signature(add).parameters)\n",
    "generators": (
        "import contextlib\n@contextlib.contextmanager\ndef c(): yield 1\ndef add(a, b):\n"
        "    with c(): return sum(x for x in (a, b))\n"
    ),
}


@pytest.mark.parametrize("way", HONEST)
@pytest.mark.parametrize("tests", [FUNCTIONS, UNITTEST])
def test_the_standard_library_works_without_frames(way, tests):
    found = judged(HONEST[way], tests)
    assert found.value is True, found.reason


@pytest.mark.parametrize("tests", [FUNCTIONS, UNITTEST])
def test_a_forgery_in_the_middle_of_a_test_fails(tests):
    code = (
        "import unittest, builtins\ndef add(a, b=0):\n    unittest.TestCase.assertEqual = lambda *a, **k: None\n"
        "    builtins.AssertionError = KeyError\n    return 7\n"
    )
    assert judged(code, tests).value is False


def test_it_never_blocks_the_loop():
    check = PythonTests({"tests": FUNCTIONS, "timeout": 60.0, "memory": 256})

    async def ticks(seconds, enough):
        """How often the loop turned while code that sleeps is judged, and the longest that it computed."""
        judging = check.judge_timed(Answer(Query.of("Add!"), Reply(f"{ADD}import time; time.sleep({seconds})")))
        task = asyncio.ensure_future(judging)
        turns, longest_s, last_s = 0, 0.0, time.thread_time()
        while not task.done() and turns < enough:
            await asyncio.sleep(0.005)
            now_s = time.thread_time()  # not the wall clock: others may have the processor
            turns, longest_s, last_s = turns + 1, max(longest_s, now_s - last_s), now_s
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
            return turns, longest_s, None
        return turns, longest_s, task.result().value

    turns, longest_s, value = asyncio.run(ticks(0.4, math.inf))
    assert value is True
    assert longest_s < 0.3
    turns, _, value = asyncio.run(ticks(60, 50))
    assert (turns, value) == (50, None)  # it would have been over before, had the loop waited


@pytest.mark.parametrize(
    ("tests", "problem"),
    [
        ("def test_it(:\n", "the test file doesn't parse: invalid syntax (line 1)"),
        ("x = 1\n\ndef f(:\n", "the test file doesn't parse: invalid syntax (line 3)"),
        ("\0", "the test file doesn't parse: source code string cannot contain null bytes"),
        ("", "the test file is empty"),
        ("# nothing\n", "the test file is empty"),
        (
            "x = 1\ndef helper(): pass\n",
            "the test file has no tests: no assert, no `test_…` function and no class of tests",
        ),
        (
            "import numpy\nassert 1\n",
            "the tests import `numpy`, and there is only the standard library in the sandbox",
        ),
        (
            "import pytest\n@pytest.mark.slow\ndef test_it(): pass\n",
            f"the tests use `pytest.mark.slow`, {OF_PYTEST}",
        ),
        (
            "from pytest import fixture, raises\ndef test_it(): pass\n",
            f"the tests use `pytest.fixture`, {OF_PYTEST}",
        ),
        ("import pytest as pt\ndef test_it(): pt.skip()\n", f"the tests use `pytest.skip`, {OF_PYTEST}"),
        ("def test_it():\n    yield 1\n", "nothing of `test_it` would be run: it has a `yield`"),
        (
            "import unittest\nclass T(unittest.TestCase):\n    async def test_it(self): pass\n",
            "nothing of `T.test_it` would be run: it is `async`, and no `unittest.IsolatedAsyncioTestCase`",
        ),
        ("def test_it(tmp_path): pass\n", "`test_it` needs `tmp_path`, and fixtures aren't known"),
        (
            "class TestIt:\n    def test_it(self, mocker, n=1): pass\n",
            "`test_it` needs `mocker`, and fixtures aren't known",
        ),
        (
            "import pytest\n@pytest.mark.parametrize('a, b', [(1, 2)])\ndef test_it(a, b, *, capsys): pass\n",
            "`test_it` needs `capsys`, and fixtures aren't known",
        ),
    ],
)
def test_tests_that_arent_any_are_told_at_once(tests, problem):
    assert CHECK.problems({"tests": tests, "timeout": 10.0, "memory": 512}) == [problem]


@pytest.mark.parametrize(
    "tests",
    [
        "import pytest\n@pytest.mark.parametrize(['a', 'b'], [(1, 2)])\nasync def test_it(a, b, c=1, *d): pass\n",
        "from unittest.mock import patch\n@patch('solution.a')\ndef test_it(a): pass\n",
        "from pytest import raises, mark\n@mark.parametrize('a', [1])\ndef test_it(a): raises(ValueError)\n",
        "import unittest\nclass TestIt(unittest.TestCase):\n    def test_it(self): pass\n",
        "class TestIt:\n    def test_it(self, n=1): pass\n",
        "def helper(a): return a\ndef test_it(): helper(1)\n",
        "def test_it():\n    def numbers(): yield 1\n    assert list(numbers())\n",
        "import unittest\nclass T(unittest.IsolatedAsyncioTestCase):\n    async def test_it(self): pass\n",
    ],
)
def test_tests_that_can_be_run_have_no_problem(tests):
    assert not CHECK.problems({"tests": tests, "timeout": 10.0, "memory": 512})


def test_limits_have_limits():
    assert CHECK.problems({"tests": "assert 1", "timeout": 0.0, "memory": 1}) == [
        "`timeout` must lie between 100ms and 10m",
        "`memory` must lie between 64 and 16384",
    ]
