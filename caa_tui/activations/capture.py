"""One forward pass per batch: pooled residuals and attention inputs of the target layers, nothing else.

Hooks pool on the device as soon as a block has run, so later in-place work cannot touch the values and no full hidden
state is kept. The hook of the last target layer ends the pass: no block above it runs, and no vocabulary projection.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from caa_tui.activations.batching import Batch
from caa_tui.activations.data import Part
from caa_tui.activations.structure import Structure
from caa_tui.choices import Pooling
from caa_tui.errors import UserError

OVER_THE_TEXT = Pooling("mean", 1)
"""Without the first token, whose state is unlike any other's in many models, whatever the text."""
STORED_DTYPES = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}
_OUT_OF_MEMORY = ("can't allocate memory", "MPS backend out of memory")


class _LastLayerDone(Exception):
    """Ends a forward pass; carries nothing."""


@dataclass(frozen=True, slots=True)
class HostRows:
    """A batch's result on its way to the host: one tensor for all parts."""

    values: torch.Tensor
    """(texts, sum of widths) on the CPU; read it through the methods, which wait for the copy."""
    widths: tuple[int, ...]
    copied: torch.cuda.Event | None

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """One tensor (texts, width) per part."""
        if self.copied is not None:
            self.copied.synchronize()
        parts: tuple[torch.Tensor, ...] = self.values.split(self.widths, dim=1)
        return parts

    def arrays(self) -> tuple[list[NDArray[Any]], str]:
        """The same as arrays, and the name of their dtype; bf16 comes as uint16 bit patterns."""
        name = STORED_DTYPES[self.values.dtype]
        if name == "bf16":
            return [part.contiguous().view(torch.int16).numpy().view(np.uint16) for part in self.tensors()], name
        return [part.numpy() for part in self.tensors()], name


def pool(hidden: torch.Tensor, lengths: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """(rows, tokens, width) and (rows,) real lengths -> (rows, width).

    `last` keeps the dtype; `mean` is taken in float32 over positions start..length-1 (at least the last one).
    """
    rows = torch.arange(hidden.shape[0], device=hidden.device)
    if pooling.kind == "last":
        return hidden[rows, lengths - 1]
    positions = torch.arange(hidden.shape[1], device=hidden.device)
    first = torch.minimum(torch.full_like(lengths, pooling.start), lengths - 1)
    counted = (positions >= first[:, None]) & (positions < lengths[:, None])
    total = torch.where(counted[..., None], hidden.float(), 0.0).sum(dim=1)
    return total / counted.sum(dim=1, keepdim=True)


class Capture:
    """Hooks on the target layers of a model, for as long as the `with` block lasts."""

    def __init__(
        self, model: Any, structure: Structure, parts: Sequence[Part], pooling: Pooling, *, masked: bool
    ) -> None:
        self._model = model
        self._pooling = pooling
        self._masked = masked
        self._device = model.device
        self._pad = pad_token(model)
        self._hooks = ExitStack()
        self._lengths = torch.empty(0)
        self._pooled: dict[Part, torch.Tensor] = {}
        self.parts = tuple(parts)
        self._structure = structure
        self._last = max(part.layer for part in parts if part.kind == "residual")

    def __enter__(self) -> Self:
        outputs: dict[int, list[Part]] = {}
        for part in self.parts:
            if part.kind != "attention":
                outputs.setdefault(part.layer, []).append(part)
                continue
            path = self._structure.blocks[part.layer].attention
            assert path is not None
            self._hook(self._model.get_submodule(path).register_forward_pre_hook(self._projection_hook(part)))
        for layer, parts in outputs.items():
            block = self._model.get_submodule(f"{self._structure.blocks_path}.{layer}")
            self._hook(block.register_forward_hook(self._block_hook(layer, parts)))
        return self

    def _hook(self, handle: Any) -> None:
        self._hooks.callback(handle.remove)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.close()

    def forward(self, batch: Batch) -> HostRows:
        """Run `batch` and start the one copy to the host."""
        # CUDA stages pageable memory before it returns; mps would read an array that is gone by then.
        staged = self._device.type == "cuda"
        ids = torch.from_numpy(batch.ids(self._pad)).to(self._device, non_blocking=staged)
        self._lengths = torch.from_numpy(batch.lengths()).to(self._device, non_blocking=staged)
        inputs = {"input_ids": ids}
        if self._masked:
            inputs["attention_mask"] = (
                torch.arange(batch.length, device=self._device)[None] < self._lengths[:, None]
            ).long()
        self._pooled = {}
        try:
            with torch.inference_mode():
                self._model(**inputs, use_cache=False)
        except _LastLayerDone:
            pass
        pooled = [self._pooled.pop(part) for part in self.parts]
        together = torch.cat(pooled, dim=1)
        values, copied = to_host(together[: len(batch.texts)])
        return HostRows(values, tuple(part.shape[1] for part in pooled), copied)

    def _block_hook(self, layer: int, parts: Sequence[Part]) -> Any:
        def hook(_module: object, _inputs: object, output: Any) -> None:
            for part in parts:
                self._keep(part, output[0] if isinstance(output, tuple) else output)
            if layer == self._last:
                raise _LastLayerDone

        return hook

    def _projection_hook(self, part: Part) -> Any:
        def hook(_module: object, inputs: tuple[torch.Tensor, ...]) -> None:
            self._keep(part, inputs[0])

        return hook

    def _keep(self, part: Part, hidden: torch.Tensor) -> None:
        rows = self._lengths.shape[0]
        if hidden.dim() == 2:  # some models flatten the batch before a projection
            hidden = hidden.view(rows, -1, hidden.shape[-1])
        if hidden.dim() != 3 or hidden.shape[0] != rows:
            raise UserError(
                f"Layer {part.layer} of {self._structure.architecture} does not give one vector per token; "
                "choose another model."
            )
        pooling = OVER_THE_TEXT if part.kind == "mean" else self._pooling
        pooled = pool(hidden, self._lengths, pooling)
        # One batch is one tensor: a float32 mean beside bfloat16 rows would double them all.
        self._pooled[part] = pooled.to(hidden.dtype) if part.kind == "mean" else pooled


def pad_token(model: Any) -> int:
    """Any id the model has: padding lies behind the text, where causal attention does not look."""
    text_config = model.config.get_text_config()
    for name in ("pad_token_id", "eos_token_id"):
        value = getattr(text_config, name, None)
        if isinstance(value, int) and 0 <= value < vocabulary_size(model):
            return value
    return 0


def vocabulary_size(model: Any) -> int:
    """Rows of the input embedding."""
    return int(model.get_input_embeddings().weight.shape[0])


def to_host(values: torch.Tensor) -> tuple[torch.Tensor, torch.cuda.Event | None]:
    """The one device-to-host copy of a batch: pinned and asynchronous on CUDA, with the event that ends it."""
    if not values.is_cuda:
        return values.to("cpu").contiguous(), None
    host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    host.copy_(values.contiguous(), non_blocking=True)
    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(values.device))
    return host, event


def out_of_memory(error: BaseException) -> bool:
    """CUDA's own error, Python's, or the RuntimeError of torch's CPU and mps allocators."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)
