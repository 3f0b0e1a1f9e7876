"""What the statistics work on: pooled activations with the story each row belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.choices import DEFAULT_ESTIMATOR, Estimator

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One row of every activation array: where it comes from."""

    path: str
    concept: str | None
    """None for a scenario's baseline."""
    scenario: str | None
    text: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class HeadInputs:
    """Pooled input of one layer's attention output projection: the heads' outputs, concatenated."""

    values: Floats
    """(rows, width) float32; width = heads * head_dim."""
    heads: int


@dataclass(frozen=True)
class Activations:
    """Everything the vectors, the quality report and the flags are computed from.

    Rows of all arrays follow `rows`; texts that are equal have equal rows.
    """

    rows: tuple[StoryRow, ...]
    layers: tuple[int, ...]
    """Target layers in the order they were asked for; 0-based decoder blocks, their OUTPUT."""
    residual: Mapping[int, Floats]
    """Layer -> (rows, hidden) float32."""
    attention: Mapping[int, HeadInputs] = field(default_factory=dict)
    """Layers that have an attention output projection; others are missing."""
    down: Mapping[int, Floats] = field(default_factory=dict)
    """Layer -> W_down, (hidden, neurons) float32, one column per MLP neuron; layers without an MLP are missing.
    May be a lazy mapping: look each layer up once."""
    means: Mapping[int, Floats] = field(default_factory=dict)
    """Layer -> (rows, hidden) float32, the mean over the text's tokens; what is said of stories is made of it
    (`story_space`). Empty where only `residual` is known."""
    mean_pooling: bool = False
    """`residual` is a mean over tokens, so that the last words weigh little."""
    estimator: Estimator = DEFAULT_ESTIMATOR
    """What vectors are made with; `residual` is what the model gave, whatever it is."""
    products: dict[int, NDArray[np.float64]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The middle layer and its inner products, once they are known: every report begins with them
    (`stories.LayerStories.gram`)."""

    @property
    def plain(self) -> Activations:
        """The same texts for the difference of means."""
        return self if self.estimator == DEFAULT_ESTIMATOR else replace(self, estimator=DEFAULT_ESTIMATOR)

    @cached_property
    def hidden_size(self) -> int:
        return int(self.residual[self.layers[0]].shape[1])

    @property
    def middle_layer(self) -> int:
        """The layer the reference's buckets look at: `layers[len(layers) // 2]`."""
        return self.layers[len(self.layers) // 2]


@dataclass(frozen=True)
class ConceptVectors:
    """Unit directions: `matrix[layer][i]` belongs to `concepts[i]`."""

    concepts: tuple[str, ...]
    """Sorted; only those with enough stories."""
    layers: tuple[int, ...]
    matrix: Mapping[int, NDArray[np.float64]]
    """Layer -> (concepts, hidden), rows of length 1."""
    raw_norms: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    """Layer -> (concepts,), the length of each difference of means before normalising. Empty when read from a readout,
    which does not hold it."""
