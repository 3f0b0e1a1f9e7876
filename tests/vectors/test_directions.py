"""Ridge for all concepts from one inverse, neighbours and neurons, against one solve or one loop each."""

from __future__ import annotations

import naive_reference
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from caa_tui.vectors.directions import nearest_concepts, nearest_neurons, ridge


def unit_rows(count: int, width: int, seed: int) -> NDArray[np.float64]:
    rows = np.random.default_rng(seed).standard_normal((count, width))
    units: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


def check(vectors: NDArray[np.float64]) -> None:
    names = tuple(f"c{i}" for i in range(len(vectors)))
    by_name = dict(zip(names, vectors, strict=True))
    fit = ridge(vectors)
    for index, name in enumerate(names):
        coefficients, residual = naive_reference.ridge(by_name, name)
        ours = fit.combination(names, index)
        assert ours.r_squared == pytest.approx(1 - residual @ residual, abs=1e-8)
        assert ours.residual_norm == pytest.approx(np.linalg.norm(residual), rel=1e-6)
        # Two duplicates have the same coefficient, so which of them comes first is open.
        largest = sorted(map(abs, coefficients.values()), reverse=True)[:5]
        assert [abs(amount) for _, amount in ours.top_contributors] == pytest.approx(largest, abs=1e-8)
        for other, amount in ours.top_contributors:
            assert amount == pytest.approx(coefficients[other], abs=1e-8)


@given(st.integers(1, 30), st.integers(2, 60), st.integers(0, 999))
def test_ridge_equals_one_solve_per_concept(count: int, width: int, seed: int) -> None:
    """Also with more concepts than dimensions, where the Gram matrix is singular."""
    check(unit_rows(count, width, seed))


def test_ridge_of_duplicates_and_dependent_vectors() -> None:
    base = unit_rows(6, 40, 1)
    blend = base[0] + base[1]
    check(np.vstack([base, base[2], blend / np.linalg.norm(blend), -base[3]]))


def test_a_blend_is_explained_by_its_parts() -> None:
    base = unit_rows(8, 400, 2)
    blend = (base[2] + base[5]) / np.linalg.norm(base[2] + base[5])
    found = ridge(np.vstack([base, blend])).combination((*"abcdefgh", "blend"), 8)
    assert found.r_squared > 0.95
    assert {name for name, _ in found.top_contributors[:2]} == {"c", "f"}


def test_nearest_concepts_are_sorted_and_never_oneself() -> None:
    vectors = unit_rows(9, 12, 3)
    names = tuple("abcdefghi")
    nearest = nearest_concepts(names, vectors)
    assert len(nearest) == len(names)
    for index, found in enumerate(nearest):
        cosines = sorted((float(vectors[j] @ vectors[index]), names[j]) for j in range(9) if j != index)[::-1][:5]
        assert [name for name, _ in found] == [name for _, name in cosines]
        assert [value for _, value in found] == pytest.approx([value for value, _ in cosines])


def test_one_concept_has_no_neighbours() -> None:
    assert nearest_concepts(("joy",), unit_rows(1, 4, 0)) == [()]


def test_a_neuron_that_writes_nothing_is_no_match() -> None:
    down = np.random.default_rng(4).standard_normal((16, 3)).astype(np.float32)
    down[:, 1] = 0
    vectors = down[:, 2:].T.astype(np.float64) / np.linalg.norm(down[:, 2])
    (found,) = nearest_neurons(-vectors, down)
    assert [index for index, _ in found] == [2, 0, 1]
    assert found[0][1] == pytest.approx(-1.0, abs=1e-6)
    assert found[2][1] == 0.0
