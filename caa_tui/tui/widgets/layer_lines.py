"""The lines of the map of layers as segments: concepts × layers, a mark as high as the held-out score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rich.segment import Segment
from rich.style import Style

from caa_tui.tui.content import fit
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.vectors.layer_choice import CHANCE, LayerChoice, LayerScores

LayerOrder = Literal["name", "layer", "score"]
ORDERS: Mapping[LayerOrder, str] = {"name": "by name", "layer": "by best layer", "score": "by score"}

HEADER = 3
"""Lines that stay in view: the marks of the recommended layers, their numbers, the means."""
CELL = 3
"""Columns of one layer with a number of at most two digits."""
_TITLES: tuple[tuple[str, int, LayerOrder], ...] = (("concept", 15, "name"), ("best", 5, "layer"), ("", 5, "score"))
_NAME = _TITLES[0][1]
MARGIN = 1
FROZEN = MARGIN + sum(width for _, width, _ in _TITLES) + MARGIN
"""Columns that stay in view."""
Part = tuple[str, Style]


@dataclass(frozen=True)
class LayerTable:
    """What the map shows: the concepts in their order, and the layers."""

    scores: LayerScores
    choice: LayerChoice
    depth: int | None
    """Decoder blocks of the model; None: not known."""
    concepts: tuple[str, ...]
    order: LayerOrder

    @classmethod
    def of(
        cls, scores: LayerScores, choice: LayerChoice, depth: int | None, order: LayerOrder, needle: str = ""
    ) -> LayerTable:
        """The concepts whose name contains `needle`; those without a score come last."""
        found = sorted(concept for concept in scores.rows if needle.lower() in concept.lower())

        def rank(concept: str) -> tuple[bool, float]:
            place = scores.best_of(concept)
            if place is None or order == "name":
                return order != "name", 0.0
            return False, place if order == "layer" else -(scores.rows[concept][place] or 0.0)

        return cls(scores, choice, depth, tuple(sorted(found, key=rank)), order)

    def depth_percent(self, layer: int) -> int | None:
        return None if self.depth is None else round(100 * layer / self.depth)


@dataclass(frozen=True, slots=True)
class LayerStyles:
    """How the parts look, each complete."""

    base: Style
    dim: Style
    accent: Style
    title: Style
    chosen: Style
    """A title of the column under the cursor, or of the one that sorts."""
    cursor: Style


@dataclass(frozen=True, slots=True)
class LayerWindow:
    """The columns in view and the cell under the cursor."""

    columns: range
    row: int
    column: int


@dataclass(frozen=True)
class LayerLines:
    """Draws one table."""

    table: LayerTable
    glyphs: Glyphs
    styles: LayerStyles

    @property
    def cell(self) -> int:
        """Columns of one layer."""
        return max(CELL, max(len(str(layer)) for layer in self.table.scores.layers) + 1)

    def header(self, line: int, window: LayerWindow) -> list[Segment]:
        """One of the lines that stay in view."""
        return (self._marks, self._numbers, self._means)[line](window)

    def concept(self, index: int, window: LayerWindow) -> list[Segment]:
        """The row of a concept."""
        concept = self.table.concepts[index]
        scores, best = self.table.scores.rows[concept], self.table.scores.best_of(concept)
        under = index == window.row
        parts = list(self._frozen(concept, best, scores, self.styles.accent if under else self.styles.base))
        for column in window.columns:
            mark = self._mark(scores[column])
            if under and column == window.column:
                parts.append((f"[{mark}]".ljust(self.cell), self.styles.cursor))
            else:
                parts.append((self._filled(mark), self._style(scores[column], column == best)))
        return _merged(parts)

    def _marks(self, window: LayerWindow) -> list[Segment]:
        words = f"sorted {ORDERS[self.table.order]}".ljust(FROZEN - MARGIN)
        parts = [(" " * MARGIN, self.styles.base), (words, self.styles.dim)]
        for column in window.columns:
            recommended = self.table.scores.layers[column] in self.table.choice.layers
            parts.append((self._filled(self.glyphs.opened if recommended else " "), self.styles.chosen))
        return _merged(parts)

    def _numbers(self, window: LayerWindow) -> list[Segment]:
        parts = [(" " * MARGIN, self.styles.base)]
        for title, width, key in _TITLES:
            text = title.ljust(width) if width == _NAME else title.rjust(width)
            parts.append((text, self.styles.chosen if key == self.table.order else self.styles.title))
        parts.append((" " * MARGIN, self.styles.base))
        for column in window.columns:
            text = str(self.table.scores.layers[column]).rjust(self.cell - 1) + " "
            parts.append((text, self.styles.chosen if column == window.column else self.styles.title))
        return _merged(parts)

    def _means(self, window: LayerWindow) -> list[Segment]:
        means, best = self.table.scores.means, self.table.choice.best
        place = self.table.scores.layers.index(best) if best is not None else None
        name = f"mean of {len(self.table.scores.known)}"
        parts = list(self._frozen(name, place, means, self.styles.dim))
        parts += [
            (self._filled(self._mark(means[column])), self._style(means[column], column == place))
            for column in window.columns
        ]
        return _merged(parts)

    def _frozen(
        self, name: str, best: int | None, scores: tuple[float | None, ...], style: Style
    ) -> Iterator[tuple[str, Style]]:
        layer = self.glyphs.gone if best is None else str(self.table.scores.layers[best])
        yield " " * MARGIN, self.styles.base
        yield fit(name, _NAME, self.glyphs.ellipsis), style
        yield layer.rjust(_TITLES[1][1]), self.styles.base
        score = decimal(None if best is None else scores[best], self.glyphs)
        yield score.rjust(_TITLES[2][1]) + " " * MARGIN, self.styles.base

    def _filled(self, mark: str) -> str:
        return " " * (self.cell - CELL) + mark * (CELL - 1) + " "

    def _mark(self, score: float | None) -> str:
        return score_mark(score, self.glyphs)

    def _style(self, score: float | None, is_best: bool) -> Style:
        if score is None or score <= CHANCE:
            return self.styles.dim
        return self.styles.accent if is_best else self.styles.base


def score_mark(score: float | None, glyphs: Glyphs) -> str:
    """One character: a bar from .50 to 1.00, a dot below chance, a blank where there is no score."""
    if score is None:
        return " "
    if score < CHANCE:
        return glyphs.below
    steps = len(glyphs.spark)
    return glyphs.spark[min(steps - 1, int(steps * (score - CHANCE) / (1 - CHANCE)))]


def scale_words(glyphs: Glyphs) -> str:
    """What the marks mean: `· under .50  ▁ .50 to █ 1.00`."""
    return f"{glyphs.below} under .50  {glyphs.spark[0]} .50 to {glyphs.spark[-1]} 1.00"


def title_at(x: int) -> LayerOrder | None:
    """What the title at this column sorts by."""
    x -= MARGIN
    for _, width, key in _TITLES:
        if x < width:
            return key
        x -= width
    return None


def _merged(parts: list[Part]) -> list[Segment]:
    """One segment for neighbours of one style."""
    by_style = groupby(parts, key=lambda part: part[1])
    return [Segment("".join(text for text, _ in group), style) for style, group in by_style]
