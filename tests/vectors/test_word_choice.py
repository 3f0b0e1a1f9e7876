"""Words that tell a concept apart as well as the activations do."""

from __future__ import annotations

import numpy as np
import pytest
from sample_texts import edited, relabelled, sample_rows
from scipy.stats import beta

from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.word_choice import _as_well, _upper_p, word_causes
from caa_tui.vectors.words import word_stories

VOCABULARY = ["gravel", "lantern", "orchard", "thimble", "harbour", "copper", "velvet", "plough"]


def told_in_own_words(one: StoryRow) -> str:
    """Seven of eight words, in another order in each story."""
    chosen = np.random.default_rng(sum(map(ord, one.path))).permutation(VOCABULARY)[:7]
    return f"{one.text} {' '.join(chosen)} {chosen[0]} {chosen[1]}."


def layers(rows: list[StoryRow], model: str) -> tuple[LayerStories, LayerStories]:
    """A model that knows nothing, or one that knows each concept; and the words."""
    grouping = group_rows(rows)
    groups = {group.concept: group for group in grouping.groups}
    rng = np.random.default_rng(7)
    values = rng.standard_normal((len(rows), 200))
    if model == "sees":
        concepts = sorted(groups)
        values[[i for i, one in enumerate(rows) if one.concept]] += (
            1.2
            * rng.standard_normal((len(concepts), 200))[[concepts.index(one.concept) for one in rows if one.concept]]
        )
    return LayerStories(values, grouping, groups), word_stories(rows, grouping)


def test_a_concept_with_its_own_vocabulary_is_found_beside_a_weak_model() -> None:
    for concept in ("sad", "tender", "grief_stricken"):
        rows = edited(sample_rows(), concept, told_in_own_words)
        layer, words = layers(rows, "blind")
        (cause,) = word_causes(layer, words)
        assert (cause.concept, cause.kind) == (concept, "words")
        assert cause.share == pytest.approx(held_out_scores(words)[concept])
        assert {rows[sign.row].path for sign in cause.signs} == {one.path for one in rows if one.concept == concept}


def test_a_model_that_sees_more_than_words_is_not_suspected() -> None:
    layer, words = layers(list(sample_rows()), "sees")
    assert list(word_causes(layer, words)) == []


def test_chance_is_a_beta_law() -> None:
    mean, variance = 0.5, 0.03
    weight = mean * (1 - mean) / variance - 1
    assert _upper_p((mean, variance), 0.9) == pytest.approx(beta(mean * weight, (1 - mean) * weight).sf(0.9))
    assert _upper_p((0.5, 0.0), 0.9) == 1.0


def test_as_well_is_known_only_when_a_better_model_is_excluded() -> None:
    assert _as_well(np.array([0.0, 0.02, 0.01, -0.01]))
    assert not _as_well(np.array([0.5, -0.5, 0.4, -0.3]))


def test_random_names_hardly_ever_alarm() -> None:
    alarms = 0
    for seed in range(30):
        rows = relabelled(sample_rows(), seed, within=seed % 2 == 0)
        alarms += bool(list(word_causes(*layers(rows, "blind"))))
    assert alarms <= 2
