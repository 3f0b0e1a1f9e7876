"""Arguments checked and defaults chosen, before a model is touched. Only the device functions import torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from caa_tui.activations.data import CollectOptions
from caa_tui.errors import UserError

DTYPES = ("bf16", "fp16", "fp32")
DTYPE_BYTES: Mapping[str, int] = {"bf16": 2, "fp16": 2, "fp32": 4}
LONGEST_DEFAULT = 2048
AUTO_DEPTHS = (40, 55, 70, 85)
"""Percent of the depth where `auto` looks: after the vocabulary-bound layers, before the next-token ones."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """How one vector is made of a text's token positions."""

    kind: Literal["last", "mean"]
    start: int = 0
    """mean: first token index that counts; a text that is not longer counts with its last token."""

    def __str__(self) -> str:
        return "last" if self.kind == "last" else f"mean:{self.start}"


@dataclass(frozen=True, slots=True)
class BatchShape:
    """The fixed shapes of forward passes; see `batching`."""

    tokens: int
    """Tokens of one forward pass, padding included."""
    step: int
    """Padded lengths are multiples of this."""


# Measured on SmolLM2 with two cores: one row of 224 tokens already runs at the full rate, so a usual story goes alone
# and an edited one pays for no dummy rows. By arithmetic, a GPU is compute-bound from a few hundred tokens on; 2,048
# keep small models fed, and one edited story then costs a 27B model about 0.2 s.
SHAPES: Mapping[str, BatchShape] = {
    "cpu": BatchShape(tokens=256, step=8),
    "cuda": BatchShape(tokens=2048, step=32),
    "mps": BatchShape(tokens=1024, step=32),
}


def parse_pooling(text: str) -> Pooling:
    """`last`, `mean`, `mean:K` or `mean[:K]`, K >= 0."""
    if text == "last":
        return Pooling("last")
    match = re.fullmatch(r"mean(?::([0-9]{1,9})|\[:([0-9]{1,9})\])?", text)
    if match is None:
        raise UserError(f"Pooling {text!r} is not known; use last, mean, or mean:K for the mean from token K on.")
    return Pooling("mean", int(match[1] or match[2] or 0))


def check_options(options: CollectOptions) -> Pooling:
    """Everything that can be said without a model.

    Raises:
        UserError: for the first argument that is out of place.
    """
    pooling = parse_pooling(options.pooling)
    if options.dtype is not None and options.dtype not in DTYPES:
        raise UserError(f"dtype {options.dtype!r} is not known; use one of {', '.join(DTYPES)}.")
    if re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]+)?", options.device) is None:
        raise UserError(f"Device {options.device!r} is not known; use auto, cpu, cuda, cuda:0 or mps.")
    if options.max_length is not None and options.max_length < 1:
        raise UserError(f"The longest text must have at least 1 token, not {options.max_length}.")
    if options.batch_tokens is not None and options.batch_tokens < 1:
        raise UserError(f"A batch must have at least 1 token, not {options.batch_tokens}.")
    _check_layer_list(options.target_layers)
    if pooling.kind == "mean" and options.max_length is not None and pooling.start >= options.max_length:
        raise UserError(
            f"Pooling from token {pooling.start} on needs a longest text above {options.max_length} tokens."
        )
    return pooling


def _check_layer_list(layers: tuple[int, ...] | None) -> None:
    if layers is None:
        return
    if not layers:
        raise UserError("Give at least one target layer, or auto.")
    seen: set[int] = set()
    for layer in layers:
        if layer < 0:
            raise UserError(f"Target layer {layer} is negative; layers count from 0.")
        if layer in seen:
            raise UserError(f"Target layer {layer} is given twice; name each layer once.")
        seen.add(layer)


def auto_layers(count: int) -> tuple[int, ...]:
    """Up to four distinct layers at 40, 55, 70 and 85 % of `count` decoder blocks."""
    return tuple(sorted({depth * count // 100 for depth in AUTO_DEPTHS}))


def resolve_layers(asked: tuple[int, ...] | None, count: int, model: str) -> tuple[int, ...]:
    """The target layers in the order they were asked for; None gives `auto_layers`."""
    if asked is None:
        return auto_layers(count)
    for layer in asked:
        if layer >= count:
            raise UserError(f"Target layer {layer} is out of range: {model} has layers 0 to {count - 1}.")
    return asked


def resolve_max_length(asked: int | None, context: int | None, model: str) -> int:
    """Tokens of the longest text; a model without a stated context takes any length that is asked for."""
    if asked is None:
        return min(LONGEST_DEFAULT, context or LONGEST_DEFAULT)
    if context is not None and asked > context:
        raise UserError(f"{model} reads at most {context} tokens; ask for a longest text of {context} or less.")
    return asked


def resolve_device(name: str) -> str:
    """`auto` takes cuda, then mps, then cpu; a device that is asked for must be there."""
    import torch

    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if name == "auto":
        return "cuda:0" if cuda else "mps" if mps else "cpu"
    if name == "mps" and not mps:
        raise UserError("This machine has no mps device; use --device auto or cpu.")
    if name.startswith("cuda"):
        index = int(name.partition(":")[2] or 0)
        count = torch.cuda.device_count() if cuda else 0
        if index >= count:
            have = f"has cuda:0 to cuda:{count - 1}" if count else "has no CUDA device that torch can use"
            raise UserError(f"Device {name} is not there: this machine {have}; use --device auto.")
        return f"cuda:{index}"
    return name


def resolve_dtype(asked: str | None, device: str) -> str:
    """bf16 on a GPU that computes in it, fp16 on an older one, fp32 elsewhere: bf16 slows a CPU down several times."""
    if asked is not None:
        return asked
    if not device.startswith("cuda"):
        return "fp32"
    import torch

    return "bf16" if torch.cuda.get_device_capability(device)[0] >= 8 else "fp16"


def resolve_shape(batch_tokens: int | None, device: str) -> BatchShape:
    """The device's shape, with the user's batch size when there is one."""
    shape = SHAPES[device.partition(":")[0]]
    return shape if batch_tokens is None else BatchShape(batch_tokens, shape.step)
