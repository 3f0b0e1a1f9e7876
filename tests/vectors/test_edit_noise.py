"""The noise of an edit: every leave-one-out number equals that of really leaving the story out, and the intervals
hold."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from generated import LAYER, Truth, generate
from scipy import stats
from vector_data import corpus_rows, random_activations

from caa_tui.vectors.data import Activations
from caa_tui.vectors.edit_noise import ConceptNoise, EditNoise, half_width
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import ConceptQuality, read_quality
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.triage import flag_report

SCRIPT = Path(__file__).parents[2] / "scripts" / "calibrate_noise.py"
SIZES = (4, 12)


def noise_of(acts: Activations, concept: str, neighbour: str | None, layer: int = LAYER) -> ConceptNoise:
    stories = LayerStories.at(acts, group_rows(acts.rows), layer)
    return EditNoise(Influence(acts.rows, stories)).of(concept, neighbour)


def without(acts: Activations, row: int, layer: int) -> ConceptQuality:
    """Trained and measured again without the row; of the row's concept."""
    left = [index for index in range(len(acts.rows)) if index != row]
    values = {layer: acts.residual[layer][left]}
    rows = tuple(acts.rows[index] for index in left)
    reduced = replace(acts, rows=rows, layers=(layer,), residual=values, attention={}, down={})
    return read_quality(quality_report(reduced, train_vectors(reduced)))[str(acts.rows[row].concept)]


def test_the_numbers_without_a_story_are_those_of_training_without_it() -> None:
    acts = generate(3, 6, ordinary=5).acts
    own = [row for row, story in enumerate(acts.rows) if story.concept == "joy02"]
    key, real = str(LAYER), [without(acts, row, LAYER) for row in own]
    neighbour = real[0].nearest_concepts[0][0]
    found = noise_of(acts, "joy02", neighbour)
    expected = {
        "agreement": [one.agreement[key] or 0.0 for one in real],
        "held_out": [one.held_out[key] or 0.0 for one in real],
        "first_pc": [one.per_layer[key].first_pc_variance_ratio for one in real],
        "nearest": [dict(one.nearest_concepts)[neighbour] for one in real],
    }
    for name, values in expected.items():
        spread = np.sqrt(2) * 5 / 6 * np.std(values, ddof=1)
        assert found.noise[name] == pytest.approx(stats.t.ppf(0.95, 5) * spread, abs=1e-6)
        gains = [found.gains[acts.rows[row].path][name] for row in own]
        assert gains == pytest.approx(np.array(values) - np.mean(values), abs=2e-6)
    shares = [one.linear_combination[key].r_squared for one in real]
    gains = [found.gains[acts.rows[row].path]["r_squared"] for row in own]
    assert np.corrcoef(gains, shares)[0, 1] > 0.9, "R² is to first order"
    assert np.std(gains) == pytest.approx(np.std(shares), rel=0.25)


def test_r_squared_to_first_order_is_exact_for_small_steps() -> None:
    """Many stories: leaving one out is a small step."""
    acts = generate(5, 40, ordinary=4).acts
    layer = LayerStories.at(acts, group_rows(acts.rows), LAYER)
    influence = Influence(acts.rows, layer)
    own = layer.groups["blend0"].positives
    exact = influence.r_squared("blend0", own[:, None])
    found = EditNoise(influence).of("blend0", "joy00")
    gains = [found.gains[acts.rows[row].path]["r_squared"] for row in own]
    assert np.corrcoef(gains, exact)[0, 1] > 0.995
    assert np.std(gains) == pytest.approx(exact.std(), rel=0.07)


