"""The concepts of a probed text as rows of a table: pure functions of the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs, decimal, sparkline
from caa_tui.tui.token_rows import token_name
from caa_tui.tui.widgets.rows import Cell, Column, Row, Sort

if TYPE_CHECKING:
    from caa_tui.vectors.probe import Probe

CONCEPT, HERE, PEAK, AT, PROJECTION, LAYERS = "concept", "here", "peak", "at", "projection", "layers"
STRONG = 2.0
"""A z from here on is in the accent colour: one text of the corpus in twenty is further from its mean."""
MOST_LAYERS = 12
"""Columns of the little chart; of a run with more layers it shows evenly spread ones."""


def concept_columns(probe: Probe) -> tuple[Column, ...]:
    """The columns; the first number is z, or the projection where there is no z."""
    numbers = (Column("z", 6, right=True),) if probe.has_z else ()
    return (
        Column(CONCEPT, 13),
        *numbers,
        Column(PROJECTION, 10, right=True, drop=1 if probe.has_z else 0),
        Column(HERE, 6, right=True, drop=2),
        Column(PEAK, 6, right=True, drop=3),
        Column(AT, 12, drop=4),
        *((Column(LAYERS, min(MOST_LAYERS, max(6, len(probe.layers))), drop=5),) if len(probe.layers) > 1 else ()),
    )


def concept_rows(probe: Probe, layer: int, token: int, glyphs: Glyphs, needle: str = "") -> tuple[Row, ...]:
    """A row for each concept whose name contains `needle`, the highest first."""
    at = probe.layers.index(layer)
    peaks, of_tokens, of_text = probe.peaks(layer), probe.of_tokens(layer), probe.of_text(layer)
    rows = []
    for index in probe.ranked(layer):
        name = printable(probe.concepts[index])
        if needle.lower() not in name.lower():
            continue
        peak = peaks[index]
        cells = [
            Cell(name),
            *((_number(float(of_text[index]), glyphs, strong=True),) if probe.has_z else ()),
            _number(float(probe.pooled[at, index]), glyphs),
            _number(float(of_tokens[token, index]), glyphs, strong=probe.has_z),
            _number(None if peak is None else float(of_tokens[peak, index]), glyphs),
            Cell("" if peak is None else token_name(probe.tokens[peak], glyphs, longest=10), "dim"),
        ]
        if len(probe.layers) > 1:
            cells.append(Cell(_chart(probe, index, glyphs), "dim", value=float(of_text[index])))
        rows.append(Row(probe.concepts[index], tuple(cells)))
    return tuple(rows)


def next_order(sort: Sort) -> Sort:
    """The order after this one: by z, by the token under the cursor, by the peak, by name."""
    titles = ["", HERE, PEAK, CONCEPT]
    place = titles.index(sort.title) if sort.title in titles else 0
    return Sort(titles[(place + 1) % len(titles)])


def _number(value: float | None, glyphs: Glyphs, *, strong: bool = False) -> Cell:
    known = value is not None and np.isfinite(value)
    tone: Literal["", "accent"] = "accent" if known and strong and abs(value or 0.0) >= STRONG else ""
    return Cell(decimal(value if known else None, glyphs), tone, value=value if known else None)


def _chart(probe: Probe, concept: int, glyphs: Glyphs) -> str:
    """The concept's number at every layer, between the lowest and the highest of all concepts there."""
    picked = np.unique(np.linspace(0, len(probe.layers) - 1, MOST_LAYERS).round().astype(int))
    values = (probe.pooled if probe.pooled_z is None else probe.pooled_z)[picked]
    known = values[np.isfinite(values)]
    if not known.size:
        return ""
    heights = [float(value) if np.isfinite(value) else None for value in values[:, concept]]
    return sparkline(heights, float(known.min()), float(known.max()), glyphs)
