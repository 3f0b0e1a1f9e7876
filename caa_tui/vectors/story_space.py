"""Where stories are compared with stories: the whole text at all target layers, without the scene they share.

A vector is trained on what the readout will see, the pooled residual of one layer; with the last token that is mostly
noise at the few stories a concept has. Whether a story tells what its name says is a question about the text, so it is
asked where texts differ most by what they tell (docs/method.md has the measurements).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import Activations, Floats, StoryRow
from caa_tui.vectors.groups import Grouping
from caa_tui.vectors.stories import NORM_FLOOR, LayerStories

MOST_LAYERS = 8
"""Of a sweep as many are used, evenly spread; neighbouring layers say the same."""


def story_stories(acts: Activations, grouping: Grouping) -> LayerStories:
    """The rows in story space, to be asked like one layer."""
    return LayerStories(story_values(acts), grouping, {group.concept: group for group in grouping.groups})


def story_values(acts: Activations) -> Floats:
    """(rows, layers * hidden) float32: at each layer the mean over the text, scaled to length 1, minus the mean of its
    scenario's different texts, scaled to length 1 again; the layers side by side, so that a row's length is about 1.

    Scaling first keeps long activations from deciding what a scenario has in common, scaling last keeps odd texts from
    outweighing the others. A text of no scenario, or alone in it, is centred on the mean of all such texts.
    """
    numbers = scene_numbers(acts.rows)
    first = _first_of_each_text(acts.rows)
    source = acts.means or acts.residual
    layers = spread_layers(acts.layers)
    parts = [_unit(_centred(_unit(np.asarray(source[layer], dtype=np.float32)), numbers, first)) for layer in layers]
    together: Floats = np.concatenate(parts, axis=1) / np.float32(np.sqrt(len(parts)))
    return together


def spread_layers(layers: Sequence[int], most: int = MOST_LAYERS) -> tuple[int, ...]:
    """All of them, or `most` evenly spread ones in ascending order."""
    if len(layers) <= most:
        return tuple(layers)
    ascending = sorted(layers)
    return tuple(ascending[place] for place in np.linspace(0, len(ascending) - 1, most).round().astype(int))


def scene_numbers(rows: Sequence[StoryRow]) -> NDArray[np.intp]:
    """(rows,) number of the scenario, -1 for rows that share theirs with no other different text."""
    texts: dict[str, set[str]] = {}
    for row in rows:
        if row.scenario is not None:
            texts.setdefault(row.scenario, set()).add(row.text)
    shared = {scenario: number for number, scenario in enumerate(name for name in texts if len(texts[name]) > 1)}
    return np.array([shared.get(row.scenario or "", -1) for row in rows], dtype=np.intp)


def _first_of_each_text(rows: Sequence[StoryRow]) -> NDArray[np.bool_]:
    """(rows,) whether no earlier row of the same scenario has the same text."""
    seen: set[tuple[str | None, str]] = set()
    first = np.zeros(len(rows), dtype=np.bool_)
    for index, row in enumerate(rows):
        first[index] = (row.scenario, row.text) not in seen
        seen.add((row.scenario, row.text))
    return first


def _centred(values: Floats, numbers: NDArray[np.intp], first: NDArray[np.bool_]) -> Floats:
    centred = values.copy()
    for number in np.unique(numbers):
        members = numbers == number
        centred[members] -= values[members & first].mean(axis=0, dtype=np.float64).astype(np.float32)
    return centred


def _unit(values: Floats) -> Floats:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    scaled: Floats = values / lengths.clip(min=NORM_FLOOR)
    return scaled
