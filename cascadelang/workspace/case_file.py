"""The cases of ``for each``: rows of a YAML or CSV file.

Takes: a file's path and bytes. Gives: one mapping a case. Guarantees: YAML is read without its tags that make
objects; every case is a mapping with text keys; an empty file is a `Mistake`, not a test that tests nothing.

In CSV a dotted heading nests (``meta.plan``, ``reply.haiku``), an empty cell is a missing field, and numbers and
``true`` / ``false`` are read as such.
"""

from __future__ import annotations

from typing import Any

from cascadelang.workspace.mistake import Mistake


def read_cases(path: str, data: bytes) -> list[dict[str, Any]]:
    """The cases in a file.

    Raises:
        Mistake: when it isn't YAML, JSON or CSV of the right form, or holds no case.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Mistake(f"`{path}` is not UTF-8 text") from None
    lower = path.lower()
    if lower.endswith(".csv"):
        rows = _csv(path, text)
    elif lower.endswith((".yaml", ".yml", ".json")):
        rows = _yaml(path, text)
    else:
        raise Mistake(f"`{path}` is neither YAML nor CSV", "cases stand in a file that ends in .yaml, .json or .csv")
    if not rows:
        raise Mistake(f"`{path}` holds no case")
    return rows


def _yaml(path: str, text: str) -> list[dict[str, Any]]:
    """A list of mappings."""
    import yaml

    try:
        value = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are the safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Mistake(
            f"`{path}` is not YAML: {getattr(error, 'problem', None) or 'it can not be read'}{at}"
        ) from None
    except (RecursionError, ValueError):
        raise Mistake(f"`{path}` is not YAML that can be read") from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise Mistake(f"`{path}` must be a list of cases")
    for number, row in enumerate(value, 1):
        if not isinstance(row, dict) or not all(isinstance(key, str) for key in row):
            raise Mistake(f"case {number} of `{path}` must be fields with names")
    return value


def _csv(path: str, text: str) -> list[dict[str, Any]]:
    """One mapping a row."""
    import csv
    import io

    from cascadelang.workspace.query_file import typed

    rows: list[dict[str, Any]] = []
    try:
        table = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Mistake(f"`{path}` is not CSV that can be read: {error}") from None
    for row in table:
        case: dict[str, Any] = {}
        for heading, cell in row.items():
            if not heading or not cell or not isinstance(cell, str):
                continue
            at = case
            *outer, last = (
                heading.strip().split(".", 1) if heading.startswith(("meta.", "reply.", "judge.")) else [heading]
            )
            for name in outer:
                at = at.setdefault(name.strip(), {})
                if not isinstance(at, dict):
                    raise Mistake(
                        f"`{path}` has a column `{name}` and a column `{heading}`: one of them is in the way"
                    )
            at[last.strip()] = typed(cell) if outer != ["reply"] else cell
        rows.append(case)
    return rows
