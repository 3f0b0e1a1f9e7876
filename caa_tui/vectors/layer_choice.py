"""Which layers tell stories apart: the held-out scores of a report by concept and layer, and the layers they recommend.

The best layer by mean score, and those that are within the noise of it: the mean of the paired differences over
concepts is at most their standard error (the one-standard-error rule of Breiman et al. 1984, on paired differences).
Of these, in the order of their means, each that is far enough from those before it, four at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt
from statistics import fmean, stdev

from caa_tui.vectors.flags import FlagReport
from caa_tui.vectors.sentences import listed, number
from caa_tui.wording import count

CHANCE = 0.5
"""Held-out score of a direction that says nothing."""
MOST_LAYERS = 4
APART = 15
"""Percent of the depth between two recommended layers, as between those of `auto`: what neighbouring blocks read
differs little, so another vector there says the same once more."""
FEWEST_CONCEPTS = 3
"""With fewer there is no noise over concepts to speak of."""
CLEAR = 2.0
"""Standard errors that the best mean must be above chance, so that a layer is recommended at all."""
_ROUNDING = 1e-12


@dataclass(frozen=True)
class LayerScores:
    """Held-out scores, a row for each concept and a column for each layer; 0.5 is chance."""

    layers: tuple[int, ...]
    """Ascending."""
    rows: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Concept -> a score for each layer; None: there are no two different stories to leave one out of."""

    @classmethod
    def of(cls, report: FlagReport) -> LayerScores:
        """What a report knows; no layer at all where it is of a version without held-out scores."""
        layers = tuple(sorted({int(layer) for one in report.concepts for layer in one.held_out}))
        rows = {one.concept: tuple(one.held_out.get(str(layer)) for layer in layers) for one in report.concepts}
        return cls(layers, rows)

    @cached_property
    def known(self) -> dict[str, tuple[float, ...]]:
        """The concepts with a score at every layer: only those can be compared in pairs."""
        whole = {concept: tuple(score for score in row if score is not None) for concept, row in self.rows.items()}
        return {concept: row for concept, row in whole.items() if row and len(row) == len(self.layers)}

    @cached_property
    def means(self) -> tuple[float | None, ...]:
        """Over the concepts that are `known`, for each layer."""
        if not self.known:
            return (None,) * len(self.layers)
        return tuple(fmean(column) for column in zip(*self.known.values(), strict=True))

    def best_of(self, concept: str) -> int | None:
        """Place of the layer with a concept's highest score, the lowest of equal ones; None where it has no score."""
        scores = [(score, -place) for place, score in enumerate(self.rows[concept]) if score is not None]
        return -max(scores)[1] if scores else None


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """What a table of scores recommends."""

    layers: tuple[int, ...]
    """Ascending; empty: nothing can be recommended."""
    best: int | None
    """The layer with the highest mean."""
    reason: str
    """One sentence for a person."""


def choose_layers(scores: LayerScores, depth: int | None = None) -> LayerChoice:
    """The layers to make vectors at, with the reason.

    Args:
        depth: decoder blocks of the model; None: as many as the highest layer says there are at least.
    """
    concepts = list(scores.known.values())
    if not concepts:
        return LayerChoice((), None, "No concept has held-out scores, so no layer can be preferred.")
    means = [fmean(column) for column in zip(*concepts, strict=True)]
    place = max(range(len(means)), key=lambda index: (means[index], -index))
    best = scores.layers[place]
    if len(concepts) < FEWEST_CONCEPTS:
        what = f"{count(len(concepts), 'concept')} {'is' if len(concepts) == 1 else 'are'} too few"
        return LayerChoice((), best, f"{what} to tell layers apart; layer {best} has the highest mean.")
    error = standard_error([row[place] for row in concepts])
    if means[place] - CHANCE <= CLEAR * error:
        return LayerChoice((), best, _no_better(best, means[place], error))
    close = [other for other in range(len(means)) if is_within_noise(concepts, place, other)]
    apart = max(1, APART * (depth or scores.layers[-1] + 1) // 100)
    layers = _spread([scores.layers[i] for i in sorted(close, key=lambda i: (-means[i], i))], apart)
    return LayerChoice(
        tuple(sorted(layers)), best, _reason(layers, means[place], len(concepts), len(scores.layers), apart)
    )


def is_within_noise(concepts: Sequence[Sequence[float]], best: int, other: int) -> bool:
    """Whether a column is as good as the best one: the concepts' mean loss is at most the standard error of it."""
    losses = [row[best] - row[other] for row in concepts]
    return fmean(losses) <= standard_error(losses) + _ROUNDING


def standard_error(values: Sequence[float]) -> float:
    """Sample standard deviation over the root of the number; of two values or more."""
    return stdev(values) / sqrt(len(values))


def _spread(ranked: Sequence[int], apart: int) -> list[int]:
    """The best first, each at least `apart` from all before it."""
    chosen: list[int] = []
    for layer in ranked:
        if len(chosen) < MOST_LAYERS and all(abs(layer - one) >= apart for one in chosen):
            chosen.append(layer)
    return chosen


def _no_better(best: int, mean: float, error: float) -> str:
    return (
        f"No layer tells held-out stories apart clearly better than chance (.50): the best, layer {best}, reaches "
        f"{number(mean)}, give or take {number(error)}."
    )


def _reason(chosen: Sequence[int], mean: float, concepts: int, looked_at: int, apart: int) -> str:
    best, *others = chosen
    told = f"layer {best} tells held-out stories apart best ({number(mean)} on average of {concepts} concepts"
    if looked_at == 1:
        return f"Layer {best} is the only one of this run ({number(mean)} on average of {concepts} concepts)."
    if not others:
        beside = "and no other layer"
        where = f" {apart} blocks away or more" if apart > 1 else ""
        return f"{told.capitalize()}), {beside}{where} comes within the noise of that."
    rest = listed([str(layer) for layer in sorted(others)])
    verb = "layer {} is" if len(others) == 1 else "layers {} are"
    return f"{told.capitalize()}); {verb.format(rest)} within the noise of that and at least {apart} blocks away."
