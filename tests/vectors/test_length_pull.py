"""Vectors that read the length of a text."""

from __future__ import annotations

import numpy as np
import pytest
from generated import generate
from scipy.stats import rankdata

from caa_tui.corpus.text import count_words
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.length_pull import _correlations, _group_basis, _ranks_left, pull_causes
from caa_tui.vectors.stories import LayerStories


def corpus(seed: int, pull: float, baselines: bool = True) -> tuple[LayerStories, list[StoryRow]]:
    """Random lengths; each text moves along the vector of joy00 by `pull` for one standard deviation of length."""
    made = generate(seed, 6, baselines=baselines)
    rng = np.random.default_rng(seed)
    lengths = rng.integers(80, 200, len(made.acts.rows))
    rows = [
        StoryRow(one.path, one.concept, one.scenario, f"t{i} " + "w " * (length - 1), "")
        for i, (one, length) in enumerate(zip(made.acts.rows, lengths, strict=True))
    ]
    values = next(iter(made.acts.residual.values())).astype(np.float64)
    grouping = group_rows(rows)
    weights = (grouping.positive_weights() - grouping.negative_weights())[
        [g.concept for g in grouping.groups].index("joy00")
    ]
    vector = weights @ values
    values += np.outer((lengths - lengths.mean()) / lengths.std(), pull * vector / np.linalg.norm(vector))
    return LayerStories(values, grouping, {group.concept: group for group in grouping.groups}), rows


def test_a_vector_that_lengths_move_is_found_with_the_correlation() -> None:
    for seed in range(10):
        layer, rows = corpus(seed, 0.6)
        (found,) = [one for one in pull_causes(layer, rows) if one.concept == "joy00"]
        assert "longer" in found.finding
        assert [sign.score for sign in found.signs] == sorted((sign.score for sign in found.signs), reverse=True)


def test_the_correlation_is_partial_to_names_and_scenarios() -> None:
    layer, rows = corpus(1, 0.5)
    words = np.array([count_words(one.text) for one in rows], dtype=float)
    columns = [[one.concept == name for one in rows] for name in {one.concept for one in rows}]
    columns += [[one.scenario == name for one in rows] for name in {one.scenario for one in rows}]
    design = np.array(columns, dtype=float).T
    line = layer.values @ np.arange(layer.values.shape[1])

    def left(values: np.ndarray) -> np.ndarray:
        ranks = rankdata(values)
        return np.asarray(ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0])

    basis = _group_basis(rows)
    found = _correlations(_ranks_left(line[None], basis), _ranks_left(words[None], basis)[0])[0]
    assert found == pytest.approx(np.corrcoef(left(line), left(words))[0, 1])


def test_lengths_that_have_nothing_to_do_with_it_hardly_ever_alarm() -> None:
    alarms = sum(bool(list(pull_causes(*corpus(seed, 0.0, baselines=seed % 2 == 0)))) for seed in range(100, 160))
    assert alarms <= 3


def test_too_few_texts_say_nothing() -> None:
    rows = [StoryRow(f"{i}", name, f"s{i}", name + str(i), "") for i, name in enumerate("ab")]
    grouping = group_rows(rows)
    layer = LayerStories(np.eye(2), grouping, {group.concept: group for group in grouping.groups})
    assert list(pull_causes(layer, rows)) == []
