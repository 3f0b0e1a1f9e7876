"""The flag for what is not the feeling: one a concept, all causes and their files in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sample_texts import concepts, edited, relabelled, sample_rows

from caa_tui.vectors.confounds import confounded_flags
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import Flag
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.words import word_stories


def flags(rows: Sequence[StoryRow], seed: int = 0) -> tuple[Flag, ...]:
    """With activations that know nothing."""
    grouping = group_rows(rows)
    values = np.random.default_rng(seed).standard_normal((len(rows), 64))
    layer = LayerStories(values, grouping, {group.concept: group for group in grouping.groups})
    return confounded_flags(rows, layer, word_stories(rows, grouping), flag_layer=20)


def test_a_clean_corpus_has_no_flag() -> None:
    assert flags(sample_rows()) == ()


def test_all_causes_of_a_concept_are_one_flag_with_every_file() -> None:
    rows = edited(sample_rows(), "awed", lambda one: f"{one.text} {one.text[::-1]} And the light was gone.")
    (flag,) = flags(rows)
    assert (flag.kind, flag.concept, flag.layer, flag.by_rule, flag.confirmed) == (
        "confounded",
        "awed",
        20,
        False,
        True,
    )
    assert flag.value == 1.0
    assert flag.value >= flag.threshold
    assert flag.by_layer == {}
    assert flag.verdict.startswith("More than its feeling tells awed apart: ")
    assert "longer" in flag.verdict
    assert "end with “and the light was gone”" in flag.verdict
    assert flag.stories == 5
    assert {one.path for one in flag.evidence} == {one.path for one in rows if one.concept == "awed"}
    assert all("words against" in one.reason and "ends with" in one.reason for one in flag.evidence)


def test_the_strongest_cause_gives_the_number_and_the_order() -> None:
    longest = "paired/moving_boxes/sad.txt"
    rows = edited(
        sample_rows(), "sad", lambda one: f"{one.text} {one.text}" + (f" {one.text}" if one.path == longest else "")
    )
    (flag,) = flags(rows)
    scores = [one.score for one in flag.evidence]
    assert scores == sorted(scores, reverse=True)
    assert flag.evidence[0].path == longest


def test_of_corpora_without_concepts_hardly_any_has_a_flag() -> None:
    alarms = sum(bool(flags(relabelled(sample_rows(), seed, within=seed % 2 == 0), seed)) for seed in range(40))
    assert alarms <= 4, "5 % of 40 are 2; more than 4 would be a chance of one in twenty"


def test_flags_are_in_the_order_of_the_concepts() -> None:
    rows = sample_rows()
    for name in ("sad", "awed", "proud"):
        rows = tuple(edited(rows, name, lambda one: f"{one.text} And {one.concept} things were never said again."))
    found = [flag.concept for flag in flags(rows)]
    assert found == [name for name in concepts(rows) if name in ("sad", "awed", "proud")]
