"""What the vectors of a run read in a text: projections, and how unusual they are among the corpus's own texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import ConceptVectors, Floats
from caa_tui.vectors.sentences import listed

Numbers = NDArray[np.float64]
SINK_RATIO = 4.0
"""A state so many times as long as usual in its text is an attention sink. In SmolLM2 ordinary tokens lie between .7
and 2.4 times the usual length, the first one at 90 to 200 times in the middle layers."""


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
    norms: Numbers | None = None
    """(layers, tokens), the length of each token's state; None: the worker is too old to tell."""

    @cached_property
    def token_z(self) -> Numbers | None:
        """`by_token` against the pooled texts of the corpus."""
        return None if self.scale is None else self.scale.standardised(self.by_token)

    @cached_property
    def pooled_z(self) -> Numbers | None:
        """`pooled` against the pooled texts of the corpus."""
        return None if self.scale is None else self.scale.standardised(self.pooled)

    @property
    def has_z(self) -> bool:
        return self.scale is not None

    def of_tokens(self, layer: int) -> Numbers:
        """(tokens, concepts) at a layer: z, or projections when there is no z."""
        values: Numbers = (self.by_token if self.token_z is None else self.token_z)[self.layers.index(layer)]
        return values

    def of_text(self, layer: int) -> Numbers:
        """(concepts,) at a layer: z of the pooled text, or its projections when there is no z."""
        values: Numbers = (self.pooled if self.pooled_z is None else self.pooled_z)[self.layers.index(layer)]
        return values

    def sinks(self, layer: int) -> dict[int, float]:
        """Tokens whose state is at least `SINK_RATIO` times as long as usual, and how many times it is.

        Usual is the lower quartile of the text's tokens: in a short text the sinks may be half of them.
        """
        if self.norms is None:
            return {}
        norms = self.norms[self.layers.index(layer)]
        usual = float(np.quantile(norms, 0.25, method="lower"))
        return {int(at): float(norms[at] / usual) for at in np.flatnonzero(norms >= SINK_RATIO * usual) if usual > 0}

    def peaks(self, layer: int) -> tuple[int | None, ...]:
        """For each concept the token where it is highest, sinks apart; None where no token has a number."""
        values = self.of_tokens(layer).copy()
        values[list(self.sinks(layer))] = -np.inf
        values = np.where(np.isfinite(values), values, -np.inf)
        best = values.argmax(axis=0)
        return tuple(int(at) if np.isfinite(values[at, one]) else None for one, at in enumerate(best))

    def ranked(self, layer: int) -> tuple[int, ...]:
        """Indexes of the concepts by pooled z at `layer`, the highest first; by projection when there is no z."""
        return tuple(int(index) for index in np.argsort(-self.of_text(layer), kind="stable"))


def sink_sentence(probe: Probe, layer: int) -> str:
    """Which tokens are attention sinks at a layer and what that means, one sentence; empty when none is."""
    sinks = probe.sinks(layer)
    if not sinks:
        return ""
    times = f"{max(sinks.values()):,.0f} times as long as usual"
    if len(sinks) == 1:
        return (
            f"Token {min(sinks)} is an attention sink: its state is {times}, so its numbers say nothing of this text."
        )
    names = listed([str(at) for at in sinks])
    return (
        f"Tokens {names} are attention sinks: their states are up to {times}, so their numbers say nothing of this "
        "text."
    )


def project(states: Floats, vectors: Floats) -> Numbers:
    """(n, hidden) states on (concepts, hidden) unit vectors: the dot products, (n, concepts), summed in float64."""
    return np.asarray(states, dtype=np.float64) @ np.asarray(vectors, dtype=np.float64).T


def project_layers(states: Mapping[int, Floats], vectors: ConceptVectors) -> Numbers:
    """Layer -> (n, hidden) on the vectors of that layer: (layers, n, concepts)."""
    return np.stack([project(states[layer], vectors.matrix[layer]) for layer in vectors.layers])


def norms_of(states: Mapping[int, Floats], layers: Sequence[int]) -> Numbers:
    """Layer -> (n, hidden): the lengths of the rows, (layers, n)."""
    return np.stack([np.linalg.norm(np.asarray(states[layer], dtype=np.float64), axis=1) for layer in layers])


def corpus_scale(residual: Mapping[int, Floats], vectors: ConceptVectors) -> CorpusScale:
    """Mean and spread of the projections of a corpus; `residual`: layer -> (different texts, hidden), one at least."""
    values = project_layers(residual, vectors)
    texts = values.shape[1]
    std = values.std(axis=1, ddof=1) if texts > 1 else np.full((values.shape[0], values.shape[2]), np.nan)
    return CorpusScale(mean=values.mean(axis=1), std=std, texts=texts)
