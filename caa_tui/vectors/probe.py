"""What the vectors of a run read in a text: projections, and how unusual they are among the corpus's own texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import ConceptVectors, Floats

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class CorpusScale:
    """Where the pooled texts of a corpus lie along each vector."""

    mean: Numbers
    """(layers, concepts)."""
    std: Numbers
    """(layers, concepts), sample standard deviation (n - 1); nan for a single text."""
    texts: int
    """Different texts, stories and baselines alike."""

    def standardised(self, values: Numbers) -> Numbers:
        """(values - mean) / std for (layers, ..., concepts); nan where the texts do not spread."""
        between = (slice(None), *[None] * (values.ndim - 2))
        spread = np.where(self.std > 0, self.std, np.nan)
        result: Numbers = (values - self.mean[between]) / spread[between]
        return result


@dataclass(frozen=True)
class Probe:
    """A text as a run's vectors read it."""

    concepts: tuple[str, ...]
    layers: tuple[int, ...]
    """As in the readout: order of the vectors, and of the first axis below."""
    tokens: tuple[str, ...]
    """What each token stands for in the text."""
    token_ids: tuple[int, ...]
    by_token: Numbers
    """(layers, tokens, concepts) projections."""
    pooled: Numbers
    """(layers, concepts), of the text pooled as the run pooled its stories."""
    scale: CorpusScale | None
    """None: the corpus's own texts are not known, so there are no z-scores."""

    @cached_property
    def token_z(self) -> Numbers | None:
        """`by_token` against the pooled texts of the corpus."""
        return None if self.scale is None else self.scale.standardised(self.by_token)

    @cached_property
    def pooled_z(self) -> Numbers | None:
        """`pooled` against the pooled texts of the corpus."""
        return None if self.scale is None else self.scale.standardised(self.pooled)

    def ranked(self, layer: int) -> tuple[int, ...]:
        """Indexes of the concepts by pooled z at `layer`, the highest first; by projection when there is no z."""
        values = (self.pooled if self.pooled_z is None else self.pooled_z)[self.layers.index(layer)]
        return tuple(int(index) for index in np.argsort(-values, kind="stable"))


def project(states: Floats, vectors: Floats) -> Numbers:
    """(n, hidden) states on (concepts, hidden) unit vectors: the dot products, (n, concepts), summed in float64."""
    return np.asarray(states, dtype=np.float64) @ np.asarray(vectors, dtype=np.float64).T


def project_layers(states: Mapping[int, Floats], vectors: ConceptVectors) -> Numbers:
    """Layer -> (n, hidden) on the vectors of that layer: (layers, n, concepts)."""
    return np.stack([project(states[layer], vectors.matrix[layer]) for layer in vectors.layers])


def corpus_scale(residual: Mapping[int, Floats], vectors: ConceptVectors) -> CorpusScale:
    """Mean and spread of the projections of a corpus; `residual`: layer -> (different texts, hidden), one at least."""
    values = project_layers(residual, vectors)
    texts = values.shape[1]
    std = values.std(axis=1, ddof=1) if texts > 1 else np.full((values.shape[0], values.shape[2]), np.nan)
    return CorpusScale(mean=values.mean(axis=1), std=std, texts=texts)
