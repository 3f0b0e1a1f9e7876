"""Ways to make a concept's vector besides the plain difference of means, and what a corpus must have for each.

Each is a difference of two means: of activations that were changed first (`estimated_values`), or with other weights in
the mean that is subtracted (`difference_weights`). The vectors serve raw activations all the same. docs/method.md has
the formulas and their sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caa_tui.choices import DEFAULT_ESTIMATOR, Estimator
from caa_tui.errors import UserError
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.groups import Grouping, Indexes

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CENTRED: frozenset[Estimator] = frozenset({"scenario-centred", "centred-projected"})
"""The mean of each scenario is taken out."""
PROJECTED: frozenset[Estimator] = frozenset({"neutral-projected", "centred-projected"})
"""The leading directions of the neutral texts are projected out."""
STORIES_ARE_MEANS: frozenset[Estimator] = frozenset({"difference-of-means", "neutral-projected"})
"""Taking stories out changes two means and nothing else, so `influence` predicts retraining exactly; the neutral
directions are the baselines' alone."""
NEUTRAL_SHARE = 0.5
"""Of the variance of the neutral texts, held by the directions that are projected out."""
_ROUNDING = 1e-9
_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Scenes:
    """Where each text is told and by whom. A text that stands in several files counts where it stands first."""

    places: Indexes
    """(rows,): number of the scenario; the texts without one share a number."""
    names: Indexes
    """(rows,): number of the concept; the baselines share one."""
    first: Indexes
    """The first row of each different text."""
    scenes: Mask
    """(places,): it is a scenario."""

    @classmethod
    def of(cls, rows: Sequence[StoryRow]) -> Scenes:
        texts: dict[str, int] = {}
        places: dict[str | None, int] = {}
        names: dict[str | None, int] = {}
        home = [texts.setdefault(row.text, index) for index, row in enumerate(rows)]
        by_place = np.array([places.setdefault(row.scenario, len(places)) for row in rows], dtype=np.intp)
        by_name = np.array([names.setdefault(row.concept, len(names)) for row in rows], dtype=np.intp)
        first = np.array(list(texts.values()), dtype=np.intp)
        return cls(by_place[home], by_name[home], first, np.array([place is not None for place in places]))

    @cached_property
    def inside(self) -> Array:
        """(rows, places): 1 where a text stands first."""
        inside = np.zeros((len(self.places), len(self.scenes)))
        inside[self.first, self.places[self.first]] = 1.0
        return inside

    @cached_property
    def counts(self) -> Array:
        """(places, names): different texts."""
        counts = np.zeros((len(self.scenes), int(self.names.max()) + 1))
        np.add.at(counts, (self.places[self.first], self.names[self.first]), 1.0)
        return counts

    @cached_property
    def sizes(self) -> Array:
        """(places,): different texts that stand first there; 0 where all of them stood elsewhere before."""
        sizes: Array = self.counts.sum(axis=1)
        return sizes

    @cached_property
    def told(self) -> Mask:
        """(places,): at least two names tell it, so its mean is more than one concept's."""
        told: Mask = (self.counts > 0).sum(axis=1) > 1
        return told


def check_estimator(rows: Sequence[StoryRow], estimator: Estimator) -> None:
    """Say what the corpus lacks for this estimator.

    Raises:
        UserError: no scenario has a mean to take out, or there are fewer than two neutral texts.
    """
    if estimator in CENTRED and not _has_scene(Scenes.of(rows)):
        raise UserError(
            "No scenario is told by two concepts, or by one and a baseline, so there is no scenario's mean to take "
            f"out; add tellings, or train with --estimator {DEFAULT_ESTIMATOR}."
        )
    if estimator in PROJECTED and len(neutral_texts(rows)) < 2:
        raise UserError(
            "The leading directions of the neutral texts need two different baselines or more; add a baseline.txt to "
            f"each scenario, or train with --estimator {DEFAULT_ESTIMATOR}."
        )


