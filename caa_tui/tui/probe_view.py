"""A probed text at one layer, for one concept: what the strip and the lines around it show of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.tui.token_rows import Numbers, level_of, middle, step_of, strongest
from caa_tui.tui.widgets.token_strip import Levels
from caa_tui.vectors.probe import Probe, sink_sentence
from caa_tui.wording import count


@dataclass(frozen=True)
class ProbeView:
    """What is drawn under each token, worked out when it is asked for."""

    probe: Probe
    layer: int
    concept: int
    """Its index."""
    centred: bool
    """Measured from the middle of this text, as it always is without z."""

    @cached_property
    def sinks(self) -> tuple[int, ...]:
        return tuple(self.probe.sinks(self.layer))

    @property
    def note(self) -> str:
        """About the attention sinks, one sentence."""
        return sink_sentence(self.probe, self.layer)

    @cached_property
    def values(self) -> Numbers:
        """(tokens,): z, or projections when there is no z."""
        found: Numbers = self.probe.of_tokens(self.layer)[:, self.concept]
        return found

    @cached_property
    def zero(self) -> float:
        """What the levels are measured from."""
        return middle(self.values, self.sinks) if self.centred or not self.probe.has_z else 0.0

    @cached_property
    def step(self) -> float:
        """The width of a level."""
        return step_of(self.values - self.zero, self.sinks)

    @cached_property
    def levels(self) -> Levels:
        of_token = tuple(level_of(float(value), self.step) for value in self.values - self.zero)
        return Levels(of_token, frozenset(self.sinks))

    @cached_property
    def by_strength(self) -> tuple[int, ...]:
        """The tokens with a number, sinks apart, the highest first."""
        return tuple(token for token in strongest(self.values, self.sinks) if np.isfinite(self.values[token]))

    def measure(self, glyphs: Glyphs) -> str:
        """`z at layer 20`, and from where when that is not the corpus's mean."""
        name = "z" if self.probe.has_z else "projection"
        words = f"{name} at layer {self.layer}"
        centred = self.centred or not self.probe.has_z
        return f"{words}, from this text's middle {decimal(self.zero, glyphs)}" if centred else words

    def token_near(self, token: int) -> int:
        """The token, or the last one when the text is shorter."""
        return max(0, min(token, len(self.probe.tokens) - 1))

    def place(self, token: int) -> str:
        """Where a token is among all of them by strength: `2 of 183 by strength`."""
        order = self.by_strength
        if token not in order:
            return ""
        return f"{order.index(token) + 1:,} of {count(len(order), 'token')} by strength"
