"""Columns: what stands below one another in the lines of a group begins in the same place.

Takes: rows of cells. Gives: the gaps that make columns of them. Guarantees: a row is never made too wide for a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from cascadelang.format.doc import Doc, concat, spaces

Row = Sequence[Doc]
"""The cells of a line. The last one of a row may be as wide as it likes."""


def width_of(row: Row) -> int:
    """The columns that a row takes on one line."""
    return sum(cell.width for cell in row) + len(row) - 1


def gaps(rows: Sequence[Row], most: int, cell_most: int) -> list[list[int]]:
    """For each row the spaces between its cells, so that the cells of all rows stand in columns.

    Args:
        rows: the rows.
        most: the most columns a line may have. Where aligning all cells would bring a row that fits beyond that, only
            the first ones are aligned, as many as can be; the others stand one space apart.
        cell_most: the same for the width of one cell.
    """
    if len(rows) == 1:
        return [[1] * (len(rows[0]) - 1)]
    wide: list[int] = []
    for row in rows:
        for at, cell in enumerate(row[:-1]):
            if at == len(wide):
                wide.append(cell.width)
            else:
                wide[at] = max(wide[at], cell.width)
    aligned = next((at for at, width in enumerate(wide) if width > cell_most), len(wide))
    while True:
        found = [
            [wide[at] - cell.width + 1 if at < aligned else 1 for at, cell in enumerate(row[:-1])] for row in rows
        ]
        if not aligned or all(_stays(row, between, most) for row, between in zip(rows, found, strict=True)):
            return found
        aligned -= 1


def _stays(row: Row, between: Sequence[int], most: int) -> bool:
    """Whether these gaps leave a row that fits on a line there."""
    return width_of(row) > most or sum(cell.width for cell in row) + sum(between) <= most


def in_line(row: Row, between: Sequence[int]) -> Doc:
    """A row's cells with these gaps between them."""
    parts = [row[0]]
    for gap, cell in zip(between, row[1:], strict=True):
        parts += [spaces(gap), cell]
    return concat(parts)
