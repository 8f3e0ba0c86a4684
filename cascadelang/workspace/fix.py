"""Makes the repairs that diagnostics are certain of.

Takes: diagnostics, the texts they were made for, and the files that may be changed. Gives: the titles of the repairs
made. Guarantees: repairs that overlap are not both made; a file is replaced whole or not at all; all others, among
them those that ship with the package, stay as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cascadelang.workspace.replace import replace_file

if TYPE_CHECKING:
    from cascadelang.diagnostics.model import Diagnostic, Fix
    from cascadelang.source import SourceFile


def apply_fixes(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], files: Iterable[str]
) -> list[str]:
    """Make the repairs.

    Args:
        diagnostics: what was found.
        sources: the texts by path.
        files: paths of the files that may be changed.

    Raises:
        Mistake: when a file can't be written.
    """
    allowed = {os.path.realpath(file) for file in files}
    by_file: dict[str, list[Fix]] = {}
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or fix.span.path not in sources or fix.span.path.startswith("std/"):
            continue
        if os.path.realpath(fix.span.path) in allowed:
            by_file.setdefault(fix.span.path, []).append(fix)
    titles: list[str] = []
    for path, fixes in by_file.items():
        text, end = sources[path].text, len(sources[path].text) + 1
        for fix in sorted(fixes, key=lambda f: f.span.start, reverse=True):
            if fix.span.end <= end:
                text = text[: fix.span.start] + fix.text + text[fix.span.end :]
                end = fix.span.start
                titles.append(f"{path}: {fix.title}")
        replace_file(path, text)
    return titles
