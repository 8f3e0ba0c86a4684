"""The documentation page of a diagnostic, in Markdown, made from its registry entry and nothing else."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

_WIDEST: Final = 100
"""Characters of an example's line, before it is cut."""


def code_page(code: Code) -> str:
    """What it says, why that is bad, a file that gives it and one that doesn't."""
    return (
        f"# {code.name}\n\n"
        f"{code.severity.capitalize()}: {code.summary}\n\n"
        f"{code.meaning}\n\n"
        f"## Why it is reported\n\n{code.why}\n\n"
        f"## Example\n\n```text\n{_shown(code.bad)}\n```\n\n"
        f"## Instead\n\n```text\n{_shown(code.good)}\n```\n"
    )


def _shown(example: str) -> str:
    """An example as a page can show it: control characters as their pictures, long lines cut."""
    pictures = {number: 0x2400 + number for number in range(32) if chr(number) != "\n"}
    lines = example.rstrip().translate(pictures).split("\n")
    return "\n".join(line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…" for line in lines)
