"""Inner products of texts without the setting they share: each text minus the mean of its scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Indexes
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]


def scenario_numbers(rows: Sequence[StoryRow]) -> Indexes:
    """(rows,): equal scenarios, equal numbers; -1 for none."""
    numbers: dict[str, int] = {}
    names = [-1 if row.scenario is None else numbers.setdefault(row.scenario, len(numbers)) for row in rows]
    return np.array(names, dtype=np.intp)


@dataclass(frozen=True)
class SceneProducts:
    """Of the rows minus the mean of their scenario's different texts, baseline included; made for a few rows at a time,
    as the whole matrix is as large as the Gram matrix."""

    gram: Array
    scenarios: Indexes
    """(rows,), -1 for none."""
    placed: NDArray[np.bool_]
    """(rows,): the row's scenario has at least two texts."""
    to_means: Array
    """(scenarios + 1, rows): products of the scenarios' means with the rows; the last row, of no scenario, is 0."""
    between: Array
    """(scenarios + 1, scenarios + 1): products of these means."""

    @classmethod
    def of(cls, layer: LayerStories, rows: Sequence[StoryRow]) -> SceneProducts:
        scenarios = scenario_numbers(rows)
        texts = np.concatenate([layer.grouping.stories, layer.grouping.baselines])
        told = texts[scenarios[texts] >= 0]
        members = [told[scenarios[told] == number] for number in range(int(scenarios.max(initial=-1)) + 1)]
        to_means = np.zeros((len(members) + 1, len(rows)))
        between = np.zeros((len(members) + 1, len(members) + 1))
        for number, own in enumerate(members):
            to_means[number] = layer.gram[own].sum(axis=0) / max(len(own), 1)
        for number, own in enumerate(members):
            between[number] = to_means[:, own].sum(axis=1) / max(len(own), 1)
        sizes = np.array([*map(len, members), 0])
        return cls(layer.gram, scenarios, sizes[scenarios] > 1, to_means, between)

    def among(self, groups: Indexes) -> Array:
        """(groups, n, n) inner products within (groups, n) rows."""
        scenes, left, right = self.scenarios[groups], groups[:, :, None], groups[:, None, :]
        products = self.gram[left, right]
        products -= self.to_means[scenes[:, :, None], right]
        products -= self.to_means[scenes[:, None, :], left]
        products += self.between[scenes[:, :, None], scenes[:, None, :]]
        return products
