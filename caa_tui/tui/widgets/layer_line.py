"""The line under the map of layers: what the cell under the cursor says, in words; with room left, what marks mean."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.content import fit
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.widgets.layer_lines import LayerTable, scale_words

_SHORTEST_NAME = 12
"""Letters a concept keeps when the rest of the line needs the room."""


class LayerLine(Static):
    """One line; what does not fit is left out."""

    DEFAULT_CSS = """
    LayerLine { height: 1; width: 1fr; padding: 0 1; color: $foreground 70%; text-wrap: nowrap; }
    """

    def show(self, table: LayerTable, concept: str, layer: int, glyphs: Glyphs) -> None:
        """Describe a cell."""
        room = max(10, self.size.width - 2)
        facts = list(cell_facts(table, concept, layer, glyphs))
        name = concept if len(concept) <= _SHORTEST_NAME else fit(concept, max(_SHORTEST_NAME, room - 60)).rstrip()
        line = Content.styled(f"{printable(name)} {glyphs.times} layer {layer}", "bold $foreground")
        for position, fact in enumerate(facts):
            part = (": " if position == 0 else glyphs.separator) + fact
            if line.cell_length + len(part) <= room:
                line += Content(part)
        legend = "   " + scale_words(glyphs)
        if line.cell_length + len(legend) <= room:
            line += Content.styled(legend, "$foreground 50%")
        self.update(line, layout=False)

    def say(self, words: str) -> None:
        """Show a sentence instead of a cell."""
        self.update(Content.styled(printable(words), "bold $foreground"), layout=False)


def cell_facts(table: LayerTable, concept: str, layer: int, glyphs: Glyphs) -> Iterator[str]:
    """The score beside chance first, then where the concept is at its best, then where in the model this is."""
    scores, place = table.scores.rows[concept], table.scores.layers.index(layer)
    score, best = scores[place], table.scores.best_of(concept)
    if score is None or best is None:
        yield "no score, it has no two different stories"
    else:
        yield f"{decimal(score, glyphs)} told apart (chance .50)"
        if best == place:
            yield "its best layer"
        else:
            yield f"best at {table.scores.layers[best]} ({decimal(scores[best], glyphs)})"
    percent = table.depth_percent(layer)
    if percent is not None:
        yield f"{percent} % depth"
    mean = table.scores.means[place]
    if mean is not None:
        yield f"mean of the layer {decimal(mean, glyphs)}"
    if layer in table.choice.layers:
        yield f"{glyphs.opened} recommended"
