"""Projections and z-scores against loops over plain numbers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.probe import CorpusScale, Probe, corpus_scale, project, project_layers

LAYERS = (7, 3)
CONCEPTS = ("awe", "calm", "joy")
HIDDEN = 16
DRAWS = np.random.default_rng(11)


def unit(rows: int) -> NDArray[np.float64]:
    values = DRAWS.standard_normal((rows, HIDDEN))
    result: NDArray[np.float64] = values / np.linalg.norm(values, axis=1, keepdims=True)
    return result


VECTORS = ConceptVectors(concepts=CONCEPTS, layers=LAYERS, matrix={layer: unit(3) for layer in LAYERS})
CORPUS = {layer: DRAWS.standard_normal((9, HIDDEN)).astype(np.float32) + 3 for layer in LAYERS}
TEXT = {layer: DRAWS.standard_normal((5, HIDDEN)).astype(np.float32) for layer in LAYERS}


def dot(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    return math.fsum(float(a) * float(b) for a, b in zip(first, second, strict=True))


def probe_with(scale: CorpusScale | None) -> Probe:
    pooled = project_layers({layer: rows[-1:] for layer, rows in TEXT.items()}, VECTORS)[:, 0]
    by_token = project_layers(TEXT, VECTORS)
    return Probe(CONCEPTS, LAYERS, tuple("abcde"), tuple(range(5)), by_token, pooled, scale)


def test_a_projection_is_the_dot_product_with_the_unit_vector() -> None:
    by_token = project_layers(TEXT, VECTORS)
    assert by_token.shape == (2, 5, 3)
    for at, layer in enumerate(LAYERS):
        for token in range(5):
            for concept in range(3):
                expected = dot(TEXT[layer][token], VECTORS.matrix[layer][concept])
                assert math.isclose(by_token[at, token, concept], expected, rel_tol=1e-12, abs_tol=1e-12)


def test_sums_are_in_float64() -> None:
    states = np.array([[1e8, 1.0, -1e8]], dtype=np.float32)
    assert project(states, np.array([[0.5, 0.5, 0.5]]))[0, 0] == 0.5


def test_z_scores_are_those_of_the_corpus() -> None:
    scale = corpus_scale(CORPUS, VECTORS)
    probe = probe_with(scale)
    assert scale.texts == 9
    assert probe.token_z is not None
    assert probe.pooled_z is not None
    for at, layer in enumerate(LAYERS):
        for concept in range(3):
            vector = VECTORS.matrix[layer][concept]
            known = [dot(row, vector) for row in CORPUS[layer]]
            mean = sum(known) / 9
            std = math.sqrt(sum((value - mean) ** 2 for value in known) / 8)
            for token in range(5):
                expected = (dot(TEXT[layer][token], vector) - mean) / std
                assert math.isclose(probe.token_z[at, token, concept], expected, rel_tol=1e-9)
            assert math.isclose(probe.pooled_z[at, concept], probe.token_z[at, -1, concept], rel_tol=1e-12)


def test_the_corpus_itself_has_mean_0_and_spread_1() -> None:
    scale = corpus_scale(CORPUS, VECTORS)
    z = scale.standardised(project_layers(CORPUS, VECTORS))
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=1, ddof=1), 1)


def test_without_a_spread_there_is_no_z() -> None:
    single = corpus_scale({layer: rows[:1] for layer, rows in CORPUS.items()}, VECTORS)
    equal = corpus_scale({layer: np.repeat(rows[:1], 4, axis=0) for layer, rows in TEXT.items()}, VECTORS)
    exact = CorpusScale(equal.mean, np.zeros_like(equal.std), 4)
    for scale in (single, exact):
        probe = probe_with(scale)
        assert probe.pooled_z is not None
        assert np.isnan(probe.pooled_z).all()
        assert sorted(probe.ranked(3)) == [0, 1, 2]


def test_concepts_are_ranked_at_the_layer_that_is_asked_for() -> None:
    scale = corpus_scale(CORPUS, VECTORS)
    with_z, raw = probe_with(scale), probe_with(None)
    assert with_z.pooled_z is not None
    for at, layer in enumerate(LAYERS):
        assert with_z.ranked(layer) == tuple(np.argsort(-with_z.pooled_z[at]))
        assert raw.ranked(layer) == tuple(np.argsort(-raw.pooled[at]))
    assert (raw.token_z, raw.pooled_z) == (None, None)
