"""The quality report against the naive one, key by key, and what the reference leaves undefined."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec
import naive_reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_data import activations, corpora, corpus_rows, random_activations

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.data import Activations, Floats, StoryRow
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import quality_bytes, read_quality
from caa_tui.vectors.train import train_vectors

REFERENCE_KEYS = [
    "n_positive_stories",
    "per_layer",
    "outlier_stories",
    "nearest_concepts",
    "per_head",
    "linear_combination",
]


def same(ours: object, theirs: object, where: str) -> None:
    """Equal structure; numbers within 1e-3 relative, or 1e-6 absolute where only rounding is left of the number."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict), where
        for key, value in theirs.items():
            same(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list | tuple):
        assert isinstance(ours, list | tuple), where
        assert len(ours) == len(theirs), where
        for index, value in enumerate(theirs):
            same(ours[index], value, f"{where}[{index}]")
    elif isinstance(theirs, float | np.floating):
        assert isinstance(ours, float), where
        assert math.isclose(ours, theirs, rel_tol=1e-3, abs_tol=1e-6), (where, ours, theirs)
    else:
        assert ours == theirs, where


def parsed_report(acts: Activations, thresholds: Thresholds | None = None) -> dict[str, dict[str, object]]:
    report = quality_report(acts, train_vectors(acts), thresholds)
    parsed: dict[str, dict[str, object]] = json.loads(quality_bytes(report))
    return parsed


@settings(max_examples=60)
@given(corpora(), st.integers(0, 99))
def test_every_key_of_the_reference_has_its_value(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed)
    report = parsed_report(acts)
    for concept, expected in naive_reference.report(acts).items():
        if report[concept]["n_positive_stories"] == 2:
            # The two alignments are exact opposites or, for a text told twice, both 0: their order is chance.
            expected["outlier_stories"] = sorted(expected["outlier_stories"], key=lambda one: one[1])  # type: ignore[call-overload]
        same(report[concept], expected, concept)
        assert list(report[concept])[: len(REFERENCE_KEYS)] == REFERENCE_KEYS


def test_one_story_gives_null_where_the_reference_gives_nan() -> None:
    acts = random_activations(corpus_rows({"awe": ["a"], "joy": ["j", "k", "l"]}, ["n"]))
    report = parsed_report(acts)
    layer = read_quality(report)["awe"].per_layer["2"]
    assert layer.story_projection_std is None
    assert layer.story_alignment_std is None
    assert layer.story_alignment_mean == 0.0
    assert layer.first_pc_variance_ratio == 1.0
    assert report["awe"]["outlier_stories"] == []
    assert report["awe"]["too_few_stories"] is True
    assert report["joy"]["too_few_stories"] is False
    assert report["awe"]["agreement"] == {"2": None, "7": None, "5": None}
    assert report["awe"]["held_out"] == {"2": None, "7": None, "5": None}


def test_one_negative_has_no_spread() -> None:
    acts = random_activations(corpus_rows({"awe": ["a", "b"]}, ["n"]))
    heads = read_quality(parsed_report(acts))["awe"].per_head
    assert not isinstance(heads, msgspec.UnsetType)
    assert [head[2] for head in heads["2"].top_heads] == [None] * 4
    norms = [head[1] for head in heads["2"].top_heads]
    assert norms == sorted(norms, reverse=True)


def test_a_text_told_three_times_has_no_variance() -> None:
    acts = random_activations(corpus_rows({"awe": ["a", "a", "a"], "joy": ["j"]}, ["n"]))
    found = read_quality(parsed_report(acts))["awe"]
    assert found.per_layer["2"].first_pc_variance_ratio < 1e-9
    assert found.too_few_stories
    assert found.agreement["2"] is None


def test_a_model_without_attention_or_mlp_has_no_such_keys() -> None:
    rows = corpus_rows({"awe": ["a", "b"], "joy": ["j"]}, ["n"])
    acts = activations(rows, {"a": [1.0, 0.0, 0.0], "b": [1.0, 1.0, 0.0], "j": [0.0, 0.0, 1.0], "n": [0.0, 0.0, 0.0]})
    report = parsed_report(acts)
    assert "per_head" not in report["awe"]
    layer = read_quality(report)["awe"].per_layer["3"]
    assert (layer.best_neuron_idx, layer.best_neuron_cosine, layer.top5_neurons) == (None, None, None)


def test_outliers_come_with_their_files() -> None:
    rows = corpus_rows({"awe": ["a", "b", "c", "odd"], "joy": ["j"]}, ["n"])
    points: dict[str, Sequence[float]] = {
        "a": (5, 0, 1),
        "b": (5, 0, 2),
        "c": (5, 0, 3),
        "odd": (0, 1, 2),
        "j": (0, 0, 0),
        "n": (0, 0, 0),
    }
    report = parsed_report(activations(rows, points))
    texts, paths = report["awe"]["outlier_stories"], report["awe"]["outlier_paths"]
    assert isinstance(texts, list)
    assert isinstance(paths, list)
    assert texts[0][0] == "odd"
    assert paths[0] == ["paired/s3/awe.txt", texts[0][1]]


def test_every_layer_has_neighbours_and_the_middle_one_is_the_references() -> None:
    acts = random_activations(corpus_rows({c: [f"{c}1", f"{c}2"] for c in "abcdefgh"}, ["n"]))
    found = read_quality(parsed_report(acts))["a"]
    assert list(found.nearest_concepts_by_layer) == ["2", "7", "5"]
    assert found.nearest_concepts == found.nearest_concepts_by_layer["7"]
    assert len(found.nearest_concepts) == 5
    assert found.story_agreement.keys() == {"paired/s0/a.txt", "paired/s1/a.txt"}


def test_a_lazy_down_mapping_is_looked_up_once_a_layer() -> None:
    class Lazy(Mapping[int, Floats]):
        looked_up: list[int] = []  # noqa: RUF012

        def __getitem__(self, key: int) -> Floats:
            self.looked_up.append(key)
            return acts.down[key]

        def __iter__(self) -> Iterator[int]:
            return iter(acts.down)

        def __len__(self) -> int:
            return len(acts.down)

    acts = random_activations(corpus_rows({"awe": ["a", "b"]}, ["n"]))
    quality_report(replace(acts, down=Lazy()), train_vectors(acts))
    assert sorted(Lazy.looked_up) == [2, 5, 7]


def test_the_json_never_holds_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        quality_bytes({"awe": {"value": float("nan")}})
