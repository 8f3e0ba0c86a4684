"""The documentation page of a diagnostic, in Markdown, made from its registry entry and nothing else."""

from __future__ import annotations

from cascadelang.diagnostics.codes import Code


def code_page(code: Code) -> str:
    """What it says, why that is bad, a file that gives it and one that doesn't."""
    return (
        f"# {code.name}\n\n"
        f"{code.severity.capitalize()}: {code.summary}\n\n"
        f"{code.meaning}\n\n"
        f"## Why it is reported\n\n{code.why}\n\n"
        f"## Example\n\n```text\n{code.bad.strip()}\n```\n\n"
        f"## Instead\n\n```text\n{code.good.strip()}\n```\n"
    )
