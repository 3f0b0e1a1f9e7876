"""The metrics of two runs side by side, one concept a row."""

from __future__ import annotations

from textual.content import Content

from caa_tui.runs.change_noise import SCORES, Pair
from caa_tui.runs.comparison import ConceptChange, RunComparison
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs, decimal, with_minus
from caa_tui.tui.widgets.rows import Cell, Column, Row, Sort
from caa_tui.wording import count, listed_paths

COSINE_PLACES = 3
MOVED_MOST = Sort("cosine", reverse=True)


def concept_columns(glyphs: Glyphs) -> tuple[Column, ...]:
    """Widths follow the arrow: `.12 → .15`."""
    pair = 10 + len(glyphs.arrow)
    return (
        Column("concept", 14),
        Column("cosine", 6, right=True),
        Column("agreement", pair, right=True),
        Column("held out", pair, right=True, drop=2),
        Column("nearest", pair, right=True, drop=3),
        Column("nearest concept", 18, drop=4),
        Column("stories", 7, right=True, drop=1),
    )


def sorted_by(title: str, sort: Sort) -> Sort:
    """What a click on a title makes of `sort`; what moved most is looked for first, and that is the lowest cosine."""
    return MOVED_MOST if title == MOVED_MOST.title != sort.title else sort.after(title)


def concept_rows(comparison: RunComparison, glyphs: Glyphs) -> list[Row]:
    """Every concept of either run: those whose flags changed, then by how far they moved as far as that is shown."""
    rows = [_row(change, glyphs) for change in sorted(comparison.concepts, key=_order)]
    width = len(concept_columns(glyphs)) - 2
    for word, names in (("gone", comparison.only_old), ("new", comparison.only_new)):
        rows += [Row(name, (Cell(name), Cell(word, "dim"), *[Cell("")] * width)) for name in names]
    return rows


def _order(change: ConceptChange) -> tuple[bool, float, str]:
    cosine = _shown_cosine(change)
    return (not (change.solved or change.new), 2.0 if cosine is None else cosine, change.concept)


def _shown_cosine(change: ConceptChange) -> float | None:
    """Decimals that nobody sees put nothing in order."""
    return None if change.lowest is None else round(change.lowest, COSINE_PLACES)


def _row(change: ConceptChange, glyphs: Glyphs) -> Row:
    stories = change.stories
    return Row(
        change.concept,
        (
            Cell(change.concept, "accent" if change.new else ""),
            Cell(decimal(change.lowest, glyphs, COSINE_PLACES), value=_shown_cosine(change)),
            Cell(pair_text(change.agreement, glyphs), value=_distance(change.agreement)),
            Cell(pair_text(change.held_out, glyphs), value=_distance(change.held_out)),
            Cell(pair_text(change.nearest, glyphs), value=_distance(change.nearest)),
            Cell(_names(change, glyphs)),
            Cell(_both(_whole(stories[0]), _whole(stories[1]), glyphs), value=_distance(stories)),
        ),
    )


def _distance(pair: Pair) -> float | None:
    """How far a number changed, as it is shown; None where only one run has it."""
    old, new = pair
    return None if old is None or new is None else round(abs(round(new, 2) - round(old, 2)), 2)


def pair_text(pair: Pair, glyphs: Glyphs) -> str:
    """`.12 → .15`, or one number where two decimals show no difference."""
    return _both(decimal(pair[0], glyphs), decimal(pair[1], glyphs), glyphs)


def _both(old: str, new: str, glyphs: Glyphs) -> str:
    return new if old == new else f"{old} {glyphs.arrow} {new}"


def _names(change: ConceptChange, glyphs: Glyphs) -> str:
    """The nearest concept in the old and in the new run."""
    old, new = change.nearest_concept
    return _both(old or glyphs.gone, new or glyphs.gone, glyphs)


def _whole(number: int | None) -> str:
    return "" if number is None else str(number)


def about_line(comparison: RunComparison, glyphs: Glyphs, sort: Sort) -> str:
    """What the table shows: `28 concepts · run 3 → run 4 at layer 20 · cosine where it moved most`."""
    number = len(comparison.concepts) + len(comparison.only_new) + len(comparison.only_old)
    runs = f"run {int(comparison.old)} {glyphs.arrow} run {int(comparison.new)}"
    layer = "" if comparison.layer is None else f" at layer {comparison.layer}"
    order = () if sort.title else ("changed flags first",)
    words = (count(number, "concept"), runs + layer, *order, "cosine where it moved most")
    return glyphs.separator.join(words)


def concept_detail(change: ConceptChange, glyphs: Glyphs) -> Content:
    """What the row has no room for: the cosine at every layer, what was edited, every metric with its noise."""
    layers = glyphs.separator.join(
        f"{layer} {decimal(cosine, glyphs, COSINE_PLACES)}" for layer, cosine in change.cosine.items()
    )
    flags = [f"solved: {kind}" for kind in change.solved] + [f"{glyphs.flagged} new: {kind}" for kind in change.new]
    lines = [
        plain(change.concept, "bold") + plain("  cosine of the old with the new vector, by layer", "$foreground 60%"),
        plain(layers or glyphs.gone),
        plain(glyphs.separator.join([f"nearest {_names(change, glyphs)}", *_metrics(change, glyphs), *flags])),
    ]
    if change.edit is not None:
        lines.append(plain(f"edited: {listed_paths(change.edit.files.paths)}"))
    return Content("\n").join(lines)


def _metrics(change: ConceptChange, glyphs: Glyphs) -> list[str]:
    """Those with noise; of a concept without, the two that have no column."""
    if not change.noise:
        return [f"first PC {pair_text(change.first_pc, glyphs)}", f"R² {pair_text(change.r_squared, glyphs)}"]
    told = (change.words(score) for score in SCORES if score in change.noise)
    return [with_minus(words, glyphs) for words in told if words is not None]
