"""How far vectors moved between two runs."""

from __future__ import annotations

import msgspec

from caa_tui.errors import UserError
from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.stories import row_cosines


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """Two sets of vectors side by side."""

    layers: tuple[int, ...]
    """Layers both have, in the new one's order."""
    cosine: dict[str, dict[str, float]]
    """Concept in both -> str(layer) -> cosine of its old with its new vector; 1 means it did not move."""
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()


def matched_cosine(old: ConceptVectors, new: ConceptVectors) -> Drift:
    """Compare concept by concept and layer by layer; what only one side has is listed, not compared.

    Raises:
        UserError: the vectors have different lengths or no layer in common, so they come from different models.
    """
    layers = tuple(layer for layer in new.layers if layer in old.layers)
    if not layers:
        raise UserError("The two runs have no layer in common; compare runs with the same target layers.")
    if any(old.matrix[layer].shape[1] != new.matrix[layer].shape[1] for layer in layers):
        raise UserError("The two runs come from models of different width; compare runs of the same model.")
    old_rows = {concept: index for index, concept in enumerate(old.concepts)}
    shared = [(i, old_rows[concept]) for i, concept in enumerate(new.concepts) if concept in old_rows]
    ours, theirs = [i for i, _ in shared], [j for _, j in shared]
    by_layer = {layer: row_cosines(new.matrix[layer][ours], old.matrix[layer][theirs]) for layer in layers}
    return Drift(
        layers=layers,
        cosine={
            new.concepts[i]: {str(layer): float(by_layer[layer][k]) for layer in layers} for k, i in enumerate(ours)
        },
        only_old=tuple(concept for concept in old.concepts if concept not in set(new.concepts)),
        only_new=tuple(concept for concept in new.concepts if concept not in old_rows),
    )
