"""The planned numbers of stories against simulated ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from caa_tui.vectors.agreement import Agreement, Split
from caa_tui.vectors.camps import best_splits
from caa_tui.vectors.chance import cosines_of, mean_pairs
from caa_tui.vectors.enough import (
    BEST_SPLIT,
    MOST,
    Spread,
    agreement_deviation,
    excludes_camps,
    for_cohesion,
    for_twin,
    shows_agreement,
    shows_camps,
    shows_nothing,
    shows_one,
    shows_two,
)
from caa_tui.vectors.noise import Noise
from caa_tui.vectors.verdicts import Cohesion, Twin

HIDDEN = 60
SPREAD = Spread(1 / np.sqrt(HIDDEN), 1 / HIDDEN, 0.1)
UNKNOWN = Cohesion("joy", "cannot tell", "")


def simulated(texts: int, strength: float, draws: int = 600) -> np.ndarray:
    """(draws, texts, texts) cosines of a direction with isotropic noise."""
    points = np.random.default_rng(texts).standard_normal((draws, texts, HIDDEN)) / np.sqrt(HIDDEN)
    points[:, :, 0] += np.sqrt(strength / (1 - strength))
    return cosines_of(points @ points.transpose(0, 2, 1))


def first(settled: object, *arguments: object) -> int:
    return next(n for n in range(3, MOST) if settled(n, *arguments))  # type: ignore[operator]


@pytest.mark.parametrize(("texts", "strength"), [(4, 0.0), (12, 0.0), (6, 0.3), (20, 0.3)])
def test_deviation_of_the_agreement(texts: int, strength: float) -> None:
    found = mean_pairs(simulated(texts, strength)).std()
    assert agreement_deviation(texts, strength, SPREAD) == pytest.approx(found, rel=0.3)


def test_best_split_of_noise_gains_as_the_spin_glass() -> None:
    gains = best_splits(simulated(12, 0.0, 200))[0]
    assert BEST_SPLIT * SPREAD.cosine / np.sqrt(12) == pytest.approx(gains.mean(), rel=0.15)


@pytest.mark.parametrize("strength", [0.05, 0.1])
def test_planned_number_shows_agreement_with_the_power_it_promises(strength: float) -> None:
    texts = first(shows_agreement, strength, SPREAD)
    limit = np.percentile(mean_pairs(simulated(texts, 0.0)), 96)
    assert 0.7 < (mean_pairs(simulated(texts, strength)) > limit).mean() <= 1.0


def test_weaker_or_noisier_needs_more() -> None:
    noisy = replace(SPREAD, cosine=3 * SPREAD.cosine)
    assert first(shows_agreement, 0.1, SPREAD) < first(shows_agreement, 0.05, SPREAD)
    assert first(shows_agreement, 0.1, SPREAD) < first(shows_agreement, 0.1, noisy)
    assert first(excludes_camps, 0.3, SPREAD) <= first(excludes_camps, 0.2, replace(SPREAD, cosine=0.3))
    assert first(shows_camps, 0.5, SPREAD) < first(shows_camps, 0.3, noisy)
    assert first(shows_nothing, SPREAD) < first(shows_nothing, noisy)


@pytest.mark.parametrize(
    ("value", "coherent_p", "camps_p", "words"),
    [
        (0.02, 0.6, 0.6, "to show that the stories do not agree"),
        (0.2, 0.02, 0.4, "to tell two camps from one"),
        (0.2, 0.4, 0.06, "to show that the stories tell one thing"),
    ],
)
def test_the_plan_follows_what_fits_best(value: float, coherent_p: float, camps_p: float, words: str) -> None:
    split = Split(0.3, 0.1, ((0, 1), (2, 3)), 0.2, coherent_p, camps_p)
    plan = for_cohesion(Agreement("joy", 4, value, 0.2, 0.2, split=split), UNKNOWN, replace(SPREAD, cosine=0.25))
    assert plan.more is not None
    assert plan.more > 0
    assert words in plan.reason


def test_settled_and_hopeless() -> None:
    found = Agreement("joy", 4, 0.3, 0.001, 0.9)
    assert for_cohesion(found, replace(UNKNOWN, answer="coherent"), SPREAD).more == 0
    hopeless = for_cohesion(replace(found, value=0.1), UNKNOWN, Spread(3.0, 1.0, 0.5))
    assert hopeless.more is None
    assert "Even 200 stories" in hopeless.reason


def test_pairs_near_the_limit_need_more() -> None:
    noise = Noise(np.eye(20) + 0.05, np.full((3, 20), 0.1), np.eye(3))
    assert first(shows_two, 0.3, 0.2, noise) <= first(shows_two, 0.3, 0.7, noise)
    assert first(shows_one, 0.3, 1.0, noise) <= first(shows_one, 0.3, 0.92, noise)
    unknown = Twin("joy", "awe", "cannot tell", "")
    assert "one" in for_twin(0.3, 0.97, (3, 4), unknown, noise).reason
    assert "apart" in for_twin(0.3, 0.5, (3, 4), unknown, noise).reason