def test_too_few_stories_have_no_noise() -> None:
    rows = corpus_rows({"one": ["a"], "two": ["b", "c"], "three": ["d", "e", "f"], "four": list("ghij")}, ["n"])
    acts = random_activations(rows, layers=(LAYER,))
    known = {
        concept: {name for name, value in noise_of(acts, concept, "four").noise.items() if value is not None}
        for concept in ("one", "two", "three", "four")
    }
    assert known["one"] == known["two"] == {"nearest_neighbour"}, "four stories of the neighbour are enough"
    assert known["three"] >= {"agreement", "r_squared", "nearest", "nearest_neighbour"}
    assert "first_pc" not in known["three"]
    assert "first_pc" in known["four"]
    assert noise_of(acts, "two", "four").gains == {"paired/s0/two.txt": {}, "paired/s1/two.txt": {}}
    assert noise_of(acts, "three", None).noise["nearest_neighbour"] is None


def test_without_baselines_r_squared_has_no_noise() -> None:
    acts = random_activations(corpus_rows({"one": list("abcd"), "two": list("efgh"), "three": list("ijkl")}), seed=2)
    found = noise_of(acts, "one", "two", acts.layers[0])
    assert found.noise["r_squared"] is None
    assert found.noise["agreement"] is not None


def test_a_text_in_two_files_can_lose_one_of_them() -> None:
    rows = corpus_rows({"one": ["a", "a", "b", "c"], "two": ["d", "e", "f"]}, ["m", "n"])
    acts = random_activations(rows, seed=4, layers=(LAYER,))
    found = noise_of(acts, "one", "two")
    one = [found.gains[f"paired/s{place}/one.txt"] for place in range(4)]
    assert one[0] == one[1]
    real = [without(acts, row, LAYER) for row, story in enumerate(acts.rows) if story.concept == "one"]
    values = [quality.agreement[str(LAYER)] or 0.0 for quality in real]
    assert [gain["agreement"] for gain in one] == pytest.approx(np.array(values) - np.mean(values), abs=2e-6)


def test_equal_numbers_tell_no_noise() -> None:
    assert half_width(np.array([1.0, 1.0, 1.0])) is None
    assert half_width(np.array([0.5, np.nan, 0.7])) is None
    assert half_width(np.array([0.5, 0.7])) is None


def test_the_report_has_the_noise_of_every_concept() -> None:
    acts = generate(9, 5, ordinary=5).acts
    vectors = train_vectors(acts)
    report = flag_report(acts, vectors, quality_report(acts, vectors))
    for summary in report.concepts:
        nearest = summary.nearest[str(report.layer)]
        assert nearest is not None
        expected = noise_of(acts, summary.concept, nearest[0])
        assert (summary.noise, summary.gains) == (expected.noise, expected.gains)
        assert len(summary.gains) == summary.stories


@pytest.fixture(scope="module")
def calibrate() -> ModuleType:
    found = importlib.util.spec_from_file_location("calibrate_noise", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # a dataclass of the module looks its module up
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def counts(calibrate: ModuleType) -> object:
    return calibrate.tally(SIZES, 14, 900)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("score", ["agreement", "held_out", "nearest", "r_squared"])
def test_nine_in_ten_edits_of_the_same_kind_stay_within_the_noise(
    calibrate: ModuleType, counts: object, score: str, size: int
) -> None:
    for kind in ("1 replaced", "3 replaced"):
        assert calibrate.share(counts, kind, score, size, None, "inside") >= 0.8
        assert calibrate.share(counts, kind, score, size, None, "more than noise") <= 0.15


def test_rewriting_the_worst_story_is_not_taken_for_a_better_one(calibrate: ModuleType, counts: object) -> None:
    for kind in ("the worst replaced", "the 3 worst replaced"):
        inside, more = (
            calibrate.share(counts, kind, "agreement", 12, None, word) for word in ("inside", "more than noise")
        )
        assert inside < 0.9, "its going alone moves the agreement"
        assert more <= 0.1


def test_every_kind_of_concept_is_covered(calibrate: ModuleType, counts: object) -> None:
    truths: tuple[Truth, ...] = ("coherent", "camps", "noise")
    for truth in truths:
        shares = [calibrate.share(counts, "1 replaced", "agreement", size, truth, "inside") for size in SIZES]
        assert min(one for one in shares if one is not None) >= 0.6
    assert any("| 1 replaced | agreement |" in line for line in calibrate.table(counts, SIZES))
