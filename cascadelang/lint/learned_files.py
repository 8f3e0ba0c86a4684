"""The learned files that a policy uses: in its signals, its checks and its orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cascadelang.lint.subject import Subject
from cascadelang.source import Span
from cascadelang.syntax import ast
from cascadelang.syntax.visit import walk


def learned_files(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any], Span]]:
    """Each use in the file: the name of what it reads, its JSON, and where it is used.

    Only files that can be used are among them, so all that `read_learned` asks for is there.
    """
    checked = subject.checked
    for decl in subject.module.file.decls:
        for node in walk(decl):
            if isinstance(node, ast.Cascade) and node.order_by is not None:
                settings = checked.settings.get(id(node))
                if settings is not None:
                    yield settings["file"], settings["quality"], node.order_by.span
            call = checked.calls.get(id(node))
            if call is None or call.spec.name != "learned" or not isinstance(node, ast.Call):
                continue
            for value in call.args.values():
                if isinstance(value, Mapping) and "learned" in value:
                    yield value["file"], value["learned"], node.span
