"""The cases of ``for each``: rows of a YAML, JSON or CSV file.

Takes: a file's path and bytes. Gives: one `Row` a case, with the line it stands on. Guarantees: YAML is read without
its tags that make objects; every value is a text, a finite number, true, false, nothing, or a list or mapping of
such, and holds at most `MAX_VALUES` of them whatever its aliases say; an empty file is a `Mistake`, not a test that
tests nothing. What is wrong with a row is told with its line.

In CSV a dotted heading nests (``meta.plan``, ``reply.haiku``), an empty cell is a missing field, and numbers and
``true`` / ``false`` are read as such, but in the columns that are texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cascadelang.workspace.mistake import Mistake

MAX_VALUES = 1_000_000
"""Of one case file: what aliases of YAML can blow up ends here."""

NESTED = ("meta", "reply", "judge", "ask")
"""Fields that hold fields; in CSV, the first half of a dotted heading."""

_TEXTS = frozenset({"query", "name", "policy", "path"})
"""Columns of a CSV file whose cells stay texts: `007` is a query like any other."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case: its fields, and where it stands.

    Attributes:
        fields: by name.
        at: file and line, as in ``cases.yaml:12``.
    """

    fields: Mapping[str, Any]
    at: str


def read_cases(path: str, data: bytes) -> list[Row]:
    """The cases in a file.

    Raises:
        Mistake: when it isn't YAML, JSON or CSV of the right form, holds no case, or two cases have one name.
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
    named: dict[str, Row] = {}
    for row in rows:
        name = row.fields.get("name")
        if name is not None and (first := named.setdefault(str(name), row)) is not row:
            raise Mistake(f"{row.at}: the case is called `{name}`, as the one in {first.at}", "give it another name")
    return rows


# ---- YAML and JSON ----------------------------------------------------------------------------------------------


