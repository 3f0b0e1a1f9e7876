"""The coverage matrix as data: rows in the order asked for, columns with their headings and totals. No drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from caa_tui.corpus.coverage import CellState, ConceptCoverage, Coverage
from caa_tui.corpus.natural import natural_key
from caa_tui.tui.widgets.matrix_headings import STORIES, Heading, short_headings
from caa_tui.vectors.flags import Flag

SortKey = Literal["name", "coverage", "flags", "findings"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)

_WORDS: dict[SortKey, tuple[str, str]] = {
    "name": ("by name", "by name, from the end"),
    "coverage": ("by coverage, thinnest first", "by coverage, fullest first"),
    "flags": ("by flags, most first", "by flags, fewest first"),
    "findings": ("by findings, most first", "by findings, fewest first"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """How the rows are sorted; what needs work comes first unless it is turned round."""

    by: SortKey = "name"
    reverse: bool = False

    @classmethod
    def remembered(cls, text: str) -> Order:
        """From `text` of an earlier session; anything unknown is by name."""
        name = text.removeprefix("-")
        return next((cls(key, text.startswith("-")) for key in SORT_KEYS if key == name), cls())

    @property
    def text(self) -> str:
        """For the memory: `coverage`, or `-coverage` the other way round."""
        return f"-{self.by}" if self.reverse else self.by

    @property
    def words(self) -> str:
        return _WORDS[self.by][self.reverse]

    def next(self) -> Order:
        """The next column, its usual way round."""
        return Order(SORT_KEYS[(SORT_KEYS.index(self.by) + 1) % len(SORT_KEYS)])

    def turned(self) -> Order:
        return Order(self.by, not self.reverse)

    def chosen(self, by: SortKey) -> Order:
        """A title was clicked: sort by it, or turn round what is sorted by it."""
        return self.turned() if by == self.by else Order(by)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A concept and its counts."""

    coverage: ConceptCoverage
    flags: int

    @property
    def concept(self) -> str:
        return self.coverage.concept


@dataclass(frozen=True)
class Matrix:
    """What is drawn."""

    coverage: Coverage
    rows: tuple[MatrixRow, ...] = ()
    columns: tuple[str | None, ...] = (None,)
    """Scenarios in natural order after `stories/`, which is None."""
    headings: tuple[Heading, ...] = (STORIES,)
    totals: tuple[int, ...] = (0,)
    """Tellings in each column, of all concepts whether shown or not."""

    @cached_property
    def row_of(self) -> dict[str, int]:
        return {row.concept: index for index, row in enumerate(self.rows)}

    @cached_property
    def column_of(self) -> dict[str | None, int]:
        return {scenario: index for index, scenario in enumerate(self.columns)}

    @property
    def stories(self) -> int:
        """All tellings, without baselines."""
        return sum(self.totals)

    def state(self, row: int, column: int) -> CellState:
        return self.coverage.cell(self.rows[row].concept, self.columns[column])


def build_matrix(
    coverage: Coverage, flags_by_concept: Mapping[str, Sequence[Flag]], needle: str = "", order: Order | None = None
) -> Matrix:
    """The matrix of the concepts whose name contains `needle`."""
    needle = needle.lower()
    rows = [
        MatrixRow(row, len(flags_by_concept.get(row.concept, ())))
        for row in coverage.concepts
        if needle in row.concept.lower()
    ]
    scenarios = [column.scenario for column in coverage.scenarios]
    headings = short_headings(scenarios)
    told = Counter(scenario for _, scenario in coverage.present)
    columns = (None, *scenarios)
    return Matrix(
        coverage=coverage,
        rows=sort_rows(rows, order or Order()),
        columns=columns,
        headings=(STORIES, *(headings[scenario] for scenario in scenarios)),
        totals=tuple(told[column] for column in columns),
    )


def sort_rows(rows: Sequence[MatrixRow], order: Order) -> tuple[MatrixRow, ...]:
    """Equal rows stand by name, whichever way round."""
    named = sorted(rows, key=lambda row: natural_key(row.concept), reverse=order.by == "name" and order.reverse)
    amount = _AMOUNTS.get(order.by)
    return tuple(sorted(named, key=amount, reverse=order.reverse) if amount else named)


_AMOUNTS: dict[SortKey, Callable[[MatrixRow], tuple[int, ...]]] = {
    "coverage": lambda row: (row.coverage.stories, row.coverage.scenarios),
    "flags": lambda row: (-row.flags,),
    "findings": lambda row: (-row.coverage.findings,),
}
