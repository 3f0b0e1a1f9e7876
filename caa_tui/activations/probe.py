"""Checks made once per loaded model: do the hooks see what the model itself reports, does right padding need a mask?"""

from __future__ import annotations

from typing import Any

import torch

from caa_tui.activations.batching import Batch, TokenText
from caa_tui.activations.capture import Capture, vocabulary_size
from caa_tui.activations.structure import Structure
from caa_tui.choices import Pooling
from caa_tui.errors import UserError

_LENGTHS = (7, 12, 3)
_PADDED = 16
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 3e-2, torch.bfloat16: 1e-1}
"""Largest difference relative to the largest value of a layer. A leak from padding changes rows by about 1."""


def check_hooks(model: Any, structure: Structure) -> None:
    """Compare the hook of every block with `output_hidden_states`.

    `hidden_states[i + 1]` is the output of block i; recurrent models leave the embeddings out and count from i. The
    last entry is taken after the final norm, so it is not compared.

    Raises:
        UserError: they differ, so captured numbers would not be what they are called.
    """
    depth = len(structure.blocks)
    ids = _probe_ids(vocabulary_size(model), _LENGTHS[0])
    with torch.inference_mode():
        inputs = torch.tensor([ids], device=model.device)
        states = model(input_ids=inputs, output_hidden_states=True, use_cache=False).hidden_states
    if states is None or len(states) != depth + 1:
        raise UserError(f"{structure.architecture} does not report its hidden states by layer; choose another model.")
    parts = structure.parts(tuple(range(depth)), heads=False)
    with Capture(model, structure, parts, Pooling("last"), masked=False) as capture:
        rows = capture.forward(Batch((TokenText(0, ids, False),), 1, len(ids))).tensors()
    wrong = [
        [layer for layer in range(depth - skipped) if _differ(rows[layer][0], states[layer + skipped][0, -1])]
        for skipped in (1, 0)
    ]
    if all(wrong):
        raise UserError(
            f"The output of layer {wrong[0][0]} of {structure.architecture} is not its hidden state there; "
            "choose another model."
        )


def needs_mask(model: Any, structure: Structure) -> bool:
    """Whether right-padded texts need an attention mask to come out as they do alone.

    Causal models do not: leaving it out lets the fast attention kernels run.

    Raises:
        UserError: they differ from alone even with a mask.
    """
    alone = [_pooled(model, structure, (length,), length, masked=False)[0] for length in _LENGTHS]
    for masked in (False, True):
        together = _pooled(model, structure, _LENGTHS, _PADDED, masked=masked)
        if not any(_differ(row, single) for row, single in zip(together, alone, strict=True)):
            return masked
    raise UserError(f"{structure.architecture} reads padded texts differently from single ones; choose another model.")


def _pooled(model: Any, structure: Structure, lengths: tuple[int, ...], padded: int, *, masked: bool) -> torch.Tensor:
    """(texts, hidden) of the deepest layer."""
    vocabulary = vocabulary_size(model)
    texts = tuple(TokenText(index, _probe_ids(vocabulary, length), False) for index, length in enumerate(lengths))
    deepest = structure.parts((len(structure.blocks) - 1,), heads=False)
    with Capture(model, structure, deepest, Pooling("last"), masked=masked) as capture:
        return capture.forward(Batch(texts, len(texts), padded)).tensors()[0]


def _probe_ids(vocabulary: int, length: int) -> tuple[int, ...]:
    """Varied ordinary ids: from the lower half, where multimodal models have no placeholder tokens."""
    return tuple(3 + (17 * length + 5 * place) % max(1, vocabulary // 2 - 3) for place in range(length))


def _differ(values: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two vectors are further apart than rounding: largest difference over largest absolute value.

    An overflow that both have is no difference; it is the caller's business if it is in a target layer.
    """
    first, second = values.cpu().float(), expected.cpu().float()
    finite = second.isfinite()
    if not torch.equal(first.isfinite(), finite):
        return True
    first, second = torch.where(finite, first, 0.0), torch.where(finite, second, 0.0)
    difference = float((first - second).abs().max() / second.abs().max().clamp_min(1e-12))
    return difference > _TOLERANCE[values.dtype]
