"""The parts of a loaded model that numbers are taken from, as data that outlives the model. Imports no torch."""

from __future__ import annotations

from typing import Literal

import msgspec

from caa_tui.activations.data import Part

Layout = Literal["out_in", "in_out", "expert_out_in", "expert_in_out"]
"""Axes of a weight; `out` is the residual width."""


class DownWeight(msgspec.Struct, frozen=True):
    """One parameter that holds (a part of) W_down."""

    parameter: str
    """Its name in the loaded model."""
    layout: Layout
    """Axes of the parameter; `out` is the residual width."""
    file: str | None = None
    """The safetensors file that holds the same numbers, when one does."""
    key: str | None = None
    """Its name in that file."""


class Block(msgspec.Struct, frozen=True):
    """The parts of one decoder block; module names are full paths in the model."""

    attention: str | None
    """The attention output projection."""
    heads: int
    """Heads whose outputs that projection reads; 0 without attention."""
    down: tuple[DownWeight, ...]
    """Empty without an MLP; several for experts, concatenated in this order."""


class Structure(msgspec.Struct, frozen=True):
    """All decoder blocks of the text part, in order."""

    architecture: str
    blocks_path: str
    hidden_size: int
    blocks: tuple[Block, ...]

    def parts(self, layers: tuple[int, ...], heads: bool, means: bool = False) -> tuple[Part, ...]:
        """What can be taken from `layers`: every residual, then the means, then the attention inputs there are."""
        residual = [Part("residual", layer) for layer in layers]
        mean = [Part("mean", layer) for layer in layers] if means else []
        attention = [Part("attention", layer) for layer in layers if self.blocks[layer].attention is not None]
        return tuple(residual + mean + (attention if heads else []))

    def missing_parts(self, layers: tuple[int, ...], heads: bool) -> tuple[str, ...]:
        """One sentence per kind of part that some of `layers` do not have."""
        kinds = [("MLP down projection", "the nearest-neuron match", [x for x in layers if not self.blocks[x].down])]
        if heads:
            without = [layer for layer in layers if self.blocks[layer].attention is None]
            kinds.insert(0, ("attention output projection", "the head ranking", without))
        return tuple(
            f"{self.architecture} has no {part} in layer {', '.join(map(str, without))}: {use} leaves it out."
            for part, use, without in kinds
            if without
        )
