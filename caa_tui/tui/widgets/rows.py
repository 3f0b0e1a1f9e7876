"""What a table of rows is made of, and how its rows are sorted: plain data and pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the first takes some of the room that is left."""

    title: str
    width: int
    right: bool = False
    """Numbers stand on the right."""
    drop: int = 0
    """0: always shown; otherwise the column with the highest number goes first when there is no room."""
    stretch: bool = False
    """Takes all the room that is left, instead of the first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one cell, already in the house's precision."""

    text: str
    tone: Literal["", "dim", "accent", "warning"] = ""
    value: float | None = None
    """What it is sorted by; None: by its text."""


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in one line, and what it stands for."""

    key: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Parting:
    """A line of words between two groups of rows; no row of its own."""

    before: int
    """Place of the row it stands above."""
    words: str


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column rows are sorted: numbers the largest first, words from A; `reverse` turns that round."""

    title: str = ""
    """Of the column; empty: in the order they are given."""
    reverse: bool = False

    def after(self, title: str) -> Sort:
        """What a click on a column's title makes of it: sort by it, then the other way round."""
        return Sort(title, reverse=not self.reverse if title == self.title else False)


def sorted_rows(columns: Sequence[Column], rows: Sequence[Row], sort: Sort) -> tuple[Row, ...]:
    """The rows in the order of `sort`, equal ones as they were; rows with nothing in that column come last."""
    place = _place(columns, sort)
    if place is None:
        return tuple(rows)
    filled = [row for row in rows if not _is_empty(row.cells[place])]
    empty = [row for row in rows if _is_empty(row.cells[place])]
    downward = goes_down(columns, rows, sort)
    return (*sorted(filled, key=lambda row: _key(row.cells[place]), reverse=downward), *empty)


def goes_down(columns: Sequence[Column], rows: Sequence[Row], sort: Sort) -> bool:
    """Whether the largest comes first."""
    place = _place(columns, sort)
    numbers = place is not None and any(row.cells[place].value is not None for row in rows)
    return numbers != sort.reverse


def _place(columns: Sequence[Column], sort: Sort) -> int | None:
    return next((index for index, column in enumerate(columns) if column.title == sort.title), None)


def _is_empty(cell: Cell) -> bool:
    return cell.value is None and cell.text.strip() in {"", "-", "\N{EN DASH}"}


def _key(cell: Cell) -> tuple[bool, float, str]:
    """Numbers before words, where a column has both."""
    return (cell.value is None, cell.value or 0.0, "" if cell.value is not None else cell.text.casefold())