def _yaml(path: str, text: str) -> list[Row]:
    """A list of mappings."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            top = loader.get_single_node()
            if top is None or (isinstance(top, yaml.ScalarNode) and top.tag.endswith(":null")):
                return []
            if not isinstance(top, yaml.SequenceNode):
                raise Mistake(f"`{path}` must be a list of cases", "write `- query: …` for each case")
            _limit(top, path)
            return [_yaml_row(loader, node, number, path) for number, node in enumerate(top.value, 1)]
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it can not be read"
        raise Mistake(f"`{path}` is not YAML: {problem}{at}") from None
    except (RecursionError, ValueError):
        raise Mistake(f"`{path}` is not YAML that can be read") from None


def _yaml_row(loader: Any, node: Any, number: int, path: str) -> Row:
    """One item of the list."""
    import yaml

    at = f"{path}:{node.start_mark.line + 1}"
    for mapping in _mappings(node):
        seen: set[str] = set()
        for key, _ in mapping.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in seen:
                line = key.start_mark.line + 1
                raise Mistake(f"{path}:{line}: `{key.value}` is there twice", "a field has one value")
            seen.add(key.value)
    fields = loader.construct_document(node)
    if not isinstance(fields, dict):
        raise Mistake(f"{at}: case {number} must be fields with names", "write `- query: …`")
    if not all(isinstance(key, str) for key in fields):
        raise Mistake(f"{at}: case {number} must be fields with names", "put a name that is a number in quotes")
    return Row({name: _plain(value, name, at) for name, value in fields.items()}, at)


def _mappings(node: Any) -> Iterator[Any]:
    """The mappings in a node, itself among them, each once."""
    import yaml

    waiting, seen = [node], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, yaml.MappingNode):
            yield each
            waiting += [value for _, value in each.value]
        elif isinstance(each, yaml.SequenceNode):
            waiting += each.value


def _limit(top: Any, path: str) -> None:
    """Refuse what holds itself, and what holds more values than anybody wrote.

    Raises:
        Mistake: so.
    """
    sizes: dict[int, int] = {}
    open_: set[int] = set()
    waiting: list[tuple[Any, bool]] = [(top, False)]
    while waiting:
        node, done = waiting.pop()
        key = id(node)
        inside = _inside(node)
        if done:
            open_.discard(key)
            sizes[key] = 1 + sum(sizes[id(each)] for each in inside)
            if sizes[key] > MAX_VALUES:
                raise Mistake(f"{path}:{node.start_mark.line + 1}: more than {MAX_VALUES:,} values")
            continue
        if key in sizes:
            continue
        if key in open_:
            raise Mistake(f"{path}:{node.start_mark.line + 1}: a value holds itself")
        if not inside:
            sizes[key] = 1
            continue
        open_.add(key)
        waiting.append((node, True))
        waiting += [(each, False) for each in inside if id(each) not in sizes]


def _inside(node: Any) -> list[Any]:
    """The nodes that stand directly in one."""
    if isinstance(node.value, str):
        return []
    return [part for each in node.value for part in (each if isinstance(each, tuple) else (each,))]


def _plain(value: Any, name: str, at: str) -> Any:
    """A value as the language knows it: dates are texts.

    Raises:
        Mistake: for what the language has no value for.
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise Mistake(f"{at}: `{name}` is a number that isn't finite")
    if isinstance(value, list):
        return [_plain(each, name, at) for each in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Mistake(f"{at}: `{name}` must be fields with names", "put a name that is a number in quotes")
        return {key: _plain(each, f"{name}.{key}", at) for key, each in value.items()}
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise Mistake(f"{at}: `{name}` is neither a text nor a number")


# ---- CSV --------------------------------------------------------------------------------------------------------


def _csv(path: str, text: str) -> list[Row]:
    """One case a row; empty lines are none."""
    import csv
    import io

    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    headings: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            at = f"{path}:{line}"
            line = reader.line_num + 1
            if not any(cells):
                continue
            if headings is None:
                headings = _headings(cells, at)
            else:
                rows.append(Row(_csv_row(headings, cells, at), at))
    except csv.Error as error:
        raise Mistake(f"`{path}` is not CSV that can be read: {error} (line {line})") from None
    return rows


def _headings(cells: list[str], at: str) -> list[str]:
    """The names of the columns; columns of a spreadsheet that are all empty have none."""
    headings = [".".join(part.strip() for part in cell.split(".", 1)) for cell in cells]
    if len(headings) == 1 and (sign := next((s for s in ";\t" if s in headings[0]), "")):
        shown = "tabs" if sign == "\t" else f"`{sign}`"
        raise Mistake(f"{at}: the columns are separated by {shown}", "separate them by commas")
    for number, heading in enumerate(headings):
        if heading and heading in headings[:number]:
            raise Mistake(f"{at}: two columns are called `{heading}`", "give each its own heading")
        outer, dot, _ = heading.partition(".")
        if dot and outer in NESTED and outer in headings:
            raise Mistake(f"{at}: there is a column `{outer}` and a column `{heading}`: one of them is in the way")
    return headings


def _csv_row(headings: list[str], cells: list[str], at: str) -> dict[str, Any]:
    """One row."""
    from cascadelang.contracts.typed import typed

    extra = any(cells[len(headings) :]) or any(
        cell and not heading for heading, cell in zip(headings, cells, strict=False)
    )
    if extra or len(cells) < len(headings):
        raise Mistake(
            f"{at}: the row has {len(cells)} cells, and there are {sum(map(bool, headings))} headings",
            "a text with a comma in it stands in quotes; a cell with nothing in it keeps its comma",
        )
    case: dict[str, Any] = {}
    for heading, cell in zip(headings, cells, strict=False):
        outer, dot, inner = heading.partition(".")
        if not cell:
            continue
        if dot and outer in NESTED:
            case.setdefault(outer, {})[inner] = cell if outer in {"reply", "ask"} else typed(cell)
        else:
            case[heading] = cell if heading in _TEXTS else typed(cell)
    return case
