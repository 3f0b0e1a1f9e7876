"""Choices checked against the model and the machine, defaults filled in. Only the device functions import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caa_tui.choices import Layers, check_context, check_layer_range, chosen_layers
from caa_tui.choices import auto_layers as auto_layers
from caa_tui.errors import UserError

DTYPE_BYTES: Mapping[str, int] = {"bf16": 2, "fp16": 2, "fp32": 4}
LONGEST_DEFAULT = 2048


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


def resolve_layers(asked: Layers, count: int, model: str) -> tuple[int, ...]:
    """The target layers in the order they were asked for. Raises UserError for one the model does not have."""
    check_layer_range(asked, count, model)
    return chosen_layers(asked, count)


def resolve_max_length(asked: int | None, context: int | None, model: str, extendable: bool = False) -> int:
    """Tokens of the longest text; a model without a hard limit takes any length that is asked for.

    `extendable`: positions go on beyond the context, as with rotary embeddings.
    """
    if asked is None:
        return min(LONGEST_DEFAULT, context or LONGEST_DEFAULT)
    check_context(asked, context, model, extendable)
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
