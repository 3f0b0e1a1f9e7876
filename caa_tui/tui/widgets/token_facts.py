"""What is to be known about the token under the cursor: its text, its number, and the concepts strongest there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.token_rows import token_name

if TYPE_CHECKING:
    from caa_tui.vectors.probe import Probe

NAMED = 4
"""Concepts that are named as the strongest."""


class TokenFacts(Static):
    """Two lines; a third says what an attention sink is where the text has one."""

    DEFAULT_CSS = """
    TokenFacts { height: auto; max-height: 4; padding: 0 1; background: $panel; }
    """

    def show(self, probe: Probe, layer: int, token: int, concept: int, place: str, note: str, glyphs: Glyphs) -> None:
        """`place`: where the token is among the strongest; `note`: about the attention sinks."""
        lines = [_own(probe, layer, token, concept, place, glyphs), _others(probe, layer, token, glyphs)]
        if note:
            lines.append(Content.styled(f"{glyphs.sink} {note}", "$foreground 70%"))
        self.update(Content("\n").join(lines))


def _own(probe: Probe, layer: int, token: int, concept: int, place: str, glyphs: Glyphs) -> Content:
    at = probe.layers.index(layer)
    name = printable(probe.concepts[concept])
    words = f"  projection {decimal(float(probe.by_token[at, token, concept]), glyphs)}"
    if probe.token_z is not None:
        words = f"  z {_number(float(probe.token_z[at, token, concept]), glyphs)}{words}"
    head = Content.styled(f"{token} {token_name(probe.tokens[token], glyphs)}", "bold")
    return head + Content(f"  {name}{words}") + Content.styled(f"  {place}" if place else "", "$foreground 60%")


def _others(probe: Probe, layer: int, token: int, glyphs: Glyphs) -> Content:
    values = probe.of_tokens(layer)[token]
    order = [int(index) for index in np.argsort(-values, kind="stable") if np.isfinite(values[index])]
    named = (f"{printable(probe.concepts[one])} {_number(float(values[one]), glyphs)}" for one in order[:NAMED])
    return Content.styled("strongest here: ", "$foreground 60%") + Content(glyphs.separator.join(named) or glyphs.gone)


def _number(value: float, glyphs: Glyphs) -> str:
    return decimal(value if np.isfinite(value) else None, glyphs)
