"""The view of accepted flags, as rows of text: why each was accepted, when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from caa_tui.corpus.model import Acceptance
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.widgets.evidence_text import value_then
from caa_tui.tui.widgets.rows import Cell, Column, Row
from caa_tui.tui.widgets.triage_rows import Listing
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.accepted import Judged, judge

COLUMNS = (
    Column("concept", 14),
    Column("kind", 14),
    Column("now", 11),
    Column("then", 5, right=True, drop=2),
    Column("date", 10, drop=1),
    Column("reason", 16, stretch=True),
)
TAKEN_BACK = "taken back"


def accepted_key(acceptance: Acceptance) -> str:
    """Names the row of an acceptance."""
    return f"accepted:{acceptance.kind}:{acceptance.concept}"


def accepted_listing(runs: RunState, taken_back: Sequence[Acceptance], needle: str, glyphs: Glyphs) -> Listing:
    """Every acceptance of the corpus, and those taken back while the view is open, which can be put back."""
    judged = {one.acceptance.key: (one, one.standing) for one in runs.judged}
    gone = {one.acceptance.key: (one, TAKEN_BACK) for one in judge(runs.report, taken_back)}
    rows = [_row(one, word, glyphs) for _, (one, word) in sorted((gone | judged).items())]
    return Listing(COLUMNS, tuple(row for row in rows if needle.lower() in _searched(row)))


def _searched(row: Row) -> str:
    return " ".join(cell.text for cell in row.cells).lower()


def _row(one: Judged, word: str, glyphs: Glyphs) -> Row:
    entry = one.acceptance
    cells = (
        Cell(entry.concept),
        Cell(entry.kind),
        Cell(word, "accent" if word in {"came back", TAKEN_BACK} else "dim"),
        Cell(decimal(value_then(entry), glyphs), "", value_then(entry)),
        Cell(entry.date.isoformat(), "", entry.date.toordinal()),
        Cell(entry.reason, "dim"),
    )
    return Row(accepted_key(entry), cells)
