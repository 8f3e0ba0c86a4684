"""What tests see in the place of other things, inside the sandbox: read as text by `python_tests`, never imported.

Gives: functions. Guarantees: it runs in a namespace of its own, for the answer's code can get at that; what decides
isn't in it.
"""

import re
import types


class NoFrames(AttributeError, ValueError):
    """What the standard library is ready for where an interpreter has no frames to show, by either name."""


def keeping():
    """A list, and what writes the exceptions of `unittest` into it in the place of formatting them."""
    raised = []

    def keep(error, _test):
        raised.append(error[1])
        return ""

    return raised, keep


def frameless():
    """What `traceback` uses to go through frames, without any."""

    def nothing(*_):
        return iter(())

    return dict.fromkeys(("walk_tb", "walk_stack", "_walk_tb_with_full_positions"), nothing) | {
        "clear_frames": lambda _: None
    }


def no_handler(*_):
    """In the place of `signal.signal`."""
    raise ValueError("code that is tested handles no signals")


def no_trace(function):
    """In the place of `sys.settrace`, of which the standard library makes sure that nothing is set."""
    if function is not None:
        raise NoFrames("code that is tested gets no frames of the interpreter")


def no_debugger(*_):
    """In the place of the debugger that `doctest` keeps ready, which walks frames."""

    def nothing(*_):
        return None

    return types.SimpleNamespace(reset=nothing, set_continue=nothing, set_trace=nothing)


def no_main(*_, **__):
    """In the place of `unittest.main`: the tests are run anyway."""


def without_debugging(loop):
    """Leave it to an event loop not to remember where each step was made: that is in frames."""
    loop._debug = False
    loop.set_debug = lambda _self, _enabled: None


def pytest_module():
    """What there is of pytest; ``_test_file`` says what else a test file may not use."""
    pytest = types.ModuleType("pytest")
    infinite = float("inf")

    class Raises:
        def __init__(self, kinds, match):
            self.kinds, self.expected = kinds, match
            self.value = self.type = self.typename = None

        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            if error is None:
                raise AssertionError(f"nothing raised {_name(self.kinds)}")
            if not isinstance(error, self.kinds):
                return False
            self.value, self.type, self.typename = error, type(error), type(error).__name__
            if self.expected is not None:
                self.match(self.expected)
            return True

        def match(self, expected):
            if not re.search(expected, str(self.value)):
                raise AssertionError(f"{str(self.value)!r} doesn't match {expected!r}")
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
                same = isinstance(one, (list, tuple)) and len(one) == len(other)
                return same and all(self._near(a, b) for a, b in zip(one, other))
            if isinstance(other, dict):
                same = isinstance(one, dict) and one.keys() == other.keys()
                return same and all(self._near(one[k], other[k]) for k in other)
            if one == other or (self.nan_ok and one != one and other != other):
                return True
            least = self.abs if self.abs is not None else 1e-12
            share = self.rel if self.rel is not None else (0 if self.abs is not None else 1e-6)
            if type(other).__name__ == "Decimal":  # of which there are no sums with floats
                least, share = type(other)(str(least)), type(other)(str(share))
            try:
                most = max(least, share * abs(other))
                return abs(one - other) <= most < infinite
            except TypeError:  # of what isn't a number
                return False

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
