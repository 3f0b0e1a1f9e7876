"""What goes into and comes out of reading texts with a model, as immutable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from caa_tui.choices import Layers

Float32 = NDArray[np.float32]
Phase = Literal["check", "load model", "read stories", "read text"]


@dataclass(frozen=True, slots=True)
class Part:
    """Which of a text's vectors: the block's output pooled as asked, its mean over the text, or the input of its
    attention output projection."""

    kind: Literal["residual", "mean", "attention"]
    layer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions:
    """Everything that decides the numbers, as the user gave it."""

    model: str
    """A hub id, a local folder, a GGUF file, or `smollm2`."""
    target_layers: Layers = None
    """0-based decoder blocks; `all`: every one; None: `auto`, four at 40 to 85 % depth."""
    dtype: str | None = None
    """bf16, fp16 or fp32; None: bf16 on cuda, fp32 elsewhere."""
    device: str = "auto"
    batch_tokens: int | None = None
    """Tokens of one forward pass, padding included; None: chosen by device."""
    max_length: int | None = None
    """Tokens of one text; None: the model's context, at most 2,048."""
    pooling: str = "last"
    """`last`, or `mean`, `mean:K`, `mean[:K]`: the mean over the tokens from index K on."""
    heads: bool = True
    """Also keep the input of the attention output projection (the per-head part of the quality report)."""
    means: bool = False
    """Also keep the mean of the block's output over the text (what the verdicts on stories are made of)."""


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One look at a GPU, whoever uses it."""

    busy: float
    """Share of the last moments in which it computed, 0 to 1."""
    used_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectProgress:
    """Where the work is; sent at most once per batch."""

    phase: Phase
    done: int = 0
    """`read stories`: texts forwarded so far; texts from the cache are not counted."""
    total: int | None = None
    tokens: int = 0
    """Real tokens forwarded so far, without padding."""
    detail: str = ""
    memory_bytes: int | None = None
    """Resident memory of this process, or memory reserved on its GPU."""
    device: str = ""
    gpu: GpuReading | None = None
    """None without an NVIDIA GPU or without nvidia-ml-py."""


@dataclass(frozen=True, slots=True)
class HeadInputs:
    """Pooled input of one layer's attention output projection: the heads' outputs, concatenated."""

    values: Float32
    """(texts, width) float32; width = heads * head_dim."""
    heads: int


@dataclass(frozen=True, kw_only=True)
class Collected:
    """Pooled activations of all texts, in their order."""

    layers: tuple[int, ...]
    residual: dict[int, Float32]
    """Layer -> (texts, hidden): the OUTPUT of the block, before the final norm."""
    attention: dict[int, HeadInputs]
    """Layers that have an attention output projection; empty when `heads` was off."""
    means: dict[int, Float32] = field(default_factory=dict)
    """Layer -> (texts, hidden): the block's output, mean over the tokens from the second on; where the pooling is a
    mean already, that one. Empty when `means` was off."""
    down: Mapping[int, Float32]
    """Layer -> W_down, (hidden, neurons), one column per MLP neuron; read when looked up, not kept."""
    truncated: tuple[int, ...]
    """Indexes of texts longer than the longest length; their last tokens were not read."""
    forwarded: int
    """Distinct texts that went through the model."""
    cached: int
    """Distinct texts whose activations were in the store."""
    tokens: int
    """Real tokens forwarded."""
    padded_tokens: int
    """Tokens forwarded including padding and dummy rows."""
    device: str
    dtype: str
    hidden_size: int
    notices: tuple[str, ...] = ()
    provenance: dict[str, object] = field(default_factory=dict)
    """JSON-ready: model, fingerprint, tokenizer policy, versions, shapes."""


class CollectCancelled(Exception):
    """The caller asked to stop; finished batches are in the store."""

    def __init__(self, forwarded: int) -> None:
        super().__init__(f"cancelled after {forwarded} texts")
        self.forwarded = forwarded
