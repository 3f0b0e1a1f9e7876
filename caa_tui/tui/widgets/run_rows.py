"""The rows of the table of runs."""

from __future__ import annotations

from collections.abc import Sequence

from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.rows import Cell, Column, Row, Sort
from caa_tui.wording import ago, duration, layers_in_short

DAMAGED = "?"
"""For a choice of a run whose request cannot be read."""


def run_columns(history: Sequence[RunRecord]) -> tuple[Column, ...]:
    """Pooling and dtype are shown where the runs do not share them; the outcome and the flags always stay."""
    columns = [
        Column("run", 14),
        Column("when", 11),
        Column("outcome", 9),
        Column("model", 16, drop=4),
        Column("layers", 12, drop=5),
        Column("texts", 6, right=True, drop=3),
        Column("read", 6, right=True, drop=2),
        Column("flags", 5, right=True),
        Column("took", 11, right=True, drop=1),
    ]
    place = 5
    for name, column in (
        ("pooling", Column("pooling", 8, drop=7)),
        ("estimator", Column("estimator", 19, drop=8)),
        ("dtype", Column("dtype", 5, drop=6)),
    ):
        if _differs(history, name):
            columns.insert(place, column)
            place += 1
    return tuple(columns)


def run_rows(
    history: Sequence[RunRecord], now: float, glyphs: Glyphs, compared: RunRecord | None, marked: str | None
) -> list[Row]:
    """One row a run; `compared` is what the run under the cursor is held against, `marked` the id the user chose."""
    columns = [column.title for column in run_columns(history)]
    rows = []
    for record in history:
        cells = _cells(record, now) | {"run": _name(record, glyphs, compared, marked)}
        rows.append(Row(record.id, tuple(cells[title] for title in columns)))
    return rows


def next_sort(columns: Sequence[Column], sort: Sort) -> Sort:
    """By the column after the one that rows are sorted by; after the last, in the order they come in."""
    titles = ["", *(column.title for column in columns)]
    place = titles.index(sort.title) if sort.title in titles else 0
    return Sort(titles[(place + 1) % len(titles)])


def _cells(record: RunRecord, now: float) -> dict[str, Cell]:
    result = record.result
    took = record.ended - record.started
    cells = {
        "when": Cell(ago(now - record.ended), value=record.ended),
        "outcome": Cell(record.status.value, "" if result else "warning"),
        "model": Cell(_choice(record, "model").rstrip("/").split("/")[-1]),
        "layers": Cell(layers_in_short(result.layers) if result else ""),
        "pooling": Cell(_choice(record, "pooling")),
        "estimator": Cell(_choice(record, "estimator")),
        "dtype": Cell(_choice(record, "dtype")),
        "took": Cell(duration(took), value=took),
    }
    counts = {
        "texts": result.stories if result else None,
        "read": result.forwarded_texts if result else None,
        "flags": len(record.flags.flags) if record.flags else None,
    }
    return cells | {
        title: Cell("" if number is None else f"{number:,}", value=number) for title, number in counts.items()
    }


def _name(record: RunRecord, glyphs: Glyphs, compared: RunRecord | None, marked: str | None) -> Cell:
    """The number, and the part the run has in the comparison below."""
    number = f"{int(record.id):<4}"
    if record.id == marked:
        return Cell(f"{number} {glyphs.pointer} chosen", "accent", value=int(record.id))
    if compared is not None and record.id == compared.id:
        return Cell(f"{number} {glyphs.pointer} before", value=int(record.id))
    return Cell(number, value=int(record.id))


def _choice(record: RunRecord, name: str) -> str:
    """A choice of the run; the dtype is the one it was done with."""
    if name == "dtype" and record.result is not None:
        return record.result.dtype
    try:
        return str(getattr(record.request, name) or "")
    except UserError:
        return DAMAGED


def _differs(history: Sequence[RunRecord], name: str) -> bool:
    return len({_choice(record, name) for record in history} - {"", DAMAGED}) > 1
