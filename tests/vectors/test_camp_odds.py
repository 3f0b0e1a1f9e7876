"""Which concepts look most like two under one name."""

from __future__ import annotations

import numpy as np
import pytest
from generated import Generated, generate

from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.tellings import Tellings


def odds_of(corpus: Generated) -> dict[str, float]:
    return dict(Tellings.of(corpus.acts, group_rows(corpus.acts.rows)).camp_odds)


@pytest.mark.parametrize("stories", [8, 12, 20])
def test_camps_come_before_coherent_concepts(stories: int) -> None:
    places, signs = [], []
    for seed in range(6):
        corpus = generate(600 + seed, stories)
        odds = odds_of(corpus)
        sound = [odds[name] for name, truth in corpus.truths.items() if truth == "coherent"]
        signs += [value < 0 for value in sound]
        places += [np.mean(np.array(sound) < odds[name]) for name in corpus.camps]
    assert np.mean(places) > 0.9
    assert np.mean(signs) > 0.8


def test_a_concept_of_two_texts_has_no_odds() -> None:
    assert odds_of(generate(1, 2)) == {}


def test_they_are_the_same_every_time() -> None:
    assert odds_of(generate(2, 6)) == odds_of(generate(2, 6))
