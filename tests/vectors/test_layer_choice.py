"""Which layers a table of held-out scores recommends, against a naive reading of the rule."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.flags import ConceptSummary, FlagReport
from caa_tui.vectors.layer_choice import MOST_LAYERS, LayerScores, choose_layers, is_within_noise, standard_error

DEPTH = 30
"""Blocks of the model in most tests: recommended layers are 4 apart."""


def table(
    *columns: float, layers: tuple[int, ...] | None = None, noise: float = 0.01, concepts: int = 12
) -> LayerScores:
    """Concepts that score as the columns say, give or take; the same give or take at every layer but for a little."""
    own = np.linspace(-0.1, 0.1, concepts)[:, None]
    wobble = noise * np.random.default_rng(1).standard_normal((concepts, len(columns)))
    rows = np.asarray(columns) + own + wobble - wobble.mean(axis=0)
    return scores(rows, layers or tuple(range(len(columns))))


def scores(rows: np.ndarray, layers: tuple[int, ...]) -> LayerScores:
    return LayerScores(layers, {f"c{i:02}": tuple(float(score) for score in row) for i, row in enumerate(rows)})


def naive(rows: np.ndarray, layers: tuple[int, ...], depth: int) -> tuple[int, ...]:
    """The rule as docs/method.md has it, written again."""
    means = rows.mean(axis=0)
    best = int(means.argmax())
    apart = max(1, int(depth * 0.15 + 1e-9))
    close = []
    for other in range(len(layers)):
        loss = rows[:, best] - rows[:, other]
        if loss.mean() <= np.std(loss, ddof=1) / sqrt(len(loss)) + 1e-12:
            close.append(other)
    chosen: list[int] = []
    for other in sorted(close, key=lambda place: (-means[place], place)):
        if len(chosen) < 4 and min((abs(layers[other] - one) for one in chosen), default=apart) >= apart:
            chosen.append(layers[other])
    return tuple(sorted(chosen))


def test_a_layer_that_is_clearly_best_stands_alone() -> None:
    columns = [0.6] * DEPTH
    columns[21:23] = [0.72, 0.73]
    choice = choose_layers(table(*columns), DEPTH)
    assert (choice.layers, choice.best) == ((22,), 22)
    assert choice.reason == (
        "Layer 22 tells held-out stories apart best (.73 on average of 12 concepts), and no other layer 4 blocks away "
        "or more comes within the noise of that."
    )


def test_layers_within_the_noise_are_spread_over_the_depth() -> None:
    choice = choose_layers(table(*[0.7] * DEPTH, noise=0.0), DEPTH)
    assert choice.layers == (0, 4, 8, 12)
    assert choice.reason == (
        "Layer 0 tells held-out stories apart best (.70 on average of 12 concepts); layers 4, 8 and 12 are within the "
        "noise of that and at least 4 blocks away."
    )


def test_of_two_peaks_both_are_taken() -> None:
    columns = [0.55] * DEPTH
    columns[10], columns[20] = 0.7, 0.7001
    choice = choose_layers(table(*columns), DEPTH)
    assert (choice.layers, choice.best) == ((10, 20), 20)
    assert "; layer 10 is within the noise of that and at least 4 blocks away." in choice.reason


def test_equal_means_give_the_lower_layer() -> None:
    assert choose_layers(table(0.6, 0.7, 0.7, 0.6, noise=0.0), DEPTH).best == 1


def test_nothing_is_recommended_where_no_layer_is_clearly_above_chance() -> None:
    rows = 0.5 + 0.1 * np.random.default_rng(3).standard_normal((12, 8))
    choice = choose_layers(scores(rows, tuple(range(8))), 8)
    assert choice.layers == ()
    assert choice.best == int(rows.mean(axis=0).argmax())
    assert choice.reason.startswith("No layer tells held-out stories apart clearly better than chance (.50): the best")


def test_one_layer_has_nothing_beside_it() -> None:
    choice = choose_layers(table(0.7, layers=(22,)), DEPTH)
    assert (choice.layers, choice.best) == ((22,), 22)
    assert choice.reason == "Layer 22 is the only one of this run (.70 on average of 12 concepts)."


def test_few_concepts_have_no_noise_to_speak_of() -> None:
    one = choose_layers(LayerScores((3, 5), {"joy": (0.6, 0.9)}))
    two = choose_layers(LayerScores((3, 5), {"joy": (0.6, 0.9), "awe": (0.6, 0.9), "sad": (None, None)}))
    assert (one.layers, one.best, two.layers, two.best) == ((), 5, (), 5)
    assert one.reason == "1 concept is too few to tell layers apart; layer 5 has the highest mean."
    assert two.reason.startswith("2 concepts are too few")


def test_without_scores_there_is_nothing_to_prefer() -> None:
    for empty in (LayerScores(()), LayerScores((3,)), LayerScores((3, 5), {"joy": (None, None)})):
        assert choose_layers(empty).layers == ()
        assert choose_layers(empty).best is None
        assert choose_layers(empty).reason == "No concept has held-out scores, so no layer can be preferred."
    assert LayerScores((3, 5), {"joy": (None, None)}).means == (None, None)


def test_concepts_without_a_score_somewhere_are_left_out() -> None:
    whole = table(0.6, 0.7, 0.6, 0.6)
    holed = LayerScores(whole.layers, {**whole.rows, "new": (None,) * 4, "odd": (0.9, None, 0.9, 0.9)})
    assert choose_layers(holed, DEPTH) == choose_layers(whole, DEPTH)
    assert holed.means == whole.means
    assert set(holed.known) == set(whole.rows)


def test_the_best_layer_of_a_concept() -> None:
    found = LayerScores((4, 8, 12), {"a": (0.6, 0.9, 0.9), "b": (None, None, None), "c": (None, 0.4, 0.3)})
    assert [found.best_of(concept) for concept in "abc"] == [1, None, 1]


def test_the_depth_decides_how_far_apart_layers_are() -> None:
    flat = table(*[0.7] * 8, noise=0.0, layers=tuple(range(0, 64, 8)))
    assert choose_layers(flat, 64).layers == (0, 16, 32, 48)
    assert choose_layers(flat).layers == (0, 8, 16, 24), "57 blocks at least"
    shallow = table(*[0.7] * 4, noise=0.0)
    assert choose_layers(shallow, 4).layers == (0, 1, 2, 3)


def test_the_standard_error() -> None:
    values = [0.1, 0.4, 0.2, 0.9]
    assert standard_error(values) == pytest.approx(np.std(values, ddof=1) / 2)
    assert is_within_noise([(0.7, 0.7), (0.6, 0.6)], 0, 1)
    assert not is_within_noise([(0.7, 0.6), (0.6, 0.5)], 0, 1)


def test_a_report_becomes_a_table() -> None:
    keys = ("4", "12", "8")

    def summary(concept: str, held_out: dict[str, float | None]) -> ConceptSummary:
        nothing: dict[str, float | None] = dict.fromkeys(keys)
        return ConceptSummary(
            concept=concept,
            stories=2,
            scenarios=0,
            buckets=(),
            first_pc=nothing,
            agreement=nothing,
            held_out=held_out,
            nearest=dict.fromkeys(keys),
            r_squared=nothing,
            neuron=nothing,
        )

    concepts = (summary("joy", {"4": 0.5, "12": 0.7, "8": 0.6}), summary("awe", {"4": None, "12": None, "8": None}))
    report = FlagReport(layer=8, thresholds=Thresholds(), buckets={}, flags=(), concepts=concepts)
    found = LayerScores.of(report)
    assert found.layers == (4, 8, 12)
    assert found.rows == {"joy": (0.5, 0.6, 0.7), "awe": (None, None, None)}
    older = FlagReport(layer=8, thresholds=Thresholds(), buckets={}, flags=(), concepts=(summary("joy", {}),))
    assert LayerScores.of(older).layers == ()


table_of_scores = st.tuples(st.integers(3, 12), st.integers(1, 20)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0.4, 1.0).map(lambda x: round(x, 2)))
)


@given(table_of_scores, st.integers(0, 60))
def test_what_holds_for_every_table(rows: np.ndarray, deeper: int) -> None:
    layers = tuple(range(rows.shape[1]))
    depth = len(layers) + deeper
    choice = choose_layers(scores(rows, layers), depth)
    means = [sum(column) / len(column) for column in rows.T.tolist()]
    assert choice.best is not None
    assert means[choice.best] == pytest.approx(max(means))
    assert choice.reason.endswith(".")
    if choice.layers:
        assert choice.best in choice.layers
        assert len(choice.layers) <= MOST_LAYERS
        assert list(choice.layers) == sorted(choice.layers)
        apart = max(1, 15 * depth // 100)
        assert all(b - a >= apart for a, b in zip(choice.layers, choice.layers[1:], strict=False))
    else:
        assert means[choice.best] - 0.5 <= 2 * np.std(rows[:, choice.best], ddof=1) / sqrt(len(rows)) + 1e-9
    turned = choose_layers(scores(rows[::-1], layers), depth)
    assert turned.layers == choice.layers, "the order of the concepts says nothing"


def test_against_the_naive_rule() -> None:
    draws = np.random.default_rng(7)
    for _ in range(200):
        layers = tuple(range(int(draws.integers(2, 40))))
        depth = len(layers) + int(draws.integers(0, 20))
        curve = 0.65 + 0.1 * np.cumsum(draws.standard_normal(len(layers))) / sqrt(len(layers))
        rows = curve + 0.05 * draws.standard_normal((15, len(layers)))
        choice = choose_layers(scores(rows, layers), depth)
        if choice.layers:
            assert choice.layers == naive(rows, layers, depth)
