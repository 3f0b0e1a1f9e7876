"""How far vectors moved between runs."""

from __future__ import annotations

import numpy as np
import pytest

from caa_tui.errors import UserError
from caa_tui.vectors.compare import matched_cosine
from caa_tui.vectors.data import ConceptVectors


def vectors(layers: tuple[int, ...], **rows: tuple[float, ...]) -> ConceptVectors:
    matrix = np.array(list(rows.values()), dtype=np.float64)
    return ConceptVectors(concepts=tuple(rows), layers=layers, matrix=dict.fromkeys(layers, matrix))


def test_concepts_are_matched_by_name_at_shared_layers() -> None:
    old = vectors((3, 5), awe=(1, 0), joy=(0, 1), rage=(1, 0))
    new = vectors((5, 9), calm=(0, 1), joy=(0.6, 0.8), awe=(1, 0))
    drift = matched_cosine(old, new)
    assert drift.layers == (5,)
    assert drift.cosine == {"joy": {"5": pytest.approx(0.8)}, "awe": {"5": pytest.approx(1.0)}}
    assert (drift.only_old, drift.only_new) == (("rage",), ("calm",))


def test_no_shared_concept_is_an_empty_comparison() -> None:
    drift = matched_cosine(vectors((3,), awe=(1, 0)), vectors((3,), joy=(0, 1)))
    assert (drift.cosine, drift.only_old, drift.only_new) == ({}, ("awe",), ("joy",))


def test_other_layers_or_another_width_are_refused() -> None:
    with pytest.raises(UserError, match="no layer in common"):
        matched_cosine(vectors((3,), awe=(1, 0)), vectors((4,), awe=(1, 0)))
    with pytest.raises(UserError, match="different width"):
        matched_cosine(vectors((3,), awe=(1, 0)), vectors((3,), awe=(1, 0, 0)))