def _has_scene(tellings: Scenes) -> bool:
    return bool((tellings.told & tellings.scenes).any())


def neutral_texts(rows: Sequence[StoryRow]) -> Indexes:
    """The first row of each different baseline text."""
    found: dict[str, int] = {}
    for index, row in enumerate(rows):
        if row.concept is None:
            found.setdefault(row.text, index)
    return np.array(list(found.values()), dtype=np.intp)


def estimated_values(acts: Activations, layer: int) -> Array:
    """(rows, hidden) float64: what the means of `acts.estimator` are taken of.

    Equal texts keep equal rows. class-means changes only the weights, so its values are the activations themselves.
    """
    values = np.asarray(acts.residual[layer], dtype=np.float64)
    centred = scenario_centred(values, Scenes.of(acts.rows)) if acts.estimator in CENTRED else values
    if acts.estimator not in PROJECTED:
        return centred
    along = neutral_directions(values[neutral_texts(acts.rows)])
    return centred - (centred @ along.T) @ along


def scenario_centred(values: Array, tellings: Scenes) -> Array:
    """Each row minus the mean of the different texts of its scenario, baseline included.

    The texts without a scenario are centred on their own mean, as one more scenario. Where only one name tells a
    scenario, its mean would take that concept away, so the mean of all texts is taken out there.

    Source: Wang et al. 2025 (arXiv 2510.11328), who keep complete scenarios only.
    """
    inside = tellings.inside
    means = (inside.T @ values) / tellings.sizes.clip(min=1.0)[:, None]
    everything = inside.sum(axis=1) @ values / len(tellings.first)
    centres = np.where(tellings.told[:, None], means, everything)
    centred: Array = values - centres[tellings.places]
    return centred


def neutral_directions(neutral: Array) -> Array:
    """(k, hidden) orthonormal: the leading principal directions of the (texts, hidden) neutral texts.

    Source: Anthropic's emotion vectors (Sofroniew et al. 2026), as in timfduffy/emotion-vectors.
    """
    centred = neutral - neutral.mean(axis=0)
    directions: Array = leading_weights(centred @ centred.T).T @ centred
    return directions


def leading_weights(products: Array) -> Array:
    """(texts, k): weights of centred texts that give unit principal directions, the fewest that hold `NEUTRAL_SHARE`.

    Args:
        products: (texts, texts) inner products of the texts minus their mean.
    """
    variances, axes = np.linalg.eigh(products)
    variances, axes = variances[::-1].clip(min=0.0), axes[:, ::-1]
    total = variances.sum()
    if total <= _LEAST_VARIANCE:
        return np.zeros((len(products), 0))
    count = int((np.cumsum(variances) / total < NEUTRAL_SHARE - _ROUNDING).sum()) + 1
    weights: Array = axes[:, :count] / np.sqrt(variances[:count])
    return weights


def difference_weights(rows: Sequence[StoryRow], grouping: Grouping, estimator: Estimator) -> Array:
    """(concepts, rows): row e times `estimated_values` is the difference that becomes concept e's vector."""
    if estimator == "class-means":
        return grouping.positive_weights() - class_mean_weights(grouping, Scenes.of(rows).names)
    return grouping.positive_weights() - grouping.negative_weights()


def class_mean_weights(grouping: Grouping, names: Indexes) -> Array:
    """(concepts, rows): row e times the activations is the mean of the other concepts' means; the baselines together
    count as one concept more, and so does a concept without a vector.

    Source: Jorgensen et al. 2023 (arXiv 2312.03813), mean-centring; without it the concepts with most stories decide.
    """
    weights = np.zeros((len(grouping.groups), len(names)))
    for line, group in zip(weights, grouping.groups, strict=True):
        _, classes, sizes = np.unique(names[group.negatives], return_inverse=True, return_counts=True)
        line[group.negatives] = 1.0 / (len(sizes) * sizes[classes])
    return weights
