"""The documentation page of a diagnostic, in Markdown, made from its registry entry and nothing else."""

from __future__ import annotations

from typing import Final

from cascadelang.diagnostics.codes import Code

_WIDEST: Final = 100
"""Characters of an example's line, before it is cut."""


def code_page(code: Code, *, is_rule: bool = False) -> str:
    """What it says, why that is bad, files that give it and files that don't.

    Args:
        code: the diagnostic.
        is_rule: it can be configured and allowed.
    """
    kind = f"{code.severity.capitalize()}{', by a rule' if is_rule else ''}"
    bad = "".join(_fenced(example) for example in (code.bad, *code.more_bad))
    good = "".join(_fenced(example) for example in (code.good, *code.more_good))
    page = (
        f"# {code.name}\n\n"
        f"{kind}: {code.summary}\n\n"
        f"{code.meaning}\n\n"
        f"## Why it is reported\n\n{code.why}\n\n"
        f"## Example\n{bad}\n"
        f"## Instead\n{good}"
    )
    if not is_rule:
        return page
    return (
        f'{page}\n## Configuring\n\n`{code.name} = "off"` (or `"warning"`, `"error"`) under `[rules]` in '
        f"`cascadelang.toml`; for one place, `# cl: allow({code.name}) because …` above it.\n"
    )


def _fenced(example: str) -> str:
    return f"\n```text\n{_shown(example)}\n```\n"


def _shown(example: str) -> str:
    """An example as a page can show it: control characters as their pictures, long lines cut."""
    pictures = {number: 0x2400 + number for number in range(32) if chr(number) != "\n"}
    lines = example.rstrip().translate(pictures).split("\n")
    return "\n".join(line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…" for line in lines)
