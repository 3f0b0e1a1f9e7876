"""Generated corpora in which a concept is told several times in each of a few scenarios."""

from __future__ import annotations

import numpy as np
from generated import LAYER, Maker

from caa_tui.vectors.data import Activations, StoryRow

SCENARIOS = 16
HIDDEN = 256


def settings_corpus(
    seed: int, stories: int, in_each: int, *, bound: int = 2, low: float = 0.2, high: float = 0.5
) -> Activations:
    """Ten concepts (`joy..`) with a direction of their own, and `bound..` ones that are nothing but their scenarios.

    Args:
        in_each: stories of a concept in each of its scenarios, which are drawn anew for each concept.
        low, high: the agreement that the stories of the ten would have in different scenarios.
    """
    maker = Maker(np.random.default_rng([seed, stories, in_each]), SCENARIOS, HIDDEN)
    for number in range(10 + bound):
        told = number < 10
        name = f"{'joy' if told else 'bound'}{number:02}"
        signal = maker.signal(low, high) if told else np.zeros(HIDDEN)
        places = maker.rng.permutation(SCENARIOS)
        for story in range(stories):
            place = int(places[story // in_each])
            path = f"paired/s{place:02}/{name}-{story}.txt"
            maker.rows.append(StoryRow(path, name, f"s{place:02}", f"{name} {story}", ""))
            maker.points.append(maker.point(place, signal))
    for place in range(SCENARIOS):
        maker.add("baseline", place, np.zeros(HIDDEN))
    return Activations(tuple(maker.rows), (LAYER,), {LAYER: np.array(maker.points, dtype=np.float32)})
