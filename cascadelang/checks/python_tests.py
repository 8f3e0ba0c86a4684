"""Whether code in the answer passes tests."""

from __future__ import annotations

from typing import ClassVar

from cascadelang.checks._unsupported import Unsupported
from cascadelang.contracts.spec import Param, Spec


class PythonTests(Unsupported):
    """``python_tests``."""

    spec: ClassVar[Spec] = Spec(
        name="python_tests",
        kind="check",
        summary="whether the Python code in the answer passes the tests",
        doc="The code is run with the tests in a sandbox.",
        gives="bool",
        params=(Param("tests", "file", "the tests", required=True),),
        supported="running code of answers is not part of this version",
        bare=False,
        examples=('python_tests("tests.py")',),
    )


CHECK = PythonTests
