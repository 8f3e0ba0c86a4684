"""Lays out the policies that pages show, as `cascadelang fmt` lays out files.

python docs/lay_out.py            write them
python docs/lay_out.py --check    say which aren't, and exit 1
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cascadelang.format.format import format_source
from cascadelang.source import SourceFile

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(^```cascade(?: fragment)?\n)(.*?)(^```)", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """The pages that people write; those of diagnostics are made from their examples."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def laid_out(page: str) -> str:
    """A page with its policies laid out; those that aren't right as they stand there are left alone."""

    def block(found: re.Match[str]) -> str:
        text = format_source(SourceFile("page.cl", found[2])).text
        return found[1] + (found[2] if text is None else text) + found[3]

    return BLOCK.sub(block, page)


def main() -> int:
    """Write or check."""
    changed = 0
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if laid_out(text) != text:
            changed += 1
            print(page.relative_to(ROOT).as_posix())
            if "--check" not in sys.argv:
                page.write_text(laid_out(text), encoding="utf-8", newline="\n")
    return int(changed > 0 and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
