"""What the triage views list, as rows of text: pure functions of the newest and the previous flag report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from caa_tui.tui.theme import Glyphs, decimal, sparkline
from caa_tui.tui.widgets.rows import Cell, Column, Row
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.flags import BucketName, ConceptSummary, Flag, FlagKind, FlagReport

View = Literal["fragmented", "contaminated", "redundant", "all", "accepted"]
KINDS: tuple[FlagKind, ...] = get_args(FlagKind)
VIEWS: dict[View, str] = {
    "fragmented": "Fragmented",
    "contaminated": "Contaminated",
    "redundant": "Redundant",
    "all": "All",
    "accepted": "Accepted",
}
NUMBER: dict[FlagKind, str] = {"fragmented": "first PC", "contaminated": "nearest", "redundant": "R²"}
"""The number each kind is judged by; method.md has the formulas."""

BUCKET_WORDS: dict[BucketName, str] = {
    "clean_single_neuron": "clean, one neuron",
    "clean_circuit": "clean circuit",
    "fragmented": "fragmented",
    "contaminated": "contaminated",
    "redundant": "redundant",
}

_CONCEPT = Column("concept", 14)
ALL_COLUMNS = (
    _CONCEPT,
    Column("n", 3, right=True),
    Column("scen", 4, right=True, drop=7),
    Column("first PC", 8, right=True, drop=4),
    Column("agree", 5, right=True),
    Column("chance", 6, right=True, drop=3),
    Column("held out", 8, right=True, drop=2),
    Column("nearest", 17),
    Column("R²", 4, right=True),
    Column("neuron", 6, right=True, drop=6),
    Column("verdict", 17, drop=1),
)
_OWN_COLUMNS: dict[FlagKind, tuple[Column, ...]] = {
    "fragmented": (
        Column("agree", 5, right=True),
        Column("chance", 6, right=True, drop=2),
        Column("held out", 8, right=True, drop=6),
    ),
    "contaminated": (Column("close to", 14),),
    "redundant": (),
}
"""What stands between the number and the story count."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a view shows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def flag_key(flag: Flag) -> str:
    """Names the row of a flag; stays the same from run to run."""
    return f"{flag.kind}:{flag.concept}"


def flags_of(flags: Iterable[Flag], kind: FlagKind, needle: str = "") -> list[Flag]:
    """The flags of a kind whose concept or neighbour contains the filter, in the order given: confirmed first."""
    return [flag for flag in flags if flag.kind == kind and _fits(flag, needle.lower())]


def _fits(flag: Flag, needle: str) -> bool:
    names = [flag.concept, flag.neighbour or "", *(name for name, _ in flag.contributors)]
    return any(needle in name.lower() for name in names)


def sort_titles(view: View) -> tuple[str, ...]:
    """Columns that the sort key goes through, `""` for the order as judged; a click takes any."""
    match view:
        case "all":
            return ("", "n", "agree", "held out", "nearest", "R²")
        case "accepted":
            return ("", "concept", "date")
        case _:
            return ("", "concept", NUMBER[view], "change")


def flag_listing(kind: FlagKind, runs: RunState, needle: str, glyphs: Glyphs) -> Listing:
    """Columns and rows of the flags of a kind."""
    columns = (
        _CONCEPT,
        Column(NUMBER[kind], 8, right=True),
        Column("limit", 6, right=True),
        *_OWN_COLUMNS[kind],
        Column("n", 3, right=True, drop=4),
        Column("layers", 6, drop=3),
        Column("change", 6, right=True),
        Column("sure", 9, drop=1),
    )
    flags = flags_of(runs.flags, kind, needle)
    return Listing(columns, tuple(_flag_row(flag, runs, glyphs) for flag in flags))


def _flag_row(flag: Flag, runs: RunState, glyphs: Glyphs) -> Row:
    cells = [
        Cell(flag.concept),
        Cell(judged(flag, glyphs), "accent", flag.value),
        Cell(limit(flag, glyphs), "dim", flag.threshold),
        *_own_cells(flag, runs, glyphs),
        Cell(str(flag.stories), value=flag.stories),
        Cell(sparkline(list(flag.by_layer.values()), 0.0, 1.0, glyphs), "dim"),
        change(flag, runs, glyphs),
        _sure(flag, runs),
    ]
    return Row(flag_key(flag), tuple(cells))


def _sure(flag: Flag, runs: RunState) -> Cell:
    if (flag.concept, flag.kind) in runs.came_back:
        return Cell("came back", "accent")
    return Cell("confirmed") if flag.confirmed else Cell("rule only", "dim")


