"""Everything that decides the numbers, resolved: what the store's key and a run's provenance are made of."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from caa_tui.activations.card import ModelCard, check_weights, read_card
from caa_tui.activations.data import CollectOptions, Part
from caa_tui.activations.options import (
    BatchShape,
    resolve_device,
    resolve_dtype,
    resolve_layers,
    resolve_max_length,
    resolve_shape,
)
from caa_tui.activations.source import config_folder, prepare_model
from caa_tui.activations.structure import Structure
from caa_tui.choices import Pooling, check_choices

FORMAT = 1
"""Part of every key; another number when this package starts to compute other numbers."""
_LIBRARIES = ("torch", "transformers", "tokenizers")
_KERNELS = ("causal-conv1d", "flash-attn", "flash-linear-attention", "kernels", "mamba-ssm")
"""Packages that change which kernels run when they are installed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A run's options with every default filled in and checked against the model."""

    card: ModelCard
    parameters: int
    layers: tuple[int, ...]
    heads: bool
    means: bool
    pooling: Pooling
    max_length: int
    dtype: str
    device: str
    shape: BatchShape

    def parts(self, structure: Structure) -> tuple[Part, ...]:
        """What is kept of each text; a pooling that is a mean already is not kept twice."""
        return structure.parts(self.layers, self.heads, self.means and self.pooling.kind == "last")

    @property
    def vectors(self) -> int:
        """How many are kept of each text by a model with attention in every block."""
        return len(self.layers) * (1 + self.heads + (self.means and self.pooling.kind == "last"))

    @property
    def longest_batch(self) -> int | None:
        """Tokens a padded row may have; None: no limit."""
        context = self.card.context
        return None if context is not None and self.max_length > context else context

    def description(self, fingerprint: str) -> dict[str, object]:
        """JSON-ready: all that one text's vectors depend on, besides the text."""
        return {
            "format": FORMAT,
            "fingerprint": fingerprint,
            "max_length": self.max_length,
            "truncation": "right",
            "padding": "right",
            "special_tokens": True,
            "pooling": str(self.pooling),
            "dtype": self.dtype,
            "device": self.device.partition(":")[0],
            "device_name": _device_name(self.device),
            "attention": "default",
            "batch_tokens": self.shape.tokens,
            "length_step": self.shape.step,
            "versions": versions(),
        }

    def provenance(self, fingerprint: str) -> dict[str, object]:
        """`description` and what else a reader of the results wants to know."""
        return self.description(fingerprint) | {
            "model": self.card.name,
            "model_type": self.card.architecture,
            "revision": _hub_revision(self.card.folder),
            "parameters": self.parameters,
            "model_layers": self.card.layers,
            "hidden_size": self.card.hidden_size,
            "layers": list(self.layers),
            "device": self.device,
        }


def resolve(options: CollectOptions, say: Callable[[str], None]) -> Setting:
    """Check every argument, cheap ones first; download or convert the model when that is still to do.

    Raises:
        UserError: for the first thing that is out of place.
    """
    pooling = check_choices(options)
    early = config_folder(options.model)
    if early is not None:
        _against_card(options, read_card(early, options.model))
    device = resolve_device(options.device)
    card = read_card(prepare_model(options.model, say), options.model)
    layers, max_length = _against_card(options, card)
    return Setting(
        card=card,
        parameters=check_weights(card),
        layers=layers,
        heads=options.heads,
        means=options.means,
        pooling=pooling,
        max_length=max_length,
        dtype=resolve_dtype(options.dtype, device),
        device=device,
        shape=resolve_shape(options.batch_tokens, device),
    )


_DESCRIBED = (
    "format",
    "fingerprint",
    "max_length",
    "truncation",
    "padding",
    "special_tokens",
    "pooling",
    "dtype",
    "device",
    "device_name",
    "attention",
    "batch_tokens",
    "length_step",
    "versions",
)
"""The keys of `Setting.description`."""


def described_in(provenance: Mapping[str, Any]) -> dict[str, object] | None:
    """The `description` inside a run's `provenance`, so that its rows are found again; None: it is not all there."""
    if any(name not in provenance for name in _DESCRIBED):
        return None
    return {name: provenance[name] for name in _DESCRIBED} | {"device": str(provenance["device"]).partition(":")[0]}


def _against_card(options: CollectOptions, card: ModelCard) -> tuple[tuple[int, ...], int]:
    layers = resolve_layers(options.target_layers, card.layers, card.name)
    return layers, resolve_max_length(options.max_length, card.context, card.name, card.extendable)


def context_key(description: dict[str, object]) -> bytes:
    """SHA-256 of a description."""
    return hashlib.sha256(msgspec.json.encode(description, order="deterministic")).digest()


def versions() -> dict[str, str]:
    """Installed versions of what computes the numbers."""
    found = {}
    for name in (*_LIBRARIES, *_KERNELS):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _device_name(device: str) -> str:
    """The GPU model: its kernels round in their own way."""
    if not device.startswith("cuda"):
        return device
    import torch

    return torch.cuda.get_device_name(device)


def _hub_revision(folder: Path) -> str | None:
    """The commit a hub snapshot is of."""
    return folder.name if folder.parent.name == "snapshots" else None
