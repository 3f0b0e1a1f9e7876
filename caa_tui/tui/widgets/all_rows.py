"""The view of all concepts, as rows of text: what stands of each, the reference's bucket beside it, and the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.widgets.rows import Cell, Column, Row
from caa_tui.tui.widgets.triage_rows import Listing, number
from caa_tui.vectors.flags import BucketName, ConceptSummary, FlagReport
from caa_tui.vectors.standing import Standing, standings

BUCKET_WORDS: dict[BucketName, str] = {
    "clean_single_neuron": "clean neuron",
    "clean_circuit": "clean circuit",
    "fragmented": "fragmented",
    "contaminated": "contaminated",
    "redundant": "redundant",
}
COLUMNS = (
    Column("concept", 14),
    Column("verdict", 17),
    Column("rule", 13),
    Column("n", 3, right=True, drop=1),
    Column("scen", 4, right=True, drop=8),
    Column("agree", 5, right=True),
    Column("chance", 6, right=True, drop=4),
    Column("held out", 8, right=True, drop=3),
    Column("nearest", 15, drop=2),
    Column("R²", 4, right=True, drop=5),
    Column("first PC", 8, right=True, drop=6),
    Column("neuron", 6, right=True, drop=7),
)


LAYERS_NAMED = 8
"""With their held-out scores, in a sentence."""


def concept_listing(report: FlagReport | None, layer: int | None, needle: str, glyphs: Glyphs) -> Listing:
    """Every concept with its numbers at `layer` (None: where the rules look); what was left out without any."""
    if report is None:
        return Listing(COLUMNS, ())
    key, needle, stands = str(report.layer if layer is None else layer), needle.lower(), standings(report)
    rows = [
        _concept_row(summary, stands[summary.concept], key, glyphs)
        for summary in report.concepts
        if needle in summary.concept.lower()
    ]
    blanks = (Cell(""),) * (len(COLUMNS) - 2)
    rows += [
        Row(f"all:{concept}", (Cell(concept, "dim"), Cell("not trained", "warning"), *blanks))
        for concept in report.left_out
        if needle in concept.lower()
    ]
    return Listing(COLUMNS, tuple(sorted(rows, key=lambda row: row.key)))


def layers_of(report: FlagReport) -> tuple[int, ...]:
    """The layers whose numbers the report has, the judged one first."""
    known = report.held_out or (report.concepts[0].agreement if report.concepts else {})
    return (report.layer, *(layer for layer in map(int, known) if layer != report.layer))


def _concept_row(summary: ConceptSummary, standing: Standing, key: str, glyphs: Glyphs) -> Row:
    nearest = summary.nearest.get(key)
    cells = (
        Cell(summary.concept),
        Cell(standing.brief, "accent" if standing.kinds else "" if standing.clean else "dim"),
        Cell(bucket_words(summary), "dim"),
        Cell(str(summary.stories), value=summary.stories),
        Cell(str(summary.scenarios), value=summary.scenarios),
        number(summary.agreement.get(key), glyphs),
        number(summary.chance.get(key), glyphs, "dim"),
        number(summary.held_out.get(key), glyphs),
        Cell(f"{decimal(nearest[1], glyphs)} {nearest[0]}", value=nearest[1]) if nearest else Cell(glyphs.gone),
        number(summary.r_squared.get(key), glyphs),
        number(summary.first_pc.get(key), glyphs),
        number(summary.neuron.get(key), glyphs),
    )
    return Row(f"all:{summary.concept}", cells)


def _telling(scores: Mapping[str, float | None]) -> list[tuple[str, float | None]]:
    """All layers, or the best where they are many, in their order."""
    best = sorted(scores.items(), key=lambda item: -(item[1] or 0.0))[:LAYERS_NAMED]
    return [item for item in scores.items() if item in best]


def bucket_words(summary: ConceptSummary) -> str:
    """The reference's buckets in words; a concept can be in two, or in none."""
    return ", ".join(BUCKET_WORDS[bucket] for bucket in summary.buckets) or "in no bucket"


def remarks(report: FlagReport, glyphs: Glyphs) -> tuple[str, ...]:
    """What holds for the whole run: which layer tells stories apart best, and what the rules cannot say."""
    if report.best_layer is None:
        return report.notes
    scores = glyphs.separator.join(f"{layer} {decimal(value, glyphs)}" for layer, value in _telling(report.held_out))
    best = f"Held out, stories are told apart best at layer {report.best_layer} ({scores})"
    return (f"{best}; the rules look at layer {report.layer}.", *report.notes)
