"""The best split against trying every one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from caa_tui.vectors.camps import across_means, best_splits, smallest_camp


def cosines_like(count: int, seed: int, camps: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((count, 30))
    points[: count // 2, 0] += camps
    points[count // 2 :, 1] += camps
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points @ points.T)


def gain(cosines: np.ndarray, camp: tuple[int, ...]) -> tuple[float, float]:
    pairs = list(itertools.combinations(range(len(cosines)), 2))
    within = [cosines[i, j] for i, j in pairs if (i in camp) == (j in camp)]
    across = [cosines[i, j] for i, j in pairs if (i in camp) != (j in camp)]
    return float(np.mean(within) - np.mean(across)), float(np.mean(across))


@pytest.mark.parametrize("count", [3, 4, 5, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_split_is_tried(count: int, seed: int) -> None:
    cosines = cosines_like(count, seed)
    sizes = range(smallest_camp(count), count - smallest_camp(count) + 1)
    splits = [camp for size in sizes for camp in itertools.combinations(range(count), size)]
    gains, masks = best_splits(cosines[None])
    assert gains[0] == pytest.approx(max(gain(cosines, camp)[0] for camp in splits))
    best = gain(cosines, tuple(np.flatnonzero(masks[0])))
    assert (gains[0], across_means(cosines[None], masks)[0]) == pytest.approx(best)


@pytest.mark.parametrize("count", [13, 20, 41])
def test_sweep_finds_clear_camps_and_measures_them_right(count: int) -> None:
    cosines = cosines_like(count, 3, camps=12.0)
    gains, masks = best_splits(cosines[None])
    first = np.flatnonzero(masks[0] == masks[0, 0])
    np.testing.assert_array_equal(first, np.arange(count // 2))
    assert (gains[0], across_means(cosines[None], masks)[0]) == pytest.approx(gain(cosines, tuple(first)))


def test_sweep_of_noise_is_close_to_the_best_split_and_not_above() -> None:
    """Sixteen stories: every split of note is 30,000; the sweep reaches most of the best one's gain."""
    cosines = cosines_like(14, 5)
    sizes = range(smallest_camp(14), 8)
    best = max(gain(cosines, camp)[0] for size in sizes for camp in itertools.combinations(range(14), size))
    assert 0.7 * best <= best_splits(cosines[None])[0][0] <= best + 1e-9


def test_smallest_camp_is_a_quarter() -> None:
    assert [smallest_camp(count) for count in (3, 4, 7, 12, 40)] == [1, 2, 2, 3, 10]
