"""The activations a run was made of, from the cache, by what its provenance says. Loads no model and no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caa_tui.activations.data import Float32, Part
from caa_tui.activations.setting import context_key, described_in
from caa_tui.activations.store import Store


def kept_residual(
    store: Path, provenance: Mapping[str, Any], texts: Sequence[str], layers: Sequence[int]
) -> tuple[dict[int, Float32], int]:
    """Layer -> (texts, hidden) of a run's texts, and how many of them are not in the cache any more.

    `provenance` is the `activations` of provenance.json, `texts` are SHA-256 sums as in its `stories`. With a text
    missing the mapping is empty, as it is for a run whose provenance does not say how its texts were read.
    """
    description = described_in(provenance)
    if description is None or not store.is_file():
        return {}, len(texts)
    context, wanted = context_key(description), [Part("residual", layer) for layer in layers]
    with Store(store) as cache:
        found = [cache.lookup(context, bytes.fromhex(text), wanted) for text in texts]
    rows = [stored.values for stored in found if stored is not None]
    if len(rows) < len(texts) or not rows:
        return {}, len(texts) - len(rows)
    return {part.layer: np.stack([values[part] for values in rows]) for part in wanted}, 0