def _own_cells(flag: Flag, runs: RunState, glyphs: Glyphs) -> tuple[Cell, ...]:
    if flag.kind == "contaminated":
        return (Cell(flag.neighbour or glyphs.gone),)
    if flag.kind == "redundant" or runs.report is None:
        return ()
    summary = next((one for one in runs.report.concepts if one.concept == flag.concept), None)
    if summary is None:
        return (number(None, glyphs),) * 3
    key = str(flag.layer)
    measures = (summary.agreement.get(key), summary.chance.get(key), summary.held_out.get(key))
    return tuple(number(value, glyphs) for value in measures)


def number(value: float | None, glyphs: Glyphs, tone: Literal["", "dim"] = "") -> Cell:
    """A number that can be sorted; a dash for none."""
    return Cell(decimal(value, glyphs), tone, value)


def judged(flag: Flag, glyphs: Glyphs) -> str:
    """The number the rule looks at, with a third place where two would read the same as its limit."""
    places = 3 if decimal(flag.value, glyphs) == decimal(flag.threshold, glyphs) else 2
    return decimal(flag.value, glyphs, places)


def limit(flag: Flag, glyphs: Glyphs) -> str:
    """The threshold with the side that is flagged: `< .40`, `> .80`."""
    return f"{'<' if flag.kind == 'fragmented' else '>'} {decimal(flag.threshold, glyphs)}"


def change(flag: Flag, runs: RunState, glyphs: Glyphs) -> Cell:
    """Against the previous run: the difference, `new` when it was not flagged there, nothing without one."""
    if runs.previous_report is None:
        return Cell("")
    before = next((old for old in runs.previous_report.flags if flag_key(old) == flag_key(flag)), None)
    if before is None:
        return Cell("new", "accent", math.inf)
    difference = round(flag.value - before.value, 2)
    if difference == 0:
        return Cell("same", "dim", 0.0)
    return Cell(("+" if difference > 0 else "") + decimal(difference, glyphs), value=difference)


def concept_listing(report: FlagReport | None, layer: int | None, needle: str, glyphs: Glyphs) -> Listing:
    """Every concept with its numbers at `layer` (None: where the rules look); what was left out without any."""
    if report is None:
        return Listing(ALL_COLUMNS, ())
    key, needle = str(report.layer if layer is None else layer), needle.lower()
    rows = [_concept_row(summary, key, glyphs) for summary in report.concepts if needle in summary.concept.lower()]
    blanks = (Cell(""),) * (len(ALL_COLUMNS) - 2)
    rows += [
        Row(f"all:{concept}", (Cell(concept, "dim"), *blanks, Cell("not trained", "warning")))
        for concept in report.left_out
        if needle in concept.lower()
    ]
    return Listing(ALL_COLUMNS, tuple(sorted(rows, key=lambda row: row.key)))


def layers_of(report: FlagReport) -> tuple[int, ...]:
    """The layers whose numbers the report has, the judged one first."""
    known = report.held_out or (report.concepts[0].agreement if report.concepts else {})
    return (report.layer, *(layer for layer in map(int, known) if layer != report.layer))


def _concept_row(summary: ConceptSummary, key: str, glyphs: Glyphs) -> Row:
    nearest = summary.nearest.get(key)
    troubled = any(bucket in KINDS for bucket in summary.buckets)
    cells = (
        Cell(summary.concept),
        Cell(str(summary.stories), value=summary.stories),
        Cell(str(summary.scenarios), value=summary.scenarios),
        number(summary.first_pc.get(key), glyphs),
        number(summary.agreement.get(key), glyphs),
        number(summary.chance.get(key), glyphs, "dim"),
        number(summary.held_out.get(key), glyphs),
        Cell(f"{decimal(nearest[1], glyphs)} {nearest[0]}", value=nearest[1]) if nearest else Cell(glyphs.gone),
        number(summary.r_squared.get(key), glyphs),
        number(summary.neuron.get(key), glyphs),
        Cell(bucket_words(summary), "accent" if troubled else "dim"),
    )
    return Row(f"all:{summary.concept}", cells)


def bucket_words(summary: ConceptSummary) -> str:
    """The reference's buckets in words; a concept can be in two, or in none."""
    return ", ".join(BUCKET_WORDS[bucket] for bucket in summary.buckets) or "in no bucket"


def remarks(report: FlagReport, glyphs: Glyphs) -> tuple[str, ...]:
    """What holds for the whole run: which layer tells stories apart best, and what the rules cannot say."""
    if report.best_layer is None:
        return report.notes
    scores = glyphs.separator.join(f"{layer} {decimal(value, glyphs)}" for layer, value in report.held_out.items())
    best = f"Held out, stories are told apart best at layer {report.best_layer} ({scores})"
    return (f"{best}; the rules look at layer {report.layer}.", *report.notes)
