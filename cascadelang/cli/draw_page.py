"""A reference page in the terminal: our own small Markdown, with headings, code and emphasis painted."""

from __future__ import annotations

import re

from cascadelang.cli.paint import colours, paint

_CODE = re.compile(r"`([^`\n]+)`")


def draw_page(markdown: str) -> str:
    """The page, painted where stdout takes colour; without colour it is the Markdown as it is."""
    if not colours():
        return markdown.rstrip("\n")
    lines: list[str] = []
    fenced = False
    for line in markdown.rstrip("\n").split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            lines.append("    " + paint(line, "cyan"))
        elif line.startswith("#"):
            lines.append(paint(line.lstrip("# "), bold=True))
        else:
            lines.append(_CODE.sub(lambda found: paint(found[1], "cyan"), line))
    return "\n".join(lines)
