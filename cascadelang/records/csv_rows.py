"""Rows of a CSV file, with what dotted headings nest as records have it.

Takes: the lines of a file. Gives: each row as a mapping of the form of a record, with the line that it begins on.
Guarantees: one row is held at a time; a cell with nothing in it is a field that is missing; what isn't CSV, or has a
heading below ``answers`` that is no field of an answer, is a `CsvUnusable` that names the line.

The headings are ``id``, ``query``, ``messages`` and ``reference``, ``meta.NAME``, ``answers.MODEL.FIELD`` and
``answers.MODEL.judgements.JUDGE.FIELD``, where a name of a model may have dots; other columns are left alone. The
form is that of RFC 4180: commas, quotes doubled in quotes, line breaks in them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import orjson

from cascadelang.contracts.typed import typed

_TEXTS: Final = ("id", "query", "reference")
_ANSWER: Final = "answers."
_META: Final = "meta."
_JUDGEMENTS: Final = ".judgements."
_JUDGED: Final = ("score", "reason", "cost_usd", "input_tokens", "output_tokens", "latency_s")


class CsvUnusable(Exception):  # noqa: N818 - it names what is so
    """The file can't be read. ``str()`` of it says why, for people, without the path.

    Attributes:
        line: where.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


class _Unfit(Exception):  # noqa: N818 - it names what is so
    """A cell or a heading isn't of the right form; why, in words."""


Put = Callable[[dict[str, Any], str], None]
"""Puts a cell where it belongs in a record."""


def rows_of(lines: Iterator[str], most_chars: int) -> Generator[tuple[int, dict[str, Any]]]:
    """The rows, in the file's order, each with its line, from 1.

    Args:
        lines: of the file, with their ends.
        most_chars: no cell is longer.

    Raises:
        CsvUnusable: when it isn't CSV of this form.
    """
    reader = csv.reader(lines, strict=True)
    columns: list[tuple[str, Put | None]] | None = None
    while True:
        line = reader.line_num + 1
        before = csv.field_size_limit(most_chars)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CsvUnusable(line, f"it is no CSV: {error}") from None
        finally:
            csv.field_size_limit(before)
        if not any(cells):
            continue
        try:
            if columns is None:
                columns = _columns(cells)
            else:
                yield line, _row(columns, cells)
        except _Unfit as error:
            raise CsvUnusable(line, str(error)) from None


def _columns(cells: list[str]) -> list[tuple[str, Put | None]]:
    """The headings, each with what puts a cell of its column into a record."""
    headings = [cell.strip() for cell in cells]
    if len(headings) == 1 and (sign := next((s for s in ";\t" if s in headings[0]), "")):
        shown = "tabs" if sign == "\t" else f"`{sign}`"
        raise _Unfit(f"the columns are separated by {shown}; separate them by commas")
    for number, heading in enumerate(headings):
        if heading and heading in headings[:number]:
            raise _Unfit(f"two columns are called `{heading}`")
    if not any(heading.startswith(_ANSWER) for heading in headings):
        raise _Unfit("no column is an answer's; write `answers.MODEL.text`, `answers.MODEL.quality` and so on")
    return [(heading, _put(heading)) for heading in headings]


def _row(columns: list[tuple[str, Put | None]], cells: list[str]) -> dict[str, Any]:
    extra = any(cells[len(columns) :])
    if extra or len(cells) < len(columns):
        many = f"the row has {len(cells)} cells, and there are {len(columns)} headings"
        raise _Unfit(f"{many}; a text with a comma in it stands in quotes")
    found: dict[str, Any] = {"answers": {}}
    for (heading, put), cell in zip(columns, cells, strict=False):
        if cell and put is not None:
            try:
                put(found, cell)
            except ValueError:
                raise _Unfit(f"`{heading}` is no JSON") from None
    return found


def _put(heading: str) -> Put | None:
    """What puts the cells of a column into a record; ``None`` for one that is left alone."""
    if heading in _TEXTS:
        return lambda record, cell: record.__setitem__(heading, cell)
    if heading == "messages":
        return lambda record, cell: record.__setitem__(heading, orjson.loads(cell))
    if heading.startswith(_META):
        name = heading.removeprefix(_META)
        return lambda record, cell: record.setdefault("meta", {}).__setitem__(name, typed(cell))
    return _put_answer(heading.removeprefix(_ANSWER), heading) if heading.startswith(_ANSWER) else None


def _put_answer(below: str, heading: str) -> Put:
    """Puts a cell of ``answers.MODEL.FIELD``."""
    model, marker, judged = below.rpartition(_JUDGEMENTS)
    if marker:
        judge, _, field = judged.rpartition(".")
        if not (model and judge and field in _JUDGED):
            raise _Unfit(f"`{heading}` is no judgement's; write `answers.MODEL.judgements.JUDGE.score`")
        value = _JUDGED_CELLS.get(field, _number)

        def put_judged(record: dict[str, Any], cell: str) -> None:
            judgements = record["answers"].setdefault(model, {}).setdefault("judgements", {})
            judgements.setdefault(judge, {})[field] = value(cell)

        return put_judged
    model, _, field = below.rpartition(".")
    if not (model and field in _CELLS):
        fields = ", ".join(f"`{name}`" for name in _CELLS)
        raise _Unfit(f"`{heading}` ends in no field of an answer: they are {fields}")

    def put(record: dict[str, Any], cell: str) -> None:
        record["answers"].setdefault(model, {})[field] = _CELLS[field](cell)

    return put


def _number(cell: str) -> float | str:
    """A number; what is none stays as it is, to be told of."""
    try:
        return cell if "_" in cell else float(cell)
    except ValueError:
        return cell


def _quality(cell: str) -> float | str | bool:
    folded = cell.strip().lower()
    return folded == "true" if folded in {"true", "false"} else _number(cell)


_CELLS: Final[dict[str, Callable[[str], Any]]] = {
    "text": str,
    "quality": _quality,
    "cost_usd": _number,
    "input_tokens": _number,
    "output_tokens": _number,
    "latency_s": _number,
    "logprobs": orjson.loads,
    "finish_reason": str,
}
"""The fields of an answer, each with how its cells are read."""

_JUDGED_CELLS: Final[dict[str, Callable[[str], Any]]] = {"reason": str}
