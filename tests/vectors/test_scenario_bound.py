"""Concepts that are their settings: named, with the stories that lose most; others hardly ever."""

from __future__ import annotations

import numpy as np
import pytest
from generated import LAYER, generate
from sample_texts import sample_rows
from settings_corpus import settings_corpus
from vector_data import random_activations

from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.flags import Flag
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.held_out import scenario_out_scores
from caa_tui.vectors.scenario_bound import LEAST_LOSS, scenario_bound_flags
from caa_tui.vectors.stories import LayerStories


def layer_of(acts: Activations) -> LayerStories:
    return LayerStories.at(acts, group_rows(acts.rows), acts.layers[0])


def flags(acts: Activations) -> tuple[Flag, ...]:
    return scenario_bound_flags(acts.rows, layer_of(acts), flag_layer=acts.layers[0])


def test_one_scenario_is_certain_and_all_its_files_are_named() -> None:
    rows = tuple(
        StoryRow(f"paired/{place}/{name}{i}.txt", name, place, f"{name} {place} {i}", "")
        for name, places in (("joy", ["attic"] * 3), ("sad", ["attic", "beach"]), ("awe", ["beach"]))
        for i, place in enumerate(places)
    )
    (flag,) = flags(random_activations(rows, layers=(7,)))
    assert (flag.kind, flag.concept, flag.layer, flag.confirmed, flag.by_rule) == (
        "scenario-bound",
        "joy",
        7,
        True,
        False,
    )
    assert {one.path for one in flag.evidence} == {one.path for one in rows if one.concept == "joy"}
    assert "All 3 different texts of joy are set in attic" in flag.verdict


@pytest.mark.parametrize("scenario", ["attic", None])
def test_a_corpus_of_one_scenario_or_none_says_nothing(scenario: str | None) -> None:
    rows = tuple(
        StoryRow(f"{name}{i}.txt", name, scenario, f"{name} {i}", "") for name in ("joy", "sad") for i in range(4)
    )
    assert flags(random_activations(rows, layers=(7,))) == ()


def test_stories_of_no_scenario_are_not_one_setting() -> None:
    rows = [StoryRow(f"stories/joy{i}.txt", "joy", None, f"joy {i}", "") for i in range(4)]
    rows += [StoryRow(f"paired/s{i}/sad.txt", "sad", f"s{i}", f"sad {i}", "") for i in range(4)]
    assert flags(random_activations(tuple(rows), layers=(7,))) == ()


def test_the_value_is_what_the_two_scores_differ_by() -> None:
    for seed in range(20):
        acts = settings_corpus(seed, 20, 4)
        layer = layer_of(acts)
        whole, out = held_out_scores(layer), scenario_out_scores(layer, acts.rows)
        for flag in flags(acts):
            first, second = whole[flag.concept], out[flag.concept]
            assert first is not None
            assert second is not None
            assert flag.value == pytest.approx(first - second, abs=1e-9)
            assert flag.value >= max(LEAST_LOSS, (first - 0.5) / 2) - 1e-9
            scores = [one.score for one in flag.evidence]
            assert scores == sorted(scores, reverse=True)
            assert np.mean(scores) == pytest.approx(flag.value)


@pytest.mark.parametrize(("stories", "in_each", "least"), [(12, 3, 0.3), (20, 4, 0.3)])
def test_concepts_that_are_their_scenarios_are_found_and_others_are_not(
    stories: int, in_each: int, least: float
) -> None:
    found, false = 0, 0
    for seed in range(40):
        named = {flag.concept for flag in flags(settings_corpus(seed, stories, in_each))}
        found += sum(concept.startswith("bound") for concept in named)
        false += any(concept.startswith("joy") for concept in named)
    assert found >= least * 80
    assert false <= 2


def test_clean_corpora_of_one_story_a_scenario_have_no_flag() -> None:
    assert all(flags(generate(seed, stories).acts) == () for seed in range(8) for stories in (4, 6, 12))
    rows = sample_rows()
    values = np.random.default_rng(2).standard_normal((len(rows), 64)).astype(np.float32)
    assert flags(Activations(rows, (LAYER,), {LAYER: values})) == ()
