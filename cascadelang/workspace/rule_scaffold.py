"""A new lint rule, written as a file to be filled in.

Takes: the rule's name and a folder. Gives: which files were written and what is left to do. Guarantees: no existing
file is changed; what is written can be imported, passes ruff and mypy as this project runs them, and its example
fails until the rule finds something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cascadelang.workspace.mistake import Mistake

_NAME: Final = re.compile(r"[a-z]+(-[a-z]+)+")

_RULE: Final = '''"""What the rule is about, in half a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CallNode
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class {klass}(Rule):
    """See its code."""

    code = Code(
        "{name}",
        "warning",
        "what is wrong, in one line",
        "What it says, in a sentence or two.",
        "What happens if it is let pass.",
        # a policy that gives it, and the same put right: both are tests, and stand on the rule's page
        'use "std/anthropic"\\npolicy main = opus\\n',
        'use "std/anthropic"\\npolicy main = haiku\\n',
    )
    words = ()  # what must stand in the policy's files for the rule to be looked at, such as "cascade"

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a call."""
        for node in subject.nodes(CallNode):
            if not node.model:  # say here what is wrong; no call is without a model
                yield self.found(
                    f"what is wrong with `{{node.model}}`, in lower case",
                    subject.span(node.place),
                    help="what to do about it",
                )


RULE = {klass}()
'''

_TEST: Final = '''"""The examples of the rule `{name}` are what they say."""

from __future__ import annotations

import pytest
from cascadelang.workspace.rule_examples import misjudged

from {module} import RULE


@pytest.mark.xfail(strict=True, reason="the rule finds nothing yet: take this line out when it does")
def test_examples() -> None:
    """Bad ones are found, good ones aren't."""
    assert misjudged(RULE) == []
'''

_PROJECT: Final = """[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "cascadelang-{name}"
version = "0.1.0"
dependencies = ["cascadelang"]

{entry}
[tool.setuptools]
py-modules = ["{module}"]
"""

_ENTRY: Final = """[project.entry-points."cascadelang.rules"]
{name} = "{module}"
"""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What was written.

    Attributes:
        written: paths of new files.
        entry: what has to stand in a ``pyproject.toml`` that was there already; empty for nothing.
        built_in: whether the rule is one of cascadelang's own.
    """

    written: tuple[str, ...]
    entry: str
    built_in: bool


def new_rule(name: str, folder: str = ".") -> Scaffold:
    """Write a new rule: among cascadelang's own in a checkout of it, else as a package of its own.

    Args:
        name: of the rule: words joined by hyphens.
        folder: where to; made when it isn't there.

    Raises:
        Mistake: for a name that is none or is taken, or when a file is there already or can't be written.
    """
    _check(name)
    root, module = Path(folder), name.replace("-", "_")
    words = {"name": name, "module": module, "klass": "".join(part.capitalize() for part in name.split("-"))}
    own = root / "cascadelang" / "lint" / "rules"
    if own.is_dir():
        return Scaffold(tuple(_written({own / f"{module}.py": _RULE.format(**words)})), "", built_in=True)
    entry = _ENTRY.format(**words)
    files = {
        root / f"{module}.py": _RULE.format(**words),
        root / "tests" / f"test_{module}.py": _TEST.format(**words),
    }
    project = root / "pyproject.toml"
    there = project.exists()
    if not there:
        files[project] = _PROJECT.format(**words, entry=entry)
    return Scaffold(tuple(_written(files)), entry if there else "", built_in=False)


def _check(name: str) -> None:
    """See that a name can be a new rule's."""
    if not _NAME.fullmatch(name):
        raise Mistake(
            f"`{name}` can't be the name of a rule",
            "name what the rule is against, in words joined by hyphens: `cascade-without-check`",
            usage=True,
        )
    from cascadelang.lint.registry import code

    if code(name) is not None:
        raise Mistake(f"there is a diagnostic named `{name}` already", f"`cascadelang explain {name}`", usage=True)


def _written(files: dict[Path, str]) -> list[str]:
    """Write files that aren't there yet; none, when one of them is."""
    for path in files:
        if path.exists():
            raise Mistake(f"`{path}` is there already", "take another name, or move it away", usage=True)
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise Mistake(f"`{path}` can't be written: {(error.strerror or 'output error').lower()}") from None
    return [str(path) for path in files]
